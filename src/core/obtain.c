#include "core/obtain.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/staged.h"
#include "model/filename.h"

#include <inttypes.h>
#include <string.h>

/* ---- ask ---- */

/* The call failed: what does that say about the question's row? */
static bool settle_question(const struct obtain *o, int64_t id, const struct err *why,
			    struct err *err)
{
	if (!o->engine->failure.may_have_assigned)
		return ledger_not_assigned(o->ledger, id, err);
	log_warn(o->container->name,
		 "the tracker may have assigned a torrent, but its answer was lost");
	bool stopped = err_is_stop(why);
	return ledger_possibly_lost(
		o->ledger, id, stopped ? "stopped while the tracker was being asked" : why->msg,
		err);
}

static bool question_failed(const struct obtain *o, int64_t id, bool *undone, struct err *why,
			    struct err *err)
{
	*undone = o->engine->failure.back_off;
	if (!pace_after(o->pacer, PACE_FETCH, &o->engine->failure, why, err) ||
	    !settle_question(o, id, why, err))
		return false;
	*err = *why;
	return err_wrap(err, "ask the tracker");
}

/* The ledger cannot be written now: the answer goes onto the slip, for the next cycle to take up.
 */
static bool write_slip(const struct obtain *o, int64_t id, const struct reply *reply,
		       struct err *err)
{
	OWN_STR char *text =
		mem_printf("%" PRId64 " %s %s", id, reply->torrent_id, reply->archive_id);
	struct err why;
	bool kept = vault_slip_write(o->vault, text, &why);

	return err_wrap(err,
			"TorrentID %s with ArchiveID %s was assigned, but cannot be recorded%s",
			reply->torrent_id, reply->archive_id,
			kept ? " yet; the next cycle takes it up" : "");
}

static bool take_answer(const struct obtain *o, int64_t id, const struct reply *reply,
			struct assignment *a, struct err *err)
{
	if (reply->verdict != REPLY_ASSIGNED)
		return ledger_not_assigned(o->ledger, id, err);
	if (!ledger_assigned(o->ledger, id, reply->torrent_id, reply->archive_id, err))
		return reply->torrent_id[0]
			       ? write_slip(o, id, reply, err)
			       : err_wrap(err, "what was downloaded cannot be recorded "
					       "yet; the next cycle takes it up");
	a->id = id;
	a->state = ASSIGNMENT_ASSIGNED;
	a->container = mem_dup(o->container->name);
	text_copy(a->torrent_id, sizeof a->torrent_id, reply->torrent_id);
	text_copy(a->archive_id, sizeof a->archive_id, reply->archive_id);
	char label[ASSIGNMENT_LABEL];
	log_info(o->container->name, "the tracker assigned %s", assignment_label(a, label));
	return true;
}

/* What the engine must do first; nothing was asked for if it fails. */
static bool prepare(const struct obtain *o, bool *undone, struct err *err)
{
	if (!o->engine->ops->prepare || o->engine->ops->prepare(o->engine, err))
		return true;
	*undone = o->engine->failure.back_off;
	return false;
}

bool obtain_assignment(const struct obtain *o, struct assignment *a, struct reply *reply,
		       bool *undone, struct err *err)
{
	int64_t id;
	struct err why;

	if (!prepare(o, undone, err) ||
	    !pace_before(o->pacer, PACE_FETCH, o->container->name, err) ||
	    !ledger_asking(o->ledger, o->container->name, &id, err))
		return false;
	log_progress(o->container->name, "asking the tracker for a torrent");
	if (!o->engine->ops->assign(o->engine, o->container, reply, &why))
		return question_failed(o, id, undone, &why, err);
	if (!take_answer(o, id, reply, a, err) ||
	    !pace_after(o->pacer, PACE_FETCH, NULL, NULL, err))
		return false;
	return !reply->container_id[0] ||
	       ledger_set_container_id(o->ledger, o->container->name, reply->container_id, err);
}

/* ---- download ---- */

/* A try that brought no torrent.  `bytes` is what came, if anything. */
static bool count_try(const struct obtain *o, struct assignment *a, const struct buf *bytes,
		      const struct err *why, struct err *err)
{
	OWN_STR char *where = NULL;
	OWN_STR char *note = mem_dup(why->msg);

	a->tries++;
	bool set_aside = a->tries >= OBTAIN_QUARANTINE_AFTER;
	if (set_aside && bytes->len) {
		if (!vault_quarantine(o->vault, a->torrent_id, bytes, &where, err))
			return false;
		free(note);
		note = mem_printf("%s; what came is kept in %s", why->msg, where);
	}
	if (!ledger_tried(o->ledger, a->id, note, set_aside, err))
		return false;
	if (set_aside && !a->set_aside)
		log_error(o->container->name, "TorrentID %s is set aside after %u tries: %s",
			  a->torrent_id, a->tries, note);
	a->set_aside = set_aside;
	return true;
}

static bool download_failed(const struct obtain *o, struct assignment *a, bool *undone,
			    enum pace_call call, struct err *why, struct err *err)
{
	static const struct buf nothing = {0};
	const struct engine_failure failure = o->engine->failure;

	*undone = failure.back_off;
	if (!pace_after(o->pacer, call, &failure, why, err))
		return false;
	/* An answer that will not get better by itself, such as 404 or one over the ceiling, must
	 * not block for ever. */
	if (!failure.back_off && (failure.status || why->code == WORD_PROTOCOL)) {
		why->kind = ERR_ITEM;
		if (!count_try(o, a, &nothing, why, err))
			return false;
	} else if (!ledger_note(o->ledger, a->id, why->msg, err)) {
		return false;
	}
	*err = *why;
	return err_wrap(err, "download TorrentID %s", a->torrent_id);
}

