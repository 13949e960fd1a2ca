/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Errors as the caller sees them: errno where there is one, nothing in freestanding builds. */
#ifndef FR_PORT_ERROR_H
#define FR_PORT_ERROR_H

#include "port/system.h"

enum fr_error { FR_ENOMEM, FR_EINVAL, FR_EPERM };

#if FR_HOSTED
#include <errno.h>

static inline void fr_set_error(enum fr_error error)
{
    errno = error == FR_ENOMEM ? ENOMEM : error == FR_EINVAL ? EINVAL : EPERM;
}

/* For calls that promise to leave errno alone, around whatever might change it. */
static inline int fr_save_errno(void)
{
    return errno;
}

static inline void fr_restore_errno(int saved)
{
    errno = saved;
}
#else
static inline void fr_set_error(enum fr_error error)
{
    (void)error;
}

static inline int fr_save_errno(void)
{
    return 0;
}

static inline void fr_restore_errno(int saved)
{
    (void)saved;
}
#endif

#endif /* FR_PORT_ERROR_H */
