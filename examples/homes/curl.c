/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libcurl on an instance of its own (curl_global_init_mem).
 *
 * What it buys: what the transfers take has figures and a limit of its own, and goes back after
 * them. The body of a transfer may grow in the same instance.
 */
#include "home.h"

#include <curl/curl.h>
#include <unistd.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

static void *home_malloc(size_t size)
{
    return frusa_malloc(&heap, size);
}

static void home_free(void *ptr)
{
    frusa_free(&heap, ptr);
}

static void *home_realloc(void *ptr, size_t size)
{
    return frusa_resize(&heap, ptr, size);
}

static char *home_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = frusa_malloc(&heap, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static void *home_calloc(size_t n, size_t size)
{
    return frusa_calloc(&heap, n, size);
}

/* Must come before any other call of libcurl, and replaces curl_global_init. */
static CURLcode install_home(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, home_malloc, home_free, home_realloc,
                                home_strdup, home_calloc);
}

/* ---- The check ------------------------------------------------------------------------------ */

#define TRANSFERS 200
#define BODY      100000 /* bytes */

struct transfer {
    CURL *handle;
    char *body;
    size_t length;
};

/* Appends what arrived; any other return than the bytes taken ends the transfer. */
static size_t receive(char *data, size_t one, size_t bytes, void *arg)
{
    struct transfer *transfer = arg;
    char *longer = frusa_resize(&heap, transfer->body, transfer->length + bytes * one);
    if (longer == NULL)
        return 0;
    memcpy(longer + transfer->length, data, bytes * one);
    transfer->body = longer;
    transfer->length += bytes * one;
    return bytes * one;
}

/* A file to fetch, so that no network is needed. */
static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (int i = 0; i < BODY; i++) {
        fputc('a' + i % 26, file);
    }
    CHECK(fclose(file) == 0);
}

static void start(struct transfer *transfer, CURLM *all, const char *url)
{
    transfer->handle = curl_easy_init();
    CHECK(transfer->handle != NULL);
    curl_easy_setopt(transfer->handle, CURLOPT_URL, url);
    curl_easy_setopt(transfer->handle, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(transfer->handle, CURLOPT_WRITEDATA, transfer);
    CHECK(curl_multi_add_handle(all, transfer->handle) == CURLM_OK);
}

static void finish(struct transfer *transfer, CURLM *all)
{
    CHECK(transfer->length == BODY && transfer->body[BODY - 1] == 'a' + (BODY - 1) % 26);
    curl_multi_remove_handle(all, transfer->handle);
    curl_easy_cleanup(transfer->handle);
    frusa_dealloc(&heap, transfer->body, transfer->length, 0);
}

/* Many transfers at once; returns the bytes held when all bodies were there. */
static size_t fetch_all(const char *url)
{
    static struct transfer transfers[TRANSFERS];
    CURLM *all = curl_multi_init();
    CHECK(all != NULL);
    for (int i = 0; i < TRANSFERS; i++) {
        start(&transfers[i], all, url);
    }
    int running = 1;
    while (running > 0) {
        CHECK(curl_multi_perform(all, &running) == CURLM_OK);
        CHECK(curl_multi_poll(all, NULL, 0, 1000, NULL) == CURLM_OK);
    }
    size_t peak = held(&heap);
    for (int i = 0; i < TRANSFERS; i++) {
        finish(&transfers[i], all);
    }
    curl_multi_cleanup(all);
    return peak;
}

int main(void)
{
    char path[] = "/tmp/frusa-curl-XXXXXX";
    char url[sizeof path + sizeof "file://"];
    int file = mkstemp(path);
    CHECK(file >= 0 && close(file) == 0);
    write_file(path);
    snprintf(url, sizeof url, "file://%s", path);

    CHECK(install_home() == CURLE_OK);
    size_t peak = fetch_all(url);
    frusa_reclaim(&heap);
    size_t after = held(&heap);
    unlink(path);
    CHECK(after < peak / 10);
    printf("%d transfers: %.1f MiB held, %.0f KiB after them\n", TRANSFERS, peak / MIB,
           after / KIB);
    curl_global_cleanup();
    return 0;
}
