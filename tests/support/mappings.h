/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the kernel says about the process's memory. */
#ifndef SUPPORT_MAPPINGS_H
#define SUPPORT_MAPPINGS_H

#include <stddef.h>

/* Returns the resident bytes of a range that begins at a page; what is not mapped counts as not
 * resident. */
size_t mappings_resident(const void *p, size_t size);

/* Returns 1 when the mapping that holds `p` has the flag of two letters in VmFlags of
 * /proc/self/smaps. */
int mappings_has_flag(const void *p, const char *flag);

/* Returns 1 when the kernel knows huge pages and shows whether they are asked for. */
int mappings_knows_huge_pages(void);

/* Returns 1 when it shows which pages are locked in memory; an emulator does not. */
int mappings_knows_locked_pages(void);

/* Returns the bytes that the process has resident, less what MADV_FREE has let go. */
size_t mappings_resident_in_all(void);

/* Returns the bytes of the process's address space that are mapped. */
size_t mappings_address_space(void);

#endif /* SUPPORT_MAPPINGS_H */
