// SPDX-License-Identifier: MIT OR Apache-2.0
// operator new and delete in every form that a program may replace.
//
// A program may replace some forms itself and expects that the others go through its own, as the
// standard says of their default versions: new[] calls new, sized delete calls delete, and so on.
// So each derived form asks whether the form that it rests on is still the one from here, by
// comparing the address that the linker found with its own; only then does it take the short way.
//
// The shared library must not depend on the C++ library: it is preloaded into C programs too. What
// it needs to catch are weak symbols there; throw.cc throws.
#include <new>

#include <climits>
#include <cstdint>

#include "paths.h"
#include "throw.h"

// libtool: this object goes into the shared library. (From the archive a link takes its object
// only for a program that is C++.)
#if defined(PIC)
__asm__(".weak __gxx_personality_v0");
__asm__(".weak __cxa_begin_catch");
__asm__(".weak __cxa_end_catch");
__asm__(".weak _Unwind_Resume");
__asm__(".weak _ZSt9terminatev");
#endif

// Weak, so that in a static link too a program's own definition comes first.
#define OPERATOR  __attribute__((weak, visibility("default")))
#define SLOW      __attribute__((noinline, cold))
#define LIKELY(x) __builtin_expect(!!(x), 1)

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

// The forms that others rest on: their types, and their definitions here under a name that nobody
// replaces.
#if SIZE_MAX == UINT_MAX
#define SIZE_LETTER "j"
#else
#define SIZE_LETTER "m"
#endif
#define OWN(name) __attribute__((alias(name), visibility("hidden")))

typedef void *new_form(size_t);
typedef void *aligned_new_form(size_t, align_val_t);
typedef void delete_form(void *) noexcept;
typedef void aligned_delete_form(void *, align_val_t) noexcept;

extern "C" {
new_form fr_own_new OWN("_Znw" SIZE_LETTER);
new_form fr_own_new_array OWN("_Zna" SIZE_LETTER);
aligned_new_form fr_own_aligned_new OWN("_Znw" SIZE_LETTER "St11align_val_t");
aligned_new_form fr_own_aligned_new_array OWN("_Zna" SIZE_LETTER "St11align_val_t");
delete_form fr_own_delete OWN("_ZdlPv");
delete_form fr_own_delete_array OWN("_ZdaPv");
aligned_delete_form fr_own_aligned_delete OWN("_ZdlPvSt11align_val_t");
aligned_delete_form fr_own_aligned_delete_array OWN("_ZdaPvSt11align_val_t");
}

namespace
{

// Whether the program uses the definition from here. The compiler must not think that it knows.
template <typename Form> inline bool is_own(Form *in_use, Form *own)
{
    __asm__("" : "+r"(in_use));
    return LIKELY(in_use == own);
}

inline bool new_is_own()
{
    return is_own<new_form>(&::operator new, fr_own_new);
}

inline bool new_array_is_own()
{
    return is_own<new_form>(&::operator new[], fr_own_new_array) && new_is_own();
}

inline bool aligned_new_is_own()
{
    return is_own<aligned_new_form>(&::operator new, fr_own_aligned_new);
}

inline bool aligned_new_array_is_own()
{
    return is_own<aligned_new_form>(&::operator new[], fr_own_aligned_new_array) &&
           aligned_new_is_own();
}

inline bool delete_is_own()
{
    return is_own<delete_form>(&::operator delete, fr_own_delete);
}

inline bool delete_array_is_own()
{
    return is_own<delete_form>(&::operator delete[], fr_own_delete_array) && delete_is_own();
}

inline bool aligned_delete_is_own()
{
    return is_own<aligned_delete_form>(&::operator delete, fr_own_aligned_delete);
}

inline bool aligned_delete_array_is_own()
{
    return is_own<aligned_delete_form>(&::operator delete[], fr_own_aligned_delete_array) &&
           aligned_delete_is_own();
}

// Out of memory: as often as there is a new-handler, it may make room.
SLOW void *retry(size_t size, size_t align, const char *call, const void *caller)
{
    while (std::new_handler handler = fr_current_new_handler(caller)) {
        handler();
        if (void *p = fr_malloc_alloc(size, align, call))
            return p;
    }
    fr_throw_out_of_memory(caller);
}

// The same for the forms that do not throw, when those that they rest on are from here. Without a
// handler nothing is thrown at all: then it does not matter whether this library can catch.
SLOW void *retry_without_throwing(size_t size, size_t align, const char *call,
                                  const void *caller) noexcept
{
    while (std::new_handler handler = fr_current_new_handler(caller)) {
        try {
            handler();
        } catch (...) {
            return nullptr;
        }
        if (void *p = fr_malloc_alloc(size, align, call))
            return p;
    }
    return nullptr;
}

// These are part of the operators in every build, so that the return address is an address of who
// called.
#define IN_OPERATOR inline __attribute__((always_inline))
#define CALLER      __builtin_extract_return_addr(__builtin_return_address(0))

IN_OPERATOR void *allocate(size_t size, size_t align, const char *call)
{
    void *p = fr_malloc_alloc(size, align, call);
    return LIKELY(p != nullptr) ? p : retry(size, align, call, CALLER);
}

IN_OPERATOR void *allocate_nothrow(size_t size, size_t align, const char *call) noexcept
{
    void *p = fr_malloc_alloc(size, align, call);
    return LIKELY(p != nullptr) ? p : retry_without_throwing(size, align, call, CALLER);
}

// What messages about misuse call the operators.
const char new_name[] = "operator new";
const char new_array_name[] = "operator new[]";
const char delete_name[] = "operator delete";
const char delete_array_name[] = "operator delete[]";

inline size_t number(align_val_t align)
{
    return static_cast<size_t>(align);
}

// Through a form that is the program's own.
SLOW void *without_throwing(new_form *form, size_t size) noexcept
{
    try {
        return form(size);
    } catch (...) {
        return nullptr;
    }
}

SLOW void *without_throwing(aligned_new_form *form, size_t size, align_val_t align) noexcept
{
    try {
        return form(size, align);
    } catch (...) {
        return nullptr;
    }
}

} // namespace

