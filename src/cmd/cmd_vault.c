/* redeliver, export, adopt: what was delivered, once more, elsewhere, or before us. */
#include "cmd/command.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "core/adopt.h"
#include "core/parcel.h"
#include "core/redeliver.h"
#include "model/filename.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct session {
	struct config c;
	struct wake *wake;
	struct parts parts;
};

static void session_close(struct session *s)
{
	wire_close(&s->parts);
	wake_close(s->wake);
	config_clear(&s->c);
}

/* STATUS_DONE if all is open. */
static int session_open(struct session *s, const struct invocation *in, struct err *err)
{
	if (!command_config(in, CONFIG_CONTAINERS, &s->c))
		return STATUS_USAGE;
	if (!(s->wake = wake_open(false, err)) || !wire_open(&s->parts, &s->c, s->wake, err))
		return COMMAND_FAILED;
	s->parts.run.force = in->given[OPTION_FORCE];
	return STATUS_DONE;
}

/* *to is NULL where no client was given.  false: there is none of that name. */
static bool find_client(const struct parts *p, const char *name, const struct destination **to,
			struct err *err)
{
	*to = wire_client(p, name);
	if (!name || *to)
		return true;
	command_usage(err, "Clients in config.ptp names no client \"%s\" with an interface", name);
	return false;
}

/* ---- redeliver ---- */

static void print_delivered(void *ctx, const struct assignment *a, const char *path)
{
	(void)ctx;
	log_progress_end();
	printf("%s: \"%s\" to %s\n", a->container, a->name ? a->name : a->infohash, path);
	(void)!fflush(stdout);
}

static void print_redelivered(const char *container, const struct redelivered *d)
{
	log_progress_end();
	printf("%s: %zu delivered earlier: %zu handed over, %zu there already", container, d->all,
	       d->handed, d->present);
	if (d->unknown)
		printf(", %zu not known (no AuditClient can be asked)", d->unknown);
	if (d->unkept)
		printf(", %zu not in the vault", d->unkept);
	if (d->refused)
		printf(", %zu refused", d->refused);
	printf("\n");
}

/* One container's.  *well: nothing was left behind. */
static bool redeliver_one(const struct session *s, const struct invocation *in,
			  const struct target *target, const struct destination *to, bool *well,
			  struct err *err)
{
	const struct redeliver redeliver = {.target = target,
					    .to = to ? to : target->to,
					    .missing_only = in->given[OPTION_MISSING],
					    .delivered = print_delivered};
	struct redelivered done = {0};

	bool ok = redeliver_container(&s->parts.run, &redeliver, &done, err);
	if (ok || done.all)
		print_redelivered(target->container->name, &done);
	*well &= !done.unkept && !done.refused;
	return ok || err_wrap(err, "run this command again to resume");
}

static bool end_redelivery(const struct session *s, const struct target *target,
			   const struct destination *to, struct err *err)
{
	return ledger_redelivery_ended(s->parts.run.ledger, to ? to->place : target->to->place,
				       err);
}

static bool is_wanted(const struct target *t, const struct invocation *in)
{
	const char *only = in->value[OPTION_CONTAINER];

	return !only || strcmp(t->container->name, only) == 0;
}

/* A container that fails, for example because its client is away, does not stop the others.  The
 * ledger forgets the redelivery only when all of them are done. */
static bool redeliver_all(const struct session *s, const struct invocation *in,
			  const struct destination *to, bool *well, struct err *err)
{
	const struct parts *p = &s->parts;
	bool done = true;
	struct err why;

	for (size_t i = 0; i < p->n_targets; i++) {
		const struct target *t = &p->targets[i];
		if (!is_wanted(t, in) || redeliver_one(s, in, t, to, well, &why))
			continue;
		if (err_is_stop(&why) || why.kind == ERR_FATAL) {
			*err = why;
			return false;
		}
		log_error(t->container->name, "%s", why.msg);
		done = *well = false;
	}
	for (size_t i = 0; done && i < p->n_targets; i++)
		if (is_wanted(&p->targets[i], in) && !end_redelivery(s, &p->targets[i], to, err))
			return false;
	return true;
}

int cmd_redeliver(const struct invocation *in, struct err *err)
{
	OWN(session_close) struct session s = {0};
	const struct destination *to;
	const char *only = in->value[OPTION_CONTAINER];
	bool well = true;

	if (in->n_args)
		return command_usage(err, "redeliver takes no arguments");
	int status = session_open(&s, in, err);
	if (status != STATUS_DONE)
		return status;
	if (only && !command_has_container(&s.c, only, err))
		return COMMAND_FAILED;
	if (!find_client(&s.parts, in->value[OPTION_CLIENT], &to, err))
		return COMMAND_FAILED;
	if (!redeliver_all(&s, in, to, &well, err))
		return COMMAND_FAILED;
	return well ? STATUS_DONE : STATUS_FAILED;
}

/* ---- export ---- */

static char *export_name(const struct assignment *a)
{
	OWN_STR char *safe = filename_safe(a->file_name ? a->file_name
					   : a->name    ? a->name
							: a->infohash);

	return filename_with_infohash(safe, a->infohash);
}

static json_t *manifest_row(const struct assignment *a, const char *file)
{
	char when[CLOCK_TEXT];

	clock_format_utc(a->delivered_at, when);
	return json_pack("{s:s, s:s?, s:s?, s:s, s:s?, s:I, s:s?, s:s?, s:s?, s:s}", "container",
			 a->container, "torrent_id", a->torrent_id[0] ? a->torrent_id : NULL,
			 "archive_id", a->archive_id[0] ? a->archive_id : NULL, "infohash",
			 a->infohash, "name", a->name, "bytes", (json_int_t)a->bytes, "client",
			 a->client, "path", a->path, "file", file, "delivered_at", when);
}

