// SPDX-License-Identifier: MIT OR Apache-2.0 Runs out of memory with a C++ library that is linked
// into the program, or into a plugin that a program in C opens (host.c). Uses so little of C++
// that the linker takes only some parts of the library: what it catches (CAUGHT) decides which.
#include <cstdint>
#include <exception>
#include <new>

extern "C" int plugin_run()
{
    volatile std::size_t n = PTRDIFF_MAX - 4096;
    int caught = 0;
    try {
        char *volatile kept = new char[n];
        delete[] kept;
    } catch (CAUGHT) {
        caught++;
    }
    try {
        char *volatile kept = new (std::align_val_t(64)) char[n];
        ::operator delete[](kept, std::align_val_t(64));
    } catch (CAUGHT) {
        caught++;
    }
    return caught;
}

int main()
{
    return plugin_run() == 2 ? 0 : 1;
}
