/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: no fallback is embedded, every instance names its own. */
#include "providers/providers.h"

const struct frusa_fallback_ops *const fr_default_ops = NULL;

int fr_providers_outlast(const struct frusa_fallback_ops *ops)
{
    (void)ops;
    return 0;
}

int fr_providers_divide(const struct frusa_fallback_ops *ops)
{
    (void)ops;
    return 0;
}

fr_alloc_function *fr_providers_sparse(const struct frusa_fallback_ops *ops)
{
    (void)ops;
    return NULL;
}

int fr_providers_join(const void *low, const void *high)
{
    (void)low;
    (void)high;
    return 0;
}

int fr_providers_cut(const void *at)
{
    (void)at;
    return 0;
}

void fr_providers_prepare(void)
{
}
