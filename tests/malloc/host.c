/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* usage: host PLUGIN: a program in C that opens a plugin in C++. */
#include "expect.h"

int main(int argc, char **argv)
{
    EXPECT(argc == 2);
    EXPECT(dlsym(RTLD_DEFAULT, "__cxa_throw") == NULL);
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!plugin)
        fprintf(stderr, "%s\n", dlerror());
    EXPECT(plugin != NULL);
    int (*run)(void) = (int (*)(void))dlsym(plugin, "plugin_run");
    EXPECT(run != NULL);
    EXPECT(run() == 2);
    EXPECT(dlclose(plugin) == 0);
    return 0;
}
