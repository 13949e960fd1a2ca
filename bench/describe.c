/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which allocator is at hand, in which version, and which sized free does it have? For the
 * runner. */
#include "support/binding.h"
#include "support/options.h"

int main(int argc, char **argv)
{
    struct bench_options options = {.threads = 1, .min_size = 1, .max_size = 1};
    bench_options_parse(&options, argc, argv);
    bench_binding_open(options.binding);
    bench_binding_describe();
    bench_binding_close();
    return 0;
}
