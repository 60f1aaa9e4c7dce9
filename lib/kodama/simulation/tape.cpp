#include <kodama/simulation/tape.hpp>

#include <algorithm>
#include <tuple>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

auto place_of(Decision const& decision) noexcept {
    return std::tuple(decision.choice, decision.subject, decision.index);
}

// Numbers that stand for no decision.
constexpr std::uint64_t swarm = 0x7377'6172'6d00;
constexpr std::uint64_t tightness = 0x7469'6768'7400;

constexpr bool is_memory(Choice choice) noexcept {
    return (choice >= Choice::buffers && choice <= Choice::pending_total) ||
           choice == Choice::receive_window || choice == Choice::send_window;
}

} // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over both numbers.
    std::uint64_t z = a + 0x9e37'79b9'7f4a'7c15 * (b + 1);
    z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
    return z ^ z >> 31;
}

// --- Tape

Tape::Tape(DecisionLog& log) noexcept : log_(log), next_index_(1) {
    log_.count = 0;
    log_.overflowed = false;
}

std::uint32_t Tape::draw(Choice choice, Subject subject, std::uint32_t bound) {
    KODAMA_ASSERT(subject < subjects_max);
    if (bound == 0 || (healed_ && is_fault(choice))) return 0;
    if (subject >= next_index_.size()) next_index_.resize(subject + 1u);
    std::uint32_t const index = next_index_[subject][static_cast<std::size_t>(choice)]++;
    if (questions_ != nullptr) questions_->push_back({choice, subject, index, bound});
    std::uint32_t const value = std::min(decide(choice, subject, index, bound), bound);
    if (value == 0) return 0;
    if (is_fault(choice)) ++faults_;
    if (log_.count < DecisionLog::capacity) {
        log_.decisions[log_.count++] = {choice, subject, index, value};
    } else {
        log_.overflowed = true;
    }
    return value;
}

// --- SeededTape

SeededTape::SeededTape(DecisionLog& log, std::uint64_t seed) noexcept
    : Tape(log), seed_(seed), tight_((mix(seed, tightness) & 3) == 0) {
    for (std::size_t i = 0; i < choice_count; ++i) {
        if (!is_fault(static_cast<Choice>(i))) continue;
        std::uint64_t const random = mix(seed, swarm + i);
        // Off, or a chance from one in two down to one in 256.
        bool const on = (random & 1) != 0;
        chances_[i] = on ? 0x8000u >> (random >> 1 & 7) : 0;
    }
    // What ends a listener or a connection for good would otherwise leave little to see.
    chances_[static_cast<std::size_t>(Choice::listener_dies)] /= 256;
    chances_[static_cast<std::size_t>(Choice::receive_fails)] /= 8;
    chances_[static_cast<std::size_t>(Choice::send_fails)] /= 8;
}

std::uint32_t SeededTape::decide(Choice choice, Subject subject, std::uint32_t index,
                                 std::uint32_t bound) {
    auto const kind = static_cast<std::uint64_t>(choice);
    std::uint64_t const about = kind << 48 | std::uint64_t{subject} << 32 | index;
    std::uint64_t const random = mix(seed_, about);
    auto const wide = static_cast<std::uint32_t>(random >> 32);
    if (tight_ && is_memory(choice)) return 1 + wide % std::min<std::uint32_t>(bound, 2);
    if (!is_fault(choice)) return static_cast<std::uint32_t>(wide % (std::uint64_t{bound} + 1));
    bool const fault = (random & 0xffff) < chances_[static_cast<std::size_t>(choice)];
    return fault ? 1 + wide % bound : 0;
}

// --- ScriptedTape

ScriptedTape::ScriptedTape(DecisionLog& log, std::span<Decision const> script) : Tape(log) {
    for (Decision const& decision : script)
        entries_.push_back({decision, false});
    std::sort(entries_.begin(), entries_.end(), [](Entry const& a, Entry const& b) {
        return place_of(a.decision) < place_of(b.decision);
    });
}

std::uint32_t ScriptedTape::decide(Choice choice, Subject subject, std::uint32_t index,
                                   std::uint32_t /*bound*/) {
    Decision const wanted{choice, subject, index, 0};
    auto const found = std::lower_bound(entries_.begin(), entries_.end(), wanted,
                                        [](Entry const& entry, Decision const& decision) {
                                            return place_of(entry.decision) < place_of(decision);
                                        });
    if (found == entries_.end() || place_of(found->decision) != place_of(wanted)) return 0;
    found->used = true;
    return found->decision.value;
}

std::vector<Decision> ScriptedTape::unused() const {
    std::vector<Decision> unused;
    for (Entry const& entry : entries_) {
        if (!entry.used) unused.push_back(entry.decision);
    }
    return unused;
}

// --- ByteTape

ByteTape::ByteTape(DecisionLog& log, std::span<std::uint8_t const> bytes) noexcept
    : Tape(log), bytes_(bytes) {}

std::uint32_t ByteTape::next_byte() noexcept {
    if (bytes_.empty()) return 0;
    std::uint32_t const byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
}

std::uint32_t ByteTape::decide(Choice choice, Subject /*subject*/, std::uint32_t /*index*/,
                               std::uint32_t bound) {
    std::uint32_t value = next_byte();
    if (is_fault(choice)) {
        // A fault is what a high byte says, so that changing a few bytes adds few faults.
        constexpr std::uint32_t threshold = 0xe0;
        return value < threshold ? 0 : 1 + (value - threshold) % bound;
    }
    if (bound > 0xff) value = value << 8 | next_byte();
    return static_cast<std::uint32_t>(value % (std::uint64_t{bound} + 1));
}

} // namespace kodama::simulation
