/* settle: a person says what became of a possibly lost assignment. */
#include "cmd/command.h"
#include "config/wire.h"
#include "core/lost.h"
#include "base/clock.h"
#include "base/num.h"
#include "daemon/daemon_note.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- what there is ---- */

static void print_candidate(const struct listed *t)
{
	char when[CLOCK_TEXT];

	clock_format(t->first_seen, when);
	printf("    TorrentID %s, first listed %s%s\n", t->torrent_id, when,
	       t->infohash[0] ? "" : ", without an infohash");
}

static void print_question(const struct assignment *a, const struct listed *list, size_t n,
			   int64_t last_list)
{
	char when[CLOCK_TEXT];
	size_t fit = 0;

	clock_format(a->asked_at, when);
	printf("%" PRId64 "  %s, asked %s%s%s\n", a->id, a->container, when, a->note ? ": " : "",
	       a->note ? a->note : "");
	for (size_t i = 0; i < n; i++)
		if (lost_fits(a, &list[i], last_list)) {
			print_candidate(&list[i]);
			fit++;
		}
	if (fit == 0)
		printf("    The tracker lists nothing that it could be.\n");
}

static bool print_all(struct ledger *l, struct err *err)
{
	OWN_STR struct listed *list = NULL;
	struct assignment *lost = NULL;
	struct ledger_lists lists;
	size_t n = 0, n_lost = 0;

	if (!ledger_unknown(l, &list, &n, err) || !ledger_get_lists(l, &lists, err) ||
	    !ledger_list(l, LEDGER_LOST, NULL, 0, &lost, &n_lost, err))
		return false;
	if (n_lost == 0)
		printf("No assignment is possibly lost.\n");
	for (size_t i = 0; i < n_lost; i++)
		print_question(&lost[i], list, n, lists.last_at);
	assignment_list_free(lost, n_lost);
	return true;
}

/* ---- what a person says ---- */

static bool read_id(const char *text, uint64_t *id, struct err *err)
{
	return (num_u64(text, INT64_MAX, id) && *id) ||
	       err_set(err, ERR_TARGET, WORD_CONFIG, "\"%s\" is not a number of an assignment",
		       text);
}

static bool settle_each(const struct invocation *in, struct ledger *l, const char *who,
			struct err *err)
{
	const char *torrent = in->value[OPTION_TORRENT];
	uint64_t id;

	for (int i = 0; i < in->n_args; i++) {
		if (!read_id(in->args[i], &id, err) ||
		    !lost_settle(l, (int64_t)id, torrent, who, err))
			return false;
		if (torrent)
			printf("Assignment %" PRIu64 " is TorrentID %s. A running daemon resumes "
			       "within ten minutes.\n",
			       id, torrent);
		else
			printf("Assignment %" PRIu64 " was not made.\n", id);
	}
	return true;
}

static bool say_whose(const struct invocation *in, struct ledger *l, enum command_option option,
		      enum listed_owner owner, const char *who, struct err *err)
{
	const char *torrent = in->value[option];

	if (!torrent)
		return true;
	if (!lost_say_whose(l, torrent, owner, who, err))
		return false;
	printf("TorrentID %s is of %s.\n", torrent,
	       owner == LISTED_OURS ? "this installation" : "another program");
	return true;
}

static bool settle(const struct invocation *in, struct ledger *l, struct err *err)
{
	OWN_STR char *who = command_person();

	if (!in->n_args && !in->given[OPTION_MINE] && !in->given[OPTION_OTHER])
		return print_all(l, err);
	return settle_each(in, l, who, err) &&
	       say_whose(in, l, OPTION_MINE, LISTED_OURS, who, err) &&
	       say_whose(in, l, OPTION_OTHER, LISTED_OTHERS, who, err);
}

/* NULL: the words fit together. */
static const char *misuse(const struct invocation *in)
{
	bool says = in->given[OPTION_TORRENT] || in->given[OPTION_NOT_MADE];

	if (in->given[OPTION_TORRENT] && in->given[OPTION_NOT_MADE])
		return "settle takes --torrent or --not-made, not both";
	if (in->n_args && !says)
		return "settle: what became of it? Say --torrent TORRENTID or --not-made";
	if (!in->n_args && says)
		return "settle: which assignment? `ptp-archiver settle` lists them";
	if (in->n_args > 1 && in->given[OPTION_TORRENT])
		return "settle: one torrent can only be one assignment";
	return NULL;
}

int cmd_settle(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = NULL;
	OWN(wire_close) struct parts parts = {0};

	const char *wrong = misuse(in);

	if (wrong)
		return command_usage(err, "%s", wrong);
	if (!command_config(in, CONFIG_CONTAINERS, &c))
		return STATUS_USAGE;
	daemon_note_warn(&c, "settle");
	if (!(wake = wake_open(false, err)) || !wire_open(&parts, &c, wake, err))
		return COMMAND_FAILED;
	return settle(in, parts.run.ledger, err) ? STATUS_DONE : COMMAND_FAILED;
}
