#include "core/parcel.h"

#include "base/fs.h"
#include "base/hash.h"

#include <string.h>

void parcel_clear(struct parcel *p)
{
	buf_clear(&p->bytes);
	torrent_clear(&p->torrent);
}

bool parcel_parse(struct parcel *p, struct err *err)
{
	torrent_clear(&p->torrent);
	if (!torrent_read(p->bytes.data, p->bytes.len, &p->torrent, err))
		return false;
	p->v1[0] = p->v2[0] = '\0';
	if (p->torrent.has_v1)
		hash_hex(p->torrent.v1, SHA1_SIZE, p->v1);
	if (p->torrent.has_v2)
		hash_hex(p->torrent.v2, SHA256_SIZE, p->v2);
	torrent_infohash_hex(&p->torrent, p->infohash);
	return true;
}

bool parcel_read(struct parcel *p, const char *path, struct err *err)
{
	if (fs_read_regular(path, &p->bytes, err))
		return parcel_parse(p, err);
	if (err->kind == ERR_TARGET) {
		err->kind = ERR_ITEM;
		err->code = WORD_BAD_TORRENT;
	}
	return false;
}

bool parcel_from_vault(struct parcel *p, struct vault *v, const char *infohash, struct err *err)
{
	if (!vault_read(v, infohash, &p->bytes, err) || !parcel_parse(p, err))
		return err_wrap(err, "the kept copy of %s cannot be used", infohash);
	return strcmp(p->infohash, infohash) == 0 ||
	       err_set(err, ERR_RETRY, WORD_DISK, "the kept copy of %s is damaged", infohash);
}
