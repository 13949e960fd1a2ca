/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function of the family: what it returns, what it does to errno, at the borders too. */
#include "expect.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

static void (*call_cfree)(void *p);
static void (*call_free_sized)(void *p, size_t size);
static void (*call_free_aligned_sized)(void *p, size_t align, size_t size);

static const size_t sizes[] = {0,     1,     8,      15,      16,      17,      100,
                               127,   128,   1000,   4095,    4096,    4097,    10000,
                               65536, 65537, 262144, 1 << 20, 2097152, 2097153, 5000000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX};

static int is_aligned(const void *p, size_t align)
{
    return (uintptr_t)p % align == 0;
}

/* The object is ours, all of it can be used, and it is what malloc_usable_size says. */
static void use(void *p, size_t size)
{
    EXPECT(p != NULL);
    EXPECT(is_ours(p));
    EXPECT(malloc_usable_size(p) >= size);
    memset(p, 0x5a, malloc_usable_size(p));
}

static void test_malloc(void)
{
    for (size_t i = 0; i < SIZES; i++) {
        void *p = malloc(sizes[i]);
        void *q = malloc(sizes[i]);
        use(p, sizes[i]);
        use(q, sizes[i]);
        EXPECT(p != q);
        EXPECT(is_aligned(p, sizes[i] < 16 ? 8 : 16));
        errno = 77;
        free(p);
        free(q);
        EXPECT(errno == 77);
    }
    for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
        errno = 0;
        EXPECT(malloc(HIDE(size_t, too_large[i])) == NULL);
        EXPECT(errno == ENOMEM);
    }
    free(NULL);
    EXPECT(malloc_usable_size(NULL) == 0);
}

static void test_calloc(void)
{
    for (size_t i = 0; i < SIZES; i++)
        for (int again = 0; again < 3; again++) {
            unsigned char *p = calloc(1, sizes[i]);
            EXPECT(p != NULL);
            for (size_t at = 0; at < sizes[i]; at++)
                EXPECT(p[at] == 0);
            use(p, sizes[i]);
            free(p);
        }
    void *p = calloc(0, 100);
    use(p, 0);
    call_cfree(p);
    errno = 0;
    EXPECT(calloc(HIDE(size_t, SIZE_MAX / 16 + 1), 16) == NULL);
    EXPECT(errno == ENOMEM);
    errno = 0;
    EXPECT(calloc(HIDE(size_t, SIZE_MAX / 2), 2) == NULL);
    EXPECT(errno == ENOMEM);
}

static void test_realloc(void)
{
    char *p = realloc(NULL, 10);
    use(p, 10);
    memcpy(p, "contents!", 10);
    for (size_t i = 0; i < SIZES; i++) {
        if (sizes[i] < 10)
            continue;
        p = realloc(p, sizes[i]);
        EXPECT(p != NULL && malloc_usable_size(p) >= sizes[i]);
        EXPECT(memcmp(p, "contents!", 10) == 0);
        p[sizes[i] - 1] = 'x';
        p[9] = '\0';
    }
    p = realloc(p, 10);
    EXPECT(p != NULL && memcmp(p, "contents!", 10) == 0);
    for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
        errno = 0;
        EXPECT(realloc(p, HIDE(size_t, too_large[i])) == NULL);
        EXPECT(errno == ENOMEM);
        errno = 0;
        EXPECT(reallocarray(p, HIDE(size_t, too_large[i]), 3) == NULL);
        EXPECT(errno == ENOMEM);
        EXPECT(memcmp(p, "contents!", 10) == 0);
    }
    p = reallocarray(p, 1000, 100);
    EXPECT(p != NULL && memcmp(p, "contents!", 10) == 0);
    errno = 77;
    EXPECT(realloc(p, 0) == NULL); /* as glibc: gives back */
    EXPECT(errno == 77);
    p = realloc(NULL, 0);
    use(p, 0);
    free(p);
}

static void test_alignments(void)
{
    for (size_t align = 1; align <= (size_t)8 << 20; align *= 2)
        for (size_t i = 0; i < SIZES; i += 1 + (align > 4096) * 6) {
            void *p = aligned_alloc(align, HIDE(size_t, sizes[i]));
            use(p, sizes[i]);
            EXPECT(is_aligned(p, align));
            call_free_aligned_sized(p, align, sizes[i]);
            p = memalign(align, sizes[i]);
            use(p, sizes[i]);
            EXPECT(is_aligned(p, align));
            free(p);
            if (align < sizeof(void *))
                continue;
            EXPECT(posix_memalign(&p, align, sizes[i]) == 0);
            use(p, sizes[i]);
            EXPECT(is_aligned(p, align));
            p = realloc(p, sizes[i] + 1);
            EXPECT(p != NULL);
            free(p);
        }
}

