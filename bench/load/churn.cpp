#include <bench/load/modes.hpp>

namespace kodama::bench {

namespace {

// A place that failed waits for this long before it tries again, lest a server that refuses
// everybody be asked a hundred thousand times a second.
constexpr Nanoseconds pause = 100'000'000;

class Churn final : public Workload {
public:
    explicit Churn(Means const& means)
        : means_(means), random_(means.options.seed), sizes_(means.options.sizes) {
        waiting_.reserve(means.options.connections);
        again_.reserve(means.options.connections);
    }

    void start(Nanoseconds now) override {
        for (Connection& connection : means_.connections.echoing())
            connect_next(connection, now);
    }

    // Whole, and checked: the next thing is the end of the connection.
    void on_echo(Connection&, Message const& message, Nanoseconds now) override {
        means_.meter.count_echo(message, now);
    }

    void on_received(Connection& connection, Nanoseconds now) override {
        if (connection.state == State::open && connection.in_flight == 0)
            means_.connections.finish(connection, now);
    }

    void on_closed(Connection& connection, bool in_order, std::uint64_t, Nanoseconds now) override {
        means_.budget.settle();
        if (in_order) {
            connect_next(connection, now);
            return;
        }
        waiting_.push_back(&connection);
        due_ = now + pause;
    }

    void on_due(Nanoseconds now) override {
        due_ = never;
        again_.swap(waiting_); // because those that fail again are added to it
        for (Connection* const connection : again_)
            connect_next(*connection, now);
        again_.clear();
    }

private:
    void connect_next(Connection& connection, Nanoseconds now) {
        if (!means_.budget.take()) return;
        Connections& connections = means_.connections;
        connections.connect(connection, now);
        if (connection.state == State::closed) return;
        // On the loopback the connection is there already: no need to wait for the event that says
        // so.
        connections.queue(connection, {.since = now, .size = sizes_.next(random_)}, now);
        connections.flush(connection, now);
    }

    Means means_;
    Random random_;
    Sizes sizes_;
    std::vector<Connection*> waiting_;
    std::vector<Connection*> again_;
};

} // namespace

std::unique_ptr<Workload> make_churn(Means const& means) { return std::make_unique<Churn>(means); }

} // namespace kodama::bench
