#include "model/torrent.h"

#include "base/bencode.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* libtorrent's limits, apart from those in the header. */
#define BLOCK_SIZE 16384                                    /* BEP 52 */
#define MAX_PIECE_LENGTH (INT_MAX / 2)                      /* bytes */
#define MAX_FILE_SIZE ((int64_t)(INT_MAX / 2) * BLOCK_SIZE) /* bytes; this many are too many */
#define MAX_TOTAL_SIZE ((UINT64_C(1) << 48) - 1)            /* bytes */
#define ANNOUNCE_MAX 2048                                   /* bytes that are looked at */
#define MAX_FILE_NAME 4095                                  /* bytes */
#define CUT_NAME_AT 240 /* bytes of a path component; a short extension is kept behind them */

/* A path inside a torrent.  The components themselves are not kept. */
struct path {
	const char *first; /* borrowed */
	size_t parts;
	size_t last_len;             /* bytes of the last component */
	bool is_padding;             /* BitComet's mark of a pad file is in it */
	uint8_t digest[SHA256_SIZE]; /* of the components; only in a hybrid torrent */
};

/* The files of one half of a torrent, v1 or v2, summed up. */
struct listing {
	uint64_t total;
	uint64_t tail_pad; /* bytes of the implied pad file after the last file that is not empty */
	uint32_t files;
	const char *name;            /* borrowed */
	uint8_t digest[SHA256_SIZE]; /* of the files that matter; only in a hybrid torrent */
};

/* A v2 file of more than one piece. */
struct layered {
	const char *root; /* borrowed, SHA256_SIZE bytes */
	uint64_t size;
};

struct reader {
	struct err *err;
	const unsigned char *start; /* borrowed: the file */
	struct bencode info;
	uint64_t piece_length;
	bool has_v1;
	bool has_v2;
	char *root;         /* owned: name of the top folder */
	char *single;       /* owned: name of the only file, where it is not in a folder */
	struct buf scratch; /* one sanitised path component */
	struct listing v1;
	struct listing v2;
	struct layered *layered; /* owned */
	size_t layered_count;
	size_t layered_cap;
};

struct file {
	uint64_t size;
	bool is_link;
	bool is_pad;
	const char *pieces_root; /* borrowed; NULL in v1, and of empty files */
};

static void reader_clear(struct reader *r)
{
	free(r->root);
	free(r->single);
	free(r->layered);
	buf_clear(&r->scratch);
}

static bool refuse(struct reader *r, const char *why)
{
	return err_set(r->err, ERR_ITEM, WORD_BAD_TORRENT, "%s", why);
}

static bool refuse_at(struct reader *r, struct bencode v, const char *why)
{
	return err_set(r->err, ERR_ITEM, WORD_BAD_TORRENT, "byte %zu: %s",
		       (size_t)(v.at - r->start), why);
}

/*
 * Names.  libtorrent takes away what could lead out of a folder or turn the text around, and puts
 * an underscore in place of what cannot be shown.
 */

static size_t announced_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xF8)
		return lead < 0xFC ? 5 : 1;
	if (lead >= 0xF0)
		return 4;
	if (lead >= 0xE0)
		return 3;
	return lead >= 0xC0 ? 2 : 1;
}

/* How many bytes of s[0..len) libtorrent takes as one character, valid or not. */
static size_t char_len(const char *s, size_t len)
{
	size_t n = announced_len((unsigned char)s[0]);

	return n < len ? n : len;
}

static bool is_left_out(const char *s, size_t n)
{
	if (n == 1)
		return *s == '/' || *s == '\\' || *s == '\0';
	if (n != 3 || memcmp(s, "\xE2\x80", 2) != 0)
		return false;
	unsigned char last = (unsigned char)s[2];
	return last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE);
}

static bool is_shown(const char *s, size_t n)
{
	return text_utf8_len(s, n) == n && (n > 1 || (unsigned char)*s >= 0x20);
}

/* Where the extension begins, if it is among the last 9 bytes and behind `at`; else 0. */
static size_t extension_at(struct bencode_str e, size_t at)
{
	for (size_t i = e.len; i-- > at + 1 && i + 10 > e.len;)
		if (e.text[i] == '.')
			return i;
	return 0;
}

