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

/* The message while it is made. What does not fit is left out. */
struct message {
    char text[256];
    size_t length;
};

static void say(struct message *message, const char *words)
{
    while (*words && message->length + 1 < sizeof(message->text))
        message->text[message->length++] = *words++;
    message->text[message->length] = '\0';
}

static void say_number(struct message *message, uintptr_t value, unsigned base)
{
    char digits[3 * sizeof(value) + 1];
    char *d = digits + sizeof(digits) - 1;
    *d = '\0';
    do
        *--d = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    say(message, d);
}

static void say_bytes(struct message *message, const char *words, size_t n)
{
    say(message, words);
    say_number(message, n, 10);
    say(message, n == 1 ? " byte" : " bytes");
}

/* ": freed as 1000 bytes, allocated as 112", or as much of it as is known and matters. */
static void say_sizes(struct message *message, const struct fr_misuse *m)
{
    int freed = m->kind == FR_LAYOUT_MISMATCH && m->freed_as != FR_UNKNOWN_SIZE;
    if (freed)
        say_bytes(message, ": freed as ", m->freed_as);
    if (freed && m->freed_align > 1) {
        say(message, " aligned to ");
        say_number(message, m->freed_align, 10);
    }
    if (m->allocated_as == FR_UNKNOWN_SIZE)
        return;
    if (freed) {
        say(message, ", allocated as ");
        say_number(message, m->allocated_as, 10);
    } else {
        say_bytes(message, ": allocated as ", m->allocated_as);
    }
}

static void say_option(struct message *message, const char *option)
{
    if (!option)
        return;
    say(message, "; run with ");
    say(message, option);
    say(message, " to find the call");
}

static void say_all(struct message *message, const char *call, const struct fr_misuse *m)
{
    say(message, "frusa: ");
    say(message, call);
    say(message, ": ");
    say(message, kind_names[m->kind]);
    say(message, ": 0x");
    say_number(message, (uintptr_t)m->ptr, 16);
    say_sizes(message, m);
    say_option(message, m->option);
}

FR_COLD void fr_misuse_report(const char *call, const struct fr_misuse *m)
{
    struct message message;
    message.length = 0;
    say_all(&message, call, m);
    fr_lock_assert_none();
    void (*handler)(void *, const char *) =
        (void (*)(void *, const char *))(uintptr_t)fr_load_acquire(&handler_function);
    if (handler) {
        handler(fr_load_ptr_acquire(&handler_argument), message.text);
        fr_panic_raw("frusa: the panic handler returned");
    }
    fr_tools_misused(message.text, m->kind == FR_DOUBLE_FREE ? (void *)(size_t)m->ptr : NULL);
    fr_panic_raw(message.text);
}
