#include <kodama/simulation/shrink.hpp>

#include <algorithm>
#include <cctype>

namespace kodama::simulation {

namespace {

class Shrinker {
public:
    Shrinker(Sandbox& sandbox, Failure const& failure, std::size_t attempts)
        : sandbox_(sandbox),
          best_(failure),
          kind_(kind_of(failure.what)),
          attempts_left_(attempts) {}

    Failure run() {
        std::size_t before = 0;
        do {
            before = weight();
            leave_out_groups();
            leave_out_spans();
            lower_values();
        } while (weight() < before && attempts_left_ > 0);
        return best_;
    }

private:
    [[nodiscard]] std::size_t weight() const {
        std::size_t sum = best_.script.size();
        for (Decision const& decision : best_.script)
            sum += decision.value;
        return sum;
    }

    bool try_script(Script const& script) {
        if (attempts_left_ == 0) return false;
        --attempts_left_;
        std::optional<Failure> const failure = sandbox_.run(script, nullptr);
        if (!failure || kind_of(failure->what) != kind_) return false;
        // What was really decided is often less than what was asked for.
        std::uint64_t const seed = best_.seed;
        best_ = *failure;
        best_.seed = seed;
        return true;
    }

    template <class Predicate> bool try_without(Predicate const& predicate) {
        Script script = best_.script;
        std::erase_if(script, predicate);
        return script.size() < best_.script.size() && try_script(script);
    }

    // All decisions of a kind, and all about a peer.
    void leave_out_groups() {
        for (std::size_t i = 0; i < choice_count; ++i) {
            auto const choice = static_cast<Choice>(i);
            try_without([&](Decision const& decision) { return decision.choice == choice; });
        }
        for (Subject subject = 1; subject < subjects_max; ++subject) {
            try_without([&](Decision const& decision) { return decision.subject == subject; });
        }
    }

    // Half of them, a quarter, and so on down to single ones.
    void leave_out_spans() {
        for (std::size_t size = best_.script.size() / 2; size > 0; size /= 2) {
            for (std::size_t begin = 0; begin < best_.script.size();) {
                Script script = best_.script;
                auto const from = script.begin() + static_cast<std::ptrdiff_t>(begin);
                auto const count = std::min(size, script.size() - begin);
                script.erase(from, from + static_cast<std::ptrdiff_t>(count));
                if (!try_script(script)) begin += size;
            }
        }
    }

    void lower_values() {
        for (std::size_t i = 0; i < best_.script.size(); ++i) {
            while (i < best_.script.size() && best_.script[i].value > 1) {
                std::uint32_t const value = best_.script[i].value;
                if (!try_value(i, 1) && !try_value(i, value / 2) && !try_value(i, value - 1)) break;
            }
        }
    }

    bool try_value(std::size_t at, std::uint32_t value) {
        if (at >= best_.script.size() || best_.script[at].value <= value) return false;
        Script script = best_.script;
        script[at].value = value;
        return try_script(script);
    }

    Sandbox& sandbox_;
    Failure best_;
    std::string kind_;
    std::size_t attempts_left_;
};

} // namespace

std::string kind_of(std::string const& what) {
    if (what.find("assertion failed") != std::string::npos) return what;
    std::string kind = what.substr(0, what.find(':'));
    std::erase_if(kind, [](unsigned char c) { return std::isdigit(c) != 0; });
    return kind;
}

Failure shrink(Sandbox& sandbox, Failure const& failure, std::size_t attempts) {
    return Shrinker(sandbox, failure, attempts).run();
}

} // namespace kodama::simulation