static void sanitise_into(struct buf *out, struct bencode_str e)
{
	bool cut = false;

	for (size_t i = 0, n; i < e.len; i += n) {
		n = char_len(e.text + i, e.len - i);
		if (is_left_out(e.text + i, n))
			continue;
		if (!is_shown(e.text + i, n)) {
			buf_add(out, "_", 1);
			continue;
		}
		buf_add(out, e.text + i, n);
		if (cut || out->len < CUT_NAME_AT)
			continue;
		size_t extension = extension_at(e, i);
		if (!extension)
			return;
		cut = true;
		i = extension - n;
	}
}

/* The component as a client would name it, into r->scratch.  false: nothing of it remains. */
static bool sanitise(struct reader *r, struct bencode_str e)
{
	struct buf *out = &r->scratch;

	buf_reset(out);
	if (e.len == 0)
		return buf_add(out, "_", 1);
	if (e.len == 1 && *e.text == '.')
		return false;
	sanitise_into(out, e);
	const char *text = buf_text(out);
	return strcmp(text, "") != 0 && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* Paths. */

static void path_digest(struct path *p, const char *component, size_t len)
{
	uint8_t both[2 * SHA256_SIZE];

	memcpy(both, p->digest, SHA256_SIZE);
	hash_sha256(component, len, both + SHA256_SIZE);
	hash_sha256(both, sizeof(both), p->digest);
}

static void path_push(const struct reader *r, struct path *p, const char *component, size_t len)
{
	static const char padding[] = "_____padding_file_";

	p->parts++;
	p->last_len = len;
	if (memmem(component, len, padding, strlen(padding)))
		p->is_padding = true;
	if (r->has_v1 && r->has_v2)
		path_digest(p, component, len);
}

static struct path path_begin(const struct reader *r, const char *first)
{
	struct path p = {.first = first};

	path_push(r, &p, first, strlen(first));
	return p;
}

static void path_add(struct reader *r, struct path *p, struct bencode_str component)
{
	if (sanitise(r, component))
		path_push(r, p, r->scratch.data, r->scratch.len);
}

/* Files. */

static void put_u64(uint8_t *to, uint64_t n)
{
	for (size_t i = 0; i < 8; i++)
		to[i] = (uint8_t)(n >> (8 * i));
}

/* The halves of a hybrid torrent must agree on place, size and path of each file with content. */
static void listing_digest(struct listing *l, const struct path *p, uint64_t size)
{
	uint8_t record[2 * SHA256_SIZE + 24];

	memcpy(record, l->digest, SHA256_SIZE);
	memcpy(record + SHA256_SIZE, p->digest, SHA256_SIZE);
	put_u64(record + 2 * SHA256_SIZE, l->files);
	put_u64(record + 2 * SHA256_SIZE + 8, l->total);
	put_u64(record + 2 * SHA256_SIZE + 16, size);
	hash_sha256(record, sizeof(record), l->digest);
}

/* In v2 each file begins with a piece of its own: what is missing counts as a pad file. */
static bool add_tail_pad(struct reader *r, struct listing *l)
{
	uint64_t over = l->total % r->piece_length;

	l->tail_pad = over ? r->piece_length - over : 0;
	if (!over)
		return true;
	if (l->total > MAX_TOTAL_SIZE - l->tail_pad)
		return refuse(r, "the files are larger than 2^48 bytes together");
	l->total += l->tail_pad;
	l->files++;
	return true;
}

static bool listing_add(struct reader *r, struct listing *l, const struct path *p,
			const struct file *f)
{
	if (MAX_TOTAL_SIZE - l->total < f->size)
		return refuse(r, "the files are larger than 2^48 bytes together");
	if (p->last_len > MAX_FILE_NAME)
		return refuse(r, "a file name has over 4095 bytes");
	if (l->files == 0)
		l->name = p->first;
	if (r->has_v1 && r->has_v2 && f->size > 0 && !f->is_pad)
		listing_digest(l, p, f->size);
	l->files++;
	l->total += f->size;
	return !f->pieces_root || add_tail_pad(r, l);
}

/* What v1 and v2 write alike about a file: its size and its attributes (BEP 47). */
static bool read_file(struct reader *r, struct bencode dict, struct file *f)
{
	if (bencode_type(dict) != BENCODE_DICT)
		return refuse_at(r, dict, "a file is not described by a dictionary");
	struct bencode_str attr = bencode_str(bencode_find(dict, "attr"));
	int64_t size = bencode_int(bencode_find(dict, "length"), -1);

	*f = (struct file){
		.is_link = attr.len && memchr(attr.text, 'l', attr.len),
		.is_pad = attr.len && memchr(attr.text, 'p', attr.len),
	};
	if (f->is_link)
		return true;
	if (size < 0 || size >= MAX_FILE_SIZE)
		return refuse_at(r, dict, "a file has no 'length', or one that cannot be");
	f->size = (uint64_t)size;
	return true;
}

static bool all_strings(struct bencode list)
{
	struct bencode item;

	for (struct bencode_iter it = bencode_items(list); bencode_next(&it, &item);)
		if (bencode_type(item) != BENCODE_STRING)
			return false;
	return true;
}

/* *has_target: something remains of the target's path. */
static bool read_link(struct reader *r, struct bencode dict, bool *has_target)
{
	struct bencode target = bencode_find_type(dict, "symlink path", BENCODE_LIST);
	struct bencode part;

	*has_target = false;
	if (!target.at)
		return true;
	if (!all_strings(target))
		return refuse_at(r, target, "'symlink path' holds something else than strings");
	for (struct bencode_iter it = bencode_items(target); bencode_next(&it, &part);)
		*has_target |= sanitise(r, bencode_str(part));
	return true;
}

/* v1 (BEP 3) */

static bool read_v1_path(struct reader *r, struct bencode dict, struct path *p)
{
	struct bencode list = bencode_find_type(dict, "path.utf-8", BENCODE_LIST);
	struct bencode part;

	if (!list.at)
		list = bencode_find_type(dict, "path", BENCODE_LIST);
	if (!list.at || list.end - list.at == 2) {
		*p = (struct path){0};
		return true;
	}
	if (!all_strings(list))
		return refuse_at(r, list, "the path of a file holds something else than strings");
	*p = path_begin(r, r->root);
	for (struct bencode_iter it = bencode_items(list); bencode_next(&it, &part);)
		path_add(r, p, bencode_str(part));
	if (p->parts == 1)
		path_push(r, p, "_", 1);
	return true;
}

static bool read_v1_file(struct reader *r, struct bencode dict)
{
	struct file f;
	struct path p;
	bool unused;

	if (!read_file(r, dict, &f) || !read_v1_path(r, dict, &p))
		return false;
	if (p.parts == 0 && !f.is_pad)
		return refuse_at(r, dict, "a file has no 'path'");
	if (p.parts == 0) {
		p = path_begin(r, ".pad");
		path_push(r, &p, "", 0); /* named after its size; pad files are not compared */
	}
	f.is_pad |= p.is_padding;
	if (f.is_link && !read_link(r, dict, &unused))
		return false;
	return listing_add(r, &r->v1, &p, &f);
}

static struct bencode name_of(struct bencode info)
{
	struct bencode name = bencode_find_type(info, "name.utf-8", BENCODE_STRING);

	return name.at ? name : bencode_find_type(info, "name", BENCODE_STRING);
}

static bool read_v1_single(struct reader *r)
{
	struct bencode_str name = bencode_str(name_of(r->info));
	struct file f;
	bool unused;

	if (!read_file(r, r->info, &f))
		return false;
	if (name.len == 0 || !sanitise(r, name))
		return refuse(r, "info: nothing of 'name' can be used");
	struct path p = path_begin(r, r->root);
	f.is_pad |= p.is_padding;
	if (f.is_link && !read_link(r, r->info, &unused))
		return false;
	return listing_add(r, &r->v1, &p, &f);
}

static bool read_v1(struct reader *r)
{
	struct bencode files = bencode_find_type(r->info, "files", BENCODE_LIST);
	struct bencode file;

	if (!files.at)
		return read_v1_single(r);
	for (struct bencode_iter it = bencode_items(files); bencode_next(&it, &file);)
		if (!read_v1_file(r, file))
			return false;
	return true;
}

/* v2 (BEP 52) */

static bool read_pieces_root(struct reader *r, struct bencode dict, struct file *f)
{
	static const char zeros[SHA256_SIZE];
	struct bencode_str root = bencode_str(bencode_find(dict, "pieces root"));

	if (root.len != SHA256_SIZE || memcmp(root.text, zeros, SHA256_SIZE) == 0)
		return refuse_at(r, dict, "a v2 file has no valid 'pieces root'");
	f->pieces_root = root.text;
	return true;
}

static void keep_layered(struct reader *r, const struct file *f)
{
	if (f->size <= r->piece_length)
		return;
	if (r->layered_count == r->layered_cap) {
		r->layered_cap = r->layered_cap ? 2 * r->layered_cap : 16;
		r->layered = mem_grow(r->layered, r->layered_cap, sizeof(*r->layered));
	}
	r->layered[r->layered_count++] = (struct layered){f->pieces_root, f->size};
}

static bool read_v2_file(struct reader *r, struct bencode dict, const struct path *p)
{
	struct file f;
	bool has_target = false;

	if (!read_file(r, dict, &f))
		return false;
	if (f.is_pad)
		return refuse_at(r, dict, "a v2 file is marked as a pad file");
	if (f.is_link && !read_link(r, dict, &has_target))
		return false;
	if (f.size > 0) {
		if (!read_pieces_root(r, dict, &f))
			return false;
		keep_layered(r, &f);
	}
	return listing_add(r, &r->v2, p, &f);
}

/* A file is a dictionary whose only key is empty. */
static bool is_leaf(struct bencode dict, struct bencode *file)
{
	struct bencode_iter it = bencode_items(dict);
	struct bencode_str key;
	struct bencode other;

	return bencode_next_pair(&it, &key, file) && key.len == 0 &&
	       !bencode_next_pair(&it, &key, &other);
}

static struct bencode_str without_slashes(struct bencode_str s)
{
	while (s.len > 0 && *s.text == '/') {
		s.text++;
		s.len--;
	}
	return s;
}

/* The nesting is bounded by BENCODE_MAX_DEPTH. */
static bool read_v2_folder(struct reader *r, struct bencode folder, const struct path *p)
{
	struct bencode_iter it = bencode_items(folder);
	struct bencode_str key;
	struct bencode entry, file;

	while (bencode_next_pair(&it, &key, &entry)) {
		struct path below = *p;
		if (bencode_type(entry) != BENCODE_DICT || key.len == 0)
			return refuse_at(r, entry, "'file tree' holds neither file nor folder");
		path_add(r, &below, without_slashes(key));
		if (is_leaf(entry, &file) ? !read_v2_file(r, file, &below)
					  : !read_v2_folder(r, entry, &below))
			return false;
	}
	return true;
}

/* A tree of one file and no folder: the torrent is named after the file. */
static bool read_v2_single(struct reader *r, struct bencode_str key, struct bencode file)
{
	if (!sanitise(r, without_slashes(key)))
		return refuse(r, "info: nothing of the file's name can be used");
	r->single = mem_dup(buf_text(&r->scratch));
	struct path p = path_begin(r, r->single);
	return read_v2_file(r, file, &p);
}

static bool read_v2(struct reader *r)
{
	struct bencode tree = bencode_find_type(r->info, "file tree", BENCODE_DICT);
	struct bencode_str key, other_key;
	struct bencode entry, file, other;

	if (!tree.at)
		return refuse(r, "info: a v2 torrent without a 'file tree'");
	struct bencode_iter it = bencode_items(tree);
	bool has_list = bencode_find_type(r->info, "files", BENCODE_LIST).at;
	if (!has_list && bencode_next_pair(&it, &key, &entry) && key.len > 0 &&
	    !bencode_next_pair(&it, &other_key, &other) && bencode_type(entry) == BENCODE_DICT &&
	    is_leaf(entry, &file))
		return read_v2_single(r, key, file);
	struct path p = path_begin(r, r->root);
	return read_v2_folder(r, tree, &p);
}

/* Old hybrid torrents leave out the last pad file of the v1 half. */
static bool check_halves(struct reader *r)
{
	struct listing *v2 = &r->v2;

	if (r->v1.files == 0)
		return true;
	if (v2->files == r->v1.files + 1 && v2->tail_pad) {
		v2->files--;
		v2->total -= v2->tail_pad;
	}
	if (v2->files != r->v1.files || v2->total != r->v1.total ||
	    memcmp(v2->digest, r->v1.digest, SHA256_SIZE) != 0)
		return refuse(r, "info: the v1 and v2 halves describe different files");
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct bencode_str *left = a, *right = b;
	int order = memcmp(left->text, right->text, SHA256_SIZE);

	if (order == 0)
		order = left->text < right->text ? -1 : left->text > right->text;
	return order;
}

static int by_key_only(const void *a, const void *b)
{
	const struct bencode_str *left = a, *right = b;

	return memcmp(left->text, right->text, SHA256_SIZE);
}

/* Piece layers by key: `text` is the key, and `len` the length of its value. */
struct layers {
	struct bencode_str *at; /* owned */
	size_t count;
};

static void layers_clear(struct layers *l)
{
	free(l->at);
}

/* Of several layers under one key the first counts. */
static void drop_repeated(struct layers *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (kept == 0 || by_key_only(&l->at[kept - 1], &l->at[i]) != 0)
			l->at[kept++] = l->at[i];
	l->count = kept;
}

static bool read_layers(struct reader *r, struct bencode dict, struct layers *l)
{
	struct bencode_str key;
	struct bencode value;
	size_t cap = 0;

	for (struct bencode_iter it = bencode_items(dict); bencode_next_pair(&it, &key, &value);) {
		size_t len = bencode_str(value).len;
		if (key.len != SHA256_SIZE || bencode_type(value) != BENCODE_STRING ||
		    len % SHA256_SIZE != 0)
			return refuse_at(r, value, "a piece layer is not made of SHA-256 hashes");
		if (l->count == cap) {
			cap = cap ? 2 * cap : 16;
			l->at = mem_grow(l->at, cap, sizeof(*l->at));
		}
		l->at[l->count++] = (struct bencode_str){key.text, len};
	}
	if (l->count)
		qsort(l->at, l->count, sizeof(*l->at), by_key);
	drop_repeated(l);
	return true;
}

static const struct bencode_str *layer_of(const struct layers *l, const char *root)
{
	struct bencode_str key = {root, SHA256_SIZE};

	return l->count ? bsearch(&key, l->at, l->count, sizeof(key), by_key_only) : NULL;
}

static bool check_layers(struct reader *r, struct bencode torrent)
{
	OWN(layers_clear) struct layers l = {NULL, 0};
	struct bencode dict = bencode_find_type(torrent, "piece layers", BENCODE_DICT);

	if (!dict.at)
		return true;
	if (!read_layers(r, dict, &l))
		return false;
	for (size_t i = 0; i < r->layered_count; i++) {
		const struct layered *file = &r->layered[i];
		const struct bencode_str *layer = layer_of(&l, file->root);
		uint64_t pieces = (file->size + r->piece_length - 1) / r->piece_length;
		if (layer && layer->len != pieces * SHA256_SIZE)
			return refuse_at(r, dict, "a piece layer has the wrong number of hashes");
	}
	return true;
}

/* The info dictionary. */

static bool read_version(struct reader *r)
{
	int version = (int)bencode_int(bencode_find(r->info, "meta version"), -1);
	struct bencode flaw = {0};
	const char *why;

	if (version > 0 && !bencode_canonical(r->info, &flaw.at, &why))
		return refuse_at(r, flaw, why);
	if (version > 2)
		return refuse(r, "info: 'meta version' is newer than 2");
	r->has_v2 = version == 2;
	if (!r->has_v2 && bencode_find_type(r->info, "file tree", BENCODE_DICT).at)
		return refuse(r, "info: a 'file tree' without 'meta version' 2");
	r->has_v1 = !r->has_v2 || bencode_find_type(r->info, "files", BENCODE_LIST).at ||
		    bencode_find(r->info, "length").at;
	return true;
}

static bool read_piece_length(struct reader *r)
{
	int64_t length = bencode_int(bencode_find(r->info, "piece length"), -1);

	if (length <= 0 || length > MAX_PIECE_LENGTH)
		return refuse(r, "info: 'piece length' is missing or out of range");
	if (r->has_v2 && (length < BLOCK_SIZE || (length & (length - 1)) != 0))
		return refuse(r, "info: 'piece length' is not a power of two of at least 16384");
	r->piece_length = (uint64_t)length;
	return true;
}

static bool read_name(struct reader *r)
{
	struct bencode name = name_of(r->info);
	uint8_t digest[SHA1_SIZE];

	if (!name.at)
		return refuse(r, "info: 'name' is missing");
	if (sanitise(r, bencode_str(name))) {
		r->root = mem_dup(buf_text(&r->scratch));
		return true;
	}
	r->root = mem_alloc(2 * SHA1_SIZE + 1);
	hash_sha1(r->info.at, (size_t)(r->info.end - r->info.at), digest);
	hash_hex(digest, SHA1_SIZE, r->root);
	return true;
}

static bool check_pieces(struct reader *r, const struct listing *l, uint32_t *count)
{
	struct bencode pieces = bencode_find_type(r->info, "pieces", BENCODE_STRING);
	uint64_t want = (l->total + r->piece_length - 1) / r->piece_length;

	if (l->total == 0)
		return refuse(r, "info: the files are empty");
	if (want > TORRENT_MAX_PIECES)
		return refuse(r, "info: more than 2097152 pieces");
	if (!pieces.at && !r->has_v2)
		return refuse(r, "info: 'pieces' is missing");
	if (pieces.at && bencode_str(pieces).len != want * SHA1_SIZE)
		return err_set(r->err, ERR_ITEM, WORD_BAD_TORRENT,
			       "info: 'pieces' has %zu bytes, and %" PRIu64
			       " pieces need 20 bytes each",
			       bencode_str(pieces).len, want);
	*count = (uint32_t)want;
	return true;
}

static bool read_info(struct reader *r, uint32_t *pieces)
{
	if (!read_version(r) || !read_piece_length(r) || !read_name(r))
		return false;
	if ((r->has_v2 && !read_v2(r)) || (r->has_v1 && !read_v1(r)))
		return false;
	const struct listing *l = r->has_v2 ? &r->v2 : &r->v1;
	if (l->files == 0)
		return refuse(r, "info: there are no files");
	if (r->has_v2 && !check_halves(r))
		return false;
	return check_pieces(r, l, pieces);
}

/* The tracker. */

static bool is_host(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(".-_", s[i]))
			return false;
	return len > 0;
}

