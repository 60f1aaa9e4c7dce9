#include <kodama/ring/kernel_ring.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <kodama/base/error.hpp>
#include <kodama/ring/setup_failure.hpp>

namespace kodama {

namespace {

constexpr unsigned completions_min = 512;

[[noreturn, gnu::cold]] void enter_failed(int error) noexcept {
    // EBADR is a lost completion, EEXIST a foreign thread, EBADFD a ring that was never enabled:
    // none of them leaves a state that could be trusted.
    assertion_failed(std::strerror(error), "io_uring_enter", error);
}

} // namespace

unsigned setup_flags(FeatureSet features) noexcept {
    // SUBMIT_ALL: a bad entry fails alone and does not hold back those behind it.
    // CLAMP: sizes beyond the kernel's limit are lowered instead of refused.
    // CQSIZE: one entry can bring many completions, so the completion queue has a size of its own.
    unsigned flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
    // SINGLE_ISSUER: one thread submits, so the kernel need not guard against others.
    flags |= IORING_SETUP_SINGLE_ISSUER;
    // DEFER_TASKRUN: completions are worked on in one go when the worker enters, never in the
    // middle of something else. Without it, COOP_TASKRUN at least sends no interrupt for them.
    flags |= features.has(Feature::defer_taskrun) ? IORING_SETUP_DEFER_TASKRUN
                                                  : IORING_SETUP_COOP_TASKRUN;
    // TASKRUN_FLAG: the queue tells that deferred work waits, so that whoever looks for something
    // need not enter.
    flags |= IORING_SETUP_TASKRUN_FLAG;
    return flags;
}

KernelRing::KernelRing(Setup const& setup)
    : direct_(setup.features.has(Feature::direct_descriptors)) {
    // The kernel charges a ring's memory to RLIMIT_MEMLOCK for users without CAP_IPC_LOCK (6.14
    // on).
    unsigned completions = setup.completions;
    int result = 0;
    do {
        io_uring_params params{};
        params.flags = setup_flags(setup.features);
        params.cq_entries = std::max(completions, setup.entries);
        result = io_uring_queue_init_params(setup.entries, &ring_, &params);
        completions /= 2;
    } while (result == -ENOMEM && completions >= completions_min);
    if (result < 0) throw ring_setup_failure(-result);
    map_queues();

    if (setup.features.has(Feature::registered_ring) && io_uring_register_ring_fd(&ring_) == 1) {
        enter_flags_ |= IORING_ENTER_REGISTERED_RING;
    }
    if (setup.features.has(Feature::no_iowait)) enter_flags_ |= abi::enter_no_iowait;

    // Only shutdown() is handed to the kernel's own threads, and one of them is enough for that.
    unsigned workers[2] = {1, 1};
    static_cast<void>(io_uring_register_iowq_max_workers(&ring_, workers));

    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    if (!wake_) {
        int const error = errno;
        io_uring_queue_exit(&ring_);
        throw SetupError(SetupError::Kind::refused,
                         describe_error("cannot make an eventfd", error));
    }
}

KernelRing::~KernelRing() { io_uring_queue_exit(&ring_); }

void KernelRing::map_queues() noexcept {
    submission_ = {.entries = ring_.sq.sqes,
                   .kernel_head = ring_.sq.khead,
                   .kernel_tail = ring_.sq.ktail,
                   .kernel_flags = ring_.sq.kflags,
                   .mask = *ring_.sq.kring_mask,
                   .tail = *ring_.sq.ktail};
    completion_ = {.entries = ring_.cq.cqes,
                   .kernel_head = ring_.cq.khead,
                   .kernel_tail = ring_.cq.ktail,
                   .mask = *ring_.cq.kring_mask};
}

unsigned KernelRing::publish_entries() noexcept {
    store_release(submission_.kernel_tail, submission_.tail);
    return submission_.tail - load_acquire(submission_.kernel_head);
}

void KernelRing::enter(unsigned wait_for, TimePoint deadline) noexcept {
    if (wait_for == 1 && busy_poll_ > busy_poll_.zero() && look(deadline)) return;
    call(wait_for, deadline);
}

bool KernelRing::has_completions() const noexcept {
    return load_acquire(completion_.kernel_tail) != *completion_.kernel_head;
}

// Whether there are completions to be had by entering.
bool KernelRing::work_waits() const noexcept {
    constexpr unsigned waiting = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return (load_acquire(submission_.kernel_flags) & waiting) != 0;
}

void KernelRing::poll_busily(std::chrono::nanoseconds duration) noexcept { busy_poll_ = duration; }

// Looks at what the kernel writes into the rings, which costs no call: a thread that has gone to
// sleep takes microseconds to wake. Whether there is something to do.
bool KernelRing::look(TimePoint deadline) noexcept {
    if (!all_submitted()) call(0, deadline);
    if (has_completions()) return true;
    TimePoint const begin = now();
    TimePoint const end = std::min(begin + busy_poll_, deadline);
    TimePoint time = begin;
    while (!has_completions() && !work_waits() && time < end)
        time = now();
    // Not for longer than asked, but for an interruption, which uses no CPU time of this thread.
    looked_ += std::min(time - begin, busy_poll_);
    if (work_waits()) call(0, deadline);
    return has_completions();
}

void KernelRing::call(unsigned wait_for, TimePoint deadline) noexcept {
    __kernel_timespec timeout{};
    io_uring_getevents_arg argument{};
    argument.sigmask_sz = _NSIG / 8;
    if (deadline != TimePoint::max()) {
        using namespace std::chrono;
        auto const left = std::max(duration_cast<nanoseconds>(deadline - now()), nanoseconds(0));
        timeout.tv_sec = left / seconds(1);
        timeout.tv_nsec = (left % seconds(1)).count();
        argument.ts = reinterpret_cast<std::uint64_t>(&timeout);
    }
    unsigned const flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | enter_flags_;
    int const result =
        io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), publish_entries(), wait_for,
                        flags, reinterpret_cast<sigset_t*>(&argument), sizeof argument);
    if (result >= 0) return;
    switch (-result) {
    case ETIME:  // the deadline has passed
    case EINTR:  // a signal
    case EAGAIN: // no memory for a request just now
    case ENOMEM: //
    case EBUSY:  // completions must be read first
        return;
    default:
        enter_failed(-result);
    }
}

