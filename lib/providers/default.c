/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "providers/providers.h"

#include "port/pages.h"

const struct frusa_fallback_ops *const fr_default_ops = &frusa_fallback_mmap;

int fr_providers_outlast(const struct frusa_fallback_ops *ops)
{
    return ops->alloc == frusa_fallback_mmap.alloc || ops->alloc == frusa_fallback_malloc.alloc;
}

void fr_providers_prepare(void)
{
    fr_pages_prepare();
}