static bool is_ipv6(const char *s, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
		if (!isxdigit((unsigned char)s[i]) && !strchr(".:", s[i]))
			return false;
	return len > 3 && s[0] == '[' && s[len - 1] == ']';
}

static bool is_port(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return len > 0 && len <= 5;
}

/* host, host:port, [v6] or [v6]:port */
static bool is_authority(const char *s, size_t len)
{
	const char *colon = memrchr(s, ':', len);
	const char *bracket = memrchr(s, ']', len);
	size_t host = colon && (!bracket || colon > bracket) ? (size_t)(colon - s) : len;

	if (host < len && !is_port(s + host + 1, len - host - 1))
		return false;
	return is_host(s, host) || is_ipv6(s, host);
}

/* Nothing but host and port of a URL may leave: its path is the passkey. */
static bool copy_host(struct bencode_str url, char out[256])
{
	const char *from = url.len ? memmem(url.text, url.len, "://", 3) : NULL;

	if (!from)
		return false;
	from += 3;
	size_t left = url.len - (size_t)(from - url.text), len = 0;
	while (len < left && from[len] != '\0' && !strchr("/?#\\", from[len]))
		len++;
	const char *at = memrchr(from, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - from);
		from = at + 1;
	}
	if (len >= 256 || !is_authority(from, len))
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)from[i]);
	out[len] = '\0';
	return true;
}