void KernelRing::submit() noexcept {
    // Without IORING_ENTER_GETEVENTS no deferred work runs, so nothing but the answers to these
    // entries appears.
    int const result =
        io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), publish_entries(), 0,
                        enter_flags_ & IORING_ENTER_REGISTERED_RING, nullptr, 0);
    if (result >= 0 || result == -EAGAIN || result == -EBUSY || result == -EINTR) return;
    if (result == -ENOMEM) return;
    enter_failed(-result);
}

Ring::TimePoint KernelRing::now() const noexcept { return std::chrono::steady_clock::now(); }

Ring::Usage KernelRing::usage() noexcept {
    timespec used{};
    static_cast<void>(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used));
    rusage counted{};
    static_cast<void>(::getrusage(RUSAGE_THREAD, &counted));
    return {.cpu_time = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec),
            .looking = looked_,
            .preemptions = static_cast<std::uint64_t>(counted.ru_nivcsw)};
}

void KernelRing::wake() noexcept {
    std::uint64_t const one = 1;
    // Fails only when the counter is full, and then the worker is being woken already.
    [[maybe_unused]] ssize_t const written = ::write(wake_.get(), &one, sizeof one);
}

int KernelRing::wake_descriptor() const noexcept { return wake_.get(); }

int KernelRing::install_descriptor(int descriptor) noexcept {
    // Everything else goes first, so that the only completion to appear is the one we ask for, and
    // there is a place for it.
    submit();
    unsigned const used = load_acquire(completion_.kernel_tail) - *completion_.kernel_head;
    if (used > completion_.mask) return -1;
    io_uring_sqe* const entry = next_entry();
    if (entry == nullptr) return -1;
    entry->opcode = abi::op_fixed_fd_install;
    entry->flags = IOSQE_FIXED_FILE;
    entry->fd = descriptor;
    entry->user_data = own_user_data;
    unsigned const tail_before = load_acquire(completion_.kernel_tail);
    submit();
    unsigned const tail = load_acquire(completion_.kernel_tail);
    for (unsigned i = tail_before; i != tail; ++i) {
        io_uring_cqe const& completion = completion_.entries[i & completion_.mask];
        if (completion.user_data == own_user_data) return completion.res;
    }
    return -1;
}

// What system calls know the socket by. They know no direct descriptors, so a direct one is
// installed as an ordinary one, for as long as `installed` lives.
int KernelRing::ordinary(int descriptor, UniqueFd& installed) noexcept {
    if (!direct_) return descriptor;
    installed = UniqueFd(install_descriptor(descriptor));
    return installed.get();
}

Address KernelRing::peer_address(int descriptor) noexcept {
    // Multishot accept tells no address.
    UniqueFd installed;
    int const socket = ordinary(descriptor, installed);
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
    return Address::from(storage);
}

void KernelRing::stop_arrivals(int listener) noexcept {
    // A program of one instruction: keep none of the packet's bytes.
    sock_filter drop_all[] = {{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0}};
    sock_fprog const program{.len = 1, .filter = drop_all};
    // Where it fails, connections that come now are reset when the listener is closed.
    static_cast<void>(
        ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

void KernelRing::set_up_outgoing(int descriptor, std::chrono::nanoseconds send_timeout) noexcept {
    UniqueFd installed;
    int const socket = ordinary(descriptor, installed);
    int const on = 1;
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    using std::chrono::milliseconds;
    auto const timeout = std::chrono::duration_cast<milliseconds>(send_timeout);
    auto const count = static_cast<unsigned>(timeout.count());
    if (count == 0) return;
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &count, sizeof count));
}

int KernelRing::register_direct_descriptors(unsigned count) noexcept {
    return io_uring_register_files_sparse(&ring_, count);
}

int KernelRing::register_accept_range(unsigned count) noexcept {
    return io_uring_register_file_alloc_range(&ring_, 0, count);
}

int KernelRing::register_buffer_ring(io_uring_buf* entries, unsigned count,
                                     std::uint16_t group) noexcept {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(entries);
    registration.ring_entries = count;
    registration.bgid = group;
    return io_uring_register_buf_ring(&ring_, &registration, 0);
}

void KernelRing::unregister_buffer_ring(std::uint16_t group) noexcept {
    static_cast<void>(io_uring_unregister_buf_ring(&ring_, group));
}

} // namespace kodama
