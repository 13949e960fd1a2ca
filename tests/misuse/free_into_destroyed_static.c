/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An object of a static instance given back after the instance was destroyed. */
#include "misuse.h"

static struct frusa_config config;
static frusa_t heap = FRUSA_INITIALIZER(NULL, &config);

int main(int argc, char **argv)
{
    frusa_t *f = misuse_begin(argc, argv);
    config = *misuse_config();
    void *p = misuse_alloc(&heap, 64);
    frusa_destroy(&heap);
    misuse_expect("frusa_free", "invalid pointer", p);
    frusa_free(&heap, p);
    frusa_destroy(f);
    return misuse_end(&heap);
}
