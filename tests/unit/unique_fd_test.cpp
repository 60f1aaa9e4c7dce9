#include <kodama/base/unique_fd.hpp>

#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include <support/catch.hpp>

using kodama::UniqueFd;

TEST_CASE("a descriptor is closed once, by its last owner") {
    UniqueFd first(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int const number = first.get();
    UniqueFd second = std::move(first);
    CHECK(second.get() == number);
    CHECK(second);
    UniqueFd& alias = second;
    second = std::move(alias);
    CHECK(::fcntl(second.get(), F_GETFD) >= 0);
    UniqueFd const third(second.release());
    CHECK_FALSE(second);
    CHECK(::fcntl(number, F_GETFD) >= 0);
    {
        UniqueFd const last(::dup(number));
        CHECK(last);
    }
    CHECK(::fcntl(third.get(), F_GETFD) >= 0);
    UniqueFd fourth(::dup(number));
    int const duplicate = fourth.get();
    fourth.reset();
    CHECK(::fcntl(duplicate, F_GETFD) < 0);
    CHECK_FALSE(fourth);
}
