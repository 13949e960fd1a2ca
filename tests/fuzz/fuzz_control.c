/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fuzzer of control sockets: up to four clients that send any bytes, send lines in pieces, read
 * little, flood, say that they are done, or vanish. Whatever they do, the next client gets its
 * answers, and the instance stays whole.
 *
 * The first half of an input is operations of two bytes, the other half is what clients send.
 */
#include "fuzz.h"
#include "input.h"
#include "service/control_line.h"
#include "support/check_instance.h"
#include "support/dialogue.h"
#include "support/fallback.h"
#include "support/require.h"

#include <frusa.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 4, FLOOD = 64, KEPT = 64 };

static struct counting_fallback fallback;
static frusa_t *heap;
static int clients[CLIENTS];

static void tidy_up(void)
{
    frusa_destroy(heap);
    dialogue_end();
}

/* An instance with objects of many classes and a large one, which stays for all inputs. */
static void set_up(void)
{
    dialogue_directory();
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    heap = frusa_create(&fallback.ops);
    REQUIRE(heap != NULL);
    for (size_t i = 1; i <= KEPT; i++)
        REQUIRE(frusa_malloc(heap, i * i * 20) != NULL);
    REQUIRE(frusa_malloc(heap, (size_t)3 << 20) != NULL);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = -1;
    atexit(tidy_up);
}

/* ---- What a client does
 * -------------------------------------------------------------------------- */

static void hang_up(int *client)
{
    if (*client >= 0)
        close(*client);
    *client = -1;
}

static void connect_anew(int *client)
{
    hang_up(client);
    *client = dialogue_connect(dialogue_path("fuzz"));
    REQUIRE(*client >= 0);
    REQUIRE(fcntl(*client, F_SETFL, O_NONBLOCK) == 0);
}

static void send_some(int client, const void *bytes, size_t n)
{
    if (client >= 0)
        (void)!send(client, bytes, n, MSG_NOSIGNAL);
}

/* A part of the bytes that are left. */
static void send_bytes(int client, struct input *bytes, size_t n)
{
    if (n > bytes->left)
        n = bytes->left;
    send_some(client, bytes->data, n);
    bytes->data += n;
    bytes->left -= n;
}

/* A request that means something, all of it or the beginning. */
static void send_request(int client, unsigned which, unsigned cut)
{
    static const char *const lines[] = {
        "ping\n",         "stats\n",      "classes\n",    "map\n",
        "reclaim\n",      "reclaim 4k\n", "retain 64k\n", "limit 1g\n",
        "limit 0\n",      "quit\n",       "retain 1x\n",  "map map\n",
        "stats\nstats\n", "\n\n\n",       "limit 1k\n",   "retain unlimited\n",
    };
    const char *line = lines[which % 16];
    size_t length = strlen(line);
    send_some(client, line, cut % 4 == 0 ? cut / 4 % length : length);
}

static void flood(int client, unsigned which)
{
    for (int i = 0; i < FLOOD; i++)
        send_request(client, which, 1);
}

static void read_some(int client, size_t n)
{
    char bytes[4096];
    if (client >= 0)
        (void)!recv(client, bytes, n < sizeof(bytes) ? n : sizeof(bytes), 0);
}

static void operate(struct input *operations, struct input *bytes)
{
    unsigned what = input_byte(operations);
    unsigned argument = input_byte(operations);
    int *client = &clients[what / 8 % CLIENTS];
    switch (what % 8) {
    case 0:
        connect_anew(client);
        break;
    case 1:
        hang_up(client);
        break;
    case 2:
    case 3:
        send_bytes(*client, bytes, argument);
        break;
    case 4:
        send_request(*client, what / 32 + argument % 2 * 8, argument / 2);
        break;
    case 5:
        flood(*client, argument);
        break;
    case 6:
        read_some(*client, argument * 16u);
        break;
    default:
        if (*client >= 0)
            shutdown(*client, argument % 2 ? SHUT_WR : SHUT_RD);
    }
}

/* ---- What holds
 * ---------------------------------------------------------------------------------- */

/* Whatever the bytes are, parsing stays inside of them. */
static void parse_all(const uint8_t *data, size_t size)
{
    struct fr_control_request request;
    char *copy = malloc(size ? size : 1);
    REQUIRE(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    const char *wrong = fr_control_parse(copy, size, &request);
    REQUIRE(wrong == NULL ? request.verb <= FR_CONTROL_QUIT : *wrong != '\0');
    free(copy);
}

static void require_service(void)
{
    int fd = dialogue_connect(dialogue_path("fuzz"));
    REQUIRE(fd >= 0);
    REQUIRE(dialogue_number(dialogue_ask(fd, "ping"), "pid") == (size_t)getpid());
    REQUIRE(dialogue_number(dialogue_ask(fd, "stats"), "large") >= (size_t)3 << 20);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input operations = {data, size / 2};
    struct input bytes = {data + size / 2, size - size / 2};
    if (!heap)
        set_up();
    parse_all(data, size);
    REQUIRE(frusa_control_start(heap, "fuzz") == 0);
    while (operations.left > 0)
        operate(&operations, &bytes);
    require_service();
    for (int i = 0; i < CLIENTS; i++)
        hang_up(&clients[i]);
    require_service();
    frusa_control_stop(heap);
    REQUIRE(frusa_set_limit(heap, 0) == 0 && frusa_set_retain(heap, (size_t)-1) == 0);
    support_check_instance(heap);
    return 0;
}
