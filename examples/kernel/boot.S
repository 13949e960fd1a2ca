/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From the loader to C. The note makes this a PVH kernel: the loader (qemu -kernel, for one) enters at
 * `start` in 32-bit protected mode without paging, the address of struct hvm_start_info in ebx (Xen's
 * pvh.h). The second processor enters at `trampoline`, in real mode, copied below 1 MiB.
 */

        .set    CR0_PE, 1 << 0
        .set    CR0_PG, 1 << 31
        .set    CR4_PAE, 1 << 5
        .set    MSR_EFER, 0xc0000080
        .set    EFER_LME, 1 << 8
        .set    CODE32, 8
        .set    DATA, 16
        .set    CODE64, 24

        .section .note.pvh, "a", @note
        .long   4, 4, 18        /* lengths of name and contents; XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   start

        .text
        .code32
        .globl  start
start:
        cld
        movl    %ebx, %edi      /* kept: the first argument of kernel_main */
        movl    $boot_stack_end, %esp
        lgdt    gdt_pointer
        call    enter_long_mode
        ljmpl   $CODE64, $start64

/* Paging with the tables below, and long mode; the caller jumps to 64-bit code. Keeps edi. */
enter_long_mode:
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    %cr4, %eax
        orl     $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_LME, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $CR0_PG, %eax
        movl    %eax, %cr0
        ret

        .code64
start64:
        movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %edi, %edi
        call    kernel_main
1:      hlt
        jmp     1b

/* The second processor. */
        .code32
second32:
        movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $second_stack_end, %esp
        call    enter_long_mode
        ljmpl   $CODE64, $second64

        .code64
second64:
        call    second_processor_main
1:      hlt
        jmp     1b

/* Copied to TRAMPOLINE (machine.c), a page below 1 MiB; the processor enters with cs:ip at its start. */
        .code16
        .globl  trampoline, trampoline_end
trampoline:
        cli
        cld
        movw    %cs, %ax
        movw    %ax, %ds
        lgdtl   trampoline_gdt_pointer - trampoline
        movl    %cr0, %eax
        orl     $CR0_PE, %eax
        movl    %eax, %cr0
        ljmpl   $CODE32, $second32
trampoline_gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt
trampoline_end:

        .section .rodata
        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9a000000ffff      /* CODE32 */
        .quad   0x00cf92000000ffff      /* DATA */
        .quad   0x00af9a000000ffff      /* CODE64 */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt

/*
 * The first 4 GiB, twice: at their own addresses, where this program runs, and in the upper half from
 * DIRECT_MAP on (memory.h), where it uses memory. Pages of 2 MiB: present, writable, large.
 */
        .data
        .balign 4096
pml4:
        .quad   pdpt + 3
        .fill   255, 8, 0
        .quad   pdpt + 3
        .fill   255, 8, 0
pdpt:
        .quad   directories + 3, directories + 0x1003, directories + 0x2003, directories + 0x3003
        .fill   508, 8, 0
directories:
        .set    page, 0
        .rept   2048
        .quad   page + 0x83
        .set    page, page + 0x200000
        .endr

        .bss
        .balign 16
        .skip   16384
boot_stack_end:
        .skip   16384
second_stack_end:

        .section .note.GNU-stack, "", @progbits
