// SPDX-License-Identifier: MIT OR Apache-2.0
// Containers of the C++ library on instances, by frusa::allocator and by frusa::resource.
#include "expect.h"

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace
{

template <typename T> using vector = std::vector<T, frusa::allocator<T>>;
template <typename T> using list = std::list<T, frusa::allocator<T>>;
using string = std::basic_string<char, std::char_traits<char>, frusa::allocator<char>>;
template <typename K, typename V>
using map = std::map<K, V, std::less<K>, frusa::allocator<std::pair<const K, V>>>;
template <typename K, typename V>
using unordered_map = std::unordered_map<K, V, std::hash<K>, std::equal_to<K>,
                                         frusa::allocator<std::pair<const K, V>>>;

struct alignas(256) wide {
    std::uint32_t number;
};

bool is_aligned(const void *p, std::size_t align)
{
    return reinterpret_cast<std::uintptr_t>(p) % align == 0;
}

void use_sequences(frusa::instance &heap, int n)
{
    vector<int> numbers(heap);
    std::deque<long, frusa::allocator<long>> queue(heap);
    list<double> chain(heap);
    string text(heap);
    for (int i = 0; i < n; i++) {
        numbers.push_back(i);
        queue.push_front(i);
        chain.push_back(i);
        text += static_cast<char>('a' + i % 26);
    }
    EXPECT(heap.owns(numbers.data()) && heap.owns(&queue.front()) && heap.owns(&chain.front()));
    EXPECT(heap.owns(text.data()));
    for (int i = 0; i < n; i++)
        EXPECT(numbers[static_cast<std::size_t>(i)] == i);
    EXPECT(queue.back() == 0 && chain.back() == n - 1 && text.compare(0, 3, "abc") == 0);
    chain.sort(std::greater<double>());
    EXPECT(chain.front() == n - 1);
    numbers.shrink_to_fit();
    text.clear();
    text.shrink_to_fit();
}

void use_maps(frusa::instance &heap, int n)
{
    map<int, string> ordered(heap);
    unordered_map<int, vector<int>> hashed(heap);
    for (int i = 0; i < n; i++) {
        int key = i * 7919 % 10007;
        ordered.emplace(key, string(40, 'x', heap));
        hashed.try_emplace(key, vector<int>(3, i, heap));
    }
    EXPECT(heap.owns(&*ordered.begin()) && heap.owns(ordered.begin()->second.data()));
    EXPECT(heap.owns(&*hashed.begin()) && heap.owns(hashed.begin()->second.data()));
    EXPECT(ordered.size() == hashed.size());
    for (int i = 0; i < n; i += 2) {
        ordered.erase(i * 7919 % 10007);
        hashed.erase(i * 7919 % 10007);
    }
    EXPECT(ordered.size() == hashed.size());
}

void use_wide(frusa::instance &heap)
{
    vector<wide> numbers(heap);
    list<wide> chain(heap);
    for (std::uint32_t i = 0; i < 300; i++) {
        numbers.push_back({i});
        chain.push_back({i});
        EXPECT(is_aligned(&numbers.back(), 256) && is_aligned(&chain.back(), 256));
    }
    std::shared_ptr<wide> shared = std::allocate_shared<wide>(frusa::allocator<wide>(heap));
    EXPECT(is_aligned(shared.get(), 256) && heap.owns(shared.get()));
}

void use_resource(frusa::instance &heap)
{
#if defined(__cpp_lib_memory_resource)
    frusa::resource resource(heap);
    std::pmr::vector<std::pmr::string> texts(&resource);
    for (int i = 0; i < 1000; i++)
        texts.emplace_back(static_cast<std::size_t>(i), 'x');
    EXPECT(heap.owns(texts.data()) && heap.owns(texts.back().data()));
    std::pmr::unordered_map<int, std::pmr::string> hashed(&resource);
    for (int i = 0; i < 1000; i++)
        hashed.emplace(i, "a text that is too long for the string itself");
    EXPECT(heap.owns(hashed[3].data()));
    for (std::size_t align = 1; align <= 65536; align *= 2) {
        void *p = resource.allocate(align + 1, align);
        EXPECT(is_aligned(p, align) && heap.owns(p));
        resource.deallocate(p, align + 1, align);
    }
    std::pmr::monotonic_buffer_resource buffer(&resource);
    std::pmr::list<int> chain(1000, 1, &buffer);
    EXPECT(heap.owns(&chain.front()));
#else
    static_cast<void>(heap);
#endif
}

// Everything, on an instance with the given flags.
void test_containers(unsigned flags)
{
    frusa_config config = FRUSA_CONFIG_INIT;
    config.flags = flags;
    frusa::instance heap(config);
    for (int n = 100; n <= 10000; n *= 10) {
        use_sequences(heap, n);
        use_maps(heap, n);
        expect_all_back(heap);
    }
    use_wide(heap);
    use_resource(heap);
    expect_all_back(heap);
}

// Objects move between threads, and the caches of threads between the two.
void test_threads()
{
    frusa::instance heap;
    std::vector<map<int, string>> maps(4, map<int, string>(heap));
    std::vector<std::thread> threads;
    for (map<int, string> &each : maps)
        threads.emplace_back([&heap, &each] {
            for (int i = 0; i < 5000; i++)
                each.emplace(i % 1000, string(static_cast<std::size_t>(i % 200), 'y', heap));
            heap.reclaim();
        });
    for (std::thread &t : threads)
        t.join();
    EXPECT(maps[0].size() == 1000 && live_bytes(heap) > 0);
    maps.clear();
    expect_all_back(heap);
}

// Copies stay in their instance, moves and swaps take it along.
void test_propagation()
{
    frusa::instance a, b;
    {
        vector<int> in_a(1000, 1, a), in_b(2000, 2, b);
        vector<int> copy(in_a);
        EXPECT(copy.get_allocator() == in_a.get_allocator() && a.owns(copy.data()));
        vector<int> elsewhere(in_a, b);
        EXPECT(b.owns(elsewhere.data()) && elsewhere == in_a);
        copy = in_b;
        EXPECT(copy == in_b && a.owns(copy.data()) && copy.get_allocator().get() == a.get());

        const int *data = in_b.data();
        vector<int> moved(std::move(in_b));
        EXPECT(moved.data() == data && moved.get_allocator().get() == b.get());
        copy = std::move(moved);
        EXPECT(copy.data() == data && copy.get_allocator().get() == b.get());

        data = in_a.data();
        swap(copy, in_a);
        EXPECT(copy.data() == data && copy.get_allocator().get() == a.get());
        EXPECT(in_a.get_allocator().get() == b.get() && b.owns(in_a.data()));

        // To be moved into another instance, elements have to be told so.
        vector<int> told(std::move(copy), b);
        EXPECT(told.size() == 1000 && b.owns(told.data()));

        map<int, int> map_a(a), map_b(b);
        map_a.emplace(1, 1);
        map_b.emplace(2, 2);
        map_a.swap(map_b);
        EXPECT(map_a.count(2) == 1 && b.owns(&*map_a.begin()) && a.owns(&*map_b.begin()));
        map_b = map_a;
        EXPECT(map_b.count(2) == 1 && a.owns(&*map_b.begin()));
    }
    expect_all_back(a);
    expect_all_back(b);
}

using traits = std::allocator_traits<frusa::allocator<int>>;
static_assert(!traits::propagate_on_container_copy_assignment::value);
static_assert(traits::propagate_on_container_move_assignment::value);
static_assert(traits::propagate_on_container_swap::value);
static_assert(!traits::is_always_equal::value);
static_assert(std::is_same_v<traits::rebind_alloc<char>, frusa::allocator<char>>);
static_assert(std::is_nothrow_move_assignable_v<vector<int>>);
static_assert(std::is_nothrow_copy_constructible_v<frusa::allocator<int>>);

void test_comparison()
{
    static frusa_t fixed = FRUSA_4K_INITIALIZER(NULL);
    frusa::instance heap;
    frusa::allocator<int> a(heap), same(heap.get()), other(&fixed);
    frusa::allocator<char> of_chars(a);
    EXPECT(a == same && a == of_chars && a != other && !(a == other) && !(a != of_chars));
    EXPECT(of_chars.get() == heap.get());
#if defined(__cpp_lib_memory_resource)
    frusa::resource r(heap), same_r(heap.get()), other_r(&fixed);
    EXPECT(r.get() == heap.get() && r != other_r && r != *std::pmr::new_delete_resource());
#if defined(__cpp_rtti)
    EXPECT(r == same_r);
#else
    EXPECT(r == r && r != same_r);
#endif
#endif
    // What one allocated the other gives back.
    int *p = a.allocate(10);
    same.deallocate(p, 10);
    expect_all_back(heap);
    frusa_destroy(&fixed);
}

#if defined(__cpp_exceptions)
template <typename Exception, typename T> bool refuses(frusa::allocator<T> a, std::size_t n)
{
    volatile std::size_t hidden = n; // from a compiler that would refuse it, too
    try {
        a.deallocate(a.allocate(hidden), hidden);
    } catch (const std::bad_array_new_length &) {
        return std::is_same_v<Exception, std::bad_array_new_length>;
    } catch (const std::bad_alloc &) {
        return std::is_same_v<Exception, std::bad_alloc>;
    }
    return false;
}

void test_overflow()
{
    frusa::instance heap;
    frusa::allocator<int> ints(heap);
    frusa::allocator<wide> wides(heap);
    frusa::allocator<char> chars(heap);
    EXPECT((refuses<std::bad_array_new_length>(ints, SIZE_MAX / sizeof(int) + 1)));
    EXPECT((refuses<std::bad_array_new_length>(ints, SIZE_MAX)));
    EXPECT((refuses<std::bad_array_new_length>(wides, SIZE_MAX / 256 + 1)));
    EXPECT((refuses<std::bad_alloc>(ints, SIZE_MAX / sizeof(int))));
    EXPECT((refuses<std::bad_alloc>(wides, SIZE_MAX / 256)));
    EXPECT((refuses<std::bad_alloc>(chars, SIZE_MAX)));
    chars.deallocate(chars.allocate(0), 0);
    vector<int> numbers(heap);
    try {
        numbers.reserve(numbers.max_size() + 1);
        EXPECT(false);
    } catch (const std::length_error &) {
    }
    expect_all_back(heap);
}
#else
void test_overflow()
{
}
#endif

} // namespace

int main()
{
    test_containers(0);
    test_containers(FRUSA_CHECKED);
    test_containers(FRUSA_NO_THREAD_CACHE);
    test_threads();
    test_propagation();
    test_comparison();
    test_overflow();
    return 0;
}
