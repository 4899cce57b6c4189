#include "ports/engine_utility.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/torrent.h"
#include "model/utility_output.h"
#include "ports/engine_utility_parts.h"

#include <errno.h>
#include <string.h>

/* ---- what is staged ---- */

/* A utility that failed may have failed after its work was done, or within it.  What it left half
 * written is of no use, but shows that a torrent was assigned (*any). */
static bool left_a_torrent(struct utility *u, const struct container *c, bool *any)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN_STR char *path = NULL;
	OWN(torrent_clear) struct torrent t = {0};
	struct err err;

	*any = spool_look(&u->staging, c->name, &path, &err) && path;
	if (!*any || !fs_read_regular(path, &bytes, &err))
		return false;
	if (torrent_read(bytes.data, bytes.len, &t, &err))
		return true;
	log_warn(c->name, "the utility left a file that is not a torrent: %s", err.msg);
	(void)!spool_remove(path, &err);
	return false;
}

/* ---- before a cycle's first question ---- */

static void utility_begin(struct engine *e)
{
	((struct utility *)e)->prepared = false;
}

/* The one in place. */
static bool lists(struct utility *u, struct err *err)
{
	bool own_fault;

	if (utility_script_lists(u, u->script, &own_fault, err))
		return true;
	if (own_fault && err->code != WORD_CONFIG)
		err_wrap(err, "%s does not work (remove it, and it is downloaded again)",
			 u->script);
	return false;
}

static bool utility_prepare(struct engine *e, struct err *err)
{
	struct utility *u = (struct utility *)e;

	if (!u->prepared) {
		u->base.failure = (struct engine_failure){0};
		u->prepared_well = utility_script_ready(u, &u->why) && lists(u, &u->why);
		u->prepared = true;
		u->why_failure = u->base.failure;
	}
	if (u->prepared_well)
		return true;
	/* The same for every container of the cycle. */
	u->base.failure = u->why_failure;
	*err = u->why;
	return false;
}

/* ---- asking ---- */

/* The utility would take these for something else. */
static bool usable_name(const char *name, struct err *err)
{
	if (strcmp(name, "all") != 0 && name[0] != '-')
		return true;
	return err_set(err, ERR_TARGET, WORD_CONFIG,
		       "the official utility cannot be asked for a container of the name \"%s\"; "
		       "rename it",
		       name);
}

static void assigned(const struct utility *u, const struct container *c, struct reply *reply,
		     const char *torrent_id, const char *archive_id)
{
	*reply = (struct reply){.verdict = REPLY_ASSIGNED};
	text_copy(reply->torrent_id, sizeof reply->torrent_id, torrent_id);
	text_copy(reply->archive_id, sizeof reply->archive_id, archive_id);
	utility_container_id(u, c->name, reply->container_id);
}

static void describe(struct utility *u, const struct utility_output *said, struct err *err)
{
	OWN_STR char *message = utility_masked(said->message);
	char status[24] = "";

	if (said->status)
		snprintf(status, sizeof status, "HTTP %ld: ", said->status);
	err_set(err, ERR_RETRY, WORD_OTHER, "%sthe utility failed: %s", status, message);
	text_copy(err->name, sizeof err->name, said->type);
	u->base.failure = (struct engine_failure){.status = said->status,
						  .back_off = said->back_off,
						  .may_have_assigned = said->may_have_assigned,
						  .has_assigned = said->has_assigned};
}

/* It failed.  But it may have got a torrent, or named the one that it was to get. */
static bool judge_failure(struct utility *u, const struct container *c,
			  const struct utility_output *said, struct reply *reply, struct err *err)
{
	bool left;

	if (left_a_torrent(u, c, &left)) {
		log_warn(c->name, "the utility failed with %s, but its torrent is there",
			 said->type);
		assigned(u, c, reply, "", "");
		return true;
	}
	if (said->module[0]) {
		err_set(err, ERR_TARGET, WORD_CONFIG,
			"the official utility needs the Python module `%s`", said->module);
		return err_advise(err, ENGINE_UTILITY_ADVICE);
	}
	struct err why;
	describe(u, said, &why);
	u->base.failure.has_assigned |= left;
	u->base.failure.may_have_assigned |= left;
	if (!said->torrent_id[0]) {
		*err = why;
		return false;
	}
	text_copy(u->late_id, sizeof u->late_id, said->torrent_id);
	u->late = why;
	u->late_failure = (struct engine_failure){.back_off = said->back_off,
						  .status = said->back_off ? 0 : said->status};
	u->base.failure = (struct engine_failure){0};
	assigned(u, c, reply, said->torrent_id, said->archive_id);
	return true;
}

static bool judge_success(struct utility *u, const struct container *c, const struct buf *output,
			  struct reply *reply, struct err *err)
{
	OWN_STR char *path = NULL;

	/* It reports no success without a download. */
	u->base.failure.may_have_assigned = u->base.failure.has_assigned = true;
	if (!spool_look(&u->staging, c->name, &path, err))
		return false;
	if (path) {
		assigned(u, c, reply, "", "");
		return true;
	}
	utility_log(c->name, output);
	return err_set(err, ERR_RETRY, WORD_PROTOCOL,
		       "the utility says that all went well, but there is no new file in its watch "
		       "folder");
}

