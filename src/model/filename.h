/*
 * model/filename.h - from a Content-Disposition field to a file name that can do no harm.
 *
 * RFC 6266 (field), RFC 8187 (filename*), RFC 9110 (quoted strings).
 */
#ifndef MODEL_FILENAME_H
#define MODEL_FILENAME_H

/* Longest safe name in bytes, ".torrent" included; the ending with an infohash still fits into the
 * 255 that file systems take. */
#define FILENAME_MAX_BYTES 200

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

#endif
