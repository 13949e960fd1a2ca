// SPDX-License-Identifier: MIT OR Apache-2.0
// operator new and delete in every form: alignment, sizes, exceptions, the new-handler.
#include "expect.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

using std::align_val_t;
using std::nothrow;
using std::size_t;

namespace
{

const size_t sizes[] = {0, 1, 16, 17, 100, 4000, 70000, 3000000};
const size_t aligns[] = {1, 16, 64, 4096, 65536};
const size_t too_large[] = {size_t(PTRDIFF_MAX) + 1, SIZE_MAX / 2 + 100, SIZE_MAX};

void *used(void *p, size_t size, size_t align)
{
    EXPECT(p != nullptr);
    EXPECT(is_ours(p));
    EXPECT(reinterpret_cast<uintptr_t>(p) % align == 0);
    std::memset(p, 1, size);
    return p;
}

void test_forms(size_t n)
{
    ::operator delete(used(::operator new(n), n, 1));
    ::operator delete(used(::operator new(n), n, 1), n);
    ::operator delete(used(::operator new(n, nothrow), n, 1), nothrow);
    ::operator delete[](used(::operator new[](n), n, 1));
    ::operator delete[](used(::operator new[](n), n, 1), n);
    ::operator delete[](used(::operator new[](n, nothrow), n, 1), nothrow);
    for (size_t align : aligns) {
        align_val_t a = align_val_t(align);
        ::operator delete(used(::operator new(n, a), n, align), a);
        ::operator delete(used(::operator new(n, a), n, align), n, a);
        ::operator delete(used(::operator new(n, a, nothrow), n, align), a, nothrow);
        ::operator delete[](used(::operator new[](n, a), n, align), a);
        ::operator delete[](used(::operator new[](n, a), n, align), n, a);
        ::operator delete[](used(::operator new[](n, a, nothrow), n, align), a, nothrow);
    }
    // Both families on one object.
    std::free(::operator new(n));
    ::operator delete(std::malloc(n));
}

void test_null()
{
    void *p = nullptr;
    ::operator delete(p);
    ::operator delete(p, size_t(100));
    ::operator delete[](p, size_t(100));
    ::operator delete(p, size_t(100), align_val_t(64));
    ::operator delete[](p, align_val_t(64));
}

template <typename Call> bool throws(Call call)
{
    try {
        HIDE(void *, call());
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void test_out_of_memory()
{
    for (size_t n : too_large) {
        align_val_t a = align_val_t(64);
        EXPECT(throws([=] { return ::operator new(HIDE(size_t, n)); }));
        EXPECT(throws([=] { return ::operator new[](HIDE(size_t, n)); }));
        EXPECT(throws([=] { return ::operator new(HIDE(size_t, n), a); }));
        EXPECT(throws([=] { return ::operator new[](HIDE(size_t, n), a); }));
        EXPECT(::operator new(HIDE(size_t, n), nothrow) == nullptr);
        EXPECT(::operator new[](HIDE(size_t, n), nothrow) == nullptr);
        EXPECT(::operator new(HIDE(size_t, n), a, nothrow) == nullptr);
        EXPECT(::operator new[](HIDE(size_t, n), a, nothrow) == nullptr);
    }
}

int handled;

struct of_handler {
};

// Gives up at the third call, in one of three ways.
void handler_that_removes_itself()
{
    if (++handled == 3)
        std::set_new_handler(nullptr);
}

void handler_that_throws()
{
    if (++handled == 3)
        throw std::bad_alloc();
}

void handler_that_throws_its_own()
{
    throw of_handler();
}

void test_handler(std::new_handler handler)
{
    size_t n = SIZE_MAX / 2 + 1;
    std::set_new_handler(handler);
    handled = 0;
    EXPECT(throws([=] { return ::operator new(HIDE(size_t, n)); }) && handled == 3);
    std::set_new_handler(handler);
    handled = 0;
    EXPECT(throws([=] { return ::operator new[](HIDE(size_t, n), align_val_t(64)); }) &&
           handled == 3);
    std::set_new_handler(handler);
    handled = 0;
    EXPECT(::operator new(HIDE(size_t, n), nothrow) == nullptr &&handled == 3);
    std::set_new_handler(handler);
    handled = 0;
    EXPECT(::operator new[](HIDE(size_t, n), align_val_t(64), nothrow) == nullptr &&handled == 3);
    std::set_new_handler(nullptr);
}

void test_exceptions_of_a_handler()
{
    bool caught = false;
    std::set_new_handler(handler_that_throws_its_own);
    EXPECT(::operator new(HIDE(size_t, SIZE_MAX), nothrow) == nullptr);
    try {
        HIDE(void *, ::operator new(HIDE(size_t, SIZE_MAX)));
    } catch (const of_handler &) {
        caught = true;
    }
    std::set_new_handler(nullptr);
    EXPECT(caught);
}

// Destroyed after main and at the end of a thread, among other destructors.
struct holder {
    std::string *text = new std::string("a string too long for the string's own room, in the heap");
    ~holder()
    {
        delete text;
        HIDE(void *, std::malloc(10));
        delete[] new char[1000];
    }
};
holder global;
thread_local holder of_thread;

void test_library()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([i] {
            std::map<int, std::string> map;
            for (int k = 0; k < 2000; k++)
                map[k * 7919 % 2003] = std::to_string(k) + *of_thread.text;
            EXPECT(map.size() > 1000 && i >= 0);
        });
    for (std::thread &t : threads)
        t.join();
    EXPECT(!of_thread.text->empty() && !global.text->empty());
}

struct alignas(256) aligned {
    char bytes[300];
};

} // namespace

int main()
{
    for (size_t n : sizes)
        test_forms(n);
    test_null();
    test_out_of_memory();
    test_handler(handler_that_removes_itself);
    test_handler(handler_that_throws);
    test_exceptions_of_a_handler();
    aligned *array = new aligned[5];
    used(array, 5 * sizeof(aligned), 256);
    delete[] array;
    test_library();
    return 0;
}
