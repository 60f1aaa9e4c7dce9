#include <bench/load/run.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include <sys/prctl.h>

#include <bench/harness/json.hpp>
#include <bench/harness/sockets.hpp>
#include <bench/harness/target.hpp>
#include <bench/load/connections.hpp>
#include <bench/load/modes.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

namespace {

std::atomic<int> interruptions{0};
static_assert(std::atomic<int>::is_always_lock_free); // a signal handler writes it

constexpr Nanoseconds second = 1'000'000'000;
// So often it looks for connections that have waited for too long, and for signals.
constexpr Nanoseconds look_interval = second / 10;
// An interrupted run waits for so long for what is on its way.
constexpr Nanoseconds patience_interrupted = second;
// No more connections at once that are being made, lest the target's queue be full: then the kernel
// drops what comes, and it comes again a second later.
constexpr std::size_t connecting_max = 128;
// An iteration without anything to do takes less, unless another process had the core meanwhile.
constexpr Nanoseconds spin_turn_max = 20'000;

enum class Phase { connecting, warming_up, measuring, draining, done };

std::unique_ptr<Workload> make_workload(Means const& means) {
    switch (means.options.mode) {
    case Mode::closed:
        return make_closed_loop(means);
    case Mode::open:
        return make_open_loop(means);
    case Mode::churn:
        return make_churn(means);
    case Mode::stream:
        return make_stream(means);
    }
    return nullptr;
}

class Run {
public:
    Run(LoadOptions const& options, Address const& target, Progress& progress)
        : options_(options),
          target_(target),
          progress_(progress),
          budget_(options.count),
          result_{.options = options,
                  .target = target.to_string(),
                  .congestion = congestion_available(options.congestion),
                  .meter = Meter(options.mode == Mode::open),
                  .errors = ErrorLog([this](std::string const& line) { tell(line); })},
          connections_(options, target, result_.errors),
          workload_(make_workload({options, connections_, budget_, result_.meter})) {
        connections_.use(*workload_);
        // Those of a churn are made as it goes.
        if (options.mode == Mode::churn) next_to_connect_ = options.connections;
    }

    Result go() {
        now_ = steady_ns();
        while (phase_ != Phase::done) {
            step();
            if (phase_ == Phase::connecting) connect_more();
            if (now_ >= next_look_) look();
            advance();
        }
        connections_.check_idle(now_);
        connections_.close_all();
        if (began_ > 0) add_circumstances();
        if (connections_.opened() == 0 && !result_.interrupted) give_up();
        tell_held();
        progress_.clear();
        if (std::size_t const ended = connections_.slow_readers_ended(); ended > 0) {
            result_.remarks.push_back("the target ended " + std::to_string(ended) + " of " +
                                      std::to_string(options_.slow_readers) +
                                      " connections that never read");
        }
        return std::move(result_);
    }

private:
    // Waits for something to happen, and deals with it.
    void step() {
        bool const spins = workload_->spins(now_);
        Nanoseconds const until = std::min({next_look_, deadline_, workload_->due()});
        Nanoseconds const before = now_;
        std::size_t const events =
            connections_.wait(spins ? 0 : std::max<Nanoseconds>(until - now_, 0));
        now_ = steady_ns();
        for (std::size_t event = 0; event < events; ++event) {
            now_ = connections_.handle(event);
            if (now_ >= workload_->due()) workload_->on_due(now_);
        }
        if (now_ >= workload_->due()) {
            workload_->on_due(now_);
        } else if (spins && events == 0) {
            spun_ += std::min(now_ - before, spin_turn_max);
        }
    }

    void connect_more() {
        std::span<Connection> const all = connections_.all();
        while (next_to_connect_ < all.size() && connections_.connecting() < connecting_max)
            connections_.connect(all[next_to_connect_++], now_);
    }

    // Changes the phase when it is time.
    void advance() {
        switch (phase_) {
        case Phase::connecting:
            if (next_to_connect_ == connections_.all().size() && connections_.connecting() == 0)
                begin();
            return;
        case Phase::warming_up:
            if (now_ >= deadline_) begin_window();
            if (nothing_left()) end_window();
            return;
        case Phase::measuring:
            if (now_ >= deadline_ || nothing_left()) end_window();
            return;
        case Phase::draining:
            if (connections_.busy() == 0 || now_ >= deadline_) phase_ = Phase::done;
            return;
        case Phase::done:
            return;
        }
    }

    [[nodiscard]] bool nothing_left() const noexcept {
        if (budget_.used_up()) return true;
        if (options_.mode == Mode::churn)
            return connections_.opened() == 0 && result_.errors.total() >= options_.connections;
        return connections_.alive() == 0;
    }

    void begin() {
        if (options_.connections > 0 && connections_.alive() == 0 && options_.mode != Mode::churn) {
            phase_ = Phase::done;
            return;
        }
        if (options_.count || options_.warm_up == 0) {
            begin_window();
        } else {
            phase_ = Phase::warming_up;
            deadline_ = now_ + options_.warm_up;
        }
        workload_->start(now_);
    }

