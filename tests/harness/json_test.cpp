#include <bench/harness/json.hpp>

#include <limits>

#include <support/catch.hpp>

using kodama::bench::decimal;
using kodama::bench::JsonWriter;

TEST_CASE("JSON has commas between members and none beside them") {
    JsonWriter json;
    json.open_object().text("a", "b").count("n", 3).open_array("list");
    json.number({}, 1.5).number({}, 2).open_array().close_array().close_array();
    json.open_object("o").close_object().flag("yes", true).null("none").close_object();
    CHECK(json.result() == R"({"a":"b","n":3,"list":[1.5,2,[]],"o":{},"yes":true,"none":null})");
}

TEST_CASE("JSON escapes what a string must not contain") {
    JsonWriter json;
    json.text({}, "a\"b\\c\n\x01");
    CHECK(json.result() == R"("a\"b\\c\u000a\u0001")");
}

TEST_CASE("JSON knows no infinity") {
    JsonWriter json;
    json.number({}, std::numeric_limits<double>::infinity());
    CHECK(json.result() == "null");
}

TEST_CASE("decimals have no digits that say nothing") {
    CHECK(decimal(1.5, 3) == "1.5");
    CHECK(decimal(100, 3) == "100");
    CHECK(decimal(100, 0) == "100");
    CHECK(decimal(0.0004, 3) == "0");
    CHECK(decimal(-0.0004, 3) == "0");
    CHECK(decimal(123456789.125, 3) == "123456789.125");
}