/* Is it a torrent, and the one that it should be? */
static bool distrust(const struct assignment *a, const struct buf *bytes, struct torrent *t,
		     struct err *err)
{
	char v1[41];

	if (!torrent_read(bytes->data, bytes->len, t, err))
		return false;
	hash_hex(t->v1, SHA1_SIZE, v1);
	if (!a->infohash[0] || !t->has_v1 || strlen(a->infohash) != 40 ||
	    strcmp(a->infohash, v1) == 0)
		return true;
	torrent_clear(t);
	return err_set(err, ERR_ITEM, WORD_BAD_TORRENT,
		       "a torrent with infohash %s came, but %s was assigned", v1, a->infohash);
}

/* The order matters: the bytes are in the vault before the ledger says so. */
static bool keep(const struct obtain *o, struct assignment *a, const struct torrent *t,
		 const char *name, const struct buf *bytes, struct err *err)
{
	OWN_STR char *file_name = filename_safe(name ? name : t->name);
	char infohash[65];

	torrent_infohash_hex(t, infohash);
	if (t->has_v2)
		hash_hex(t->v2, SHA256_SIZE, a->v2);
	const struct fetched f = {.infohash = infohash,
				  .v2 = a->v2,
				  .name = t->name,
				  .file_name = file_name,
				  .bytes = t->size,
				  .hook = o->container->after_fetch_exec != NULL};
	if (!vault_keep(o->vault, infohash, bytes, err) ||
	    !ledger_fetched(o->ledger, a->id, &f, err))
		return false;
	text_copy(a->infohash, sizeof a->infohash, infohash);
	free(a->name);
	a->name = mem_dup(t->name);
	free(a->file_name);
	a->file_name = OWN_TAKE(file_name);
	a->bytes = t->size;
	a->hook = f.hook ? HOOK_DUE : HOOK_NONE;
	a->state = ASSIGNMENT_FETCHED;
	a->set_aside = false;
	a->tries = 0;
	return true;
}

/* ---- what the engine has downloaded already ---- */

static bool staged_is_gone(const struct obtain *o, const struct assignment *a, struct err *err)
{
	static const char note[] = "what the official utility downloaded is gone, and its ids are "
				   "not known";

	return ledger_possibly_lost(o->ledger, a->id, note, err) &&
	       err_set(err, ERR_ITEM, WORD_DISK, "%s", note);
}

/* It cannot be downloaded again, since its ids are not known.  Said before it is moved: what a
 * crash leaves in its place is refused again. */
static bool refuse_staged(const struct obtain *o, const struct assignment *a, const char *path,
			  const struct err *why, struct err *err)
{
	OWN_STR char *id =
		mem_printf("utility-%lld-%lld", (long long)a->id, (long long)clock_now());
	OWN_STR char *where = vault_quarantine_path(o->vault, id);
	OWN_STR char *note = mem_printf("%s; what came is kept in %s", why->msg, where);

	return ledger_possibly_lost(o->ledger, a->id, note, err) &&
	       vault_quarantine_move(path, where, err) &&
	       err_set(err, ERR_ITEM, why->code, "%s", note);
}

/* The order matters: the bytes leave the staging folder when they are "fetched". */
static bool take_staged(const struct obtain *o, struct assignment *a, struct buf *bytes,
			struct err *err)
{
	OWN_STR char *path = NULL;
	OWN(torrent_clear) struct torrent t = {0};
	struct err why;

	if (!spool_find(o->staging, o->container->name, &path, err))
		return false;
	if (!path)
		return staged_is_gone(o, a, err);
	if (staged_read(path, bytes, &t, &why))
		return keep(o, a, &t, fs_base_name(path), bytes, err) && spool_remove(path, err);
	if (why.kind == ERR_ITEM)
		return refuse_staged(o, a, path, &why, err);
	*err = why;
	return false;
}

bool obtain_download(const struct obtain *o, struct assignment *a, bool fresh, struct buf *bytes,
		     bool *undone, struct err *err)
{
	if (assignment_is_staged(a))
		return take_staged(o, a, bytes, err);
	enum pace_call call = fresh ? PACE_DOWNLOAD : PACE_OTHER;
	OWN_STR char *disposition = NULL;
	OWN(torrent_clear) struct torrent t = {0};
	struct err why;

	if (!pace_before(o->pacer, call, o->container->name, err))
		return false;
	log_progress(o->container->name, "downloading TorrentID %s", a->torrent_id);
	if (!o->engine->ops->download(o->engine, a->torrent_id, a->archive_id, bytes, &disposition,
				      &why))
		return download_failed(o, a, undone, call, &why, err);
	if (!pace_after(o->pacer, call, NULL, NULL, err))
		return false;
	if (distrust(a, bytes, &t, &why)) {
		OWN_STR char *name = filename_from_disposition(disposition);
		return keep(o, a, &t, name, bytes, err);
	}
	if (!count_try(o, a, bytes, &why, err))
		return false;
	*err = why;
	return err_wrap(err, "TorrentID %s", a->torrent_id);
}

/* ---- the vault ---- */

bool obtain_from_vault(struct vault *v, const char *infohash, struct buf *bytes, struct err *err)
{
	OWN(torrent_clear) struct torrent t = {0};
	char hex[65];

	if (!vault_read(v, infohash, bytes, err) || !torrent_read(bytes->data, bytes->len, &t, err))
		return err_wrap(err, "the kept copy of %s cannot be used", infohash);
	torrent_infohash_hex(&t, hex);
	return strcmp(hex, infohash) == 0 ||
	       err_set(err, ERR_RETRY, WORD_DISK, "the kept copy of %s is damaged", infohash);
}
