/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_resize of an object that was given back. */
#include "misuse.h"

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    void *keep = misuse_alloc(f, 64), *p = misuse_alloc(f, 64);
    frusa_dealloc(f, p, 64, 0);
    frusa_thread_flush(f);
    misuse_expect("frusa_resize", "double free", p);
    void *q = frusa_resize(f, p, 1000);
    int status = misuse_end(f);
    frusa_free(f, q);
    frusa_free(f, keep);
    return status;
}
