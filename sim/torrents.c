#include "torrents.h"

#include "base/mem.h"
#include "limits.h"
#include "merkle.h"

#include <inttypes.h>
#include <string.h>

#define FILES 3
#define INFO_BYTES (4 << 20)

static const char *const kinds[] = {
	[TORRENT_V1] = "v1", [TORRENT_V2] = "v2", [TORRENT_HYBRID] = "hybrid"};

static const struct defect_name {
	const char *word;
	enum torrents_defect defect;
} defects[] = {
	{"empty", DEFECT_EMPTY},
	{"empty_name", DEFECT_EMPTY_NAME},
	{"huge_depth", DEFECT_HUGE_DEPTH},
	{"leading_zero", DEFECT_LEADING_ZERO},
	{"negative", DEFECT_NEGATIVE},
	{"no_info", DEFECT_NO_INFO},
	{"no_name", DEFECT_NO_NAME},
	{"no_pieces", DEFECT_NO_PIECES},
	{"piece_count", DEFECT_PIECE_COUNT},
	{"pieces_odd", DEFECT_PIECES_ODD},
	{"trailing", DEFECT_TRAILING},
	{"traversal", DEFECT_TRAVERSAL},
	{"truncated", DEFECT_TRUNCATED},
	{"unsorted", DEFECT_UNSORTED},
	{"v2_bad", DEFECT_V2_BAD},
	{"v2_hash", DEFECT_V2_HASH},
	{"v2_no_layers", DEFECT_V2_NO_LAYERS},
	{"zero_piece_length", DEFECT_ZERO_PIECE_LENGTH},
};

/* A torrent on its way to bytes. */
struct plan {
	int64_t id;
	enum torrents_kind kind;
	enum torrents_defect defect;
	bool multi;
	int64_t size;
	int64_t piece;
	char *name; /* owned: of the file, or of the folder */
	struct plan_file {
		const char *folder; /* NULL: none */
		char *name;         /* owned */
		int64_t size;
		struct merkle tree; /* of v2 and hybrid */
	} files[FILES];
	size_t files_n;
};

bool torrents_kind_known(const char *word)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], word) == 0)
			return true;
	return false;
}

enum torrents_kind torrents_kind(const char *word)
{
	for (enum torrents_kind k = TORRENT_V1; k <= TORRENT_HYBRID; k++)
		if (strcmp(kinds[k], word) == 0)
			return k;
	return TORRENT_V1;
}

const char *torrents_kind_name(enum torrents_kind kind)
{
	return kinds[kind];
}

enum torrents_defect torrents_defect(const char *word)
{
	for (size_t i = 0; i < sizeof defects / sizeof *defects; i++)
		if (strcmp(defects[i].word, word) == 0)
			return defects[i].defect;
	return DEFECT_NONE;
}

int64_t torrents_size(int64_t id, int64_t min, int64_t max)
{
	uint64_t state = (uint64_t)id;

	return min + (int64_t)(merkle_random(&state) % (uint64_t)(max - min + 1));
}

char *torrents_name(int64_t id)
{
	return mem_printf("Some.Film.%d.1080p-%" PRId64, 1920 + (int)(id % 100), id);
}

static int64_t piece_length(int64_t size)
{
	int64_t piece = SIM_PIECE_MIN;

	while (piece < SIM_PIECE_MAX && size / piece >= SIM_TORRENT_PIECES)
		piece *= 2;
	return piece;
}

static void add_file(struct plan *p, const char *folder, char *name, int64_t size)
{
	struct plan_file *f = &p->files[p->files_n];

	f->folder = folder;
	f->name = name;
	f->size = size;
	if (p->kind != TORRENT_V1)
		merkle_make(&f->tree, p->id + (int64_t)p->files_n * 1000000007, size, p->piece);
	p->files_n++;
}

static bool of_v2(enum torrents_defect defect)
{
	return defect == DEFECT_V2_BAD || defect == DEFECT_V2_HASH || defect == DEFECT_V2_NO_LAYERS;
}

