#include <bench/load/modes.hpp>

namespace kodama::bench {

namespace {

// Writing waits for nothing but the window and the socket, and reading for neither, so the two
// cannot wait for each other.
class Stream final : public Workload {
public:
    explicit Stream(Means const& means)
        : means_(means), random_(means.options.seed), sizes_(means.options.sizes) {}

    void start(Nanoseconds now) override {
        for (Connection& connection : means_.connections.echoing()) {
            if (connection.state == State::open) write_on(connection, now);
        }
    }

    void on_echo(Connection&, Message const& message, Nanoseconds now) override {
        means_.meter.count_echo(message, now);
        means_.budget.settle();
    }

    void on_received(Connection& connection, Nanoseconds now) override {
        write_on(connection, now);
    }

    void on_writable(Connection& connection, Nanoseconds now) override {
        write_on(connection, now);
    }

    void on_closed(Connection&, bool, std::uint64_t lost, Nanoseconds) override {
        means_.budget.settle(lost);
    }

private:
    // One write a message.
    void write_on(Connection& connection, Nanoseconds now) {
        Connections& connections = means_.connections;
        std::uint64_t const largest = sizes_.largest();
        while (connection.state == State::open && !connection.blocked) {
            if (connection.outstanding + largest > means_.options.window) return;
            if (!connections.has_room(connection) || !means_.budget.take()) return;
            connections.queue(connection, {.since = now, .size = sizes_.next(random_)}, now);
            connections.flush(connection, now);
        }
    }

    Means means_;
    Random random_;
    Sizes sizes_;
};

} // namespace

std::unique_ptr<Workload> make_stream(Means const& means) {
    return std::make_unique<Stream>(means);
}

} // namespace kodama::bench
