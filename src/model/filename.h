/*
 * model/filename.h - from a Content-Disposition field to a file name that can do no harm.
 *
 * RFC 6266 (field), RFC 8187 (filename*), RFC 9110 (quoted strings).
 */
#ifndef MODEL_FILENAME_H
#define MODEL_FILENAME_H

#include <stddef.h>

/* Longest safe name in bytes, ".torrent" included; the ending with an infohash still fits into the
 * 255 that file systems take. */
#define FILENAME_MAX_BYTES 200
#define FILENAME_MARK_BYTES 11   /* " [01234567]" */
#define FILENAME_ENDING_BYTES 16 /* room for what clients add: ".added", ".qbt_rejected" */

/* Bytes of a name: with the longest one nothing is shortened, with the least one all that the
 * program needs can be named. */
#define FILENAME_MOST_BYTES (FILENAME_MAX_BYTES + FILENAME_MARK_BYTES + FILENAME_ENDING_BYTES)
#define FILENAME_LEAST_BYTES 96

/*
 * The file name that the field gives, in UTF-8, the caller's; NULL if it gives none.  `filename*`
 * wins over `filename`; of several equal ones the first counts.  Percent escapes are decoded in
 * `filename*` only, backslash escapes in quoted strings.  Bytes that are not UTF-8 are read as
 * ISO 8859-1.  The result is not safe yet.
 */
char *filename_from_disposition(const char *field);

/*
 * A safe base name, the caller's.  It ends in ".torrent" in lower case, and has at most
 * FILENAME_MAX_BYTES.  It is the part behind the last slash or backslash, without control
 * characters, and without dots and hyphens at its beginning.  Characters that SMB shares refuse
 * (<>:"|?*) become "_".  The name of a Windows device, such as "CON" or "nul.txt", gets a "_"
 * before it.  Where nothing is left it is "unnamed.torrent".
 */
char *filename_safe(const char *raw);

/* "Name.torrent" and infohash "0123456789ab..." give "Name [01234567].torrent"; a name that has it
 * already stays as it is.  The caller's. */
char *filename_with_infohash(const char *safe, const char *infohash);

/* The name for a folder in which names have at most `limit` bytes (FILENAME_LEAST_BYTES or more):
 * as it is if there is room for the infohash and a client's ending, else a shorter one with the
 * infohash.  The caller's. */
char *filename_fit(const char *safe, const char *infohash, size_t limit);

/* "0123...cdef.torrent", of the whole infohash, for a folder that refuses the characters of the
 * name. The caller's. */
char *filename_plain(const char *infohash);

#endif