/* The passkey in it is a secret of the user. */
static bool take_url(struct bencode_str url, char host[256])
{
	mask_learn_passkey(url.text, url.len < ANNOUNCE_MAX ? url.len : ANNOUNCE_MAX);
	return copy_host(url, host);
}

/* The list comes before the single URL (BEP 12). */
static void read_announce_host(struct bencode torrent, char out[256])
{
	struct bencode tiers = bencode_find_type(torrent, "announce-list", BENCODE_LIST);
	struct bencode tier, url;

	out[0] = '\0';
	for (struct bencode_iter it = bencode_items(tiers); bencode_next(&it, &tier);) {
		if (bencode_type(tier) != BENCODE_LIST)
			continue;
		for (struct bencode_iter in = bencode_items(tier); bencode_next(&in, &url);)
			if (take_url(bencode_str(url), out))
				return;
	}
	take_url(bencode_str(bencode_find(torrent, "announce")), out);
}

static bool is_bencode(const void *bytes, size_t len)
{
	struct bencode root;
	struct err unused;

	return bencode_read(bytes, len, &root, &unused);
}

static bool is_html(const char *s, size_t len)
{
	char start[512];
	size_t n = len < sizeof(start) ? len : sizeof(start) - 1;

	memcpy(start, s, n);
	start[n] = '\0';
	return text_has_nocase(start, "html");
}

