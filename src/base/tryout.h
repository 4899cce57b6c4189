/*
 * base/tryout.h - will a folder take what is to be put there?
 *
 * Permissions and free space do not tell: quotas, network shares and encrypted folders refuse in
 * ways of their own.  So the very acts are done with a file that is removed again.
 */
#ifndef BASE_TRYOUT_H
#define BASE_TRYOUT_H

#include "base/fs.h"

#include <stddef.h>

/* The length of the longest name that a file in this folder can have, at most `most` bytes.  What
 * the file system says of it is not always true, so files of such names are made.  0: none as long
 * as `least` can. */
size_t tryout_longest(const struct fs_folder *f, size_t least, size_t most);

/* In this folder: write a file, and move it into a folder in it under the longest name of at most
 * `most` bytes.  One of at least `least` bytes must be possible.  Nobody who watches the folder
 * that this one is in sees any of it. */
bool tryout(const struct fs_folder *staging, size_t least, size_t most, struct err *err) MUST_CHECK;

#endif
