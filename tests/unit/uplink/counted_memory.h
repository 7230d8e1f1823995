#ifndef HENG_TESTS_COUNTED_MEMORY_H
#define HENG_TESTS_COUNTED_MEMORY_H
/* Counts what is allocated while `counting`, and lets one allocation fail. The linker puts these in the place of the C
 * library's (tests/CMakeLists.txt). */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static struct {
    bool counting;
    size_t live, peak;
    unsigned fail_in; /* 1: the next one; 0: none */
} heap;

static bool heap_fails(void) { return heap.counting && heap.fail_in && --heap.fail_in == 0; }

static void *heap_made(void *p, size_t before)
{
    if (!heap.counting) return p;
    heap.live = heap.live - before + (p ? malloc_usable_size(p) : 0);
    if (heap.live > heap.peak) heap.peak = heap.live;
    return p;
}

void *__wrap_malloc(size_t n) { return heap_fails() ? NULL : heap_made(__real_malloc(n), 0); }
void *__wrap_calloc(size_t n, size_t size) { return heap_fails() ? NULL : heap_made(__real_calloc(n, size), 0); }

void *__wrap_realloc(void *p, size_t n)
{
    if (heap_fails()) return NULL;
    size_t before = p ? malloc_usable_size(p) : 0;
    return heap_made(__real_realloc(p, n), before);
}

void __wrap_free(void *p)
{
    if (p && heap.counting) heap.live -= malloc_usable_size(p);
    __real_free(p);
}

static void heap_count(void)
{
    heap.counting = true;
    heap.live = heap.peak = 0;
    heap.fail_in = 0;
}

#endif