/* *file: relative to `folder`, the caller's; NULL: it is not in the vault. */
static bool export_one(const struct session *s, const char *folder, const struct assignment *a,
		       char **file, struct err *err)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	OWN_STR char *sub = container_folder("$name", a->container);
	OWN_STR char *path = fs_join(folder, sub);
	OWN_STR char *name = export_name(a);
	OWN_STR char *target = fs_join(path, name);
	struct err why;

	*file = NULL;
	if (!parcel_from_vault(&p, s->parts.run.vault, a->infohash, &why)) {
		log_warn(a->container, "\"%s\": %s", a->name ? a->name : "", why.msg);
		return true;
	}
	if (!fs_make_folder(path, 0700, true, err) ||
	    !fs_write(target, p.bytes.data, p.bytes.len, 0600, err))
		return false;
	*file = fs_join(sub, name);
	return true;
}

static bool write_manifest(const char *folder, json_t *rows, struct err *err)
{
	OWN_STR char *path = fs_join(folder, "manifest.json");
	char now[CLOCK_TEXT];

	clock_format_utc(clock_now(), now);
	json_t *all =
		json_pack("{s:i, s:s, s:O}", "version", 1, "exported_at", now, "torrents", rows);
	OWN_STR char *text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	return fs_write(path, text ? text : "", text ? strlen(text) : 0, 0600, err);
}

static bool export_all(const struct session *s, const char *folder, const char *container,
		       json_t *rows, size_t *missing, struct err *err)
{
	struct assignment *list = NULL;
	size_t n = 0;
	bool ok = ledger_list(s->parts.run.ledger, LEDGER_OURS, container, 0, &list, &n, err);

	for (size_t i = 0; ok && i < n; i++) {
		OWN_STR char *file = NULL;
		if (!list[i].infohash[0])
			continue;
		log_progress(NULL, "%zu of %zu", i + 1, n);
		ok = !wake_stopping(s->wake) || wake_stopped(err);
		ok = ok && export_one(s, folder, &list[i], &file, err);
		*missing += ok && !file;
		json_array_append_new(rows, manifest_row(&list[i], file));
	}
	assignment_list_free(list, n);
	return ok;
}

int cmd_export(const struct invocation *in, struct err *err)
{
	OWN(session_close) struct session s = {0};
	size_t missing = 0;

	if (in->n_args != 1)
		return command_usage(err, "export: to which folder?");
	int status = session_open(&s, in, err);
	if (status != STATUS_DONE)
		return status;
	const char *only = in->value[OPTION_CONTAINER];
	if (only && !wire_has_past(&s.c, only) && !command_has_container(&s.c, only, err))
		return COMMAND_FAILED;
	json_t *rows = json_array();
	bool ok = fs_make_folder(in->args[0], 0700, true, err) &&
		  export_all(&s, in->args[0], only, rows, &missing, err) &&
		  write_manifest(in->args[0], rows, err);
	size_t n = json_array_size(rows);
	json_decref(rows);
	if (!ok)
		return COMMAND_FAILED;
	log_progress_end();
	printf("%zu of %zu torrents written to %s, with manifest.json\n", n - missing, n,
	       in->args[0]);
	return missing ? STATUS_FAILED : STATUS_DONE;
}

/* ---- adopt ---- */

static void print_adopted(void *ctx, const char *name)
{
	(void)ctx;
	log_progress_end();
	printf("adopted: \"%s\"\n", name);
}

static int adopt(const struct session *s, const struct invocation *in,
		 const struct destination *client, struct err *err)
{
	const struct adopt adopt = {.container = in->value[OPTION_CONTAINER],
				    .client = client,
				    .category = in->value[OPTION_CATEGORY],
				    .folder = in->value[OPTION_FOLDER],
				    .adopted = print_adopted};
	struct adoptions done;

	if (!adopt_all(&s->parts.run, &adopt, &done, err))
		return COMMAND_FAILED;
	log_progress_end();
	printf("%zu adopted, %zu known already", done.adopted, done.known);
	if (done.filled)
		printf(" (of %zu of them the .torrent came into the vault)", done.filled);
	if (done.unkept)
		printf(", %zu of them without a .torrent for the vault (--folder DIR, where the "
		       "client keeps its .torrent files)",
		       done.unkept);
	if (done.skipped)
		printf("; %zu file%s no torrent", done.skipped,
		       done.skipped == 1 ? " is" : "s are");
	printf("\n");
	return STATUS_DONE;
}

int cmd_adopt(const struct invocation *in, struct err *err)
{
	OWN(session_close) struct session s = {0};
	const char *container = in->value[OPTION_CONTAINER];
	const struct destination *client;

	if (in->n_args)
		return command_usage(err, "adopt takes no arguments");
	if (!container || (!in->given[OPTION_CLIENT] && !in->given[OPTION_FOLDER]))
		return command_usage(err,
				     "adopt: for which --container, and from which --client or "
				     "--folder?");
	int status = session_open(&s, in, err);
	if (status != STATUS_DONE)
		return status;
	if (!command_has_container(&s.c, container, err))
		return COMMAND_FAILED;
	if (!find_client(&s.parts, in->value[OPTION_CLIENT], &client, err))
		return COMMAND_FAILED;
	return adopt(&s, in, client, err);
}
