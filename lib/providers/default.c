/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "providers/providers.h"

#include "port/pages.h"

const struct frusa_fallback_ops *const fr_default_ops = &frusa_fallback_mmap;

void fr_providers_prepare(void)
{
    fr_pages_prepare();
}
