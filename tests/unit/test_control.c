/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Control sockets: what they answer, whom, and that they come and go with their process. */
#include "service/control_line.h"
#include "support/child.h"
#include "support/dialogue.h"
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Connections that one socket serves at a time. */
enum { CLIENTS = 8 };

static int starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static int is_refusal(const char *answer, const char *why)
{
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "{\"ok\": false, \"error\": \"%s\"}", why);
    return strcmp(answer, wanted) == 0;
}

START_TEST(test_ping)
{
    struct fixture x;
    char wanted[128];
    dialogue_open(&x, FALLBACK_EVERYTHING, "index");
    const char *answer = dialogue_ask_once("index", "ping");
    snprintf(wanted, sizeof(wanted),
             "{\"ok\": true, \"frusa\": \"%s\", \"protocol\": 1, \"pid\": %ld, \"name\": "
             "\"index\"}",
             FRUSA_VERSION, (long)getpid());
    ck_assert_str_eq(answer, wanted);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_the_socket_is_private)
{
    struct fixture x;
    struct stat st;
    umask(0);
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    ck_assert_int_eq(lstat(dialogue_path("heap"), &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_uint_eq(st.st_uid, geteuid());
    dialogue_close(&x);
}
END_TEST

START_TEST(test_stop_removes_it)
{
    struct fixture x;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    int fd = dialogue_connect(dialogue_path("heap"));
    ck_assert_int_ge(fd, 0);
    dialogue_ask(fd, "ping");
    frusa_control_stop(x.f);
    ck_assert_ptr_null(dialogue_line(fd));
    close(fd);
    ck_assert_int_eq(dialogue_connect(dialogue_path("heap")), -1);
    ck_assert_int_eq(errno, ENOENT);
    frusa_control_stop(x.f); /* nothing to do */
    ck_assert_int_eq(frusa_control_start(x.f, "again"), 0);
    dialogue_ask_once("again", "ping");
    dialogue_close(&x);
}
END_TEST

START_TEST(test_destroy_removes_it)
{
    struct fixture x;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    fixture_close(&x);
    dialogue_end();
}
END_TEST

START_TEST(test_errors)
{
    struct fixture x, y;
    dialogue_open(&x, FALLBACK_EVERYTHING, "one");
    fixture_open(&y, 0, NULL);
    ck_assert_int_eq(frusa_control_start(x.f, "two"), -1);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_int_eq(frusa_control_start(y.f, "one"), -1);
    ck_assert_int_eq(errno, EADDRINUSE);
    ck_assert_int_eq(frusa_control_start(y.f, "../one"), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(frusa_control_start(y.f, "two"), 0);
    dialogue_ask_once("one", "ping");
    dialogue_ask_once("two", "ping");
    fixture_close(&y);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_options_out_of_range)
{
    static const struct frusa_config wrong = {.flags = 1u << 20};
    static frusa_t heap = FRUSA_INITIALIZER(NULL, &wrong);
    ck_assert_int_eq(frusa_control_start(&heap, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* ---- Requests
 * ------------------------------------------------------------------------------------ */

START_TEST(test_statistics)
{
    struct fixture x;
    struct frusa_stats s;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    void *p = frusa_malloc(x.f, 5000);
    void *large = frusa_malloc(x.f, 3u << 20);
    ck_assert(p && large);
    const char *answer = dialogue_ask_once("heap", "stats");
    ck_assert(starts_with(answer, "{\"ok\": true, \"stats\": {"));
    ck_assert_str_eq(answer + strlen(answer) - 2, "}}");
    ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
    ck_assert_uint_eq(dialogue_number(answer, "allocated_from_fallback"),
                      s.allocated_from_fallback);
    ck_assert_uint_eq(dialogue_number(answer, "in_use"), s.in_use);
    ck_assert_uint_eq(dialogue_number(answer, "large"), s.large);
    frusa_free(x.f, p);
    frusa_free(x.f, large);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_reclaim)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(60), 0);
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 3000, 1, 3000, &r);
    population_drop(&p, 3000);
    size_t held = fallback_held(&x.fallback);
    const char *answer = dialogue_ask_once("heap", "reclaim");
    ck_assert(starts_with(answer, "{\"ok\": true, \"reclaimed\": "));
    size_t reclaimed = dialogue_number(answer, "reclaimed");
    ck_assert_uint_gt(reclaimed, 0);
    ck_assert_uint_eq(dialogue_number(answer, "held"), fallback_held(&x.fallback));
    ck_assert_uint_eq(held - fallback_held(&x.fallback), reclaimed);
    ck_assert_ptr_nonnull(strstr(answer, "\"partial\": false}"));
    answer = dialogue_ask_once("heap", "reclaim 0");
    ck_assert_uint_eq(dialogue_number(answer, "reclaimed"), 0);
    population_release(&p);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_retain)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(61), 0);
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 3000, 1000, 3000, &r);
    population_drop(&p, 3000);
    frusa_thread_flush(x.f);
    ck_assert_uint_gt(fallback_held(&x.fallback), 1u << 20);
    const char *answer = dialogue_ask_once("heap", "retain 64k");
    ck_assert_uint_eq(dialogue_number(answer, "retain"), 65536);
    ck_assert_uint_lt(fallback_held(&x.fallback), 1u << 20);
    population_release(&p);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_limit)
{
    struct fixture x;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    const char *answer = dialogue_ask_once("heap", "limit 4m");
    ck_assert_uint_eq(dialogue_number(answer, "limit"), 4u << 20);
    ck_assert_ptr_null(frusa_malloc(x.f, 8u << 20));
    dialogue_ask_once("heap", "limit unlimited");
    void *p = frusa_malloc(x.f, 8u << 20);
    ck_assert_ptr_nonnull(p);
    dialogue_ask_once("heap", "limit 0");
    frusa_free(x.f, p);
    dialogue_close(&x);
}
END_TEST

