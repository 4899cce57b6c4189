#include "core/obtain.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/pace.h"
#include "model/filename.h"
#include "model/proof.h"

#include <inttypes.h>
#include <string.h>

/* ---- ask ---- */

static bool possibly_lost(struct run *r, const struct container *c, int64_t id, bool certain,
			  const char *note, struct err *err)
{
	log_warn(c->name, "the tracker may have assigned a torrent, but its answer does not say "
			  "which");
	return ledger_possibly_lost(r->ledger, id, certain, note, err);
}

/* The call failed: what does that say about the question's row? */
static bool settle_question(struct run *r, const struct container *c, int64_t id,
			    const struct err *why, struct err *err)
{
	if (!r->engine->failure.may_have_assigned)
		return ledger_not_assigned(r->ledger, id, err);
	bool stopped = err_is_stop(why);
	return possibly_lost(r, c, id, r->engine->failure.has_assigned,
			     stopped ? "stopped while the tracker was being asked" : why->msg, err);
}

static bool question_failed(struct run *r, const struct container *c, int64_t id, struct err *why,
			    struct err *err)
{
	if (!pace_after(r, PACE_FETCH, &r->engine->failure, why, err) ||
	    !settle_question(r, c, id, why, err))
		return false;
	*err = *why;
	return err_wrap(err, "ask the tracker");
}

/* The ledger cannot be written now: the answer goes onto the slip, for the next cycle to take up.
 */
static bool write_slip(struct run *r, int64_t id, const struct reply *reply, struct err *err)
{
	OWN_STR char *text =
		mem_printf("%" PRId64 " %s %s", id, reply->torrent_id, reply->archive_id);
	struct err why;
	bool kept = vault_slip_write(r->vault, text, &why);

	return err_wrap(err,
			"TorrentID %s with ArchiveID %s was assigned, but cannot be recorded%s",
			reply->torrent_id, reply->archive_id,
			kept ? " yet; the next cycle takes it up" : "");
}

static bool take_answer(struct run *r, const struct container *c, int64_t id,
			const struct reply *reply, struct assignment *a, struct err *err)
{
	bool has = false;

	if (reply->torrent_id[0] && !ledger_has(r->ledger, c->name, reply->torrent_id, &has, err))
		return write_slip(r, id, reply, err);
	if (has)
		log_warn(c->name, "the tracker assigned TorrentID %s again, which is here already",
			 reply->torrent_id);
	if (has || reply->verdict != REPLY_ASSIGNED)
		return has || proof_of_verdict(reply->verdict)
			       ? ledger_not_assigned(r->ledger, id, err)
			       : possibly_lost(r, c, id, false, reply->message, err);
	if (!ledger_assigned(r->ledger, id, reply->torrent_id, reply->archive_id, err))
		return reply->torrent_id[0]
			       ? write_slip(r, id, reply, err)
			       : err_wrap(err, "what was downloaded cannot be recorded "
					       "yet; the next cycle takes it up");
	if (reply->group_id[0] && !ledger_set_group(r->ledger, id, reply->group_id, err))
		return false;
	a->id = id;
	a->state = ASSIGNMENT_ASSIGNED;
	a->container = mem_dup(c->name);
	text_copy(a->torrent_id, sizeof a->torrent_id, reply->torrent_id);
	text_copy(a->archive_id, sizeof a->archive_id, reply->archive_id);
	char label[ASSIGNMENT_LABEL];
	log_info(c->name, "the tracker assigned %s", assignment_label(a, label));
	return true;
}

/* An error of the tracker's own is an answer; only several in a row are trouble. */
static bool answered(struct run *r, const struct reply *reply, struct err *err)
{
	if (reply->verdict == REPLY_REFUSED)
		return pace_refused(r, reply->message, err);
	return pace_after(r, PACE_FETCH, NULL, NULL, err);
}