static bool judge(struct utility *u, const struct container *c, int status,
		  const struct buf *output, struct reply *reply, struct err *err)
{
	struct utility_output said;

	utility_output_read(status, buf_text(output), &said);
	if (said.verdict == UTILITY_OK)
		return judge_success(u, c, output, reply, err);
	if (said.verdict == UTILITY_FAILED) {
		utility_log(c->name, output);
		return judge_failure(u, c, &said, reply, err);
	}
	*reply = (struct reply){.verdict =
					said.verdict == UTILITY_FULL ? REPLY_FULL : REPLY_STALLED};
	return true;
}

/* Ended by us, for taking too long or because we are to stop. */
static bool cut_off(struct utility *u, const struct container *c, struct reply *reply,
		    struct err *err)
{
	bool stopped = err_is_stop(err), left;

	if (left_a_torrent(u, c, &left)) {
		assigned(u, c, reply, "", "");
		return true;
	}
	u->base.failure = (struct engine_failure){
		.back_off = !stopped, .may_have_assigned = true, .has_assigned = left};
	return false;
}

static bool utility_assign(struct engine *e, const struct container *c, struct reply *reply,
			   struct err *err)
{
	struct utility *u = (struct utility *)e;
	const char *const words[] = {"fetch", c->name, NULL};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);
	struct proc_end end;
	struct err why;

	u->base.failure = (struct engine_failure){0};
	if (!usable_name(c->name, err) || !spool_make_place(&u->staging, c->name, err))
		return false;
	if (!utility_run(u, u->script, words, u->staging.run_ms, &output, &end, &why)) {
		if (err_is_stop(&why) && cut_off(u, c, reply, &why))
			return true;
		*err = why;
		return false;
	}
	if (!end.timed_out)
		return judge(u, c, end.status, &output, reply, err);
	utility_log(c->name, &output);
	err_set(&why, ERR_RETRY, WORD_TIMEOUT, "the utility hung, and was ended after %d s",
		u->staging.run_ms / 1000);
	if (cut_off(u, c, reply, &why))
		return true;
	*err = why;
	return false;
}

/* ---- what the tracker is asked for without the utility ---- */

static bool utility_download(struct engine *e, const char *torrent_id, const char *archive_id,
			     struct buf *bytes, char **name, struct err *err)
{
	struct utility *u = (struct utility *)e;

	if (u->late_id[0] && strcmp(u->late_id, torrent_id) == 0) {
		u->late_id[0] = '\0';
		u->base.failure = u->late_failure;
		*err = u->late;
		return false;
	}
	if (u->native->ops->download(u->native, torrent_id, archive_id, bytes, name, err))
		return true;
	u->base.failure = u->native->failure;
	return false;
}

static bool utility_version(struct engine *e, char version[REPLY_VERSION_SIZE], struct err *err)
{
	struct utility *u = (struct utility *)e;

	if (u->native->ops->version(u->native, version, err))
		return true;
	u->base.failure = u->native->failure;
	return false;
}

static bool utility_script(struct engine *e, struct buf *bytes, struct err *err)
{
	struct utility *u = (struct utility *)e;

	if (u->native->ops->script(u->native, bytes, err))
		return true;
	u->base.failure = u->native->failure;
	return false;
}

static void utility_close(struct engine *e)
{
	struct utility *u = (struct utility *)e;

	engine_close(u->native);
	free(u->folder);
	free(u->config);
	free(u->script);
	free(u->ca_file);
	free(u);
}

static const struct engine_ops utility_ops = {
	.begin = utility_begin,
	.prepare = utility_prepare,
	.assign = utility_assign,
	.download = utility_download,
	.version = utility_version,
	.script = utility_script,
	.close = utility_close,
};

/* ---- opening ---- */

/* The absolute path of what is there; the caller's. */
static char *absolute(const char *relative, struct err *err)
{
	char *path = realpath(relative, NULL);

	if (!path)
		err_errno(err, ERR_TARGET, WORD_DISK, errno, "cannot find %s", relative);
	return path;
}

/* It runs in a folder of its own, so its paths must not depend on ours. */
static bool find_places(struct utility *u, struct err *err)
{
	OWN_STR char *beside = fs_parent(u->o.script);

	if (!fs_make_folder(u->o.staging.folder, 0700, false, err) ||
	    !fs_make_folder(beside, 0700, true, err))
		return false;
	OWN_STR char *script_folder = absolute(beside, err);
	u->folder = script_folder ? absolute(u->o.staging.folder, err) : NULL;
	if (!u->folder)
		return false;
	u->staging = u->o.staging;
	u->staging.folder = u->folder;
	fs_sweep(u->folder, NULL);
	fs_sweep(script_folder, fs_base_name(u->o.script));
	u->config = fs_join(u->folder, "config.ptp");
	u->script = fs_join(script_folder, fs_base_name(u->o.script));
	u->ca_file = u->o.tracker.ca_file ? absolute(u->o.tracker.ca_file, err) : NULL;
	return u->ca_file || !u->o.tracker.ca_file;
}

struct engine *engine_utility_open(struct engine *native, const struct engine_utility_options *o,
				   struct err *err)
{
	struct utility *u = mem_alloc(sizeof *u);

	u->base.ops = &utility_ops;
	u->base.calls = 2;
	u->native = native;
	u->o = *o;
	if (find_places(u, err))
		return &u->base;
	utility_close(&u->base);
	return NULL;
}
