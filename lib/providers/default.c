/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fallback.h"

const struct frusa_fallback_ops *const fr_default_ops = &frusa_fallback_mmap;