/* What the engine must do first; if that fails, nothing was asked. */
static bool prepare(struct engine *e, struct err *err)
{
	e->failure = (struct engine_failure){0};
	return !e->ops->prepare || e->ops->prepare(e, err);
}

bool obtain_assignment(struct run *r, const struct container *c, struct assignment *a,
		       struct reply *reply, struct err *err)
{
	int64_t id;
	struct err why;

	if (!prepare(r->engine, err) || !pace_before(r, PACE_FETCH, c->name, err) ||
	    !ledger_asking(r->ledger, c->name, &id, err))
		return false;
	log_progress(c->name, "asking the tracker for a torrent");
	if (!r->engine->ops->assign(r->engine, c, reply, &why))
		return question_failed(r, c, id, &why, err);
	if (!take_answer(r, c, id, reply, a, err) || !answered(r, reply, err))
		return false;
	return !reply->container_id[0] ||
	       ledger_set_container_id(r->ledger, c->name, reply->container_id, err);
}

/* ---- download ---- */

/* A try that brought no torrent.  `bytes` is what came, if anything. */
static bool count_try(struct run *r, const struct container *c, struct assignment *a,
		      const struct buf *bytes, const struct err *why, struct err *err)
{
	OWN_STR char *where = NULL;
	OWN_STR char *note = mem_dup(why->msg);

	a->tries++;
	bool set_aside = a->tries >= OBTAIN_QUARANTINE_AFTER;
	if (set_aside && bytes->len) {
		if (!vault_quarantine(r->vault, a->torrent_id, bytes, &where, err))
			return false;
		free(note);
		note = mem_printf("%s; what came is kept in %s", why->msg, where);
	}
	if (!ledger_tried(r->ledger, a->id, note, set_aside, err))
		return false;
	if (set_aside && !a->set_aside)
		log_error(c->name, "TorrentID %s is set aside after %u tries: %s", a->torrent_id,
			  a->tries, note);
	a->set_aside = set_aside;
	return true;
}

/* Is it a torrent, and the one that was assigned? */
static bool distrust(const struct assignment *a, struct parcel *p, struct err *err)
{
	if (!parcel_parse(p, err))
		return false;
	return strlen(a->infohash) != 40 || !p->v1[0] || strcmp(a->infohash, p->v1) == 0 ||
	       err_set(err, ERR_ITEM, WORD_BAD_TORRENT,
		       "a torrent with infohash %s came, but %s was assigned", p->v1, a->infohash);
}

static void fill_in(struct assignment *a, const struct parcel *p, char *file_name, bool hook)
{
	text_copy(a->infohash, sizeof a->infohash, p->infohash);
	text_copy(a->v2, sizeof a->v2, p->v2);
	free(a->name);
	a->name = mem_dup(p->torrent.name);
	free(a->file_name);
	a->file_name = file_name;
	a->bytes = p->torrent.size;
	a->hook = hook ? HOOK_DUE : HOOK_NONE;
	a->state = ASSIGNMENT_FETCHED;
	a->set_aside = false;
	a->tries = 0;
}

/* The order matters: the bytes are in the vault before the ledger says so. */
static bool keep(struct run *r, const struct container *c, struct assignment *a,
		 const struct parcel *p, const char *name, struct err *err)
{
	OWN_STR char *file_name = filename_safe(name ? name : p->torrent.name);
	const struct fetched f = {.infohash = p->infohash,
				  .v2 = p->v2,
				  .name = p->torrent.name,
				  .file_name = file_name,
				  .bytes = p->torrent.size,
				  .hook = c->after_fetch_exec != NULL};

	if (!vault_keep(r->vault, p->infohash, &p->bytes, err) ||
	    !ledger_fetched(r->ledger, a->id, &f, err))
		return false;
	fill_in(a, p, OWN_TAKE(file_name), f.hook);
	return true;
}