static void plan_init(struct plan *p, const struct torrents_spec *spec, enum torrents_defect defect)
{
	OWN_STR char *base = torrents_name(spec->id);
	int64_t sample = spec->size / 50, subtitles = spec->size / 1000;

	*p = (struct plan){.id = spec->id,
			   .kind = spec->kind,
			   .defect = defect,
			   .size = spec->size,
			   .piece = piece_length(spec->size)};
	if (of_v2(defect) && p->kind == TORRENT_V1)
		p->kind = TORRENT_V2;
	p->multi = defect == DEFECT_TRAVERSAL || spec->multi;
	p->multi = p->multi && p->kind != TORRENT_HYBRID && p->size >= 1000;
	p->name = mem_printf("%s%s", base, p->multi ? "" : ".mkv");
	if (!p->multi) {
		add_file(p, NULL, mem_dup(p->name), p->size);
		return;
	}
	add_file(p, "Sample", mem_dup("sample.mkv"), sample);
	add_file(p, NULL, mem_printf("%s.mkv", base), p->size - sample - subtitles);
	add_file(p, NULL, mem_printf("%s.srt", base), subtitles);
}

static void plan_clear(struct plan *p)
{
	for (size_t i = 0; i < p->files_n; i++) {
		free(p->files[i].name);
		merkle_clear(&p->files[i].tree);
	}
	free(p->name);
}

static void add_string(struct buf *b, const char *s)
{
	buf_printf(b, "%zu:%s", strlen(s), s);
}

static void add_bytes(struct buf *b, const void *bytes, size_t len)
{
	buf_printf(b, "%zu:", len);
	buf_add(b, bytes, len);
}

static void add_integer(struct buf *b, const char *key, int64_t n)
{
	add_string(b, key);
	buf_printf(b, "i%" PRId64 "e", n);
}

static void add_length(const struct plan *p, struct buf *b, int64_t size)
{
	add_integer(b, "length", p->defect == DEFECT_NEGATIVE ? -size : size);
}

static void add_v1_files(const struct plan *p, struct buf *b)
{
	add_string(b, "files");
	buf_puts(b, "l");
	for (size_t i = 0; i < p->files_n; i++) {
		buf_puts(b, "d");
		add_length(p, b, p->files[i].size);
		add_string(b, "path");
		buf_puts(b, "l");
		if (p->defect == DEFECT_TRAVERSAL)
			buf_puts(b, "2:..2:..3:etc");
		if (p->files[i].folder)
			add_string(b, p->files[i].folder);
		add_string(b, p->files[i].name);
		buf_puts(b, "ee");
	}
	buf_puts(b, "e");
}

static void add_v2_tree(const struct plan *p, struct buf *b)
{
	add_string(b, "file tree");
	buf_puts(b, "d");
	for (size_t i = 0; i < p->files_n; i++) {
		const struct plan_file *f = &p->files[i];

		if (f->folder) {
			add_string(b, f->folder);
			buf_puts(b, "d");
		}
		add_string(b, f->name);
		buf_puts(b, "d0:d");
		add_length(p, b, f->size);
		if (f->size) {
			add_string(b, "pieces root");
			add_bytes(b, f->tree.root, SHA256_SIZE);
		}
		buf_puts(b, f->folder ? "eee" : "ee");
	}
	buf_puts(b, "e");
}

static void add_pieces(const struct plan *p, struct buf *b)
{
	size_t n = (size_t)((p->size + p->piece - 1) / p->piece);
	uint64_t state = (uint64_t)p->id;

	n *= SHA1_SIZE;
	if (p->defect == DEFECT_PIECE_COUNT)
		n -= SHA1_SIZE;
	if (p->defect == DEFECT_PIECES_ODD)
		n -= 1;
	OWN_STR uint8_t *hashes = mem_alloc(n);
	merkle_fill(&state, hashes, n);
	add_string(b, "pieces");
	add_bytes(b, hashes, n);
}

static void add_name(const struct plan *p, struct buf *b)
{
	if (p->defect == DEFECT_NO_NAME)
		return;
	add_string(b, "name");
	add_string(b, p->defect == DEFECT_EMPTY_NAME ? "" : p->name);
}

