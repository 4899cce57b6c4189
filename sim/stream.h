/*
 * sim/stream.h - bodies that do not leave in one piece: slow, cut short, endless, or a bomb.
 *
 * A stream holds a few megabytes at most, however much it sends.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "answer.h"
#include "pause.h"

#include <stdint.h>
#include <sys/types.h>

struct stream;

#define STREAM_UNKNOWN UINT64_MAX

/* Takes the body of `a`.  `p` is copied. */
struct stream *stream_new(struct answer *a, const struct pause *p);
void stream_free(void *stream);

/* Bytes of the whole body, or STREAM_UNKNOWN. */
uint64_t stream_size(const struct stream *s);

/* Copy up to `max` bytes from position `pos` into `to`; returns how many.  -1: close the connection
 * now.  Waits as long as the rate requires. */
ssize_t stream_read(void *stream, uint64_t pos, char *to, size_t max);

#endif
