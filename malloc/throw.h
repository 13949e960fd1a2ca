// SPDX-License-Identifier: MIT OR Apache-2.0 What operator new needs of the C++ library when
// memory is out. `caller` is an address in the object that called operator new: where that object
// has a C++ library of its own, the library's exceptions are the ones that the object catches.
#ifndef FR_MALLOC_THROW_H
#define FR_MALLOC_THROW_H

#include <new>

// Throws std::bad_alloc; ends the program with a line on standard error if there is nothing to
// throw it with.
[[noreturn]] void fr_throw_out_of_memory(const void *caller);

// The current new-handler, NULL if there is none.
std::new_handler fr_current_new_handler(const void *caller);

#endif // FR_MALLOC_THROW_H
