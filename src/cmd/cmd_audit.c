/* audit: is what was assigned there, and seeding? */
#include "cmd/command.h"
#include "daemon/daemon_note.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/num.h"
#include "core/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- as JSON ---- */

static json_t *text_json(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *row_json(const struct audit_row *r)
{
	const struct assignment *a = &r->assignment;
	OWN_STR char *advice = audit_advice(r);
	char since[CLOCK_TEXT];
	json_t *out = json_object();

	clock_format_utc(r->since, since);
	json_object_set_new(out, "container", json_string(a->container));
	json_object_set_new(out, "torrent_id", text_json(a->torrent_id));
	json_object_set_new(out, "infohash", text_json(a->infohash));
	json_object_set_new(out, "name", text_json(a->name));
	json_object_set_new(out, "state", json_string(audit_class_text(r->class)));
	json_object_set_new(out, "since", json_string(since));
	json_object_set_new(out, "client", text_json(r->client));
	json_object_set_new(out, "path", text_json(a->path));
	json_object_set_new(out, "left", json_integer((json_int_t)r->left));
	json_object_set_new(out, "message", text_json(r->message));
	json_object_set_new(out, "advice", text_json(advice));
	return out;
}

static void print_json(const struct audit *audit)
{
	json_t *counts = json_object(), *rows = json_array();
	OWN_STR char *summary = audit_summary(audit);

	for (int i = 0; i < AUDIT_CLASSES; i++)
		json_object_set_new(counts, audit_class_text((enum audit_class)i),
				    json_integer((json_int_t)audit->count[i]));
	for (size_t i = 0; i < audit->n; i++)
		json_array_append_new(rows, row_json(&audit->rows[i]));
	json_t *all = json_pack("{s:s, s:I, s:o, s:o}", "summary", summary, "assigned",
				(json_int_t)audit->n, "counts", counts, "torrents", rows);
	OWN_STR char *text = json_dumps(all, JSON_INDENT(2));
	printf("%s\n", text ? text : "{}");
	json_decref(all);
}

/* ---- as text ---- */

static void print_row(const struct audit_row *r)
{
	const struct assignment *a = &r->assignment;
	OWN_STR char *advice = audit_advice(r);
	char since[CLOCK_TEXT], left[NUM_TEXT];

	clock_format(r->since, since);
	printf("\n%s: %s: ", a->container, audit_class_text(r->class));
	if (a->name)
		printf("\"%s\"", a->name);
	else
		printf("TorrentID %s", a->torrent_id[0] ? a->torrent_id : "(not known)");
	printf(", since %s", since);
	if (r->left) {
		num_bytes(r->left, left);
		printf(", %s to come", left);
	}
	if (r->client)
		printf(", in %s", r->client);
	else if (a->path)
		printf(", %s", a->path);
	printf("\n");
	if (r->message)
		printf("    %s\n", r->message);
	if (advice)
		printf("    %s\n", advice);
}

/* Of what nobody could be asked about one line a container is enough. */
static void print_unasked(const struct audit_row *rows, size_t n, enum audit_class class)
{
	const struct audit_row *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].class != class)
			continue;
		if (!first)
			first = &rows[i];
		count++;
	}
	if (!first)
		return;
	OWN_STR char *advice = audit_advice(first);
	printf("\n%s: %s: %zu torrent%s\n", first->assignment.container, audit_class_text(class),
	       count, count == 1 ? "" : "s");
	if (first->message)
		printf("    %s\n", first->message);
	printf("    %s\n", advice);
}

static void print_container(const struct audit_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].class != AUDIT_SEEDING && rows[i].class != AUDIT_UNKNOWN &&
		    rows[i].class != AUDIT_UNASKED)
			print_row(&rows[i]);
	print_unasked(rows, n, AUDIT_UNKNOWN);
	print_unasked(rows, n, AUDIT_UNASKED);
}

static void print_text(const struct audit *audit)
{
	OWN_STR char *summary = audit_summary(audit);
	size_t end;

	printf("%s\n", summary);
	for (size_t i = 0; i < audit->n; i = end) {
		const char *container = audit->rows[i].assignment.container;
		for (end = i; end < audit->n; end++)
			if (strcmp(audit->rows[end].assignment.container, container) != 0)
				break;
		print_container(&audit->rows[i], end - i);
	}
}

/* One that was taken out of the configuration still has its torrents. */
static bool knows_container(const struct config *c, const char *name, struct err *err)
{
	return !name || wire_has_past(c, name) || command_has_container(c, name, err);
}

int cmd_audit(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = NULL;
	OWN(wire_close) struct parts parts = {0};
	OWN(audit_clear) struct audit audit = {0};

	if (in->n_args)
		return command_usage(err, "audit takes no arguments");
	if (!command_config(in, CONFIG_CONTAINERS, &c))
		return STATUS_USAGE;
	if (!knows_container(&c, in->value[OPTION_CONTAINER], err))
		return COMMAND_FAILED;
	daemon_note_warn(&c, "audit");
	if (!(wake = wake_open(false, err)) || !wire_open(&parts, &c, wake, err))
		return COMMAND_FAILED;
	parts.run.force = in->given[OPTION_FORCE];
	const struct audit_scope scope = {.targets = parts.targets,
					  .n = parts.n_targets,
					  .container = in->value[OPTION_CONTAINER]};
	if (!audit_run(&parts.run, &scope, &audit, err))
		return COMMAND_FAILED;
	log_progress_end();
	if (in->given[OPTION_JSON])
		print_json(&audit);
	else
		print_text(&audit);
	return audit.count[AUDIT_MISSING] || audit.count[AUDIT_UNASKED] ? STATUS_FAILED
									: STATUS_DONE;
}