/* What classes says of a class is what walk says of its spans, cached objects counted as used. */
START_TEST(test_classes)
{
    struct fixture x;
    void *objects[300];
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    for (size_t i = 0; i < 300; i++)
        ck_assert_ptr_nonnull(objects[i] = frusa_malloc(x.f, 100));
    const char *answer = dialogue_ask_once("heap", "classes");
    ck_assert(starts_with(answer, "{\"ok\": true, \"classes\": [{\"object_size\": 112, "));
    ck_assert_uint_ge(dialogue_number(answer, "used"), 300);
    ck_assert_uint_ge(dialogue_number(answer, "slots"), dialogue_number(answer, "used"));
    ck_assert_uint_ge(dialogue_number(answer, "held"), 112 * dialogue_number(answer, "slots"));
    ck_assert_uint_eq(dialogue_number(answer, "purged"), 0);
    for (size_t i = 0; i < 300; i++)
        frusa_free(x.f, objects[i]);
    dialogue_close(&x);
}
END_TEST

/* More rows than fit the buffer of an answer. */
START_TEST(test_map)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(62), 0);
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 12000, 1, 30000, &r);
    const char *answer = dialogue_ask_once("heap", "map");
    ck_assert_uint_gt(strlen(answer), 40000);
    ck_assert(starts_with(answer, "{\"ok\": true, \"page_size\": 4096, \"columns\": ["));
    ck_assert_str_eq(answer + strlen(answer) - 3, "]]}");
    struct walk_totals totals = walk_sum(x.f);
    size_t rows = 0;
    for (const char *at = strstr(answer, "\"spans\": [") + 10; (at = strchr(at, '[')); at++)
        rows++;
    ck_assert_uint_eq(rows, totals.spans + totals.large);
    population_release(&p);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_what_is_no_request)
{
    struct fixture x;
    char line[2 * FR_CONTROL_LINE_MAX + 2];
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    int fd = dialogue_connect(dialogue_path("heap"));
    ck_assert(is_refusal(dialogue_ask(fd, ""), "unknown request"));
    ck_assert(is_refusal(dialogue_ask(fd, "\"\\\001"), "unknown request"));
    ck_assert(is_refusal(dialogue_ask(fd, "retain"), "no size"));
    ck_assert(is_refusal(dialogue_ask(fd, "retain much"), "not a size"));
    /* The longest line, and a longer one. */
    memset(line, 'x', sizeof(line));
    line[FR_CONTROL_LINE_MAX] = '\0';
    ck_assert(is_refusal(dialogue_ask(fd, line), "unknown request"));
    memset(line, 'x', sizeof(line));
    ck_assert(dialogue_send(fd, line, FR_CONTROL_LINE_MAX + 1));
    ck_assert(is_refusal(dialogue_line(fd), "line too long"));
    ck_assert_ptr_null(dialogue_line(fd));
    close(fd);
    dialogue_ask_once("heap", "ping");
    fd = dialogue_connect(dialogue_path("heap"));
    ck_assert(dialogue_send(fd, "quit\nping\n", 10));
    ck_assert_ptr_null(dialogue_line(fd));
    close(fd);
    dialogue_close(&x);
}
END_TEST

