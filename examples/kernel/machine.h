/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The machine: its serial line, its end, its second processor. */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include <atomic_ops.h>
#include <stddef.h>
#include <stdint.h>

static inline void machine_relax(void)
{
    __builtin_ia32_pause();
}

static inline void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t port_read(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

/* A lock for what the kernel shares between its processors. */
struct spinlock {
    AO_t taken;
};

void spinlock_acquire(struct spinlock *lock);
void spinlock_release(struct spinlock *lock);

void serial_init(void);

/* Writes text, and a number in decimal digits, on the serial line. Processors take turns by
 * line. */
void serial_line(const char *text);
void serial_line_number(const char *text, size_t number);

/* Ends the emulator with status 33 for 16; halts where there is none. */
#define MACHINE_DONE   0x10
#define MACHINE_FAILED 0x11
__attribute__((noreturn)) void machine_end(uint8_t code);

/* Starts the second processor, which calls entry(). Returns at once. */
void machine_start_second(void (*entry)(void));

#endif /* KERNEL_MACHINE_H */
