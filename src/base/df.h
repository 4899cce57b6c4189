/*
 * base/df.h - what `df -Pk` prints (POSIX; the same with GNU and BusyBox).
 */
#ifndef BASE_DF_H
#define BASE_DF_H

#include <stdbool.h>
#include <stdint.h>

/* The first line with numbers, in bytes.  false: there is none; nothing is changed. */
bool df_read(const char *text, uint64_t *free, uint64_t *total);

#endif
