// A doubly linked list whose links live in its elements: no allocation, constant-time removal.
#pragma once

#include <kodama/base/assert.hpp>

namespace kodama {

// The link of one element in one list. An element may sit in several lists through several links.
template <class T> class ListLink {
public:
    ListLink() noexcept = default;
    ListLink(ListLink const&) = delete;
    ListLink& operator=(ListLink const&) = delete;
    ~ListLink() { KODAMA_ASSERT(!linked()); }

    [[nodiscard]] bool linked() const noexcept { return previous_ != nullptr; }

private:
    template <class U, ListLink<U> U::*link> friend class IntrusiveList;

    // At an end of the list an element is its own neighbour; in no list it has none.
    T* previous_ = nullptr;
    T* next_ = nullptr;
};

// The list does not own its elements. Each must leave the list before it ends.
template <class T, ListLink<T> T::*link> class IntrusiveList {
public:
    IntrusiveList() noexcept = default;
    IntrusiveList(IntrusiveList const&) = delete;
    IntrusiveList& operator=(IntrusiveList const&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] T* front() const noexcept { return first_; }
    [[nodiscard]] static bool contains(T const& element) noexcept {
        return (element.*link).linked();
    }

    // The element behind one that is in this list, or null.
    [[nodiscard]] static T* next(T const& element) noexcept {
        KODAMA_ASSERT(contains(element));
        T* const next = (element.*link).next_;
        return next == &element ? nullptr : next;
    }

    void push_back(T& element) noexcept {
        ListLink<T>& own = element.*link;
        KODAMA_ASSERT(!own.linked());
        own.previous_ = last_ != nullptr ? last_ : &element;
        own.next_ = &element;
        (last_ != nullptr ? (last_->*link).next_ : first_) = &element;
        last_ = &element;
    }

    void remove(T& element) noexcept {
        ListLink<T>& own = element.*link;
        KODAMA_ASSERT(own.linked());
        T* const previous = own.previous_ == &element ? nullptr : own.previous_;
        T* const following = own.next_ == &element ? nullptr : own.next_;
        // Whoever has no neighbour any more on one side is its own.
        if (previous != nullptr)
            (previous->*link).next_ = following != nullptr ? following : previous;
        if (following != nullptr) {
            (following->*link).previous_ = previous != nullptr ? previous : following;
        }
        if (first_ == &element) first_ = following;
        if (last_ == &element) last_ = previous;
        own.previous_ = own.next_ = nullptr;
    }

    T* pop_front() noexcept {
        T* const element = first_;
        if (element != nullptr) remove(*element);
        return element;
    }

    // For callers that do not keep account of where an element is.
    void push_back_once(T& element) noexcept {
        if (!contains(element)) push_back(element);
    }
    void remove_if_present(T& element) noexcept {
        if (contains(element)) remove(element);
    }

private:
    T* first_ = nullptr;
    T* last_ = nullptr;
};

} // namespace kodama
