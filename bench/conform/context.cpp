#include <bench/conform/cases.hpp>

namespace kodama::bench::conform {

namespace {

constexpr std::uint64_t seed = 1;

} // namespace

Context::Context(Target const& target, Crowd const& crowd)
    : target_(target), payload_(seed), crowd_(crowd) {
    idle_.emplace(connect());
}

Connection Context::connect(SocketOptions const& options) {
    Connection connection(target_, payload_, next_number_++, options);
    connection.await_connected();
    return connection;
}

std::vector<Connection> Context::connect_many(std::size_t count, SocketOptions const& options) {
    std::vector<Connection> connections;
    connections.reserve(count);
    while (connections.size() < count)
        connections.push_back(connect(options));
    return connections;
}

std::vector<Connection> Context::storm(std::size_t count) {
    std::vector<Connection> connections;
    connections.reserve(count);
    while (connections.size() < count)
        connections.emplace_back(target_, payload_, next_number_++);
    for (Connection& one : connections)
        one.await_connected();
    return connections;
}

std::vector<Case> all_cases() {
    std::vector<Case> result;
    for (auto const cases : {message_cases(), closing_cases(), crowd_cases()})
        result.insert(result.end(), cases.begin(), cases.end());
    return result;
}

} // namespace kodama::bench::conform
