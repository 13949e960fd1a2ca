/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * frusa-demo: builds an index of all words of some text in one libfrusa instance, takes it down
 * again in three steps and shows what each step and each reclaim does to the memory of the process.
 * The index is built and taken down once more on other allocators, for comparison.
 */
#include "allocator.h"
#include "complain.h"
#include "corpus.h"
#include "heap.h"
#include "measure.h"
#include "options.h"
#include "others.h"
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
    struct heap heap;
    struct word_index index;
    struct corpus_totals read;
    struct record record;
    uint64_t seed; /* the state of the generator */
};

static void step(struct demo *demo, const char *name, double began, const size_t *given_back)
{
    measure_step(&demo->record, name, demo->heap.instance, began, demo->index.n_words, given_back);
}

/* ------------------------------------------------------------------------------------------------
 * Building the index
 */

static int sink_file(void *arg, const char *path, uint32_t pass)
{
    return word_index_add_document(arg, path, pass) != 0;
}

static int sink_word(void *arg, const char *text, size_t length)
{
    return word_index_add(arg, text, length) != 0;
}

static int out_of_memory(const struct demo *demo)
{
    complain("out of memory: the index holds %zu words in %zu files", demo->index.n_words,
             demo->index.n_documents);
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
    step(demo, "index built", began, NULL);
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
    if (demo->heap.instance != NULL) {
        size_t given_back = frusa_reclaim(demo->heap.instance);
        step(demo, "reclaimed", began, &given_back);
    } else {
        allocator_reclaim(demo->heap.allocator);
        step(demo, "reclaimed", began, NULL);
    }
    if (!word_index_valid(&demo->index)) {
        complain("the index was damaged by a reclaim");
        return STATUS_FAILURE;
    }
    return STATUS_SUCCESS;
}

/* Drops documents as a cache evicts its entries: each goes as a whole, which ones is chance. */
static int drop_documents(struct demo *demo)
{
    double began = measure_now();
    size_t n = demo->index.n_documents;
    if (word_index_drop_documents(&demo->index, n - n / 4, &demo->seed) != 0) {
        return out_of_memory(demo);
    }
    step(demo, "documents dropped", began, NULL);
    return STATUS_SUCCESS;
}

/* Drops words. Those that stay are strewn over all spans: the worst case for a reclaim. */
static int drop_words(struct demo *demo)
{
    double began = measure_now();
    size_t n = demo->index.n_words;
    if (word_index_drop_words(&demo->index, n - n / 100, &demo->seed) != 0) {
        return out_of_memory(demo);
    }
    step(demo, "words dropped", began, NULL);
    return STATUS_SUCCESS;
}

static int drop_rest(struct demo *demo)
{
    double began = measure_now();
    word_index_end(&demo->index);
    step(demo, "rest dropped", began, NULL);
    return STATUS_SUCCESS;
}

/* Takes the index down in three steps. Returns a status. */
static int take_down(struct demo *demo)
{
    static int (*const drops[])(struct demo *) = {drop_documents, drop_words, drop_rest};
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        if (drops[i](demo) != STATUS_SUCCESS || reclaim(demo) != STATUS_SUCCESS) {
            return STATUS_FAILURE;
        }
    }
    return STATUS_SUCCESS;
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
    table_print_others(stdout, &demo->record);
    if (plot_write(demo->options->svg, &demo->record) != 0) {
        complain("%s: %s", demo->options->svg, strerror(errno));
        return STATUS_FAILURE;
    }
    (void)printf("The plot is in %s.\n", demo->options->svg);
    return STATUS_SUCCESS;
}

/* The index, from its first word to its last. Returns a status. */
static int run_steps(struct demo *demo)
{
    int status = build(demo);
    if (status != STATUS_SUCCESS) {
        return status;
    }
    if (demo->options->on_malloc == NULL) {
        describe(demo);
        print_input(demo);
        print_lookups(demo);
        (void)fflush(stdout); /* something to read meanwhile */
    }
    return take_down(demo);
}

static int run_on_heap(struct demo *demo, double began)
{
    step(demo, "heap created", began, NULL);
    word_index_begin(&demo->index, &demo->heap);
    return run_steps(demo);
}

/* Runs on the malloc of this process and reports to the process that compares. Returns a status. */
static int run_on_malloc(const struct options *options)
{
    struct demo demo = {.options = options, .seed = options->seed};
    demo.heap.allocator = allocator_here(options->on_malloc);
    if (demo.heap.allocator == NULL) {
        complain("malloc is not that of %s here", options->on_malloc);
        return STATUS_FAILURE;
    }
    int status = run_on_heap(&demo, measure_now());
    if (status == STATUS_SUCCESS) {
        others_report(&demo.record);
    }
    return status;
}

/* Runs on an instance, then on other allocators. Returns a status. */
static int run(const struct options *options, int argc, char *const *argv)
{
    const struct frusa_config config = {.limit = (size_t)options->limit};
    struct demo demo = {.options = options, .seed = options->seed};
    double began = measure_now();
    demo.heap.instance =
        options->limit == 0 ? frusa_create(NULL) : frusa_create_with(NULL, &config);
    if (demo.heap.instance == NULL) {
        complain("cannot create an instance: %s", strerror(errno));
        return STATUS_FAILURE;
    }
    int status = run_on_heap(&demo, began);
    frusa_destroy(demo.heap.instance); /* gives back what an early end left in use, too */
    if (status != STATUS_SUCCESS) {
        return status;
    }
    if (options->limit == 0 && !options->no_others) {
        others_run(&demo.record, argc, argv);
    }
    status = show(&demo);
    return status == STATUS_SUCCESS && demo.read.named_failed ? STATUS_FAILURE : status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = options_parse(&options, argc, argv);
    if (status == -1) {
        status = options.on_malloc == NULL ? run(&options, argc, argv) : run_on_malloc(&options);
        options_free(&options);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write to standard output: %s", strerror(errno));
        status = status == STATUS_SUCCESS ? STATUS_FAILURE : status;
    }
    return status;
}
