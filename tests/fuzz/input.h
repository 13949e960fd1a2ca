/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a fuzzer's bytes mean: a header that sets the instances up, then operations of eight bytes
 * each. Every sequence of bytes means something; what is missing at the end counts as 0.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *data;
    size_t left;
};

static inline unsigned input_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++;
}

static inline unsigned input_u16(struct input *in)
{
    unsigned low = input_byte(in);
    return low | input_byte(in) << 8;
}

#endif /* FUZZ_INPUT_H */
