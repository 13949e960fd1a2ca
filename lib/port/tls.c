/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/tls.h"

#if FR_HAVE_TLS
#include "port/compiler.h"
#include "port/pages.h"

FR_EXPORT FR_THREAD_LOCAL struct frusa_inline_thread_ frusa_inline_thread_1;

struct frusa_inline_thread_ *fr_thread_slots(void)
{
    return &frusa_inline_thread_1;
}

const void *fr_thread_id(void)
{
    static FR_THREAD_LOCAL char id;
    return &id;
}

static size_t whole_pages(size_t bytes)
{
    return fr_align_up(bytes, fr_page_size());
}

void *fr_thread_pages_alloc(size_t bytes)
{
    return fr_pages_map(whole_pages(bytes), fr_page_size());
}

void fr_thread_pages_free(void *pages, size_t bytes)
{
    fr_pages_unmap(pages, whole_pages(bytes));
}
#else
struct frusa_inline_thread_ *fr_thread_slots(void)
{
    return NULL;
}

const void *fr_thread_id(void)
{
    return NULL;
}

/* Not reached: there is no thread to make a table for. */
void *fr_thread_pages_alloc(size_t bytes)
{
    (void)bytes;
    return NULL;
}

void fr_thread_pages_free(void *pages, size_t bytes)
{
    (void)pages;
    (void)bytes;
}
#endif
