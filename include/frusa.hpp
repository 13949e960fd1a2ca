/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libfrusa for C++17: an instance that is owned (frusa::instance), and two ways to put containers
 * on an instance: the allocator frusa::allocator<T>, and frusa::resource for std::pmr. Everything
 * is in this header; the program is linked with libfrusa alone.
 *
 *     frusa::instance heap;
 *     std::vector<int, frusa::allocator<int>> numbers(heap);
 *     frusa::resource resource(heap);
 *     std::pmr::string text("text", &resource);
 *
 * The classes take frusa_t pointers too, so they work on static instances, on those of
 * frusa_create, and on the one behind malloc (frusa_malloc_instance). Containers on an instance
 * must be destroyed before the instance is.
 *
 * Allocations go through the inline paths of <frusa-inline.h> where the compiler has what they
 * need. The library itself throws nothing. In a program without exceptions (-fno-exceptions) the
 * functions that would throw call std::abort.
 *
 * frusa::resource is there when the C++ library has <memory_resource>. Names in namespace
 * frusa::detail, and names that end in an underscore, are private.
 */
#ifndef FRUSA_HPP
#define FRUSA_HPP

#if defined(__GNUC__)
#include <frusa-inline.h>
#else
#include <frusa.h>
#endif

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#if defined(__has_include)
#if __has_include(<memory_resource>)
#include <memory_resource>
#endif
#endif

#if defined(__cpp_exceptions)
#define FRUSA_THROW_(exception) throw exception
#else
#define FRUSA_THROW_(exception) std::abort()
#endif

namespace frusa
{

namespace detail
{

[[noreturn]] inline void throw_no_memory()
{
    FRUSA_THROW_(std::bad_alloc());
}

[[noreturn]] inline void throw_too_long()
{
    FRUSA_THROW_(std::bad_array_new_length());
}

/* Throws what stands for an error number of the C call of that name. */
[[noreturn]] inline void throw_error([[maybe_unused]] int error, [[maybe_unused]] const char *call)
{
    if (error == ENOMEM)
        throw_no_memory();
    if (error == EINVAL)
        FRUSA_THROW_(std::invalid_argument(call));
    FRUSA_THROW_(std::system_error(error, std::generic_category(), call));
}

/* Throws std::bad_alloc for want of memory, std::invalid_argument when frusa_alloc sets EINVAL. */
[[nodiscard]] inline void *allocate(frusa_t *f, std::size_t bytes, std::size_t align)
{
#if defined(__GNUC__)
    void *p = frusa_inline_alloc(f, bytes, align);
#else
    void *p = frusa_alloc(f, bytes, align);
#endif
    if (p == nullptr)
        throw_error(errno, "frusa_alloc");
    return p;
}

inline void deallocate(frusa_t *f, void *p, std::size_t bytes, std::size_t align) noexcept
{
#if defined(__GNUC__)
    frusa_inline_dealloc(f, p, bytes, align);
#else
    frusa_dealloc(f, p, bytes, align);
#endif
}

} // namespace detail

/*
 * An instance with one owner: the destructor gives every byte back to the fallback, live objects
 * included. It can be moved, not copied. The address of the frusa_t does not change by a move, so
 * containers and resources on it go on working.
 *
 * After it was moved from, or released, an object of this class owns nothing: get() is nullptr, and
 * only assignment, swap, release, get and the destructor may be called.
 */
class instance
{
  public:
    /*
     * Creates an instance, as frusa_create_with.
     *
     * ops: copied; its ctx is borrowed for as long as the instance lives. nullptr:
     * frusa_fallback_mmap. config: copied; nullptr: the defaults. Throws:
     *   std::bad_alloc         the fallback refused, or limit is too small for the instance itself
     *   std::invalid_argument  ops or config is not valid (EINVAL)
     *   std::system_error      any other error
     */
    explicit instance(const frusa_fallback_ops *ops = nullptr, const frusa_config *config = nullptr)
        : f_(frusa_create_with(ops, config))
    {
        if (f_ == nullptr)
            detail::throw_error(errno, "frusa_create_with");
    }

