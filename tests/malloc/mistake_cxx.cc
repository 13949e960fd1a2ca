// SPDX-License-Identifier: MIT OR Apache-2.0
// usage: mistake_cxx KIND: misuses the operators; to be run with checked=1.
#include <cstddef>
#include <cstring>
#include <new>

int main(int argc, char **argv)
{
    const char *kind = argc == 2 ? argv[1] : "";
    if (std::strcmp(kind, "delete") == 0) {
        ::operator delete(::operator new(112), std::size_t(1000));
    } else if (std::strcmp(kind, "array") == 0) {
        void *volatile p = ::operator new[](100);
        ::operator delete[](p);
        ::operator delete[](p);
    } else if (std::strcmp(kind, "unaligned") == 0) {
        ::operator delete(::operator new(100), std::size_t(100), std::align_val_t(64));
    }
    return 0;
}
