/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: settings [limit | kept | leave]
 *
 * Has options of its own, for options.sh, which says what must come of them: "limit" prints whether 64 MiB can
 * be had, "kept" the MiB that are held after much was freed; "leave" ends in another directory.
 */
#include "expect.h"

#include <malloc.h>
#include <string.h>

#if defined(LINKED)
const char *frusa_malloc_options = "limit=32m,nonsense";
#endif

int main(int argc, char **argv)
{
    enum { N = 100000 };
    static void *objects[N];
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "limit") == 0) {
        void *p = malloc(HIDE(size_t, 64 << 20));
        puts(p ? "granted" : "refused");
        free(p);
    } else if (strcmp(what, "kept") == 0) {
        for (size_t i = 0; i < N; i++)
            EXPECT((objects[i] = malloc(600)) != NULL);
        for (size_t i = 0; i < N; i++)
            free(objects[i]);
        printf("%zu\n", mallinfo2().arena >> 20);
    } else if (strcmp(what, "leave") == 0) {
        EXPECT(chdir("/") == 0);
    }
    return 0;
}