static void add_info(const struct plan *p, struct buf *b)
{
	bool v1 = p->kind != TORRENT_V2, unsorted = p->defect == DEFECT_UNSORTED;

	buf_puts(b, "d");
	if (unsorted)
		add_integer(b, "private", 1);
	if (p->kind != TORRENT_V1)
		add_v2_tree(p, b);
	if (v1 && p->multi)
		add_v1_files(p, b);
	else if (v1)
		add_length(p, b, p->size);
	if (p->kind != TORRENT_V1)
		add_integer(b, "meta version", 2);
	add_name(p, b);
	add_integer(b, "piece length", p->defect == DEFECT_ZERO_PIECE_LENGTH ? 0 : p->piece);
	if (v1 && p->defect != DEFECT_NO_PIECES)
		add_pieces(p, b);
	if (!unsorted)
		add_integer(b, "private", 1);
	buf_puts(b, "e");
}

static int by_root(const void *a, const void *b)
{
	const struct merkle *const *x = a, *const *y = b;

	return memcmp((*x)->root, (*y)->root, SHA256_SIZE);
}

static void add_layers(const struct plan *p, struct buf *b)
{
	const struct merkle *trees[FILES];
	size_t n = 0;

	for (size_t i = 0; i < p->files_n; i++)
		if (p->files[i].tree.layer_n)
			trees[n++] = &p->files[i].tree;
	qsort(trees, n, sizeof *trees, by_root);
	add_string(b, "piece layers");
	buf_puts(b, "d");
	for (size_t i = 0; i < n; i++) {
		size_t len = trees[i]->layer_n * SHA256_SIZE;

		add_bytes(b, trees[i]->root, SHA256_SIZE);
		add_bytes(b, trees[i]->layer, p->defect == DEFECT_V2_BAD ? len - SHA256_SIZE : len);
		if (p->defect == DEFECT_V2_HASH && !b->full)
			b->data[b->len - 1] = (char)~b->data[b->len - 1];
	}
	buf_puts(b, "e");
}

static void add_depth(struct buf *b)
{
	OWN_STR char *lists = mem_alloc(2 * SIM_DEPTH);

	memset(lists, 'l', SIM_DEPTH);
	memset(lists + SIM_DEPTH, 'e', SIM_DEPTH);
	add_string(b, "comment");
	buf_add(b, lists, 2 * SIM_DEPTH);
}

void torrents_make(const struct torrents_spec *spec, const char *announce,
		   enum torrents_defect defect, struct buf *out)
{
	struct plan p;

	plan_init(&p, spec, defect);
	buf_puts(out, "d");
	if (defect != DEFECT_UNSORTED) {
		add_string(out, "announce");
		add_string(out, announce);
	}
	if (defect == DEFECT_HUGE_DEPTH)
		add_depth(out);
	add_string(out, "created by");
	add_string(out, "ptp-sim");
	add_string(out, "creation date");
	buf_puts(out, defect == DEFECT_LEADING_ZERO ? "i0" : "i");
	buf_printf(out, "%" PRId64 "e", 1300000000 + p.id);
	if (defect != DEFECT_NO_INFO) {
		add_string(out, "info");
		add_info(&p, out);
	}
	if (p.kind != TORRENT_V1 && defect != DEFECT_V2_NO_LAYERS)
		add_layers(&p, out);
	if (defect == DEFECT_UNSORTED) {
		add_string(out, "announce");
		add_string(out, announce);
	}
	buf_puts(out, "e");
	plan_clear(&p);
	torrents_damage(out, defect);
}

void torrents_hashes(const struct torrents_spec *spec, uint8_t v1[SHA1_SIZE],
		     uint8_t v2[SHA256_SIZE])
{
	OWN_BUF struct buf info = BUF_MAX(INFO_BYTES);
	struct plan p;

	plan_init(&p, spec, DEFECT_NONE);
	add_info(&p, &info);
	plan_clear(&p);
	hash_sha1(info.data, info.len, v1);
	hash_sha256(info.data, info.len, v2);
}

bool torrents_damage(struct buf *metainfo, enum torrents_defect defect)
{
	switch (defect) {
	case DEFECT_EMPTY:
		metainfo->len = 0;
		return true;
	case DEFECT_TRUNCATED:
		metainfo->len /= 2;
		return true;
	case DEFECT_TRAILING:
		buf_puts(metainfo, "\n<!-- what follows the end -->\n");
		return true;
	default:
		return false;
	}
}
