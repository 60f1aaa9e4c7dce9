// What clients of a protocol of messages say, and what they have to hear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <kodama/simulation/dialogue.hpp>

namespace kodama::testing {

struct Exchange {
    std::string question;
    std::string answer;
    std::size_t answered_at; // the bytes of the question after which the answer is due

    Exchange(std::string the_question, std::string the_answer)
        : Exchange(the_question, std::move(the_answer), the_question.size()) {}
    Exchange(std::string the_question, std::string the_answer, std::size_t due)
        : question(std::move(the_question)), answer(std::move(the_answer)), answered_at(due) {}
};

// The same questions again and again, with each connection beginning at another one, so that
// answers to somebody else are noticed.
class CyclicDialogue final : public simulation::Dialogue {
public:
    explicit CyclicDialogue(std::vector<Exchange> const& exchanges) {
        for (Exchange const& exchange : exchanges) {
            begins_.push_back({questions_.size(), answers_.size()});
            for (std::size_t i = 0; i < exchange.question.size(); ++i) {
                due_.push_back(answers_.size() +
                               (i >= exchange.answered_at ? exchange.answer.size() : 0));
            }
            questions_ += exchange.question;
            answers_ += exchange.answer;
        }
    }

    [[nodiscard]] std::byte question(std::uint32_t connection,
                                     std::uint64_t offset) const override {
        std::uint64_t const at = begin(connection).question + offset;
        return static_cast<std::byte>(questions_[at % questions_.size()]);
    }

    [[nodiscard]] std::byte answer(std::uint32_t connection, std::uint64_t offset) const override {
        std::uint64_t const at = begin(connection).answer + offset;
        return static_cast<std::byte>(answers_[at % answers_.size()]);
    }

    [[nodiscard]] std::uint64_t due(std::uint32_t connection, std::uint64_t said) const override {
        std::uint64_t const at = begin(connection).question + said;
        return at / questions_.size() * answers_.size() + due_[at % questions_.size()] -
               begin(connection).answer;
    }

    [[nodiscard]] std::uint64_t complete(std::uint32_t connection,
                                         std::uint64_t wanted) const override {
        std::uint64_t const begun = begin(connection).question;
        std::uint64_t end = begun + wanted;
        while (!is_begin(end % questions_.size()))
            ++end;
        return end - begun;
    }

private:
    struct Begin {
        std::uint64_t question;
        std::uint64_t answer;
    };

    [[nodiscard]] Begin const& begin(std::uint32_t connection) const {
        return begins_[connection % begins_.size()];
    }
    [[nodiscard]] bool is_begin(std::uint64_t offset) const {
        for (Begin const& begin : begins_)
            if (begin.question == offset) return true;
        return false;
    }

    std::vector<Begin> begins_;
    std::vector<std::uint64_t> due_; // before each byte of the questions
    std::string questions_;
    std::string answers_;
};

} // namespace kodama::testing