/* Is the answer one that will not get better by itself, such as 404 or one over the ceiling? */
static bool is_final(const struct engine_failure *failure, const struct err *why)
{
	return !failure->back_off && (failure->status || why->code == WORD_PROTOCOL);
}

static bool download_failed(struct run *r, const struct container *c, struct assignment *a,
			    enum pace_call call, struct err *why, struct err *err)
{
	static const struct buf nothing = {0};

	if (!pace_after(r, call, &r->engine->failure, why, err))
		return false;
	if (is_final(&r->engine->failure, why)) {
		why->kind = ERR_ITEM;
		if (!count_try(r, c, a, &nothing, why, err))
			return false;
	} else if (!ledger_note(r->ledger, a->id, why->msg, err)) {
		return false;
	}
	*err = *why;
	return err_wrap(err, "download TorrentID %s", a->torrent_id);
}

static bool download(struct run *r, const struct container *c, struct assignment *a,
		     enum pace_call call, struct parcel *p, struct err *err)
{
	OWN_STR char *disposition = NULL;
	struct err why;

	r->engine->failure = (struct engine_failure){0};
	if (!pace_before(r, call, c->name, err))
		return false;
	log_progress(c->name, "downloading TorrentID %s", a->torrent_id);
	if (!r->engine->ops->download(r->engine, a->torrent_id, a->archive_id, &p->bytes,
				      &disposition, &why))
		return download_failed(r, c, a, call, &why, err);
	if (!pace_after(r, call, NULL, NULL, err))
		return false;
	if (distrust(a, p, &why)) {
		OWN_STR char *name = filename_from_disposition(disposition);
		return keep(r, c, a, p, name, err);
	}
	if (!count_try(r, c, a, &p->bytes, &why, err))
		return false;
	*err = why;
	return err_wrap(err, "TorrentID %s", a->torrent_id);
}

/* ---- what the engine has downloaded already ---- */

static bool staged_is_gone(struct run *r, const struct assignment *a, struct err *err)
{
	static const char note[] = "what the official utility downloaded is gone, and its ids are "
				   "not known";

	return ledger_possibly_lost(r->ledger, a->id, true, note, err) &&
	       err_set(err, ERR_ITEM, WORD_DISK, "%s", note);
}

/* It cannot be downloaded again, since its ids are not known.  The ledger says so before the file
 * is moved: what a crash leaves in its place is refused again. */
static bool refuse_staged(struct run *r, const struct assignment *a, const char *path,
			  const struct err *why, struct err *err)
{
	OWN_STR char *id =
		mem_printf("utility-%lld-%lld", (long long)a->id, (long long)clock_now());
	OWN_STR char *where = vault_quarantine_path(r->vault, id);
	OWN_STR char *note = mem_printf("%s; what came is kept in %s", why->msg, where);

	return ledger_possibly_lost(r->ledger, a->id, true, note, err) &&
	       vault_quarantine_move(path, where, err) &&
	       err_set(err, ERR_ITEM, why->code, "%s", note);
}

/* The order matters: the bytes leave the staging folder when they are "fetched". */
static bool take_staged(struct run *r, const struct container *c, struct assignment *a,
			struct parcel *p, struct err *err)
{
	OWN_STR char *path = NULL;
	struct err why;

	if (!spool_find(&r->staging, c->name, &path, err))
		return false;
	if (!path)
		return staged_is_gone(r, a, err);
	if (parcel_read(p, path, &why))
		return keep(r, c, a, p, fs_base_name(path), err) && spool_remove(path, err);
	if (why.kind == ERR_ITEM)
		return refuse_staged(r, a, path, &why, err);
	*err = why;
	return false;
}

bool obtain_download(struct run *r, const struct container *c, struct assignment *a, bool fresh,
		     struct parcel *p, struct err *err)
{
	if (assignment_is_staged(a))
		return take_staged(r, c, a, p, err);
	return download(r, c, a, fresh ? PACE_DOWNLOAD : PACE_OTHER, p, err);
}
