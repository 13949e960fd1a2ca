/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The statistics as JSON: read by a real parser (Python's), compared with frusa_get_stats and
 * frusa_walk. */
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One "PATH VALUE" line of the parser. */
struct scalar {
    char path[80];
    unsigned long long value;
};
struct document {
    size_t n;
    struct scalar scalars[4096];
};

/* Returns the text, which the caller frees. */
static char *json_of(frusa_t *f)
{
    size_t length = frusa_stats_json(f, NULL, 0);
    REQUIRE(length > 2);
    char *text = malloc(length + 1);
    REQUIRE(text != NULL);
    REQUIRE(frusa_stats_json(f, text, length + 1) == length);
    REQUIRE(strlen(text) == length);
    return text;
}

static void write_file(const char *name, const char *text)
{
    FILE *stream = fopen(name, "w");
    REQUIRE(stream != NULL && fputs(text, stream) >= 0 && fclose(stream) == 0);
}

/* Has the parser read the text. */
static void parse(const char *text, struct document *document)
{
    const char *directory = getenv("srcdir");
    char name[64], command[4096];
    snprintf(name, sizeof(name), "stats_json.%ld.json", (long)getpid());
    write_file(name, text);
    snprintf(command, sizeof(command), "python3 '%s/parse_json.py' %s",
             directory != NULL ? directory : ".", name);
    FILE *stream = popen(command, "r");
    REQUIRE(stream != NULL);
    document->n = 0;
    struct scalar *scalar = document->scalars;
    while (fscanf(stream, "%79s %llu", scalar->path, &scalar->value) == 2) {
        scalar++;
        REQUIRE(++document->n < sizeof(document->scalars) / sizeof(document->scalars[0]));
    }
    int status = pclose(stream);
    REQUIRE_MSG(status == 0, "the parser refuses (%#x): %s", (unsigned)status, text);
    unlink(name);
}

static const struct scalar *find(const struct document *document, const char *path)
{
    for (size_t i = 0; i < document->n; i++)
        if (strcmp(document->scalars[i].path, path) == 0)
            return &document->scalars[i];
    return NULL;
}

static size_t member(const struct document *document, const char *path)
{
    const struct scalar *scalar = find(document, path);
    REQUIRE_MSG(scalar != NULL, "no %s", path);
    return scalar->value;
}

static void require_member(const struct document *document, const char *path, size_t value)
{
    REQUIRE_MSG(member(document, path) == value, "%s is %zu, not %zu", path, member(document, path),
                value);
}

/* The parts of what was held at the peak are the peak. */
static void require_peak(const struct document *document, const struct frusa_stats *s)
{
    size_t sum = member(document, "at_peak.spans") + member(document, "at_peak.metadata") +
                 member(document, "at_peak.large") + member(document, "at_peak.kept");
    REQUIRE_MSG(sum == s->peak_allocated, "%zu at the peak, not %zu", sum, s->peak_allocated);
}

static void require_statistics(const struct document *document, const struct frusa_stats *s)
{
    require_member(document, "allocated_from_fallback", s->allocated_from_fallback);
    require_member(document, "in_use", s->in_use);
    require_member(document, "allocated_metadata", s->allocated_metadata);
    require_member(document, "in_use_metadata", s->in_use_metadata);
    require_member(document, "cached", s->cached);
    require_member(document, "large", s->large);
    require_member(document, "purged", s->purged);
    require_member(document, "reclaimed_total", s->reclaimed_total);
    require_member(document, "peak_allocated", s->peak_allocated);
    require_member(document, "fallback_allocs", s->fallback_allocs);
    require_member(document, "fallback_deallocs", s->fallback_deallocs);
    require_member(document, "kept", s->kept);
    require_member(document, "free_in_spans", s->free_in_spans);
    require_member(document, "refused", s->refused);
    require_member(document, "fallback_failures", s->fallback_failures);
    require_peak(document, s);
}

/* Returns 1 when the path is that of a row's object_size ("anything.NUMBER.object_size"). */
static int is_object_size(const struct scalar *scalar)
{
    const char *last = strrchr(scalar->path, '.');
    return last != NULL && strcmp(last, ".object_size") == 0;
}

/* Returns how many rows there are for this size class. */
static size_t rows_of(const struct document *document, size_t object_size)
{
    size_t rows = 0;
    for (size_t i = 0; i < document->n; i++)
        rows += is_object_size(&document->scalars[i]) && document->scalars[i].value == object_size;
    return rows;
}

static int require_row(const struct frusa_span_info *info, void *arg)
{
    if (!info->large)
        REQUIRE_MSG(rows_of(arg, info->object_size) == 1, "size class %zu", info->object_size);
    return 0;
}

static struct document document;

START_TEST(test_same_figures_as_get_stats)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct population p;
        struct frusa_stats s;
        struct random r = random_stream(env_seed(11), v);
        fixture_open_variant(&x, v);
        population_create(&p, x.f, 1000, 1, 8000, &r);
        population_shuffle(&p, &r);
        population_drop(&p, 800);
        void *large = frusa_alloc(x.f, 3u << 20, 0);
        ck_assert_ptr_nonnull(large);
        frusa_reclaim(x.f);
        char *text = json_of(x.f);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        parse(text, &document);
        require_statistics(&document, &s);
        ck_assert_int_eq(frusa_walk(x.f, require_row, &document), 0);
        free(text);
        frusa_free(x.f, large);
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_unused_instance)
{
    struct fixture x;
    struct frusa_stats s;
    fixture_open(&x, 0, NULL);
    char *text = json_of(x.f);
    ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
    parse(text, &document);
    require_statistics(&document, &s);
    free(text);
    fixture_close(&x);
}
END_TEST

/* As snprintf: cut texts end in a zero byte, nothing behind the buffer is written, the length is
 * whole. */
START_TEST(test_cut_text)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    void *p = frusa_alloc(x.f, 100, 0);
    char *text = json_of(x.f);
    size_t length = strlen(text);
    char *cut = malloc(length + 9);
    ck_assert_ptr_nonnull(cut);
    for (size_t len = 0; len <= length + 8; len += len < 4 || len + 4 > length ? 1 : len / 3) {
        memset(cut, '#', length + 9);
        REQUIRE(frusa_stats_json(x.f, cut, len) == length);
        size_t written = len == 0 ? 0 : len <= length ? len : length + 1;
        REQUIRE(written == 0 || cut[written - 1] == '\0');
        REQUIRE(written == 0 || memcmp(cut, text, written - 1) == 0);
        for (size_t i = written; i < length + 9; i++)
            REQUIRE(cut[i] == '#');
    }
    free(cut);
    free(text);
    frusa_free(x.f, p);
    fixture_close(&x);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {test_same_figures_as_get_stats, test_unused_instance,
                                  test_cut_text};
    if (system("python3 -c pass") != 0) {
        puts("SKIP: there is no python3 to parse JSON with");
        return 77;
    }
    return runner_run("stats_json", tests, sizeof(tests) / sizeof(tests[0]));
}