    void begin_window() {
        phase_ = Phase::measuring;
        circumstances_ = read_circumstances();
        from_ = read_clocks(options_);
        spun_ = 0;
        opened_before_ = connections_.opened();
        now_ = steady_ns(); // Afterwards, because what was held up by reading must not count.
        began_ = now_;
        result_.meter.open(now_);
        deadline_ = options_.duration ? now_ + *options_.duration : never;
    }

    void end_window() {
        if (phase_ != Phase::measuring) begin_window(); // of no length
        now_ = steady_ns();
        result_.meter.close(now_);
        result_.spent = spent_between(from_, read_clocks(options_));
        result_.spun = spun_;
        result_.connections_made = connections_.opened() - opened_before_;
        result_.intended = result_.meter.lag().count() + workload_->behind(now_);
        budget_.stop();
        phase_ = Phase::draining;
        // Whoever does not answer times out by then.
        deadline_ = now_ + options_.timeout + 2 * look_interval;
    }

    void add_circumstances() {
        Circumstances const now = read_circumstances();
        result_.spent.circumstances = {.steal = now.steal - circumstances_.steal,
                                       .retransmits = now.retransmits - circumstances_.retransmits};
    }

    void look() {
        next_look_ = now_ + look_interval;
        if (connections_.opened() > 0) tell_held();
        connections_.fail_overdue(now_);
        if (progress_.is_shown()) progress_.show(how_far());
        int const signals = interruptions.load(std::memory_order_relaxed);
        if (signals == 0) return;
        if (!result_.interrupted) {
            result_.interrupted = true;
            if (phase_ == Phase::warming_up || phase_ == Phase::measuring) end_window();
            deadline_ = std::min(deadline_, now_ + patience_interrupted);
        }
        if (signals > 1 || phase_ == Phase::connecting) phase_ = Phase::done;
    }

    [[nodiscard]] std::string how_far() {
        if (phase_ == Phase::connecting)
            return "connecting: " + std::to_string(connections_.opened()) + " of " +
                   std::to_string(connections_.all().size());
        if (phase_ == Phase::warming_up) return "warming up";
        if (phase_ == Phase::draining) return "waiting for the last answers";
        double const passed = static_cast<double>(now_ - began_) / 1e9;
        double const rate = passed > 0 ? static_cast<double>(result_.meter.echoes()) / passed : 0.0;
        return "measuring: " + decimal(passed, 1) + " s, " + decimal(rate, 0) + " echoes/s, " +
               std::to_string(result_.errors.total()) + " errors";
    }

    // What went wrong before any connection could be made is told in one line if it stays so.
    void tell(std::string const& line) {
        if (connections_.opened() == 0) {
            held_.push_back(line);
            return;
        }
        tell_held();
        progress_.tell(line);
    }

    void tell_held() {
        for (std::string const& line : std::exchange(held_, {}))
            progress_.tell(line);
    }

    [[noreturn]] void give_up() {
        progress_.clear();
        throw Unreachable(target_.to_string() + ": " + connections_.first_failure());
    }

    LoadOptions const& options_;
    Address target_;
    Progress& progress_;
    Budget budget_;
    Result result_;
    Connections connections_;
    std::unique_ptr<Workload> workload_;
    std::vector<std::string> held_;
    std::size_t next_to_connect_ = 0;
    Phase phase_ = Phase::connecting;
    Nanoseconds now_ = 0;
    Nanoseconds next_look_ = 0;
    Nanoseconds deadline_ = never; // of the phase
    Nanoseconds spun_ = 0;
    std::uint64_t opened_before_ = 0;
    Nanoseconds began_ = 0; // the window
    Reading from_;
    Circumstances circumstances_;
};

// The first that takes a connection, where a name has more than one; else the only one.
Address choose_address(LoadOptions const& options) {
    std::vector<Address> addresses;
    try {
        addresses = resolve_target(options.target);
    } catch (SetupError const& error) {
        throw Unreachable(error.what());
    }
    if (addresses.size() == 1) return addresses.front();
    for (Address const& address : addresses) {
        if (accepts(address, std::chrono::nanoseconds(options.timeout))) return address;
    }
    return addresses.front(); // and the run will say why not
}

} // namespace

Result run(LoadOptions const& options, Progress& progress) {
    require_server_clock(options);
    if (!options.congestion.empty() && congestion_available(options.congestion).empty()) {
        throw OptionError("--congestion: the system does not offer '" + options.congestion +
                          "' (sysctl net.ipv4.tcp_allowed_congestion_control)");
    }
    Address const target = choose_address(options);
    if (options.source_addresses > 0 && !is_ipv4_loopback(target)) {
        throw OptionError("--source-addresses: " + target.to_string() +
                          " is not in 127.0.0.0/8, to which alone it applies");
    }
    // Timers would otherwise be late by 50 us, so that others can be served with them.
    ::prctl(PR_SET_TIMERSLACK, 1);
    auto const one = std::make_unique<Run>(options, target, progress);
    return one->go();
}

void interrupt() noexcept { interruptions.fetch_add(1, std::memory_order_relaxed); }

} // namespace kodama::bench
