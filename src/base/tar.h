/*
 * base/tar.h - the headers of a tar file (POSIX ustar): regular files with short names, nothing
 * else.  Pure; the caller reads and writes the blocks.
 *
 * A file is its header, its bytes and zeros up to a whole block.  Two blocks of zeros end the tar
 * file.
 */
#ifndef BASE_TAR_H
#define BASE_TAR_H

#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_NAME 99                           /* bytes of a name */
#define TAR_SIZE_MAX ((INT64_C(1) << 33) - 1) /* bytes of a file: eleven octal digits */

struct tar_file {
	char name[TAR_NAME + 1]; /* relative, such as "vault/x.torrent" */
	uint64_t size;           /* at most TAR_SIZE_MAX */
};

/* The header of a file that only its owner may read.  `when`: seconds since 1970, 0 or more. */
void tar_header(const struct tar_file *f, int64_t when, char block[TAR_BLOCK]);

enum tar_block {
	TAR_FILE, /* the header of a file: *f is filled in */
	TAR_END,  /* zeros */
	TAR_BAD,  /* a damaged header, or one that tar_header() does not make */
};
enum tar_block tar_parse(const char block[TAR_BLOCK], struct tar_file *f);

/* How many zeros follow so many bytes: 0 to TAR_BLOCK - 1. */
size_t tar_padding(uint64_t size);

#endif
