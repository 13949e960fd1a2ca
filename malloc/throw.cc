// SPDX-License-Identifier: MIT OR Apache-2.0 The shared library must not depend on the C++
// library. It finds a C++ library at three places: linked with the program (even into it, by
// -static-libstdc++), linked with the object that called operator new, and loaded by one of the
// usual names. A C++ library that is linked into a program has only those of its parts that the
// program needs, so __throw_bad_alloc may be missing where __cxa_throw is not; then the exception
// is made here, by the rules of the C++ ABI (Itanium).
#include "throw.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <unistd.h>

// As in new.cc.
#if defined(PIC)
#define OF_CXX_LIBRARY __attribute__((weak, visibility("default")))
#else
#define OF_CXX_LIBRARY
#endif
#define SLOW __attribute__((noinline, cold))

typedef void throw_bad_alloc_function();
typedef std::new_handler get_handler_function();

extern "C" {
throw_bad_alloc_function fr_throw_bad_alloc __asm__("_ZSt17__throw_bad_allocv") OF_CXX_LIBRARY;
get_handler_function fr_get_new_handler __asm__("_ZSt15get_new_handlerv") OF_CXX_LIBRARY;
}

#if defined(PIC)

typedef void *allocate_function(std::size_t);
typedef void throw_function(void *, const void *, void (*)(void *));

extern "C" {
allocate_function fr_allocate_exception __asm__("__cxa_allocate_exception") OF_CXX_LIBRARY;
throw_function fr_throw __asm__("__cxa_throw") OF_CXX_LIBRARY;
extern const char fr_bad_alloc_type __asm__("_ZTISt9bad_alloc") OF_CXX_LIBRARY;
extern const char fr_exception_type __asm__("_ZTISt9exception") OF_CXX_LIBRARY;
extern const char
    fr_si_class_vtable __asm__("_ZTVN10__cxxabiv120__si_class_type_infoE") OF_CXX_LIBRARY;
}

namespace
{

// ---- An exception made by hand ------------------------------------------------------------------

// What the compiler makes of a class with one base class.
struct type_of_derived {
    const void *vtable;
    const char *name;
    const void *base;
};

// The virtual functions of std::exception; a pointer to a vtable points to the first.
struct exception_vtable {
    std::ptrdiff_t offset_to_top;
    const void *type;
    void (*destroy)(void *);
    void (*destroy_and_free)(void *);
    const char *(*what)(const void *);
};

// An object of std::bad_alloc. Its vtable and type lie beside it, so that nothing of it is shared.
struct bad_alloc_object {
    const void *functions;
    exception_vtable vtable;
    type_of_derived type;
};

void destroy(void *)
{
}

const char *what(const void *)
{
    return "std::bad_alloc";
}

// The parts of a C++ library that throw; each may be missing.
struct thrower {
    throw_bad_alloc_function *throw_bad_alloc;
    allocate_function *allocate;
    throw_function *throw_it;
    const void *bad_alloc_type; // missing where nobody catches just this type
    const void *exception_type;
    const char *si_class_vtable;
};

// A class that the program knows is thrown with the program's type, because some C++ libraries
// compare addresses.
const void *bad_alloc_type(const thrower &t, type_of_derived *made)
{
    if (t.bad_alloc_type)
        return t.bad_alloc_type;
    made->vtable = t.si_class_vtable + 2 * sizeof(void *);
    made->name = "St9bad_alloc";
    made->base = t.exception_type;
    return made;
}

void throw_made(const thrower &t)
{
    auto *object = static_cast<bad_alloc_object *>(t.allocate(sizeof(bad_alloc_object)));
    const void *type = bad_alloc_type(t, &object->type);
    object->vtable = {0, type, destroy, destroy, what};
    object->functions = &object->vtable.destroy;
    t.throw_it(object, type, destroy);
}

// Comes back if parts are missing.
void throw_by(const thrower &t)
{
    if (t.throw_bad_alloc)
        t.throw_bad_alloc();
    if (t.allocate && t.throw_it && (t.bad_alloc_type || (t.exception_type && t.si_class_vtable)))
        throw_made(t);
}

// ---- C++ libraries ------------------------------------------------------------------------------

// A symbol of an object or of those that it needs.
template <typename Symbol> void find(void *handle, const char *name, Symbol *out)
{
    *out = reinterpret_cast<Symbol>(dlsym(handle, name));
}

thrower thrower_of(void *handle)
{
    thrower t;
    find(handle, "_ZSt17__throw_bad_allocv", &t.throw_bad_alloc);
    find(handle, "__cxa_allocate_exception", &t.allocate);
    find(handle, "__cxa_throw", &t.throw_it);
    find(handle, "_ZTISt9bad_alloc", &t.bad_alloc_type);
    find(handle, "_ZTISt9exception", &t.exception_type);
    find(handle, "_ZTVN10__cxxabiv120__si_class_type_infoE", &t.si_class_vtable);
    return t;
}

// The places to look at behind what is linked: the object of that address, then libraries by name.
// NULL: none. The object stays loaded when the handle is closed: it is in use.
void *open_place(int place, const void *caller)
{
    static const char *const names[] = {nullptr, "libstdc++.so.6", "libc++.so.1"};
    Dl_info info;
    const char *name = names[place];
    if (!name && dladdr(caller, &info) != 0)
        name = info.dli_fname;
    return name ? dlopen(name, RTLD_LAZY | RTLD_NOLOAD) : nullptr;
}

constexpr int places = 3;

SLOW void throw_by_loaded(const void *caller)
{
    throw_by(thrower_of(RTLD_DEFAULT));
    for (int i = 0; i < places; i++)
        if (void *handle = open_place(i, caller)) {
            thrower t = thrower_of(handle);
            dlclose(handle);
            throw_by(t);
        }
}

SLOW get_handler_function *find_get_handler(const void *caller)
{
    static const char name[] = "_ZSt15get_new_handlerv";
    get_handler_function *found;
    find(RTLD_DEFAULT, name, &found);
    for (int i = 0; i < places && !found; i++)
        if (void *handle = open_place(i, caller)) {
            find(handle, name, &found);
            dlclose(handle);
        }
    return found;
}

} // namespace

SLOW void fr_throw_out_of_memory(const void *caller)
{
    static const char message[] =
        "frusa: operator new: out of memory, and no C++ library to throw an exception with\n";
    throw_by({fr_throw_bad_alloc, fr_allocate_exception, fr_throw, &fr_bad_alloc_type,
              &fr_exception_type, &fr_si_class_vtable});
    throw_by_loaded(caller);
    ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)written;
    std::abort();
}

std::new_handler fr_current_new_handler(const void *caller)
{
    get_handler_function *getter = fr_get_new_handler;
    if (!getter)
        getter = find_get_handler(caller);
    return getter ? getter() : nullptr;
}

#else // a static program has the C++ library that it needs

SLOW void fr_throw_out_of_memory(const void *)
{
    fr_throw_bad_alloc();
    std::abort();
}

std::new_handler fr_current_new_handler(const void *)
{
    return fr_get_new_handler();
}

#endif
