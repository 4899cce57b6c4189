/* status and history: what the ledger says. */
#include "cmd/command.h"
#include "view/status_json.h"
#include "config/wire.h"
#include "base/mem.h"
#include "base/fs.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_LIMIT 50
#define MAX_LIMIT 1000000

static void print_json(const json_t *all)
{
	OWN_STR char *text = json_dumps(all, JSON_INDENT(2));

	printf("%s\n", text ? text : "{}");
}

/* ---- as text, made from the JSON ---- */

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

static void print_lost(const json_t *list)
{
	const char *head =
		"\nPossibly lost (the program searches the tracker's next lists for these; "
		"`ptp-archiver settle ID` settles one):";
	size_t i, k;
	json_t *a, *t;

	json_array_foreach (list, i, a) {
		if (i == 0)
			printf("%s\n", head);
		printf("  %" JSON_INTEGER_FORMAT "  %s, since %s%s%s\n", count(a, "id"),
		       get(a, "container"), get(a, "asked_at"), *get(a, "note") ? ": " : "",
		       get(a, "note"));
		json_array_foreach (json_object_get(a, "candidates"), k, t)
			printf("    could be TorrentID %s, first listed %s\n", get(t, "torrent_id"),
			       get(t, "first_listed"));
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

static void print_notices(const json_t *list)
{
	size_t i;
	json_t *n;

	json_array_foreach (list, i, n)
		printf("%s%s%s\n", get(n, "text"), *get(n, "hint") ? " " : "", get(n, "hint"));
}

static void print_daemon(const json_t *all)
{
	if (json_is_true(json_object_get(all, "working")))
		printf("A cycle is running.\n");
	if (!json_is_true(json_object_get(all, "daemon")))
		return;
	if (*get(all, "next_try"))
		printf("The daemon is running. Next try: %s. Next cycle: %s\n",
		       get(all, "next_try"), get(all, "next_cycle"));
	else
		printf("The daemon is running. Next cycle: %s\n",
		       *get(all, "next_cycle") ? get(all, "next_cycle") : "now");
}

static void print_next_step(const json_t *all)
{
	if (!json_array_size(json_object_get(all, "containers")))
		printf("There is no container. Next: `ptp-archiver setup` asks for user and key, "
		       "and "
		       "`ptp-archiver create NAME --size SIZE --watch DIR` makes a container. Or "
		       "set "
		       "PTP_USER, PTP_KEY, PTP_CONTAINERS and PTP_WATCH.\n");
}

static void print_status(const json_t *all)
{
	const json_t *audit = json_object_get(all, "audit");
	size_t i;
	json_t *o;

	print_notices(json_object_get(all, "notices"));
	print_next_step(all);
	printf("\n");
	json_array_foreach (json_object_get(all, "containers"), i, o)
		print_container(o);
	print_open(json_object_get(all, "pending"), "Pending (the next cycle resumes these "
						    "before it asks for anything new, if their "
						    "container is configured):");
	print_lost(json_object_get(all, "possibly_lost"));
	print_staged(json_object_get(all, "staged"));
	if (json_is_object(audit))
		printf("\nAudit of %s: %s.\n", get(audit, "at"), get(audit, "summary"));
	print_daemon(all);
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

static json_t *look(const struct config *c, struct err *err)
{
	OWN(status_setup_clear) struct status_setup setup = {0};
	OWN(status_clear) struct status s = {0};
	OWN(ledger_closer) struct ledger *l = NULL;

	status_setup_take(&setup, c, NULL);
	if (!wire_open_to_look(c, &l, err))
		return NULL;
	if (status_gather(&s, &setup, l, err))
		return status_json(&s);
	wire_name_copy(c, err);
	return NULL;
}

int cmd_status(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};

	if (in->n_args)
		return command_usage(err, "status takes no arguments");
	if (!command_config(in, 0, &c))
		return STATUS_USAGE;
	json_t *all = look(&c, err);
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

/* The tracker's base URL, whatever else is wrong with the configuration; the caller's. */
static char *site_of(const struct invocation *in)
{
	OWN(config_clear) struct config c = {0};
	OWN(problems_clear) struct problems ignored = {0};

	config_load(&c, &in->config, 0, &ignored);
	return mem_dup(c.base_url);
}

/* NULL: it failed. */
static json_t *past(struct ledger *l, const char *container, size_t limit, const char *site,
		    struct err *err)
{
	struct assignment *rows = NULL;
	size_t n = 0;

	if (l && !ledger_list(l, LEDGER_ALL, container, limit, &rows, &n, err))
		return NULL;
	json_t *list = status_list_json(rows, n, site);
	assignment_list_free(rows, n);
	return list;
}

/* Is it in the configuration, whatever else is wrong with that? */
static bool is_container(const struct invocation *in, const char *name, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(problems_clear) struct problems ignored = {0};

	config_load(&c, &in->config, 0, &ignored);
	return command_has_container(&c, name, err);
}

int cmd_history(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	size_t limit;

	if (in->n_args)
		return command_usage(err, "history takes no arguments");
	if (!read_limit(in, &limit, err))
		return COMMAND_FAILED;
	if (!config_places(&c, &in->config, err))
		return COMMAND_FAILED;
	OWN(ledger_closer) struct ledger *l = NULL;
	OWN_STR char *site = site_of(in);
	json_t *list = !wire_open_to_look(&c, &l, err)
			       ? NULL
			       : past(l, in->value[OPTION_CONTAINER], limit, site, err);
	if (!list) {
		if (l)
			wire_name_copy(&c, err);
		return COMMAND_FAILED;
	}
	if (!json_array_size(list) && in->given[OPTION_CONTAINER] &&
	    !is_container(in, in->value[OPTION_CONTAINER], err)) {
		json_decref(list);
		return COMMAND_FAILED;
	}
	if (in->given[OPTION_JSON])
		print_json(list);
	else
		print_history(list);
	json_decref(list);
	return STATUS_DONE;
}