// ---- new ----------------------------------------------------------------------------------------

OPERATOR void *operator new(size_t size)
{
    return allocate(size, 0, new_name);
}

OPERATOR void *operator new[](size_t size)
{
    return new_is_own() ? allocate(size, 0, new_array_name) : ::operator new(size);
}

OPERATOR void *operator new(size_t size, align_val_t align)
{
    return allocate(size, number(align), new_name);
}

OPERATOR void *operator new[](size_t size, align_val_t align)
{
    return aligned_new_is_own() ? allocate(size, number(align), new_array_name)
                                : ::operator new(size, align);
}

OPERATOR void *operator new(size_t size, const nothrow_t &) noexcept
{
    return new_is_own() ? allocate_nothrow(size, 0, new_name)
                        : without_throwing(&::operator new, size);
}

OPERATOR void *operator new[](size_t size, const nothrow_t &) noexcept
{
    return new_array_is_own() ? allocate_nothrow(size, 0, new_array_name)
                              : without_throwing(&::operator new[], size);
}

OPERATOR void *operator new(size_t size, align_val_t align, const nothrow_t &) noexcept
{
    return aligned_new_is_own() ? allocate_nothrow(size, number(align), new_name)
                                : without_throwing(&::operator new, size, align);
}

OPERATOR void *operator new[](size_t size, align_val_t align, const nothrow_t &) noexcept
{
    return aligned_new_array_is_own() ? allocate_nothrow(size, number(align), new_array_name)
                                      : without_throwing(&::operator new[], size, align);
}

// ---- delete -------------------------------------------------------------------------------------

OPERATOR void operator delete(void *p) noexcept
{
    fr_malloc_free(p, delete_name);
}

OPERATOR void operator delete[](void *p) noexcept
{
    delete_is_own() ? fr_malloc_free(p, delete_array_name) : ::operator delete(p);
}

OPERATOR void operator delete(void *p, size_t size) noexcept
{
    delete_is_own() ? fr_malloc_dealloc(p, size, 0, delete_name) : ::operator delete(p);
}

OPERATOR void operator delete[](void *p, size_t size) noexcept
{
    delete_array_is_own() ? fr_malloc_dealloc(p, size, 0, delete_array_name)
                          : ::operator delete[](p);
}

OPERATOR void operator delete(void *p, const nothrow_t &) noexcept
{
    delete_is_own() ? fr_malloc_free(p, delete_name) : ::operator delete(p);
}

OPERATOR void operator delete[](void *p, const nothrow_t &) noexcept
{
    delete_array_is_own() ? fr_malloc_free(p, delete_array_name) : ::operator delete[](p);
}

OPERATOR void operator delete(void *p, align_val_t) noexcept
{
    fr_malloc_free(p, delete_name);
}

OPERATOR void operator delete[](void *p, align_val_t align) noexcept
{
    aligned_delete_is_own() ? fr_malloc_free(p, delete_array_name) : ::operator delete(p, align);
}

OPERATOR void operator delete(void *p, size_t size, align_val_t align) noexcept
{
    aligned_delete_is_own() ? fr_malloc_dealloc(p, size, number(align), delete_name)
                            : ::operator delete(p, align);
}

OPERATOR void operator delete[](void *p, size_t size, align_val_t align) noexcept
{
    aligned_delete_array_is_own() ? fr_malloc_dealloc(p, size, number(align), delete_array_name)
                                  : ::operator delete[](p, align);
}

OPERATOR void operator delete(void *p, align_val_t align, const nothrow_t &) noexcept
{
    aligned_delete_is_own() ? fr_malloc_free(p, delete_name) : ::operator delete(p, align);
}

OPERATOR void operator delete[](void *p, align_val_t align, const nothrow_t &) noexcept
{
    aligned_delete_array_is_own() ? fr_malloc_free(p, delete_array_name)
                                  : ::operator delete[](p, align);
}
