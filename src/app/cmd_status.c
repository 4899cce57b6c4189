/* status and history: what the ledger says. */
#include "app/command.h"
#include "app/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "core/staged.h"
#include "ports/engine_native.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_LIMIT 50
#define MAX_LIMIT 1000000

/* ---- as JSON; the plain text is made from it ---- */

static json_t *time_json(int64_t when)
{
	char text[CLOCK_TEXT];

	if (when <= 0)
		return json_null();
	clock_format_utc(when, text);
	return json_string(text);
}

static json_t *text_json(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *assignment_json(const struct assignment *a)
{
	json_t *out = json_object();

	json_object_set_new(out, "container", json_string(a->container));
	json_object_set_new(out, "state", json_string(assignment_state_text(a->state)));
	json_object_set_new(out, "set_aside", json_boolean(a->set_aside));
	json_object_set_new(out, "torrent_id", text_json(a->torrent_id));
	json_object_set_new(out, "archive_id", text_json(a->archive_id));
	json_object_set_new(out, "infohash", text_json(a->infohash));
	json_object_set_new(out, "name", text_json(a->name));
	json_object_set_new(out, "bytes", json_integer((json_int_t)a->bytes));
	json_object_set_new(out, "path", text_json(a->path));
	json_object_set_new(out, "client", text_json(a->client));
	json_object_set_new(out, "found", text_json(a->found));
	json_object_set_new(out, "tries", json_integer(a->tries));
	json_object_set_new(out, "note", text_json(a->note));
	json_object_set_new(out, "asked_at", time_json(a->asked_at));
	json_object_set_new(out, "changed_at", time_json(a->changed_at));
	json_object_set_new(out, "delivered_at", time_json(a->delivered_at));
	return out;
}

static json_t *list_json(struct ledger *l, enum ledger_filter filter, const char *container,
			 size_t limit, struct err *err)
{
	struct assignment *rows = NULL;
	size_t n = 0;

	if (!ledger_list(l, filter, container, limit, &rows, &n, err))
		return NULL;
	json_t *out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, assignment_json(&rows[i]));
	assignment_list_free(rows, n);
	return out;
}

static json_t *container_json(struct ledger *l, const struct container *c, bool working,
			      struct err *err)
{
	struct ledger_container known = {0};
	struct ledger_totals t = {0};
	json_t *out = json_object();

	if (l && (!ledger_get_container(l, c->name, &known, err) ||
		  !ledger_totals(l, c->name, &t, err))) {
		json_decref(out);
		return NULL;
	}
	json_object_set_new(out, "name", json_string(c->name));
	json_object_set_new(out, "size", json_string(c->size));
	json_object_set_new(out, "watch_directory",
			    c->client ? json_null() : json_string(c->watch_folder));
	json_object_set_new(out, "client", text_json(c->client));
	json_object_set_new(out, "assigned", json_integer((json_int_t)t.assigned));
	json_object_set_new(out, "delivered", json_integer((json_int_t)t.delivered));
	json_object_set_new(out, "pending", json_integer((json_int_t)t.pending));
	json_object_set_new(out, "set_aside", json_integer((json_int_t)t.set_aside));
	json_object_set_new(out, "possibly_lost",
			    json_integer((json_int_t)(t.lost + (working ? 0 : t.asking))));
	json_object_set_new(out, "not_picked_up", json_integer((json_int_t)t.late));
	json_object_set_new(out, "refused", json_integer((json_int_t)t.refused));
	json_object_set_new(out, "bytes", json_integer((json_int_t)t.bytes));
	json_object_set_new(out, "outcome", text_json(known.outcome));
	json_object_set_new(out, "detail", text_json(known.detail));
	json_object_set_new(out, "outcome_at", time_json(known.outcome_at));
	json_object_set_new(out, "undone", json_boolean(known.undone));
	return out;
}

static json_t *containers_json(struct ledger *l, const struct config *c, bool working,
			       struct err *err)
{
	json_t *out = json_array();