    /* The same over frusa_fallback_mmap. */
    explicit instance(const frusa_config &config) : instance(nullptr, &config)
    {
    }

    /* Takes what `other` owns. */
    instance(instance &&other) noexcept : f_(other.release())
    {
    }

    /* Destroys what it owns and takes what `other` owns. */
    instance &operator=(instance &&other) noexcept
    {
        instance(std::move(other)).swap(*this);
        return *this;
    }

    instance(const instance &) = delete;
    instance &operator=(const instance &) = delete;

    /* As frusa_destroy: no other call on the instance may be running or start. */
    ~instance()
    {
        frusa_destroy(f_);
    }

    /* Takes over an instance of frusa_create or frusa_create_with, or a static one; nullptr: owns
     * nothing. */
    [[nodiscard]] static instance adopt(frusa_t *f) noexcept
    {
        return instance(f, adopted());
    }

    /* Returns the instance for the calls of <frusa.h>; it stays owned. nullptr: owns nothing. */
    [[nodiscard]] frusa_t *get() const noexcept
    {
        return f_;
    }

    /* Returns the instance and owns nothing from now on: the caller calls frusa_destroy. */
    [[nodiscard]] frusa_t *release() noexcept
    {
        return std::exchange(f_, nullptr);
    }

    /* Exchanges what the two own. */
    void swap(instance &other) noexcept
    {
        std::swap(f_, other.f_);
    }

    friend void swap(instance &a, instance &b) noexcept
    {
        a.swap(b);
    }

    /* As frusa_reclaim: returns the bytes given back. */
    std::size_t reclaim() noexcept
    {
        return frusa_reclaim(f_);
    }

    /* As frusa_reclaim_some: stops once at least `target` bytes went back. */
    std::size_t reclaim_some(std::size_t target) noexcept
    {
        return frusa_reclaim_some(f_, target);
    }

    /* As frusa_thread_flush: empties the calling thread's cache. */
    void thread_flush() noexcept
    {
        frusa_thread_flush(f_);
    }

    /* As frusa_set_limit: changes the limit on what is held. Throws as the constructor. */
    void set_limit(std::size_t limit)
    {
        if (frusa_set_limit(f_, limit) != 0)
            detail::throw_error(errno, "frusa_set_limit");
    }

    /* As frusa_set_retain: bounds the empty memory that is kept. Throws as the constructor. */
    void set_retain(std::size_t bytes)
    {
        if (frusa_set_retain(f_, bytes) != 0)
            detail::throw_error(errno, "frusa_set_retain");
    }

    /* As frusa_get_stats. Throws as the constructor. */
    [[nodiscard]] frusa_stats stats() const
    {
        frusa_stats result;
        if (frusa_get_stats(f_, &result) != 0)
            detail::throw_error(errno, "frusa_get_stats");
        return result;
    }

    /* As frusa_stats_json. Throws std::bad_alloc. */
    [[nodiscard]] std::string stats_json() const
    {
        std::string text;
        std::size_t length = frusa_stats_json(f_, nullptr, 0);
        while (length > text.size()) {
            text.resize(length);
            length = frusa_stats_json(f_, &text[0], text.size() + 1);
        }
        text.resize(length);
        return text;
    }

    /* As frusa_good_size: the bytes that a layout really gets. */
    [[nodiscard]] std::size_t good_size(std::size_t size, std::size_t align = 0) const noexcept
    {
        return frusa_good_size(f_, size, align);
    }

    /* As frusa_owns: whether the address lies in memory of this instance. */
    [[nodiscard]] bool owns(const void *p) const noexcept
    {
        return frusa_owns(f_, p) != 0;
    }

  private:
    struct adopted {
    };

    instance(frusa_t *f, adopted) noexcept : f_(f)
    {
    }

