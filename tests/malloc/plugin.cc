// SPDX-License-Identifier: MIT OR Apache-2.0
// In C++, opened by a program in C: the C++ library comes later than the override.
#include <cstdint>
#include <new>
#include <string>
#include <vector>

extern "C" int plugin_run()
{
    volatile std::size_t n = SIZE_MAX / 2 + 1;
    std::vector<std::string> strings(1000,
                                     "a string too long for the string's own room, in the heap");
    int caught = 0;
    try {
        char *volatile kept = new char[n]; // else the compiler may leave new and delete out
        delete[] kept;
    } catch (const std::bad_alloc &) {
        caught++;
    }
    if (new (std::nothrow) char[n] == nullptr)
        caught++;
    return strings.size() == 1000 ? caught : -1;
}
