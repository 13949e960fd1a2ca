/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/misuse.h"

#include <stddef.h>
#include <stdint.h>

#include "port/atomic.h"
#include "base/lock.h"
#include "port/panic.h"
#include "port/tools.h"

static const char *const kind_names[] = {
    [FR_MISUSE_NONE] = "",
    [FR_DOUBLE_FREE] = "double free",
    [FR_INVALID_POINTER] = "invalid pointer",
    [FR_LAYOUT_MISMATCH] = "layout mismatch",
    [FR_WRONG_INSTANCE] = "wrong instance",
    [FR_OVERFLOW] = "overflow",
    [FR_UNDERFLOW] = "underflow",
    [FR_WRITE_AFTER_FREE] = "write after free",
};

static fr_atomic handler_function;
static fr_atomic handler_argument;

void fr_misuse_set_handler(void (*handler)(void *arg, const char *message), void *arg)
{
    fr_store_ptr_release(&handler_argument, arg);
    fr_store_release(&handler_function, (size_t)(uintptr_t)handler);
}

static char *append(char *at, char *end, const char *text)
{
    while (*text && at < end)
        *at++ = *text++;
    return at;
}

static char *append_pointer(char *at, char *end, const void *p)
{
    char digits[2 * sizeof(uintptr_t) + 1];
    char *d = digits + sizeof(digits) - 1;
    uintptr_t value = (uintptr_t)p;
    *d = '\0';
    do
        *--d = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    return append(append(at, end, "0x"), end, d);
}

FR_COLD void fr_misuse_report(const char *call, const struct fr_misuse *m)
{
    char message[128];
    char *end = message + sizeof(message) - 1;
    char *at = append(message, end, "frusa: ");
    at = append(append(at, end, call), end, ": ");
    at = append(append(at, end, kind_names[m->kind]), end, ": ");
    *append_pointer(at, end, m->ptr) = '\0';

    fr_lock_assert_none();
    void (*handler)(void *, const char *) =
        (void (*)(void *, const char *))(uintptr_t)fr_load_acquire(&handler_function);
    if (handler) {
        handler(fr_load_ptr_acquire(&handler_argument), message);
        fr_panic_raw("frusa: the panic handler returned");
    }
    fr_tools_misused(message, m->kind == FR_DOUBLE_FREE ? (void *)(size_t)m->ptr : NULL);
    fr_panic_raw(message);
}
