/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * frusa-demo: builds an index of all words of some text in one libfrusa instance, takes it down
 * again in two steps and shows what each step and each reclaim does to the memory of the process.
 */
#include "complain.h"
#include "corpus.h"
#include "measure.h"
#include "options.h"
#include "plot.h"
#include "status.h"
#include "table.h"
#include "word_index.h"

#include <frusa.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

struct demo {
    const struct options *options;
    frusa_t *heap;
    struct word_index index;
    struct corpus_totals read;
    struct record record;
};

/* ------------------------------------------------------------------------------------------------
 * Building the index
 */

static int sink_file(void *arg, const char *path, uint32_t pass)
{
    return word_index_add_file(arg, path, pass) != 0;
}

static int sink_word(void *arg, const char *text, size_t length)
{
    return word_index_add(arg, text, length) != 0;
}

static int out_of_memory(const struct demo *demo)
{
    complain("out of memory: the index holds %zu words in %zu files", demo->index.n_words,
             demo->index.n_files);
    return STATUS_FAILURE;
}

/* Reads the corpus into the index. Returns a status. */
static int build(struct demo *demo)
{
    const struct corpus corpus = {.paths = demo->options->files,
                                  .may_be_missing = demo->options->default_files,
                                  .text = demo->options->text};
    const struct word_sink sink = {.file = sink_file, .word = sink_word, .arg = &demo->index};
    double began = measure_now();
    if (corpus_read(&corpus, &sink, &demo->read) != 0) {
        return out_of_memory(demo);
    }
    measure_step(&demo->record, "index built", demo->heap, began, demo->index.n_words, NULL);
    if (demo->read.files == 0) {
        complain("there is no text to read");
        return STATUS_FAILURE;
    }
    return STATUS_SUCCESS;
}

static void print_input(const struct demo *demo)
{
    const struct corpus_totals *read = &demo->read;
    const struct word_index *ix = &demo->index;
    (void)printf("Read %.1f MiB of text from %zu files", (double)read->bytes / MIB, read->files);
    if (read->passes > 1) {
        (void)printf(", in %" PRIu32 " passes under distinct keys", read->passes);
    } else if (read->cut) {
        (void)printf(", stopping there");
    }
    (void)printf("; skipped %zu binary and %zu unreadable.\n", read->binary, read->unreadable);
    (void)printf("Indexed %" PRIu64 " occurrences of %zu words; %zu tree nodes.\n\n",
                 ix->occurrences, ix->n_words, ix->n_postings);
}

static void print_lookups(const struct demo *demo)
{
    (void)printf("Lookups%s\n", demo->read.passes > 1 ? ", in the first pass" : "");
    for (size_t i = 0; i < demo->options->n_lookups; i++) {
        const char *word = demo->options->lookups[i];
        struct word_answer answer = word_index_lookup(&demo->index, word);
        (void)printf("  %-16s %8" PRIu64 " in %zu files", word, answer.occurrences, answer.files);
        if (answer.files > 0) {
            (void)printf(", most (%" PRIu64 ") in %s", answer.top_count, answer.top_path);
        }
        (void)fputc('\n', stdout);
    }
    (void)fputc('\n', stdout);
}

/* ------------------------------------------------------------------------------------------------
 * Taking it down
 */

/* Reclaims, and then checks that what is still in use came to no harm. Returns a status. */
static int reclaim(struct demo *demo)
{
    double began = measure_now();
    size_t given_back = frusa_reclaim(demo->heap);
    measure_step(&demo->record, "reclaimed", demo->heap, began, demo->index.n_words, &given_back);
    if (!word_index_valid(&demo->index)) {
        complain("the index was damaged by a reclaim");
        return STATUS_FAILURE;
    }
    return STATUS_SUCCESS;
}

/* Drops nine words of ten. Returns a status. */
static int drop_most(struct demo *demo)
{
    uint64_t seed = demo->options->seed;
    double began = measure_now();
    if (word_index_drop(&demo->index, demo->index.n_words - demo->index.n_words / 10, &seed) != 0) {
        return out_of_memory(demo);
    }
    measure_step(&demo->record, "nine tenths dropped", demo->heap, began, demo->index.n_words,
                 NULL);
    return STATUS_SUCCESS;
}

static void drop_rest(struct demo *demo)
{
    double began = measure_now();
    word_index_end(&demo->index);
    measure_step(&demo->record, "rest dropped", demo->heap, began, demo->index.n_words, NULL);
}

/* ------------------------------------------------------------------------------------------------
 * The run
 */

static void describe(struct demo *demo)
{
    const struct word_index *ix = &demo->index;
    demo->record.title = "What libfrusa gives back: an index built and taken down";
    (void)snprintf(demo->record.subtitle, sizeof demo->record.subtitle,
                   "%zu words and %zu tree nodes from %.1f MiB of text in %zu files; seed %" PRIu64
                   ", libfrusa %s",
                   ix->n_words, ix->n_postings, (double)demo->read.bytes / MIB, demo->read.files,
                   demo->options->seed, frusa_version());
}

/* Returns a status. */
static int show(const struct demo *demo)
{
    table_print(stdout, &demo->record);
    if (plot_write(demo->options->svg, &demo->record) != 0) {
        complain("%s: %s", demo->options->svg, strerror(errno));
        return STATUS_FAILURE;
    }
    (void)printf("The plot is in %s.\n", demo->options->svg);
    return STATUS_SUCCESS;
}

/* Everything between the creation of the instance and its end. Returns a status. */
static int run_steps(struct demo *demo)
{
    int status = build(demo);
    if (status != STATUS_SUCCESS) {
        return status;
    }
    describe(demo);
    print_input(demo);
    print_lookups(demo);
    if (drop_most(demo) != STATUS_SUCCESS || reclaim(demo) != STATUS_SUCCESS) {
        return STATUS_FAILURE;
    }
    drop_rest(demo);
    if (reclaim(demo) != STATUS_SUCCESS || show(demo) != STATUS_SUCCESS) {
        return STATUS_FAILURE;
    }
    return demo->read.named_failed ? STATUS_FAILURE : STATUS_SUCCESS;
}

static int run(const struct options *options)
{
    const struct frusa_config config = {.limit = (size_t)options->limit};
    struct demo demo = {.options = options};
    double began = measure_now();
    demo.heap = options->limit == 0 ? frusa_create(NULL) : frusa_create_with(NULL, &config);
    if (demo.heap == NULL) {
        complain("cannot create an instance: %s", strerror(errno));
        return STATUS_FAILURE;
    }
    measure_step(&demo.record, "instance created", demo.heap, began, 0, NULL);
    word_index_begin(&demo.index, demo.heap);
    int status = run_steps(&demo);
    frusa_destroy(demo.heap); /* gives back what an early end left in use, too */
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = options_parse(&options, argc, argv);
    if (status == -1) {
        status = run(&options);
        options_free(&options);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write to standard output: %s", strerror(errno));
        status = status == STATUS_SUCCESS ? STATUS_FAILURE : status;
    }
    return status;
}
