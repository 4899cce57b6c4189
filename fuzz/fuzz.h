/*
 * fuzz/fuzz.h - what every fuzz target needs.
 *
 * A target calls one parser with any bytes and checks what must hold of the answer.  libFuzzer
 * drives it (option `fuzzers`, clang), or replay.c with the files of a corpus (any compiler).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/own.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Unlike assert(), it stays when NDEBUG is set. */
#define CHECK(it_holds)                                                                \
	do {                                                                           \
		if (!(it_holds)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #it_holds); \
			abort();                                                       \
		}                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
