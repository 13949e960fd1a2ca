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

static void print_rule(FILE *out, int width)
{
    for (int i = 0; i < width; i++) {
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
    print_rule(out, 96);
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
    print_rule(out, 96);
    (void)fputs(
        "live: objects in use, rounded to their size class\n"
        "held: taken from the operating system for this instance and not yet given back\n"
        "purged: the part of held that has no memory behind it\n"
        "resident: memory of the whole process, program and C library included\n"
        "given back: what frusa_reclaim returned, purged pages included\n"
        "documents dropped: three of four, each with all that it has in the index, as a cache\n"
        "            evicts entries; whole spans and pages become free\n"
        "words dropped: 99 of 100 of those left, at random; those that stay keep their pages\n\n",
        out);
}

void table_print_others(FILE *out, const struct record *record)
{
    int width = 20 + 11 * ((int)record->n_others + 1);
    if (record->n_others == 0) {
        return;
    }
    (void)fprintf(out, "%-20s", "resident MiB, on");
    for (size_t j = 0; j < record->n_others; j++) {
        (void)fprintf(out, " %10s", record->others[j].name);
    }
    (void)fprintf(out, " %10s\n", "libfrusa");
    print_rule(out, width);
    for (size_t i = 0; i < record->n_steps; i++) {
        (void)fprintf(out, "%-20s", record->steps[i].name);
        for (size_t j = 0; j < record->n_others; j++) {
            print_mib(out, true, record->others[j].resident[i]);
        }
        print_mib(out, record->steps[i].has_resident, record->steps[i].resident);
        (void)fputc('\n', out);
    }
    print_rule(out, width);
    (void)fputs("The same run in a process for each. Where the table says reclaimed, the others\n"
                "called malloc_trim(0) (glibc), arena.4096.purge (jemalloc), mi_collect(true)\n"
                "(mimalloc).\n\n",
                out);
}