static size_t skip_space(const char *s, size_t len)
{
	size_t n = len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	while (n < len && memchr(" \t\r\n", s[n], 4))
		n++;
	return n;
}

/* What came instead of a torrent, in words; NULL if it may be one. */
static const char *foreign(const char *s, size_t len)
{
	size_t space = skip_space(s, len);

	if (len >= 2 && memcmp(s, "\x1F\x8B", 2) == 0)
		return "gzip-compressed data";
	if (space == len)
		return "white space only";
	s += space;
	len -= space;
	if (*s == 'd')
		return NULL;
	if (*s == '<')
		return is_html(s, len) ? "an HTML page" : "an XML or HTML text";
	if (*s == '{' || *s == '[')
		return "a JSON text";
	if (is_bencode(s, len))
		return "bencode, but not a dictionary";
	return text_is_utf8(s, len) ? "a text" : "bytes of an unknown format";
}

static bool is_sensible(const void *bytes, size_t len, struct err *err)
{
	const char *what;

	if (len == 0)
		return err_set(err, ERR_ITEM, WORD_BAD_TORRENT, "not a torrent: empty");
	if (len > TORRENT_MAX_BYTES)
		return err_set(err, ERR_ITEM, WORD_BAD_TORRENT,
			       "%zu bytes are too much for a torrent: at most %u are read", len,
			       TORRENT_MAX_BYTES);
	what = foreign(bytes, len);
	if (what)
		return err_set(err, ERR_ITEM, WORD_BAD_TORRENT, "not a torrent: %s (%zu bytes)",
			       what, len);
	return true;
}

