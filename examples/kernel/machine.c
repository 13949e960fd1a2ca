/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Just enough of a PC: COM1 (a 16550), qemu's isa-debug-exit, the local APIC's interrupt
 * command. */
#include "machine.h"

#include "memory.h"

void spinlock_acquire(struct spinlock *lock)
{
    while (!AO_compare_and_swap_acquire(&lock->taken, 0, 1))
        machine_relax();
}

void spinlock_release(struct spinlock *lock)
{
    AO_store_release(&lock->taken, 0);
}

/* ---- the serial line ---- */

#define COM1 0x3f8

static struct spinlock serial_lock;

void serial_init(void)
{
    port_write(COM1 + 1, 0x00); /* no interrupts */
    port_write(COM1 + 3, 0x80); /* the divisor: 115,200 bits per second */
    port_write(COM1 + 0, 0x01);
    port_write(COM1 + 1, 0x00);
    port_write(COM1 + 3, 0x03); /* 8 bits, no parity, one stop bit */
    port_write(COM1 + 2, 0x07); /* queues on, and empty */
}

static void put(char c)
{
    while (!(port_read(COM1 + 5) & 0x20)) /* the transmitter is not ready */
        machine_relax();
    port_write(COM1, (uint8_t)c);
}

static void put_text(const char *text)
{
    for (; *text; text++)
        put(*text);
}

static void put_number(size_t number)
{
    char digits[20];
    unsigned n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n)
        put(digits[--n]);
}

void serial_line(const char *text)
{
    spinlock_acquire(&serial_lock);
    put_text(text);
    put('\n');
    spinlock_release(&serial_lock);
}

void serial_line_number(const char *text, size_t number)
{
    spinlock_acquire(&serial_lock);
    put_text(text);
    put_number(number);
    put('\n');
    spinlock_release(&serial_lock);
}

/* ---- the end ---- */

#define DEBUG_EXIT 0xf4

void machine_end(uint8_t code)
{
    port_write(DEBUG_EXIT, code);
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* ---- the second processor (Intel's manual, volume 3, "Multiple-Processor Initialization") ---- */

#define APIC              0xfee00000u
#define APIC_SPURIOUS     0xf0
#define APIC_COMMAND      0x300
#define APIC_DESTINATION  0x310
#define APIC_ENABLED      0x100u
#define COMMAND_INIT      0x4500u
#define COMMAND_START     0x4600u
#define COMMAND_IS_UNSENT 0x1000u
#define SECOND_APIC_ID    1u
#define TRAMPOLINE        0x8000u /* a page below 1 MiB that nothing else uses */

extern char trampoline[], trampoline_end[]; /* boot.S */

static void (*second_entry)(void);

void second_processor_main(void); /* called by boot.S */

void second_processor_main(void)
{
    second_entry();
}

static volatile uint32_t *apic(uint32_t offset)
{
    return (volatile uint32_t *)memory_at(APIC + offset);
}

static void apic_send(uint32_t command)
{
    *apic(APIC_DESTINATION) = SECOND_APIC_ID << 24;
    *apic(APIC_COMMAND) = command;
    while (*apic(APIC_COMMAND) & COMMAND_IS_UNSENT)
        machine_relax();
}

/* Writing to port 0x80, which serves no device, takes a microsecond or so. */
static void wait_microseconds(unsigned n)
{
    while (n--)
        port_write(0x80, 0);
}

void machine_start_second(void (*entry)(void))
{
    second_entry = entry;
    memcpy(memory_at(TRAMPOLINE), trampoline, (size_t)(trampoline_end - trampoline));
    *apic(APIC_SPURIOUS) |= APIC_ENABLED;
    apic_send(COMMAND_INIT);
    wait_microseconds(10000);
    for (int i = 0; i < 2; i++) {
        apic_send(COMMAND_START | TRAMPOLINE >> 12);
        wait_microseconds(200);
    }
}
