// Times of the library's parts, and of whole turns on a ring that replays completions.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <benchmark/benchmark.h>

#include <app/echo.hpp>
#include <bench/micro/benchmark_main.hpp>
#include <bench/micro/plain_echo.hpp>
#include <bench/micro/replayed_server.hpp>
#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/token.hpp>
#include <kodama/protocol/coroutine.hpp>
#include <kodama/server/session.hpp>

using namespace kodama;
using namespace kodama::bench;

namespace {

// The time for each of as many.
benchmark::Counter time_of_one(std::uint64_t count) {
    return {static_cast<double>(count), benchmark::Counter::kIsRate | benchmark::Counter::kInvert};
}

void token_encode(benchmark::State& state) {
    std::uint32_t number = 0;
    for (auto _ : state) {
        Token const token(Operation::send, Slot{number++ & 0xffff}, Generation{7});
        benchmark::DoNotOptimize(token.user_data());
    }
}
BENCHMARK(token_encode);

void token_decode(benchmark::State& state) {
    std::uint64_t user_data = Token(Operation::send, Slot{5}, Generation{7}).user_data();
    for (auto _ : state) {
        benchmark::DoNotOptimize(user_data);
        Token const token = Token::from_user_data(user_data);
        benchmark::DoNotOptimize(token.operation());
        benchmark::DoNotOptimize(token.slot());
        benchmark::DoNotOptimize(token.generation());
    }
}
BENCHMARK(token_decode);

void pool_take_and_return(benchmark::State& state) {
    BufferPool pool(256, 8192);
    for (auto _ : state) {
        Buffer buffer = pool.take();
        benchmark::DoNotOptimize(buffer);
    }
}
BENCHMARK(pool_take_and_return);

// The way of a receive buffer: to the kernel, back with bytes, and into the pool again.
void pool_round_by_the_kernel(benchmark::State& state) {
    BufferPool pool(256, 8192);
    for (auto _ : state) {
        BufferBlock const& block = *pool.take_for_kernel();
        Buffer buffer = pool.received(pool.id_of(block), 64);
        benchmark::DoNotOptimize(buffer);
    }
}
BENCHMARK(pool_round_by_the_kernel);

void send_queue_round(benchmark::State& state) {
    BufferPool pool(256, 8192);
    SendQueue queue;
    std::array<iovec, 64> vectors{};
    for (auto _ : state) {
        BufferBlock const& block = *pool.take_for_kernel();
        queue.push(pool.received(pool.id_of(block), 64));
        benchmark::DoNotOptimize(queue.gather(vectors));
        queue.consume(64);
    }
}
BENCHMARK(send_queue_round);

// --- whole turns

template <class Server> void take_turns(benchmark::State& state, Server& server) {
    auto const message_size = static_cast<std::uint64_t>(state.range(1));
    ReplayRing::Counts const before = server.counts();
    for (auto _ : state)
        server.turn();
    ReplayRing::Counts const after = server.counts();
    std::uint64_t const echoes = after.echoes - before.echoes;
    state.SetItemsProcessed(static_cast<std::int64_t>(echoes));
    state.SetBytesProcessed(static_cast<std::int64_t>(echoes * message_size));
    state.counters["per_echo"] = time_of_one(echoes);
    state.counters["per_completion"] = time_of_one(after.completions - before.completions);
}

ReplayRing::Traffic traffic_of(benchmark::State const& state) {
    auto const connections = static_cast<std::uint32_t>(state.range(0));
    return {.connections = connections,
            .message_size = static_cast<std::uint32_t>(state.range(1)),
            .batch = connections};
}

void turn(benchmark::State& state) {
    ReplayedServer server(traffic_of(state), session_hooks<app::Echo>);
    take_turns(state, server);
}

kodama::Task coroutine(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive();
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

// The same, with a coroutine for each connection.
void coroutine_turn(benchmark::State& state) {
    ReplayedServer server(traffic_of(state), session_hooks<Coroutine<coroutine>>);
    take_turns(state, server);
}

// The same traffic, served by the least that can serve it.
void plain_turn(benchmark::State& state) {
    PlainEcho server(traffic_of(state));
    server.run(traffic_of(state).connections);
    take_turns(state, server);
}

void workloads(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"connections", "size"});
    for (std::int64_t const connections : {1, 16, 256})
        benchmark->Args({connections, 64});
    benchmark->Args({16, 4096})->Args({1, 65536});
}

BENCHMARK(turn)->Apply(workloads);
BENCHMARK(coroutine_turn)->Apply(workloads);
BENCHMARK(plain_turn)->Apply(workloads);

} // namespace

int main(int argc, char** argv) { return run_benchmarks(argc, argv); }
