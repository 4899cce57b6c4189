/*
 * base/df.h - what `df -Pk` prints (POSIX; GNU and BusyBox alike).
 */
#ifndef BASE_DF_H
#define BASE_DF_H

#include <stdbool.h>
#include <stdint.h>

/* The first line with numbers, in bytes.  false: there is none, and nothing is touched. */
bool df_read(const char *text, uint64_t *free, uint64_t *total);

#endif
