// Echo with Boost.Asio and C++20 coroutines, on one thread.
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <unistd.h>

#include <bench/peers/peer.hpp>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using kodama::bench::Listening;

// Each connection has one, because each has a read under way; what is never written to costs
// nothing.
constexpr std::size_t buffer_size = 64 * 1024;
constexpr std::chrono::milliseconds accept_pause{10}; // where no descriptor is free

// Without the type-erased executor that Asio has by default, which costs a little.
using Executor = asio::io_context::executor_type;
using Work = asio::awaitable<void, Executor>;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

// The end of a connection is no exception.
auto told_in(boost::system::error_code& error) {
    return asio::redirect_error(asio::use_awaitable_t<Executor>(), error);
}

Work echo(Socket socket) {
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
    boost::system::error_code error;
    for (;;) {
        std::size_t const received = co_await socket.async_read_some(
            asio::buffer(buffer.get(), buffer_size), told_in(error));
        if (error) co_return;
        co_await asio::async_write(socket, asio::buffer(buffer.get(), received), told_in(error));
        if (error) co_return;
    }
}

Work accept_all(Acceptor& acceptor) {
    boost::system::error_code error;
    for (;;) {
        Socket socket(acceptor.get_executor());
        co_await acceptor.async_accept(socket, told_in(error));
        if (error == asio::error::no_descriptors) {
            // They wait in the kernel's queue, which Asio cannot be asked to leave alone.
            asio::steady_timer pause(acceptor.get_executor(), accept_pause);
            co_await pause.async_wait(told_in(error));
            continue;
        }
        if (!error)
            asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
    }
}

void serve(Listening const& listening) {
    asio::io_context context(1);
    bool const v6 = listening.address.family() == kodama::AddressFamily::ipv6;
    Acceptor acceptor(context, v6 ? tcp::v6() : tcp::v4(), ::dup(listening.socket.get()));
    asio::co_spawn(context, accept_all(acceptor), asio::detached);
    listening.announce();
    context.run();
}

} // namespace

int main(int argc, char** argv) { return kodama::bench::run_peer("echo-asio", argc, argv, serve); }
