// Echo with io_uring as servers did it before multishot receives and buffer rings: one receive is
// armed and yields one message, one send answers it, and the buffer is handed back by a request.
//
// A connection holds at most one buffer, and there are as many as the connections ever needed at
// once: when the kernel finds none, more are made, so nobody waits for somebody else's.
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bench/peers/peer.hpp>
#include <kodama/base/error.hpp>

namespace {

using kodama::SetupError;
using kodama::bench::Listening;

constexpr unsigned ring_entries = 4096;
constexpr int group = 1;
constexpr std::size_t buffer_size = 8 * 1024;
constexpr unsigned block_buffers = 256; // made at once
// A buffer's number has 16 bits.
constexpr unsigned connections_max = 65'536 - 2 * block_buffers;

enum class Operation : std::uint8_t { accept, receive, send, provide };

// What a request is told apart by, in its 64 bits.
struct Tag {
    std::int32_t fd;
    std::uint16_t buffer;
    Operation operation;
    std::uint8_t unused = 0;
};
static_assert(sizeof(Tag) == sizeof(std::uint64_t));

// What is still to be sent of a connection's buffer.
struct Part {
    std::uint32_t begin;
    std::uint32_t end;
};

class UringServer {
public:
    explicit UringServer(int listener) : listener_(listener) {
        int const result = io_uring_queue_init(ring_entries, &ring_, 0);
        if (result < 0) {
            throw SetupError(SetupError::Kind::unsupported,
                             kodama::describe_error("io_uring", -result));
        }
        provide_more();
        arm_accept();
    }
    UringServer(UringServer const&) = delete;
    UringServer& operator=(UringServer const&) = delete;
    ~UringServer() { io_uring_queue_exit(&ring_); }

    [[noreturn]] void run() {
        for (;;) {
            io_uring_submit_and_wait(&ring_, 1);
            unsigned head = 0;
            unsigned count = 0;
            io_uring_cqe* cqe = nullptr;
            io_uring_for_each_cqe(&ring_, head, cqe) {
                ++count;
                on_completion(*cqe);
            }
            io_uring_cq_advance(&ring_, count);
        }
    }

private:
    // Never null: a full queue is submitted first.
    io_uring_sqe* next_entry() {
        for (;;) {
            if (io_uring_sqe* const sqe = io_uring_get_sqe(&ring_)) return sqe;
            io_uring_submit(&ring_);
        }
    }

    static void tag(io_uring_sqe* sqe, Tag const& tag) {
        io_uring_sqe_set_data64(sqe, std::bit_cast<std::uint64_t>(tag));
    }

    void arm_accept() {
        io_uring_sqe* const sqe = next_entry();
        io_uring_prep_accept(sqe, listener_, nullptr, nullptr, SOCK_CLOEXEC);
        tag(sqe, {.fd = listener_, .buffer = 0, .operation = Operation::accept});
    }

    void receive(int fd) {
        io_uring_sqe* const sqe = next_entry();
        io_uring_prep_recv(sqe, fd, nullptr, buffer_size, 0);
        io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
        sqe->buf_group = group;
        tag(sqe, {.fd = fd, .buffer = 0, .operation = Operation::receive});
    }

    void send_rest(int fd, std::uint16_t buffer) {
        Part const& part = parts_[static_cast<std::size_t>(fd)];
        io_uring_sqe* const sqe = next_entry();
        io_uring_prep_send(sqe, fd, memory_of(buffer) + part.begin, part.end - part.begin,
                           MSG_NOSIGNAL);
        tag(sqe, {.fd = fd, .buffer = buffer, .operation = Operation::send});
    }

    // Carried out when it is submitted, so before any receive that is submitted behind it.
    void provide(std::uint16_t first, unsigned count) {
        io_uring_sqe* const sqe = next_entry();
        io_uring_prep_provide_buffers(sqe, memory_of(first), buffer_size, static_cast<int>(count),
                                      group, first);
        io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
        tag(sqe, {.fd = -1, .buffer = 0, .operation = Operation::provide});
    }

    void provide_more() {
        auto const first = static_cast<std::uint16_t>(blocks_.size() * block_buffers);
        blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(block_buffers * buffer_size));
        provide(first, block_buffers);
    }

    std::byte* memory_of(std::uint16_t buffer) {
        return blocks_[buffer / block_buffers].get() + buffer % block_buffers * buffer_size;
    }

    void on_completion(io_uring_cqe const& cqe) {
        Tag const tag = std::bit_cast<Tag>(io_uring_cqe_get_data64(&cqe));
        switch (tag.operation) {
        case Operation::accept:
            return on_accept(cqe.res);
        case Operation::receive:
            return on_receive(tag.fd, cqe);
        case Operation::send:
            return on_send(tag, cqe.res);
        case Operation::provide:
            throw SetupError(SetupError::Kind::refused,
                             kodama::describe_error("PROVIDE_BUFFERS", -cqe.res));
        }
    }

    void on_accept(int result) {
        if (result >= 0) {
            if (parts_.size() <= static_cast<std::size_t>(result))
                parts_.resize(2 * static_cast<std::size_t>(result) + 1);
            ++connections_;
            receive(result);
        }
        // Whoever comes beyond waits in the kernel's queue until a connection ends.
        accepting_ = connections_ < connections_max && result != -EMFILE && result != -ENFILE &&
                     result != -ENOBUFS && result != -ENOMEM;
        if (accepting_) arm_accept();
    }

    void on_receive(int fd, io_uring_cqe const& cqe) {
        if (cqe.res == -ENOBUFS) {
            // Of many that found none, the first has made enough for all.
            if (blocks_.size() * block_buffers < connections_) provide_more();
            return receive(fd);
        }
        bool const holds_buffer = (cqe.flags & IORING_CQE_F_BUFFER) != 0;
        auto const buffer = static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
        if (cqe.res <= 0) {
            if (holds_buffer) provide(buffer, 1);
            if (cqe.res == -EINTR || cqe.res == -EAGAIN) return receive(fd);
            return close_connection(fd);
        }
        parts_[static_cast<std::size_t>(fd)] = {.begin = 0,
                                                .end = static_cast<std::uint32_t>(cqe.res)};
        send_rest(fd, buffer);
    }

    void on_send(Tag const& tag, int result) {
        Part& part = parts_[static_cast<std::size_t>(tag.fd)];
        if (result > 0) part.begin += static_cast<std::uint32_t>(result);
        bool const failed = result < 0 && result != -EINTR && result != -EAGAIN;
        if (!failed && part.begin < part.end) return send_rest(tag.fd, tag.buffer);
        provide(tag.buffer, 1);
        if (failed) return close_connection(tag.fd);
        receive(tag.fd);
    }

    // Nothing of it is in flight: it has one request at a time, and that has just completed.
    void close_connection(int fd) {
        ::close(fd);
        --connections_;
        if (!accepting_) arm_accept();
        accepting_ = true;
    }

    int listener_;
    io_uring ring_{};
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::vector<Part> parts_; // by descriptor
    unsigned connections_ = 0;
    bool accepting_ = true;
};

void serve(Listening const& listening) {
    UringServer server(listening.socket.get());
    listening.announce();
    server.run();
}

} // namespace

int main(int argc, char** argv) {
    return kodama::bench::run_peer("echo-io-uring", argc, argv, serve);
}