/* ---- Clients that do not behave
 * ------------------------------------------------------------------ */

/* All lines of a client are answered, also when it has said that no more come. */
START_TEST(test_lines_at_once)
{
    enum { LINES = 200 };
    struct fixture x;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    int fd = dialogue_connect(dialogue_path("heap"));
    for (int i = 0; i < LINES; i++)
        ck_assert(dialogue_send(fd, "ping\n", 5));
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < LINES; i++)
        ck_assert_ptr_nonnull(dialogue_line(fd));
    ck_assert_ptr_null(dialogue_line(fd));
    close(fd);
    dialogue_close(&x);
}
END_TEST

/* Clients in the middle of a line, and clients that do not read their answers, keep nobody
 * waiting. */
START_TEST(test_slow_clients)
{
    struct fixture x;
    int half, deaf;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    half = dialogue_connect(dialogue_path("heap"));
    ck_assert(dialogue_send(half, "pi", 2));
    deaf = dialogue_connect(dialogue_path("heap"));
    int flags = fcntl(deaf, F_GETFL);
    fcntl(deaf, F_SETFL, flags | O_NONBLOCK);
    /* Until its answers fill the socket, and its lines the other one. */
    while (send(deaf, "stats\n", 6, MSG_NOSIGNAL) == 6)
        ;
    ck_assert_int_eq(errno, EAGAIN);
    for (int i = 0; i < 20; i++)
        dialogue_ask_once("heap", "ping");
    ck_assert(dialogue_send(half, "ng\n", 3));
    ck_assert_ptr_nonnull(dialogue_line(half));
    close(half);
    close(deaf);
    dialogue_ask_once("heap", "ping");
    dialogue_close(&x);
}
END_TEST

/* The client that has been idle for longest gives way. */
START_TEST(test_many_clients)
{
    struct fixture x;
    int fds[3 * CLIENTS];
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    for (int i = 0; i < 3 * CLIENTS; i++) {
        fds[i] = dialogue_connect(dialogue_path("heap"));
        ck_assert_int_ge(fds[i], 0);
        dialogue_ask(fds[i], "ping");
    }
    ck_assert_ptr_null(dialogue_line(fds[0]));
    dialogue_ask(fds[3 * CLIENTS - CLIENTS], "ping");
    for (int i = 0; i < 3 * CLIENTS; i++)
        close(fds[i]);
    dialogue_close(&x);
}
END_TEST

