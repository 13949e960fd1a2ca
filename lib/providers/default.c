/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "providers/providers.h"

#include "providers/mmap.h"
#include "port/pages.h"

const struct frusa_fallback_ops *const fr_default_ops = &frusa_fallback_mmap;

int fr_providers_outlast(const struct frusa_fallback_ops *ops)
{
    return ops->alloc == frusa_fallback_mmap.alloc || ops->alloc == frusa_fallback_malloc.alloc;
}

int fr_providers_divide(const struct frusa_fallback_ops *ops)
{
    return ops->alloc == frusa_fallback_mmap.alloc;
}

fr_alloc_function *fr_providers_sparse(const struct frusa_fallback_ops *ops)
{
    return fr_providers_divide(ops) ? fr_fallback_mmap_alloc_sparse : NULL;
}

int fr_providers_join(const void *low, const void *high)
{
    return fr_fallback_mmap_join(low, high);
}

int fr_providers_cut(const void *at)
{
    return fr_fallback_mmap_cut(at);
}

void fr_providers_prepare(void)
{
    fr_pages_prepare();
}
