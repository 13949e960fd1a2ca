/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "table.h"

#define MIB (1024.0 * 1024.0)

/* A cell of eleven columns; "-" where there is no figure. */
static void print_mib(FILE *out, bool known, size_t bytes)
{
    if (known) {
        (void)fprintf(out, " %10.2f", (double)bytes / MIB);
    } else {
        (void)fprintf(out, " %10s", "-");
    }
}

static void print_rule(FILE *out)
{
    for (int i = 0; i < 96; i++) {
        (void)fputc('-', out);
    }
    (void)fputc('\n', out);
}

void table_print(FILE *out, const struct record *record)
{
    (void)fprintf(out, "%-20s %9s %10s %10s %10s %10s %10s %10s\n", "", "", "live", "held",
                  "purged", "resident", "given back", "time");
    (void)fprintf(out, "%-20s %9s %10s %10s %10s %10s %10s %10s\n", "after the step", "words",
                  "MiB", "MiB", "MiB", "MiB", "MiB", "ms");
    print_rule(out);
    for (size_t i = 0; i < record->n_steps; i++) {
        const struct step *step = &record->steps[i];
        (void)fprintf(out, "%-20s %9zu", step->name, step->words);
        print_mib(out, true, step->live);
        print_mib(out, true, step->held);
        print_mib(out, true, step->purged);
        print_mib(out, step->has_resident, step->resident);
        print_mib(out, step->is_reclaim, step->given_back);
        (void)fprintf(out, " %10.1f\n", step->seconds * 1e3);
    }
    print_rule(out);
    (void)fputs(
        "live: objects in use, rounded to their size class\n"
        "held: taken from the operating system for this instance and not yet given back\n"
        "purged: the part of held that has no memory behind it\n"
        "resident: memory of the whole process, program and C library included\n"
        "given back: what frusa_reclaim returned, purged pages included; a span with a live\n"
        "            object stays\n",
        out);
}