    frusa_t *f_;
};

/*
 * An allocator of the C++ library over an instance, which it does not own. Sizes and alignments are
 * named at both ends, so no object is looked up when it goes back. It has no default constructor:
 * there is no default instance. (Before C++20, some libraries need one for basic_string::substr.)
 *
 * A container keeps its allocator: it allocates from that instance for as long as it lives, but for
 * these cases.
 *   - Move assignment and swap hand over the memory, and the allocator with it. They take constant
 *     time, throw nothing and keep pointers to elements valid. So a container may come to hold
 *     memory of another instance than it began with, and must not outlive that one.
 *   - Copy assignment leaves the target in its own instance: a copy is made where its owner wants
 *     it. A copy that is constructed is in the source's instance, unless another allocator is
 *     passed.
 */
template <typename T> class allocator
{
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;

    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    /* For elements of another type; U's allocator converts to T's. */
    template <typename U> struct rebind {
        using other = allocator<U>;
    };

    /* Allocates from f, which is not nullptr. Implicit, so that a container's constructor takes the
     * instance itself. */
    allocator(frusa_t *f) noexcept : f_(f)
    {
    }

    allocator(const instance &owner) noexcept : f_(owner.get())
    {
    }

    /* Allocates from the same instance as `other`. */
    template <typename U> allocator(const allocator<U> &other) noexcept : f_(other.get())
    {
    }

    /*
     * Returns uninitialised storage for n objects, aligned for T. Throws:
     *   std::bad_array_new_length  n * sizeof(T) overflows
     *   std::bad_alloc             the instance has no memory
     *   std::invalid_argument      a static instance with options out of range
     */
    [[nodiscard]] T *allocate(std::size_t n)
    {
        if (n > std::numeric_limits<std::size_t>::max() / sizeof(T))
            detail::throw_too_long();
        return static_cast<T *>(detail::allocate(f_, n * sizeof(T), alignof(T)));
    }

    /* Gives the storage at p back, which allocate(n) returned for an equal allocator; from any
     * thread. */
    void deallocate(T *p, std::size_t n) noexcept
    {
        detail::deallocate(f_, p, n * sizeof(T), alignof(T));
    }

    /* Returns the instance, which stays its owner's. */
    [[nodiscard]] frusa_t *get() const noexcept
    {
        return f_;
    }

  private:
    frusa_t *f_;
};

/* Two allocators are equal when they are over the same instance: then one gives back what the other
 * allocated. */
template <typename T, typename U>
[[nodiscard]] bool operator==(const allocator<T> &a, const allocator<U> &b) noexcept
{
    return a.get() == b.get();
}

template <typename T, typename U>
[[nodiscard]] bool operator!=(const allocator<T> &a, const allocator<U> &b) noexcept
{
    return a.get() != b.get();
}

#if defined(__cpp_lib_memory_resource)

/*
 * A memory resource over an instance, which it does not own. It has no state of its own: two
 * resources over the same instance are equal, and each gives back what the other allocated. It must
 * outlive the containers that were made with its address.
 *
 * allocate(bytes, align) throws as allocator::allocate; align is a power of two.
 */
class resource : public std::pmr::memory_resource
{
  public:
    /* Allocates from f, which is not nullptr. */
    explicit resource(frusa_t *f) noexcept : f_(f)
    {
    }

    explicit resource(const instance &owner) noexcept : f_(owner.get())
    {
    }

    /* Returns the instance, which stays its owner's. */
    [[nodiscard]] frusa_t *get() const noexcept
    {
        return f_;
    }

  protected:
    void *do_allocate(std::size_t bytes, std::size_t align) override
    {
        return detail::allocate(f_, bytes, align);
    }

    void do_deallocate(void *p, std::size_t bytes, std::size_t align) override
    {
        detail::deallocate(f_, p, bytes, align);
    }

    /* Without run-time type information (-fno-rtti) a resource is equal to itself alone, which is
     * always safe. */
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
    {
#if defined(__cpp_rtti)
        const resource *same = dynamic_cast<const resource *>(&other);
        return same != nullptr && same->f_ == f_;
#else
        return this == &other;
#endif
    }

  private:
    frusa_t *f_;
};

#endif

} // namespace frusa

#undef FRUSA_THROW_

#endif /* FRUSA_HPP */
