/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: no fallback is embedded, every instance names its own. */
#include "providers/providers.h"

const struct frusa_fallback_ops *const fr_default_ops = NULL;

int fr_providers_outlast(const struct frusa_fallback_ops *ops)
{
    (void)ops;
    return 0;
}

void fr_providers_prepare(void)
{
}
