/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: no fallback is embedded, every instance names its own. */
#include "base/fallback.h"

const struct frusa_fallback_ops *const fr_default_ops = NULL;
