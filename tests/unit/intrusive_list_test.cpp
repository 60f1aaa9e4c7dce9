#include <kodama/base/intrusive_list.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include <support/catch.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>

namespace {

struct Item {
    kodama::ListLink<Item> first_link;
    kodama::ListLink<Item> second_link;
};

using First = kodama::IntrusiveList<Item, &Item::first_link>;
using Second = kodama::IntrusiveList<Item, &Item::second_link>;

} // namespace

TEST_CASE("a new list is empty and an element is in none") {
    First list;
    Item item;
    CHECK(list.empty());
    CHECK(list.front() == nullptr);
    CHECK(list.pop_front() == nullptr);
    CHECK_FALSE(First::contains(item));
    CHECK_FALSE(item.first_link.linked());
}

TEST_CASE("elements leave a list in the order in which they came") {
    First list;
    std::array<Item, 3> items;
    for (Item& item : items)
        list.push_back(item);
    for (Item& item : items) {
        CHECK(list.front() == &item);
        CHECK(First::contains(item));
        CHECK(list.pop_front() == &item);
        CHECK_FALSE(First::contains(item));
    }
    CHECK(list.empty());
}

TEST_CASE("an element can be removed at the front, in the middle and at the end") {
    std::size_t const removed = GENERATE(0u, 1u, 2u);
    First list;
    std::array<Item, 3> items;
    for (Item& item : items)
        list.push_back(item);
    list.remove(items[removed]);
    CHECK_FALSE(First::contains(items[removed]));
    list.push_back(items[removed]);
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i != removed) CHECK(list.pop_front() == &items[i]);
    }
    CHECK(list.pop_front() == &items[removed]);
    CHECK(list.empty());
}

TEST_CASE("an element can be in two lists at once and leave each on its own") {
    First first;
    Second second;
    std::array<Item, 2> items;
    first.push_back(items[0]);
    first.push_back(items[1]);
    second.push_back(items[1]);
    second.push_back(items[0]);
    CHECK(first.pop_front() == &items[0]);
    CHECK(Second::contains(items[0]));
    CHECK(second.pop_front() == &items[1]);
    CHECK(second.pop_front() == &items[0]);
    CHECK(first.pop_front() == &items[1]);
}

TEST_CASE("an element that is there already keeps its place when pushed once more") {
    First list;
    std::array<Item, 2> items;
    list.push_back_once(items[0]);
    list.push_back_once(items[1]);
    list.push_back_once(items[0]);
    CHECK(list.pop_front() == &items[0]);
    CHECK(list.pop_front() == &items[1]);
    CHECK(list.empty());
}

TEST_CASE("removing what may not be there leaves the list as it is") {
    First list;
    std::array<Item, 2> items;
    list.push_back(items[0]);
    list.remove_if_present(items[1]);
    CHECK(list.front() == &items[0]);
    list.remove_if_present(items[0]);
    list.remove_if_present(items[0]);
    CHECK(list.empty());
}

TEST_CASE("a list does what a deque does") {
    kodama::testing::Random random(kodama::testing::test_seed());
    INFO("seed " << kodama::testing::test_seed());
    std::array<Item, 9> items;
    First list;
    std::deque<Item*> model;
    for (int i = 0; i < 2000; ++i) {
        Item& item = items[random.below(items.size())];
        bool const there = std::find(model.begin(), model.end(), &item) != model.end();
        REQUIRE(First::contains(item) == there);
        if (random.below(4) == 0) {
            Item* const expected = model.empty() ? nullptr : model.front();
            if (expected != nullptr) model.pop_front();
            REQUIRE(list.pop_front() == expected);
        } else if (there) {
            list.remove(item);
            model.erase(std::find(model.begin(), model.end(), &item));
        } else {
            list.push_back(item);
            model.push_back(&item);
        }
        REQUIRE(list.front() == (model.empty() ? nullptr : model.front()));
    }
    for (Item* const expected : model)
        REQUIRE(list.pop_front() == expected);
    CHECK(list.empty());
}