START_TEST(test_clients_that_vanish)
{
    static const char *const begun[] = {
        "", "m", "map", "map\n", "map\nmap\nmap\n", "stats\nreclaim\n"};
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(63), 0);
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 6000, 1, 30000, &r);
    for (int i = 0; i < 300; i++) {
        const char *text = begun[i % 6];
        int fd = dialogue_connect(dialogue_path("heap"));
        ck_assert_int_ge(fd, 0);
        dialogue_send(fd, text, strlen(text));
        close(fd);
    }
    dialogue_ask_once("heap", "ping");
    population_release(&p);
    dialogue_close(&x);
}
END_TEST

/* A client in the middle of an answer that does not fit does not keep stop waiting. */
START_TEST(test_stop_in_the_middle_of_an_answer)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(64), 0);
    char byte;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 20000, 20000, 30000, &r);
    int fd = dialogue_connect(dialogue_path("heap"));
    ck_assert(dialogue_send(fd, "map\n", 4));
    ck_assert_int_eq(read(fd, &byte, 1), 1); /* it is under way */
    frusa_control_stop(x.f);
    close(fd);
    population_release(&p);
    dialogue_close(&x);
}
END_TEST

/* Requests take nothing from the instance. */
START_TEST(test_requests_allocate_nothing)
{
    struct fixture x;
    dialogue_open(&x, FALLBACK_EVERYTHING, NULL);
    void *p = frusa_malloc(x.f, 100);
    ck_assert_ptr_nonnull(p);
    dialogue_ask_once("heap", "map");
    size_t blocks = fallback_blocks(&x.fallback);
    size_t live = stats_live_bytes(x.f);
    for (int i = 0; i < 50; i++) {
        dialogue_ask_once("heap", "stats");
        dialogue_ask_once("heap", "classes");
        dialogue_ask_once("heap", "map");
    }
    ck_assert_uint_eq(fallback_blocks(&x.fallback), blocks);
    ck_assert_uint_eq(stats_live_bytes(x.f), live);
    frusa_free(x.f, p);
    dialogue_close(&x);
}
END_TEST

/* ---- Whom it serves
 * ------------------------------------------------------------------------------ */

static void ask_as_another_user(void *arg)
{
    REQUIRE(setresgid(1, 1, 1) == 0 && setresuid(1, 1, 1) == 0);
    int fd = dialogue_connect(arg);
    REQUIRE_MSG(fd >= 0, "%s", strerror(errno));
    dialogue_send(fd, "ping\n", 5);
    REQUIRE(dialogue_line(fd) == NULL);
}

/* Even where somebody has opened the directories for others. */
START_TEST(test_other_users_are_refused)
{
    struct fixture x;
    char path[200];
    if (geteuid() != 0)
        return;
    const char *directory = dialogue_directory();
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    ck_assert_int_eq(frusa_control_start(x.f, "heap"), 0);
    snprintf(path, sizeof(path), "%s/frusa", directory);
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    snprintf(path, sizeof(path), "%s", dialogue_path("heap"));
    ck_assert_int_eq(chmod(path, 0666), 0);
    child_run(ask_as_another_user, path);
    dialogue_ask_once("heap", "ping");
    dialogue_close(&x);
}
END_TEST

static void start_with_more_rights(void *arg)
{
    REQUIRE(seteuid(1) == 0);
    REQUIRE(frusa_control_start(arg, "heap") == -1 && errno == EPERM);
}

START_TEST(test_more_rights_than_the_user)
{
    struct fixture x;
    if (geteuid() != 0)
        return;
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    child_run(start_with_more_rights, x.f);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("control", test_ping, test_the_socket_is_private, test_stop_removes_it,
            test_destroy_removes_it, test_errors, test_options_out_of_range, test_statistics,
            test_reclaim, test_retain, test_limit, test_classes, test_map, test_what_is_no_request,
            test_lines_at_once, test_slow_clients, test_many_clients, test_clients_that_vanish,
            test_stop_in_the_middle_of_an_answer, test_requests_allocate_nothing,
            test_other_users_are_refused, test_more_rights_than_the_user)
