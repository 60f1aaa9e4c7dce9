#include <kodama/ring/capabilities.hpp>

#include <cerrno>
#include <future>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <liburing.h>

#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/ring/abi.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <kodama/ring/kernel_ring.hpp>
#include <kodama/ring/setup_failure.hpp>

namespace kodama {

namespace {

constexpr std::uint16_t probe_group = 0;
constexpr std::uint64_t answer = 1; // user_data of what is waited for
constexpr std::uint64_t other = 2;  // user_data of what is not
constexpr auto patience = std::chrono::seconds(1);

struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};

SocketPair make_socket_pair() {
    int fds[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        throw SetupError(SetupError::Kind::refused,
                         describe_error("cannot make a socket pair", errno));
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// The feature bits of a ring with these flags, or a negative errno.
struct SetupTrial {
    int result;
    unsigned features;
};

SetupTrial try_setup(FeatureSet features) {
    io_uring ring{};
    io_uring_params params{};
    params.flags = setup_flags(features);
    params.cq_entries = 8;
    int const result = io_uring_queue_init_params(8, &ring, &params);
    if (result == 0) io_uring_queue_exit(&ring);
    return {result, params.features};
}

// Enters until the completion that is waited for is there, for a bounded time.
std::optional<Completion> wait_for_answer(Ring& ring) {
    std::optional<Completion> found;
    auto const deadline = ring.now() + patience;
    while (!found && ring.now() < deadline) {
        ring.enter(1, deadline);
        ring.visit([&](Completion const& completion) {
            if (completion.user_data == answer && !found) found = completion;
        });
    }
    return found;
}

std::string refused(int result) { return describe_error("refused", -result); }

// An accept on a listening socket that nobody else can reach: no name in the file system, and an
// abstract one that the kernel picks.
std::string try_multishot_accept(Ring& ring) {
    UniqueFd const listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    UniqueFd const client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    socklen_t length = sizeof name.sun_family;
    bool bound = ::bind(listener.get(), address, length) == 0;
    length = sizeof name;
    bound = bound && ::listen(listener.get(), 1) == 0 &&
            ::getsockname(listener.get(), address, &length) == 0 &&
            ::connect(client.get(), address, length) == 0;
    if (!bound) return describe_error("no socket to try it on", errno);

    io_uring_sqe* const entry = ring.next_entry();
    io_uring_prep_multishot_accept(entry, listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    entry->user_data = answer;
    std::optional<Completion> const completion = wait_for_answer(ring);
    if (!completion) return "no answer";
    if (completion->result < 0) return refused(completion->result);
    UniqueFd const accepted(completion->result);
    return completion->more() ? "" : "ended after one connection";
}

// Receives one byte through a registered buffer ring; what comes back says which kind works.
int receive_flags(Ring& ring, bool multishot) {
    SocketPair const pair = make_socket_pair();
    BufferRing buffers(ring, 2, probe_group);
    std::byte memory[2]{};
    buffers.add(BufferId{0}, &memory[0], 1);
    buffers.add(BufferId{1}, &memory[1], 1);
    buffers.publish();
    static_cast<void>(::send(pair.theirs.get(), "x", 1, MSG_NOSIGNAL));

    io_uring_sqe* const entry = ring.next_entry();
    io_uring_prep_recv(entry, pair.ours.get(), nullptr, 0, 0);
    if (multishot) entry->ioprio |= IORING_RECV_MULTISHOT;
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = probe_group;
    entry->user_data = answer;
    std::optional<Completion> const completion = wait_for_answer(ring);
    if (!completion) return -ETIMEDOUT;
    if (completion->result < 0) return completion->result;
    // Ends the receive, so that the buffers may be unregistered.
    static_cast<void>(::shutdown(pair.theirs.get(), SHUT_RDWR));
    if (completion->more()) static_cast<void>(wait_for_answer(ring));
    return static_cast<int>(completion->flags);
}

void require_buffer_rings(FeatureSet features) {
    KernelRing ring({.entries = 8, .completions = 16, .features = features});
    int const flags = receive_flags(ring, false);
    if (flags < 0) throw missing_feature("receives from registered buffer rings", -flags);
    if ((static_cast<unsigned>(flags) & IORING_CQE_F_BUFFER) == 0) {
        throw missing_feature("receives from registered buffer rings", EINVAL);
    }
}

std::string try_multishot_receive(FeatureSet features) {
    KernelRing ring({.entries = 8, .completions = 16, .features = features});
    int const flags = receive_flags(ring, true);
    if (flags < 0) return refused(flags);
    return (static_cast<unsigned>(flags) & IORING_CQE_F_MORE) != 0 ? "" : "ended after one message";
}

std::string try_registered_ring(FeatureSet features) {
    io_uring ring{};
    io_uring_params params{};
    params.flags = setup_flags(features);
    params.cq_entries = 8;
    if (int const result = io_uring_queue_init_params(8, &ring, &params); result < 0) {
        return refused(result);
    }
    int const result = io_uring_register_ring_fd(&ring);
    io_uring_queue_exit(&ring);
    return result == 1 ? "" : refused(result);
}

// Up to Linux 6.12 a direct descriptor is only given up when every older request on another one has
// ended: with a receive armed for hours on one connection, the others get no FIN for hours.
std::string try_direct_descriptors(FeatureSet features) {
    KernelRing ring({.entries = 8, .completions = 16, .features = features});
    if (int const result = ring.register_direct_descriptors(2); result < 0) return refused(result);
    SocketPair idle = make_socket_pair();
    SocketPair closed = make_socket_pair();
    int fds[2] = {idle.ours.get(), closed.ours.get()};

    io_uring_sqe* entry = ring.next_entry();
    io_uring_prep_files_update(entry, fds, 2, 0);
    entry->user_data = answer;
    std::optional<Completion> completion = wait_for_answer(ring);
    if (!completion || completion->result != 2) return "the table cannot be filled";
    idle.ours.reset();
    closed.ours.reset();

    entry = ring.next_entry();
    io_uring_prep_poll_add(entry, 0, POLLIN);
    entry->flags |= IOSQE_FIXED_FILE;
    entry->user_data = other;
    entry = ring.next_entry();
    io_uring_prep_close_direct(entry, 1);
    entry->user_data = answer;
    completion = wait_for_answer(ring);
    if (!completion || completion->result < 0) return "they cannot be closed";
    ring.enter(0, ring.now());

    pollfd hung_up{.fd = closed.theirs.get(), .events = POLLIN, .revents = 0};
    if (::poll(&hung_up, 1, 0) == 1 && (hung_up.revents & POLLHUP) != 0) return "";
    return "closing one is held back by others";
}

// Sends without waiting, and wants to hear of it only if not all was taken; what is heard by the
// time at which the entry is submitted. Nothing if the kernel says nothing.
std::optional<int> send_silently(Ring& ring, int socket, std::span<std::byte> bytes) {
    io_uring_sqe* const entry = ring.next_entry();
    io_uring_prep_send(entry, socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_WAITALL);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = answer;
    ring.submit();
    std::optional<int> result;
    ring.visit([&](Completion const& completion) { result = completion.result; });
    return result;
}

std::string try_silent_sends(FeatureSet features) {
    KernelRing ring({.entries = 8, .completions = 16, .features = features});
    SocketPair const pair = make_socket_pair();
    std::vector<std::byte> memory(std::size_t{1} << 20);
    int const size = 4096; // lowered, so that the socket is soon full
    static_cast<void>(::setsockopt(pair.ours.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
    std::optional<int> const whole =
        send_silently(ring, pair.ours.get(), std::span(memory).first(1));
    if (whole) return *whole < 0 ? refused(*whole) : "success is told";
    std::byte arrived{};
    if (::recv(pair.theirs.get(), &arrived, 1, MSG_DONTWAIT) != 1) return "nothing is sent";
    std::optional<int> const part = send_silently(ring, pair.ours.get(), memory);
    if (!part || *part <= 0) return "what was sent of a part is not told"; // Linux 6.0
    std::optional<int> const nothing = send_silently(ring, pair.ours.get(), memory);
    if (!nothing || *nothing != -EAGAIN) return "a full socket is not told";
    return "";
}

class Probe {
public:
    explicit Probe(FeatureSet disabled) : disabled_(disabled) {}

    Capabilities run() {
        find_setup();
        require_buffer_rings(found_.usable);
        consider(Feature::registered_ring, [&] { return try_registered_ring(found_.usable); });
        consider(Feature::no_iowait, [&] {
            bool const has = (ring_features_ & abi::feature_no_iowait) != 0;
            return has ? std::string() : "not among the ring's features";
        });
        consider(Feature::multishot_accept, [&] {
            KernelRing ring({.entries = 8, .completions = 16, .features = found_.usable});
            return try_multishot_accept(ring);
        });
        consider(Feature::multishot_receive, [&] { return try_multishot_receive(found_.usable); });
        consider(Feature::direct_descriptors,
                 [&] { return try_direct_descriptors(found_.usable); });
        consider(Feature::silent_sends, [&] { return try_silent_sends(found_.usable); });
        return std::move(found_);
    }

private:
    void find_setup() {
        consider(Feature::defer_taskrun, [&] {
            FeatureSet wanted;
            wanted.add(Feature::defer_taskrun);
            SetupTrial const trial = try_setup(wanted);
            ring_features_ = trial.features;
            return trial.result == -EINVAL ? "set-up flag refused (EINVAL)" : std::string();
        });
        SetupTrial const trial = try_setup(found_.usable);
        if (trial.result < 0) throw ring_setup_failure(-trial.result);
        ring_features_ = trial.features;
        if ((ring_features_ & IORING_FEAT_EXT_ARG) == 0) {
            throw missing_feature("waiting with a deadline", EINVAL);
        }
    }

    template <class Trial> void consider(Feature feature, Trial&& trial) {
        std::string why_not = disabled_.has(feature) ? "disabled" : trial();
        if (why_not.empty()) found_.usable.add(feature);
        found_.why_not[static_cast<std::size_t>(feature)] = std::move(why_not);
    }

    FeatureSet disabled_;
    unsigned ring_features_ = 0;
    Capabilities found_;
};

} // namespace

Capabilities probe_capabilities(FeatureSet disabled) {
    // In a thread of its own: a ring is taken down after it was closed, and the kernel then nudges
    // the threads that used it, whose blocking calls fail with EINTR.
    return std::async(std::launch::async, [&] { return Probe(disabled).run(); }).get();
}

} // namespace kodama
