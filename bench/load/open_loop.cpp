#include <bench/load/modes.hpp>

#include <algorithm>
#include <cmath>

#include <kodama/base/assert.hpp>

namespace kodama::bench {

namespace {

// While nothing is to happen for so long, sleeping costs nobody accuracy.
constexpr Nanoseconds spin_max = 1'000'000;

// Arrivals go to the connection that has been free for longest. When none is free, the arrival
// waits for one, and its latency with it: that is the server's doing, or of too few connections.
// The lag is what the generator adds by itself: from the moment when a message was to be sent and
// could be until it is sent.
class OpenLoop final : public Workload {
public:
    explicit OpenLoop(Means const& means)
        : means_(means),
          random_(means.options.seed),
          sizes_(means.options.sizes),
          gap_ns_(1e9 / means.options.rate),
          free_(std::size_t{means.options.connections} * means.options.depth) {}

    void start(Nanoseconds now) override {
        for (std::uint32_t index = 0; index < means_.options.depth; ++index) {
            for (Connection& connection : means_.connections.echoing()) {
                if (connection.state == State::open) add_free(connection, now);
            }
        }
        started_ = now;
        advance();
        plan();
    }

    void on_echo(Connection& connection, Message const& message, Nanoseconds now) override {
        means_.meter.count_echo(message, now);
        means_.budget.settle();
        add_free(connection, now);
    }

    void on_received(Connection&, Nanoseconds) override { plan(); }

    void on_closed(Connection&, bool, std::uint64_t lost, Nanoseconds) override {
        means_.budget.settle(lost);
    }

    void on_due(Nanoseconds now) override {
        while (next_ <= now) {
            Free const* const free = oldest_free();
            if (free == nullptr || !means_.budget.take()) break;
            Nanoseconds const could = std::max(next_, free->since);
            Connection& connection = *free->connection;
            drop_oldest();
            means_.meter.count_lag(next_, now - could);
            Message const message{.since = next_, .size = sizes_.next(random_)};
            advance();
            means_.connections.queue(connection, message, now);
            means_.connections.flush(connection, now);
        }
        plan();
    }

    [[nodiscard]] bool spins(Nanoseconds now) const override {
        if (!means_.options.spin) return false;
        if (means_.connections.busy() > 0) return true; // lest the answer be seen late
        return !means_.budget.stopped() && next_ - now < spin_max;
    }

    [[nodiscard]] std::uint64_t behind(Nanoseconds now) const override {
        if (means_.budget.stopped() || next_ > now) return 0;
        return 1 + static_cast<std::uint64_t>(static_cast<double>(now - next_) / gap_ns_);
    }

private:
    struct Free {
        Connection* connection = nullptr;
        Nanoseconds since = 0;
    };

    void add_free(Connection& connection, Nanoseconds now) noexcept {
        KODAMA_ASSERT(free_count_ < free_.size());
        std::size_t const at = (free_first_ + free_count_) % free_.size();
        free_[at] = {.connection = &connection, .since = now};
        ++free_count_;
    }

    void drop_oldest() noexcept {
        free_first_ = free_first_ + 1 == free_.size() ? 0 : free_first_ + 1;
        --free_count_;
    }

    // Null when every connection that lives is busy.
    [[nodiscard]] Free const* oldest_free() noexcept {
        while (free_count_ > 0) {
            Free const& oldest = free_[free_first_];
            if (oldest.connection->state == State::open) return &oldest;
            drop_oldest();
        }
        return nullptr;
    }

    void advance() noexcept {
        bool const poisson = means_.options.arrivals == Arrivals::poisson;
        next_ns_ += poisson ? -std::log(random_.fraction()) * gap_ns_ : gap_ns_;
        next_ = started_ + static_cast<Nanoseconds>(next_ns_);
    }

    // With no free connection, the next thing to wait for is an answer.
    void plan() noexcept {
        bool const can = free_count_ > 0 && !means_.budget.stopped();
        due_ = can ? next_ : never;
    }

    Means means_;
    Random random_;
    Sizes sizes_;
    double gap_ns_;
    double next_ns_ = 0; // since the start
    Nanoseconds started_ = 0;
    Nanoseconds next_ = 0;
    std::vector<Free> free_; // a ring
    std::size_t free_first_ = 0;
    std::size_t free_count_ = 0;
};

} // namespace

std::unique_ptr<Workload> make_open_loop(Means const& means) {
    return std::make_unique<OpenLoop>(means);
}

} // namespace kodama::bench
