// What each fuzz target defines, and how it fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <kodama/base/assert.hpp>

// Called once for each input, by libFuzzer or by replay_main.cpp.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

// An assertion that is on in every build.
#define FUZZ_CHECK(condition)                                                                      \
    ((condition) ? static_cast<void>(0)                                                            \
                 : ::kodama::assertion_failed(#condition, __FILE__, __LINE__))

namespace kodama::fuzz {

// Messages for people have to stay one line, whatever was typed.
inline void check_message(std::string_view message, std::string_view beginning) {
    FUZZ_CHECK(message.substr(0, beginning.size()) == beginning);
    FUZZ_CHECK(message.size() > beginning.size());
    for (char const character : message) {
        auto const byte = static_cast<unsigned char>(character);
        FUZZ_CHECK(byte >= 0x20);
        FUZZ_CHECK(byte != 0x7f);
    }
}

} // namespace kodama::fuzz
