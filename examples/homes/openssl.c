/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * OpenSSL on an instance of its own (CRYPTO_set_mem_functions).
 *
 * What it buys: keys, certificates and buffers of connections lie apart from all other data. What a
 * burst of connections took goes back after it, though the process and its context live on.
 */
#include "home.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

/* OpenSSL tells where in its sources a call comes from. */
static void *home_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size == 0 ? NULL : frusa_malloc(&heap, size);
}

static void home_free(void *ptr, const char *file, int line)
{
    (void)file, (void)line;
    frusa_free(&heap, ptr);
}

/* OpenSSL passes 0 to give an object back. */
static void *home_realloc(void *ptr, size_t size, const char *file, int line)
{
    if (size != 0)
        return frusa_resize(&heap, ptr, size);
    home_free(ptr, file, line);
    return NULL;
}

/* Must come before any other call of OpenSSL: returns 0 when that is too late. */
static int install_home(void)
{
    return CRYPTO_set_mem_functions(home_malloc, home_realloc, home_free);
}

/* ---- The check ------------------------------------------------------------------------------ */

#define CONNECTIONS 400

/* A context for both ends, with a key and a certificate that it signs itself. */
static SSL_CTX *make_context(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    CHECK(key != NULL && certificate != NULL);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);

    SSL_CTX *context = SSL_CTX_new(TLS_method());
    CHECK(context != NULL && SSL_CTX_use_certificate(context, certificate) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* Connects a client with a server in this process, and sends a line. */
static void connect_pair(SSL_CTX *context, SSL *ends[2])
{
    BIO *wires[2];
    CHECK(BIO_new_bio_pair(&wires[0], 0, &wires[1], 0) == 1);
    for (int i = 0; i < 2; i++) {
        ends[i] = SSL_new(context);
        CHECK(ends[i] != NULL);
        SSL_set_bio(ends[i], wires[i], wires[i]);
    }
    SSL_set_connect_state(ends[0]);
    SSL_set_accept_state(ends[1]);
    for (int i = 0; i < 10 && SSL_in_init(ends[0]) + SSL_in_init(ends[1]) > 0; i++) {
        SSL_do_handshake(ends[i % 2]);
    }
    char line[6] = "";
    CHECK(SSL_write(ends[0], "hello", 5) == 5);
    CHECK(SSL_read(ends[1], line, 5) == 5 && strcmp(line, "hello") == 0);
}

static SSL_CTX *context;
static SSL *connections[CONNECTIONS][2];

/* Many connections at once, and the end of all of them. */
static void burst(void)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        connect_pair(context, connections[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        SSL_free(connections[i][0]);
        SSL_free(connections[i][1]);
    }
}

int main(void)
{
    CHECK(install_home() == 1);
    context = make_context();
    burst();
    struct frusa_stats stats;
    CHECK(frusa_get_stats(&heap, &stats) == 0);
    frusa_reclaim(&heap);
    CHECK(held(&heap) < stats.peak_allocated / 4);
    printf("%d connections: %.1f MiB held, %.1f MiB after the last one ended\n", CONNECTIONS,
           stats.peak_allocated / MIB, held(&heap) / MIB);
    SSL_CTX_free(context);
    return 0;
}
