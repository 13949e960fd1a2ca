// SPDX-License-Identifier: MIT OR Apache-2.0
// frusa::instance: who owns it, what its functions return, which exceptions they throw.
#include "expect.h"

#include <cstdint>
#include <string>

namespace
{

static_assert(!std::is_copy_constructible_v<frusa::instance>);
static_assert(!std::is_copy_assignable_v<frusa::instance>);
static_assert(std::is_nothrow_move_constructible_v<frusa::instance>);
static_assert(std::is_nothrow_move_assignable_v<frusa::instance>);
static_assert(!std::is_convertible_v<frusa_config, frusa::instance>);
static_assert(!std::is_convertible_v<frusa_t *, frusa::instance>);

template <typename Exception, typename Call> bool throws(Call call)
{
    try {
        call();
    } catch (const Exception &) {
        return true;
    }
    return false;
}

// A fallback that counts the bytes it has handed out, over the C library's.
struct counter {
    std::size_t bytes = 0;
    bool refuses = false;
};

void *count_alloc(void *ctx, std::size_t size, std::size_t align)
{
    counter *c = static_cast<counter *>(ctx);
    if (c->refuses)
        return nullptr;
    c->bytes += size;
    return frusa_fallback_malloc.alloc(nullptr, size, align);
}

void count_dealloc(void *ctx, void *p, std::size_t size, std::size_t align)
{
    static_cast<counter *>(ctx)->bytes -= size;
    frusa_fallback_malloc.dealloc(nullptr, p, size, align);
}

frusa_fallback_ops counting(counter &c)
{
    frusa_fallback_ops ops = {};
    ops.alloc = count_alloc;
    ops.dealloc = count_dealloc;
    ops.ctx = &c;
    return ops;
}

void test_ownership()
{
    counter c;
    frusa_fallback_ops ops = counting(c);
    {
        frusa::instance a(&ops);
        frusa_t *f = a.get();
        EXPECT(f != nullptr && c.bytes > 0);
        std::size_t one = c.bytes;
        EXPECT(frusa_alloc(f, 100, 0) != nullptr);
        frusa::instance b(std::move(a));
        EXPECT(a.get() == nullptr && b.get() == f);
        frusa::instance d(&ops);
        frusa_t *other = d.get();
        swap(b, d);
        EXPECT(b.get() == other && d.get() == f);
        b = std::move(d); // the other one goes
        EXPECT(b.get() == f && d.get() == nullptr && c.bytes >= one);
        frusa::instance &same = b;
        b = std::move(same);
        EXPECT(b.get() == f);
        f = b.release();
        EXPECT(b.get() == nullptr && frusa_owns(f, f) == 0);
        frusa::instance e = frusa::instance::adopt(f);
        EXPECT(e.get() == f);
    }
    EXPECT(c.bytes == 0);
}

void test_exceptions()
{
    counter c;
    frusa_fallback_ops ops = counting(c);
    c.refuses = true;
    EXPECT(throws<std::bad_alloc>([&] { frusa::instance heap(&ops); }));
    ops.flags = 1u << 20;
    EXPECT(throws<std::invalid_argument>([&] { frusa::instance heap(&ops); }));
    frusa_config config = FRUSA_CONFIG_INIT;
    config.managed_max = FRUSA_2M_MAX + 1;
    EXPECT(throws<std::invalid_argument>([&] { frusa::instance heap(config); }));

    static const frusa_config wrong = config;
    static frusa_t fixed = FRUSA_INITIALIZER(NULL, &wrong);
    frusa::allocator<int> a(&fixed);
    EXPECT(throws<std::invalid_argument>([&] { a.deallocate(a.allocate(1), 1); }));
    frusa::instance adopted = frusa::instance::adopt(&fixed);
    EXPECT(throws<std::invalid_argument>([&] { adopted.set_retain(0); }));
    EXPECT(throws<std::invalid_argument>([&] { adopted.set_limit(0); }));
    EXPECT(throws<std::invalid_argument>([&] { static_cast<void>(adopted.stats()); }));
}

void test_limit()
{
    frusa_config config = FRUSA_CONFIG_INIT;
    config.limit = 1 << 20;
    frusa::instance heap(config);
    frusa::allocator<char> a(heap);
    EXPECT(throws<std::bad_alloc>([&] { a.deallocate(a.allocate(4 << 20), 4 << 20); }));
    char *p = a.allocate(1000);
    a.deallocate(p, 1000);
    heap.set_limit(0);
    a.deallocate(a.allocate(4 << 20), 4 << 20);
    expect_all_back(heap);
}

void test_questions()
{
    frusa::instance heap;
    heap.set_retain(SIZE_MAX);
    frusa::allocator<char> a(heap);
    char *p = a.allocate(1000);
    EXPECT(heap.owns(p) && !heap.owns(&heap));
    EXPECT(heap.good_size(1000) == frusa_good_size(heap.get(), 1000, 0));
    EXPECT(heap.good_size(1000, 4096) == 4096);
    EXPECT(live_bytes(heap) == heap.good_size(1000));
    std::string json = heap.stats_json();
    EXPECT(json.size() == frusa_stats_json(heap.get(), nullptr, 0));
    EXPECT(json.front() == '{' && json.find('\0') == std::string::npos);
    a.deallocate(p, 1000);
    heap.thread_flush();
    EXPECT(heap.stats().cached == 0);
    EXPECT(heap.reclaim_some(0) == 0);
    EXPECT(heap.reclaim_some(1) > 0);
    expect_all_back(heap);
}

} // namespace

int main()
{
    test_ownership();
    test_exceptions();
    test_limit();
    test_questions();
    return 0;
}
