// SPDX-License-Identifier: MIT OR Apache-2.0
// A program that replaces some operators: all others go through its own, as the standard says.
#include "expect.h"

#include <cstdint>
#include <new>

static int news;
static int deletes;
static int aligned_news;
static int aligned_deletes;

// In front of each object, as long as the largest alignment of any type.
static const size_t header = 16;

void *operator new(std::size_t n)
{
    char *p = static_cast<char *>(std::malloc(n + header));
    if (!p)
        throw std::bad_alloc();
    news++;
    *p = 'x';
    return p + header;
}

void operator delete(void *p) noexcept
{
    if (!p)
        return;
    char *at = static_cast<char *>(p) - header;
    EXPECT(*at == 'x');
    deletes++;
    std::free(at);
}

void *operator new(std::size_t n, std::align_val_t align)
{
    aligned_news++;
    return std::aligned_alloc(static_cast<std::size_t>(align), n);
}

void operator delete(void *p, std::align_val_t) noexcept
{
    aligned_deletes++;
    std::free(p);
}

int main()
{
    std::size_t n = HIDE(std::size_t, 100);
    ::operator delete(::operator new(n));
    ::operator delete(::operator new(n), n);
    ::operator delete(::operator new(n, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](n));
    ::operator delete[](::operator new[](n), n);
    ::operator delete[](::operator new[](n, std::nothrow), std::nothrow);
    EXPECT(::operator new(HIDE(std::size_t, SIZE_MAX - 100), std::nothrow) == nullptr);
    EXPECT(news == 6);
    EXPECT(deletes == 6);
    std::align_val_t a = std::align_val_t(64);
    ::operator delete(::operator new(n, a), a);
    ::operator delete(::operator new(n, a), n, a);
    ::operator delete(::operator new(n, a, std::nothrow), a, std::nothrow);
    ::operator delete[](::operator new[](n, a), a);
    ::operator delete[](::operator new[](n, a), n, a);
    ::operator delete[](::operator new[](n, a, std::nothrow), a, std::nothrow);
    EXPECT(aligned_news == 6);
    EXPECT(aligned_deletes == 6);
    EXPECT(news == 6 && deletes == 6);
    return 0;
}
