/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A panic handler: what happens when the library detects misuse. By default it prints one line and
 * aborts. This one notes the message and leaves with longjmp, as a test program or an interpreter
 * might.
 */
#include <frusa.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct panic {
    jmp_buf leave;
    char message[128];
};

/* Runs with no lock held. It must not return. */
static void on_panic(void *arg, const char *message)
{
    struct panic *panic = arg;
    /* The message is only valid during the call. */
    (void)snprintf(panic->message, sizeof panic->message, "%s", message);
    longjmp(panic->leave, 1);
}

int main(void)
{
    static struct panic panic;

    /* A checked instance reports each misuse at the call. */
    const struct frusa_config config = {.flags = FRUSA_CHECKED};
    frusa_t *heap = frusa_create_with(NULL, &config);
    if (heap == NULL) {
        perror("frusa_create_with");
        return 1;
    }
    void *object = frusa_malloc(heap, 32);
    if (object == NULL) {
        perror("frusa_malloc");
        return 1;
    }
    void *const same = object;

    frusa_set_panic_handler(on_panic, &panic);
    if (setjmp(panic.leave) == 0) {
        frusa_free(heap, object);
        frusa_free(heap, same); /* once too often */
        fprintf(stderr, "the double free went unnoticed\n");
        return 1;
    }
    frusa_set_panic_handler(NULL, NULL); /* the default again */
    printf("caught: %s\n", panic.message);

    /* The instance is still in order: the call that panicked changed nothing. */
    object = frusa_malloc(heap, 32);
    int works = object != NULL;
    frusa_free(heap, object);
    frusa_destroy(heap);
    return works && strstr(panic.message, "double free") != NULL ? 0 : 1;
}
