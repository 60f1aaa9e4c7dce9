#include <kodama/server/stats.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kodama {

namespace {

void append(std::string& json, std::string_view name, std::uint64_t value) {
    json += '"';
    json += name;
    json += "\":";
    json += std::to_string(value);
    json += ',';
}

// The members of an object, with a comma behind each.
std::string members(Counters const& counters) {
    std::string json;
    for (std::size_t i = 0; i < counter_count; ++i) {
        auto const counter = static_cast<Counter>(i);
        append(json, name_of(counter), counters[counter]);
    }
    json += "\"closed\":{";
    for (std::size_t i = 0; i < close_reason_count; ++i) {
        auto const reason = static_cast<CloseReason>(i);
        append(json, name_of(reason), counters[reason]);
    }
    json.back() = '}';
    return json + ',';
}

} // namespace

std::string stats_json(BasicServer const& server) {
    std::string json = "{" + members(server.counters()) + "\"workers\":[";
    for (std::size_t i = 0; i < server.worker_count(); ++i) {
        json += "{" + members(server.counters(i));
        json.back() = '}';
        json += ',';
    }
    json.back() = ']';
    return json + '}';
}

} // namespace kodama
