#include <bench/load/modes.hpp>

namespace kodama::bench {

namespace {

class ClosedLoop final : public Workload {
public:
    explicit ClosedLoop(Means const& means)
        : means_(means), random_(means.options.seed), sizes_(means.options.sizes) {}

    void start(Nanoseconds now) override {
        for (Connection& connection : means_.connections.echoing()) {
            if (connection.state != State::open) continue;
            for (std::uint32_t index = 0; index < means_.options.depth; ++index)
                queue_next(connection, now);
            means_.connections.flush(connection, now);
        }
    }

    void on_echo(Connection& connection, Message const& message, Nanoseconds now) override {
        means_.meter.count_echo(message, now);
        means_.budget.settle();
        queue_next(connection, now);
    }

    void on_received(Connection& connection, Nanoseconds now) override {
        means_.connections.flush(connection, now);
    }

    void on_closed(Connection&, bool, std::uint64_t lost, Nanoseconds) override {
        means_.budget.settle(lost);
    }

private:
    void queue_next(Connection& connection, Nanoseconds now) {
        if (!means_.budget.take()) return;
        means_.connections.queue(connection, {.since = now, .size = sizes_.next(random_)}, now);
    }

    Means means_;
    Random random_;
    Sizes sizes_;
};

} // namespace

std::unique_ptr<Workload> make_closed_loop(Means const& means) {
    return std::make_unique<ClosedLoop>(means);
}

} // namespace kodama::bench