	for (size_t i = 0; i < c->n_containers; i++) {
		json_t *one = container_json(l, &c->containers[i], working, err);
		if (!one) {
			json_decref(out);
			return NULL;
		}
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *backoff_json(const struct pace *p)
{
	if (p->backoff_until <= clock_now())
		return json_null();
	return json_pack("{s:o, s:s, s:I}", "until", time_json(p->backoff_until), "reason",
			 p->reason, "failures", (json_int_t)p->failures);
}

/* Is somebody holding this lock?  Releases `path`. */
static bool lock_held(char *lock_path)
{
	OWN_STR char *path = lock_path;
	struct err ignored;
	bool held = false;

	if (!fs_exists(path))
		return false;
	int fd = fs_lock(path, &held, &ignored);
	if (fd >= 0)
		close(fd);
	return held;
}

static bool add_times(struct ledger *l, json_t *out, struct err *err)
{
	struct cycle_clock clock = {0};
	struct pace pace = {0};
	uint64_t incomplete = 0;
	struct ledger_audit audit = {0};

	if (l &&
	    (!ledger_get_clock(l, &clock, err) || !ledger_get_pace(l, &pace, err) ||
	     !ledger_incomplete_count(l, &incomplete, err) || !ledger_get_audit(l, &audit, err)))
		return false;
	json_object_set_new(out, "audit",
			    audit.at ? json_pack("{s:o, s:s}", "at", time_json(audit.at), "summary",
						 audit.summary)
				     : json_null());
	json_object_set_new(out, "last_cycle", time_json(clock.last_cycle));
	json_object_set_new(out, "next_cycle", time_json(clock.next_cycle));
	json_object_set_new(out, "backoff", backoff_json(&pace));
	json_object_set_new(out, "speaks", json_string(ENGINE_NATIVE_SPEAKS));
	json_object_set_new(out, "announced", text_json(pace.announced));
	json_object_set_new(out, "incomplete_at_tracker", json_integer((json_int_t)incomplete));
	return true;
}

static bool add_list(struct ledger *l, json_t *out, const char *key, enum ledger_filter filter,
		     struct err *err)
{
	json_t *list = l ? list_json(l, filter, NULL, 0, err) : json_array();

	if (list)
		json_object_set_new(out, key, list);
	return list != NULL;
}

static bool add_staged(struct ledger *l, const struct config *c, json_t *out, struct err *err)
{
	OWN_STR char *folder = wire_staging_folder(c);
	const struct spool staging = {.folder = folder};
	struct staged_stray *strays;
	size_t n;

	if (!staged_strays(l, &staging, c->containers, c->n_containers, &strays, &n, err))
		return false;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:s}", "container",
						      text_json(strays[i].container), "path",
						      strays[i].path));
	json_object_set_new(out, "staged", list);
	staged_strays_free(strays, n);
	return true;
}

/* A question that a running cycle is asking is not lost. */
static void drop_asking(json_t *list)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "state")),
			   "asking") == 0)
			json_array_remove(list, i);
}

static json_t *status_json(struct ledger *l, const struct config *c, struct err *err)
{
	bool working = lock_held(wire_cycle_lock_path(c));
	json_t *out = json_pack("{s:b, s:b}", "daemon", lock_held(wire_run_lock_path(c)), "working",
				working);
	json_t *containers = containers_json(l, c, working, err);

	if (containers)
		json_object_set_new(out, "containers", containers);
	if (containers && add_times(l, out, err) &&
	    add_list(l, out, "pending", LEDGER_PENDING, err) &&
	    add_list(l, out, "possibly_lost", LEDGER_LOST, err) && add_staged(l, c, out, err)) {
		if (working)
			drop_asking(json_object_get(out, "possibly_lost"));
		return out;
	}
	json_decref(out);
	return NULL;
}

static void print_json(const json_t *all)
{
	OWN_STR char *text = json_dumps(all, JSON_INDENT(2));

	printf("%s\n", text ? text : "{}");
}

/* ---- as text ---- */

