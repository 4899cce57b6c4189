#include "ports/vault.h"

#include "base/fs.h"
#include "base/mem.h"

struct vault {
	char *kept, *quarantine; /* owned */
};

struct vault *vault_open(const char *state_folder, struct err *err)
{
	struct vault *v = mem_alloc(sizeof *v);

	v->kept = fs_join(state_folder, "vault");
	v->quarantine = fs_join(state_folder, "quarantine");
	if (fs_make_folder(v->kept, 0700, false, err) &&
	    fs_make_folder(v->quarantine, 0700, false, err)) {
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
	free(v);
}

static char *kept_path(const struct vault *v, const char *infohash)
{
	return mem_printf("%s/%s.torrent", v->kept, infohash);
}

bool vault_keep(struct vault *v, const char *infohash, const struct buf *bytes, struct err *err)
{
	OWN_STR char *path = kept_path(v, infohash);

	return fs_write(path, bytes->data, bytes->len, 0600, err);
}

bool vault_read(struct vault *v, const char *infohash, struct buf *bytes, struct err *err)
{
	OWN_STR char *path = kept_path(v, infohash);

	return fs_read_regular(path, bytes, err);
}

bool vault_quarantine(struct vault *v, const char *torrent_id, const struct buf *bytes, char **path,
		      struct err *err)
{
	OWN_STR char *where = mem_printf("%s/%s.bin", v->quarantine, torrent_id);

	if (!fs_write(where, buf_text(bytes), bytes->len, 0600, err))
		return false;
	*path = OWN_TAKE(where);
	return true;
}