static void test_wrong_alignments(void)
{
    static const size_t wrong[] = {0, 3, 24, 4097, SIZE_MAX};
    char here;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        void *p = &here;
        errno = 0;
        EXPECT(aligned_alloc(HIDE(size_t, wrong[i]), 100) == NULL);
        EXPECT(errno == EINVAL);
        errno = 77;
        EXPECT(posix_memalign(&p, HIDE(size_t, wrong[i]), 100) == EINVAL);
        EXPECT(posix_memalign(&p, HIDE(size_t, sizeof(void *) / 2), 100) == EINVAL);
        EXPECT(errno == 77 && p == &here);
    }
    for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
        void *p = &here;
        errno = 0;
        EXPECT(posix_memalign(&p, 64, HIDE(size_t, too_large[i])) == ENOMEM);
        EXPECT(errno == ENOMEM && p == &here); /* as glibc */
        EXPECT(aligned_alloc(64, HIDE(size_t, too_large[i])) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(memalign(64, HIDE(size_t, too_large[i])) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(pvalloc(HIDE(size_t, too_large[i])) == NULL && errno == ENOMEM);
        errno = 0;
        EXPECT(valloc(HIDE(size_t, too_large[i])) == NULL && errno == ENOMEM);
    }
    /* memalign takes the next power of two, as glibc does. */
    void *p = memalign(HIDE(size_t, 24), 100);
    EXPECT(p != NULL && is_aligned(p, 32));
    free(p);
    p = memalign(HIDE(size_t, 0), 100);
    use(p, 100);
    free(p);
    errno = 0;
    EXPECT(memalign(HIDE(size_t, SIZE_MAX / 2 + 2), 1) == NULL && errno == EINVAL);
}

static void test_pages(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < SIZES; i++) {
        void *p = valloc(sizes[i]);
        use(p, sizes[i]);
        EXPECT(is_aligned(p, page));
        free(p);
        p = pvalloc(sizes[i]);
        use(p, (sizes[i] + page - 1) / page * page);
        EXPECT(is_aligned(p, page));
        free(p);
    }
}

static void test_sized(void)
{
    for (size_t i = 0; i < SIZES; i++) {
        errno = 77;
        call_free_sized(malloc(HIDE(size_t, sizes[i])), sizes[i]);
        call_free_sized(calloc(1, HIDE(size_t, sizes[i])), sizes[i]);
        call_free_sized(realloc(malloc(1), sizes[i] + 1), sizes[i] + 1);
        EXPECT(errno == 77);
    }
    call_free_sized(NULL, 100);
    call_free_aligned_sized(NULL, 64, 100);
}

static void test_inspection(void)
{
    struct mallinfo2 before = mallinfo2();
    void *p = malloc(300000);
    use(p, 300000);
    struct mallinfo2 after = mallinfo2();
    EXPECT(after.arena >= after.uordblks && after.arena - after.uordblks == after.fordblks);
    EXPECT(after.uordblks + after.hblkhd >= before.uordblks + before.hblkhd + 300000);
    EXPECT((size_t)mallinfo().arena == after.arena);
    free(p);
    p = malloc(3000000);
    EXPECT(mallinfo2().hblkhd >= 3000000);
    free(p);
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    EXPECT(stream != NULL);
    EXPECT(malloc_info(0, stream) == 0);
    errno = 0;
    EXPECT(malloc_info(1, stream) == EINVAL && errno == EINVAL); /* returned as by glibc */
    EXPECT(fclose(stream) == 0);
    EXPECT(strncmp(text, "<malloc version=\"", 17) == 0 && strstr(text, "</malloc>\n") != NULL);
    free(text);
}

/* Those that only concern how glibc works are accepted, as there. */
static void test_parameters(void)
{
    static const int known[] = {M_MXFAST,         M_TRIM_THRESHOLD, M_TOP_PAD,
                                M_MMAP_THRESHOLD, M_MMAP_MAX,       M_CHECK_ACTION,
                                M_PERTURB,        M_ARENA_TEST,     M_ARENA_MAX};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        EXPECT(mallopt(known[i], 1) == 1);
    EXPECT(mallopt(-12345, 1) == 0);
}

static void test_trim(void)
{
    enum { N = 20000 };
    static void *objects[N];
    for (size_t i = 0; i < N; i++)
        use(objects[i] = malloc(400), 400);
    for (size_t i = 0; i < N; i++)
        free(objects[i]);
    EXPECT(malloc_trim(0) == 1);
    EXPECT(mallinfo2().arena < 2 << 20);
}

/* A program in C gets no C++ library from the override. */
static void test_no_cxx_library(void)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    EXPECT(maps != NULL);
    while (fgets(line, sizeof(line), maps))
        EXPECT(strstr(line, "libstdc++") == NULL);
    fclose(maps);
}

int main(void)
{
    call_cfree = FIND(cfree);
    call_free_sized = FIND(free_sized);
    call_free_aligned_sized = FIND(free_aligned_sized);
    EXPECT(call_cfree && call_free_sized && call_free_aligned_sized);
    test_malloc();
    test_calloc();
    test_realloc();
    test_alignments();
    test_wrong_alignments();
    test_pages();
    test_sized();
    test_inspection();
    test_parameters();
    test_trim();
    test_no_cxx_library();
    return 0;
}
