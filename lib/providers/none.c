/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: no fallback is embedded, every instance names its own. */
#include "providers/providers.h"

const struct frusa_fallback_ops *const fr_default_ops = NULL;

void fr_providers_prepare(void)
{
}
