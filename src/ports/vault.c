#include "ports/vault.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/own.h"
#include "model/torrent.h"

#include <string.h>

#define PROBE_BYTES (64 * 1024)
/* As long as the longest name of a torrent that is kept. */
#define PROBE "probe-----------------------------------------------------------.torrent"

struct vault {
	char *kept, *quarantine, *slip; /* owned */
};

static bool make_slip(struct vault *v, struct err *err)
{
	char blank[VAULT_SLIP_BYTES];

	if (fs_exists(v->slip))
		return true;
	memset(blank, '\n', sizeof blank);
	return fs_write(v->slip, blank, sizeof blank, 0600, err);
}

struct vault *vault_open(const char *state_folder, struct err *err)
{
	struct vault *v = mem_alloc(sizeof *v);

	v->kept = fs_join(state_folder, "vault");
	v->quarantine = fs_join(state_folder, "quarantine");
	v->slip = fs_join(state_folder, "answer");
	if (fs_make_folder(v->kept, 0700, false, err) &&
	    fs_make_folder(v->quarantine, 0700, false, err) && make_slip(v, err)) {
		fs_sweep(v->kept, NULL);
		fs_sweep(v->quarantine, NULL);
		return v;
	}
	vault_close(v);
	return NULL;
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	free(v->kept);
	free(v->quarantine);
	free(v->slip);
	free(v);
}

char *vault_path(const struct vault *v, const char *infohash)
{
	return mem_printf("%s/%s.torrent", v->kept, infohash);
}

bool vault_ready(struct vault *v, struct err *err)
{
	OWN_STR char *zeros = mem_alloc(PROBE_BYTES);
	OWN_STR char *path = fs_join(v->kept, PROBE);

	if (!fs_check_size(v->kept, TORRENT_MAX_BYTES, err) ||
	    !fs_write(path, zeros, PROBE_BYTES, 0600, err))
		return false;
	/* One that cannot be removed is written over. */
	struct err ignored;
	(void)!fs_remove(path, &ignored);
	return true;
}

bool vault_keep(struct vault *v, const char *infohash, const struct buf *bytes, struct err *err)
{
	OWN_STR char *path = vault_path(v, infohash);

	return fs_write(path, bytes->data, bytes->len, 0600, err);
}

bool vault_drop(struct vault *v, const char *infohash, struct err *err)
{
	OWN_STR char *path = vault_path(v, infohash);

	return fs_remove(path, err);
}

bool vault_read(struct vault *v, const char *infohash, struct buf *bytes, struct err *err)
{
	OWN_STR char *path = vault_path(v, infohash);

	return fs_read_regular(path, bytes, err);
}

/* The infohash of a name such as "0123...cdef.torrent", the caller's; NULL: another name. */
static char *infohash_of(const char *name)
{
	size_t hex = strspn(name, "0123456789abcdef");

	if ((hex != 2 * SHA1_SIZE && hex != 2 * SHA256_SIZE) || strcmp(name + hex, ".torrent") != 0)
		return NULL;
	return mem_dupn(name, hex);
}

bool vault_each(const struct vault *v,
		bool (*each)(void *ctx, const char *infohash, struct err *err), void *ctx,
		struct err *err)
{
	OWN_DIR DIR *dir = opendir(v->kept);
	struct dirent *entry;

	if (!dir)
		return fs_failed(err, "read the folder", v->kept);
	while ((entry = readdir(dir))) {
		OWN_STR char *infohash = infohash_of(entry->d_name);
		if (infohash && !each(ctx, infohash, err))
			return false;
	}
	return true;
}

char *vault_quarantine_path(const struct vault *v, const char *id)
{
	return mem_printf("%s/%s.bin", v->quarantine, id);
}

bool vault_quarantine_move(const char *from, const char *path, struct err *err)
{
	enum fs_publish result;

	if (!fs_publish(from, path, &result, err))
		return false;
	return result == FS_PUBLISHED ||
	       err_set(err, ERR_TARGET, WORD_DISK, "%s is in the way of what is to be put there",
		       path);
}

bool vault_quarantine(struct vault *v, const char *torrent_id, const struct buf *bytes, char **path,
		      struct err *err)
{
	OWN_STR char *where = vault_quarantine_path(v, torrent_id);

	if (!fs_write(where, buf_text(bytes), bytes->len, 0600, err))
		return false;
	*path = OWN_TAKE(where);
	return true;
}

bool vault_slip_write(struct vault *v, const char *text, struct err *err)
{
	char padded[VAULT_SLIP_BYTES];
	size_t len = strlen(text);

	memset(padded, '\n', sizeof padded);
	memcpy(padded, text, len < sizeof padded ? len : sizeof padded);
	return fs_overwrite(v->slip, padded, sizeof padded, err);
}

bool vault_slip_read(struct vault *v, char text[VAULT_SLIP_BYTES + 1], struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(VAULT_SLIP_BYTES);

	if (!fs_read_regular(v->slip, &bytes, err))
		return false;
	memcpy(text, buf_text(&bytes), bytes.len);
	text[bytes.len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}