static bool find_info(struct bencode torrent, struct reader *r)
{
	r->info = bencode_find_type(torrent, "info", BENCODE_DICT);
	if (!r->info.at)
		return refuse(r, "not a torrent: there is no 'info' dictionary");
	return true;
}

static void fill(struct torrent *t, const struct reader *r, uint32_t pieces)
{
	const struct listing *l = r->has_v2 ? &r->v2 : &r->v1;
	size_t info_len = (size_t)(r->info.end - r->info.at);

	*t = (struct torrent){
		.name = text_clean(l->name, strlen(l->name), TORRENT_NAME_MAX),
		.size = l->total,
		.files = l->files,
		.pieces = pieces,
		.is_private = bencode_int(bencode_find(r->info, "private"), 0) != 0,
		.has_v1 = r->has_v1,
		.has_v2 = r->has_v2,
	};
	if (r->has_v1)
		hash_sha1(r->info.at, info_len, t->v1);
	if (r->has_v2)
		hash_sha256(r->info.at, info_len, t->v2);
}

bool torrent_read(const void *bytes, size_t len, struct torrent *t, struct err *err)
{
	OWN(reader_clear)
	struct reader r = {.err = err, .start = bytes, .scratch = BUF_MAX(TORRENT_MAX_BYTES)};
	struct bencode torrent;
	uint32_t pieces = 0;

	if (!is_sensible(bytes, len, err) || !bencode_read(bytes, len, &torrent, err))
		return false;
	if (!find_info(torrent, &r) || !read_info(&r, &pieces))
		return false;
	if (r.has_v2 && !check_layers(&r, torrent))
		return false;
	fill(t, &r, pieces);
	read_announce_host(torrent, t->announce_host);
	return true;
}

void torrent_clear(struct torrent *t)
{
	free(t->name);
	t->name = NULL;
}

void torrent_infohash_hex(const struct torrent *t, char out[65])
{
	if (t->has_v1)
		hash_hex(t->v1, sizeof(t->v1), out);
	else
		hash_hex(t->v2, sizeof(t->v2), out);
}