static const char *get(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static json_int_t count(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_count(const json_t *o, const char *key, const char *word)
{
	if (count(o, key))
		printf(", %" JSON_INTEGER_FORMAT " %s", count(o, key), word);
}

static void print_container(const json_t *o)
{
	char bytes[NUM_TEXT];

	num_bytes((uint64_t)count(o, "bytes"), bytes);
	printf("%s (%s): %" JSON_INTEGER_FORMAT " delivered, %s", get(o, "name"), get(o, "size"),
	       count(o, "delivered"), bytes);
	print_count(o, "pending", "pending");
	print_count(o, "set_aside", "set aside");
	print_count(o, "possibly_lost", "possibly lost");
	print_count(o, "not_picked_up", "not picked up by the client");
	print_count(o, "refused", "put aside by the client");
	if (*get(o, "outcome"))
		printf("\n  last outcome: %s%s%s, %s", get(o, "outcome"),
		       *get(o, "detail") ? ": " : "", get(o, "detail"), get(o, "outcome_at"));
	printf("\n");
}

static void print_open(const json_t *list, const char *head)
{
	size_t i;
	json_t *a;

	json_array_foreach (list, i, a) {
		if (i == 0)
			printf("\n%s\n", head);
		printf("  %s: %s%s%s%s", get(a, "container"), get(a, "state"),
		       json_is_true(json_object_get(a, "set_aside")) ? ", set aside" : "",
		       *get(a, "torrent_id") ? ", TorrentID " : "", get(a, "torrent_id"));
		printf(", since %s%s%s\n", get(a, "asked_at"), *get(a, "note") ? ": " : "",
		       get(a, "note"));
	}
}

static void print_staged(const json_t *list)
{
	size_t i;
	json_t *s;

	json_array_foreach (list, i, s) {
		if (i == 0)
			printf("\nDownloaded by the utility for a container that is not "
			       "configured (configure it again to have it delivered, or remove "
			       "the file):\n");
		printf("  %s%s%s\n", get(s, "container"), *get(s, "container") ? ": " : "",
		       get(s, "path"));
	}
}

static void print_version(const json_t *all)
{
	const char *announced = get(all, "announced");

	if (num_version_compare(announced, get(all, "speaks")) > 0)
		printf("The tracker announces version %s of its utility; this program speaks the "
		       "protocol of %s: look for a newer ptp-archiver.\n",
		       announced, get(all, "speaks"));
}

static void print_status(const json_t *all)
{
	const json_t *backoff = json_object_get(all, "backoff");
	const json_t *audit = json_object_get(all, "audit");
	bool runs = json_is_true(json_object_get(all, "daemon"));
	size_t i;
	json_t *o;

	json_array_foreach (json_object_get(all, "containers"), i, o)
		print_container(o);
	if (!i)
		printf("No containers are configured.\n");
	print_open(json_object_get(all, "pending"), "Pending (the next cycle goes on with these "
						    "before it asks for anything new, if their "
						    "container is configured):");
	print_open(json_object_get(all, "possibly_lost"),
		   "Possibly lost (the tracker's next answer is searched for these):");
	print_staged(json_object_get(all, "staged"));
	printf("\n");
	if (json_is_object(backoff))
		printf("The tracker is left alone until %s, after: %s\n", get(backoff, "until"),
		       get(backoff, "reason"));
	if (json_is_object(audit))
		printf("Audit of %s: %s.\n", get(audit, "at"), get(audit, "summary"));
	print_version(all);
	if (json_is_true(json_object_get(all, "working")))
		printf("A cycle is running.\n");
	if (runs)
		printf("The daemon is running. Next cycle: %s\n",
		       *get(all, "next_cycle") ? get(all, "next_cycle") : "now");
	else
		printf("The daemon is not running.\n");
}

static void print_history(const json_t *list)
{
	size_t i;
	json_t *a;

	json_array_foreach (list, i, a) {
		char bytes[NUM_TEXT];
		num_bytes((uint64_t)count(a, "bytes"), bytes);
		printf("%s  %s  %s  %s", get(a, "asked_at"), get(a, "container"), get(a, "state"),
		       *get(a, "torrent_id") ? get(a, "torrent_id") : "-");
		if (*get(a, "name"))
			printf("  %s (%s)", get(a, "name"), bytes);
		if (*get(a, "path"))
			printf("  %s", get(a, "path"));
		printf("\n");
	}
	if (!i)
		printf("Nothing is recorded yet.\n");
}

/* ---- the commands ---- */

static void ledger_closer(struct ledger **l)
{
	ledger_close(*l);
}

/* NULL without an error: there is none yet. */
static struct ledger *open_ledger(const struct config *c, bool *failed, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);

	*failed = false;
	if (!fs_exists(path))
		return NULL;
	struct ledger *l = ledger_open(path, true, err);
	*failed = !l;
	return l;
}

int cmd_status(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	bool failed;

	if (in->n_args)
		return command_usage(err, "status takes no arguments");
	if (!command_config(in, 0, &c))
		return STATUS_USAGE;
	OWN(ledger_closer) struct ledger *l = open_ledger(&c, &failed, err);
	json_t *all = failed ? NULL : status_json(l, &c, err);
	if (!all)
		return COMMAND_FAILED;
	if (in->given[OPTION_JSON])
		print_json(all);
	else
		print_status(all);
	json_decref(all);
	return STATUS_DONE;
}

static bool read_limit(const struct invocation *in, size_t *limit, struct err *err)
{
	uint64_t n = DEFAULT_LIMIT;

	if (in->value[OPTION_LIMIT] &&
	    (!num_u64(in->value[OPTION_LIMIT], MAX_LIMIT, &n) || n == 0)) {
		command_usage(err, "--limit takes a number from 1 to %d", MAX_LIMIT);
		return false;
	}
	*limit = n;
	return true;
}

int cmd_history(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	size_t limit;
	bool failed;

	if (in->n_args)
		return command_usage(err, "history takes no arguments");
	if (!read_limit(in, &limit, err))
		return COMMAND_FAILED;
	config_places(&c, &in->config);
	OWN(ledger_closer) struct ledger *l = open_ledger(&c, &failed, err);
	json_t *list = failed ? NULL
		       : l    ? list_json(l, LEDGER_ALL, in->value[OPTION_CONTAINER], limit, err)
			      : json_array();
	if (!list)
		return COMMAND_FAILED;
	if (in->given[OPTION_JSON])
		print_json(list);
	else
		print_history(list);
	json_decref(list);
	return STATUS_DONE;
}
