/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The exported functions of the heap profile. What they count is in lib/profile, how an instance is
 * made to tell of its objects in lib/reclaim/profiling.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <frusa.h>

#include "life.h"
#include "port/calendar.h"
#include "port/compiler.h"
#include "port/mappings.h"
#include "reclaim/profiling.h"
#include "profile/pprof.h"
#include "profile/text.h"

#define DEFAULT_RATE ((size_t)512 << 10)
/* Beyond, the sums of a long run might overflow. */
#define RATE_MAX ((size_t)1 << (sizeof(size_t) > 4 ? 40 : 31))

/* Files with this ending hold text, as jemalloc's do. */
static const char text_ending[] = ".heap";

static int error_of(enum fr_profiling result)
{
    switch (result) {
    case FR_PROFILING_BUSY:
        return EBUSY;
    case FR_PROFILING_CLOSED:
        return EPERM;
    case FR_PROFILING_NO_MEMORY:
        return ENOMEM;
    default:
        return 0;
    }
}

FR_EXPORT int frusa_profile_start(frusa_t *f, size_t bytes_per_sample)
{
    struct fr_instance *inst = fr_instance_of(f);
    if (bytes_per_sample > RATE_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (!fr_instance_ready(inst))
        return -1;
    int saved = errno;
    int error =
        error_of(fr_profiling_start(inst, bytes_per_sample ? bytes_per_sample : DEFAULT_RATE));
    errno = error ? error : saved;
    return error ? -1 : 0;
}

FR_EXPORT void frusa_profile_stop(frusa_t *f)
{
    int saved = errno;
    fr_profiling_stop(fr_instance_of(f));
    errno = saved;
}

/* Whether the file is to hold text. The path may name an open file by its descriptor. */
static int is_text(const char *path)
{
    static const char descriptors[] = "/proc/self/fd/";
    size_t length = strlen(path);
    size_t ending = sizeof(text_ending) - 1;
    char target[1024];
    if (strncmp(path, descriptors, sizeof(descriptors) - 1) == 0) {
        ssize_t n = readlink(path, target, sizeof(target));
        path = target;
        length = n > 0 ? (size_t)n : 0;
    }
    return length >= ending && memcmp(path + length - ending, text_ending, ending) == 0;
}

/* Returns an errno value. */
static int write_buffer(const struct fr_buffer *b, const char *path, int as_text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return errno;
    int error = 0;
    if (!(as_text ? fr_buffer_write(b, fd) : fr_buffer_write_gzip(b, fd)))
        error = errno;
    if (close(fd) != 0 && !error && errno != EINTR)
        error = errno;
    return error;
}

/* The whole file is made before it is opened: what is profiled goes on meanwhile. */
static int write_copy(const struct fr_profile_copy *copy, const char *path)
{
    struct fr_mappings mappings;
    struct fr_buffer b = {NULL, 0, 0, 0};
    int as_text = is_text(path);
    if (!fr_mappings_read(&mappings))
        return ENOMEM;
    if (as_text)
        fr_profile_text(&b, copy, &mappings);
    else
        fr_profile_pprof(&b, copy, &mappings, fr_calendar_now());
    fr_mappings_free(&mappings);
    int error = b.failed ? ENOMEM : write_buffer(&b, path, as_text);
    fr_buffer_free(&b);
    return error;
}

static int write_profile(struct fr_instance *inst, const char *path)
{
    struct fr_profile *profile = fr_load_ptr_acquire(&inst->profile);
    int exists = 0;
    struct fr_profile_copy *copy = profile ? fr_profile_copy(profile, &exists) : NULL;
    if (!copy)
        return exists ? ENOMEM : EINVAL;
    int error = write_copy(copy, path);
    fr_profile_copy_free(copy);
    return error;
}

/* Not a cancellation point: a thread that ended here would leave memory behind. */
FR_EXPORT int frusa_profile_write(frusa_t *f, const char *path)
{
    int saved = errno;
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    int error = path ? write_profile(fr_instance_of(f), path) : EINVAL;
    pthread_setcancelstate(state, NULL);
    errno = error ? error : saved;
    return error ? -1 : 0;
}
