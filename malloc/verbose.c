/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "verbose.h"

#include <unistd.h>

#include <frusa.h>

#include "page.h"

static void add_option(struct fr_page *page, const struct fr_options *options, size_t i)
{
    struct fr_option_state state;
    size_t line = page->used;
    fr_options_state(options, i, &state);
    fr_page_say(page, "  ");
    fr_page_say(page, state.name);
    fr_page_pad(page, line, 20);
    fr_page_say(page, " ");
    if (state.value.length)
        fr_page_add(page, state.value.start, state.value.length);
    fr_page_pad(page, line, 34);
    fr_page_say(page, state.source ? " from " : " the default");
    fr_page_say(page, state.source ? state.source : "");
    fr_page_say(page, "\n");
}

void fr_verbose_options(const struct fr_options *options)
{
    struct fr_page page = {.used = 0};
    fr_page_say(&page, "frusa ");
    fr_page_say(&page, frusa_version());
    fr_page_say(&page, ", options in force:\n");
    for (size_t i = 0; i < FR_OPTION_COUNT; i++)
        add_option(&page, options, i);
    fr_page_write(&page, STDERR_FILENO);
}
