/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An address with no memory behind it given back as a large object. */
#include "misuse.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p, 8192);
    misuse_expect("frusa_dealloc", "invalid pointer", p);
    frusa_dealloc(f, p, 6 << 20, 0);
    return misuse_end(f);
}
