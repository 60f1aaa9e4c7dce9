#include <kodama/simulation/trace.hpp>

#include <array>
#include <iomanip>
#include <ostream>

#include <sys/socket.h>

#include <kodama/base/error.hpp>

namespace kodama::simulation {

namespace {

constexpr std::array<std::string_view, 16> operation_names{
    "nothing", "accept",      "cancel accept", "close listener", "receive", "cancel receive",
    "send",    "cancel send", "shut down",     "reset",          "close",   "refuse",
    "wake",    "make socket", "connect",       "cancel connect"};

std::ostream& begin_line(std::ostream& out, TimePoint now) {
    auto const time = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    return out << std::setw(9) << time.count() << "  ";
}

} // namespace

std::string describe(Token token) {
    auto const operation = static_cast<std::size_t>(token.operation());
    std::string text(operation < operation_names.size() ? operation_names[operation] : "unknown");
    return text + " " + std::to_string(index_of(token.slot())) + "." +
           std::to_string(static_cast<std::uint32_t>(token.generation()));
}

void Trace::on_submitted(io_uring_sqe const& entry, TimePoint now) {
    begin_line(out_, now) << "-> " << describe(Token::from_user_data(entry.user_data));
    switch (entry.opcode) {
    case IORING_OP_ACCEPT:
        out_ << ((entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0 ? ", many" : ", one");
        break;
    case IORING_OP_RECV:
        out_ << ((entry.ioprio & IORING_RECV_MULTISHOT) != 0 ? ", many" : ", one");
        if ((entry.msg_flags & MSG_DONTWAIT) != 0) out_ << ", what is there";
        break;
    case IORING_OP_SEND:
        out_ << ", " << entry.len << " bytes";
        break;
    case IORING_OP_SENDMSG:
        out_ << ", " << reinterpret_cast<msghdr const*>(entry.addr)->msg_iovlen << " pieces";
        break;
    default:
        break;
    }
    bool const is_send = entry.opcode == IORING_OP_SEND || entry.opcode == IORING_OP_SENDMSG;
    if (is_send && (entry.msg_flags & MSG_DONTWAIT) == 0) out_ << ", patient";
    if ((entry.flags & IOSQE_CQE_SKIP_SUCCESS) != 0) out_ << ", silent";
    out_ << '\n';
}

void Trace::on_completed(io_uring_cqe const& entry, TimePoint now) {
    begin_line(out_, now) << "<- " << describe(Token::from_user_data(entry.user_data)) << ": ";
    if (entry.res < 0) {
        out_ << describe_error("error " + std::to_string(-entry.res), -entry.res);
    } else {
        out_ << entry.res;
    }
    if ((entry.flags & IORING_CQE_F_BUFFER) != 0) {
        out_ << ", buffer " << (entry.flags >> IORING_CQE_BUFFER_SHIFT);
    }
    if ((entry.flags & IORING_CQE_F_MORE) != 0) out_ << ", more";
    out_ << '\n';
}

void Trace::on_silent_success(std::uint64_t user_data, TimePoint now) {
    begin_line(out_, now) << "   " << describe(Token::from_user_data(user_data)) << ": all\n";
}

void Trace::note(std::string_view what, TimePoint now) { begin_line(out_, now) << what << '\n'; }

} // namespace kodama::simulation
