/* notify: which target gets which messages, and whether they arrive; --test sends one to each. */
#include "cmd/command.h"
#include "daemon/daemon_note.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "core/outbox.h"
#include "core/report.h"

#include <inttypes.h>
#include <stdio.h>

static struct event test_event(const struct config *c)
{
	return (struct event){
		.at = clock_now(),
		.kind = EVENT_TEST,
		.level = EVENT_INFO,
		.name = "test",
		.title = "A test of ptp-archiver",
		.text = report_linked("This is what a message looks like. There is nothing to do.",
				      c->public_url),
	};
}

/* How many did not work. */
static size_t send_test(const struct config *c, struct notify *n)
{
	OWN(event_clear) struct event e = test_event(c);
	size_t failed = 0;
	int64_t rest;
	char why[200];

	for (size_t i = 0; i < c->n_notify; i++) {
		enum notify_verdict v = notify_send(n, &c->notify[i], &e, why, &rest);
		if (v == NOTIFY_SENT)
			printf("ok    %s has taken the message\n", c->notify[i].label);
		else
			printf("FAIL  %s: %s\n", c->notify[i].label, why);
		fflush(stdout);
		failed += v != NOTIFY_SENT;
	}
	return failed;
}

static int test(const struct config *c, struct err *err)
{
	OWN(wake_closer) struct wake *wake = wake_open(false, err);
	OWN(notify_closer) struct notify *n = wake ? notify_open(c->ca_file, wake, err) : NULL;

	if (!n)
		return COMMAND_FAILED;
	return send_test(c, n) ? STATUS_FAILED : STATUS_DONE;
}

static void print_telling(struct ledger *l, const struct notify_target *t)
{
	struct ledger_telling how;
	char when[CLOCK_TEXT];
	struct err ignored;

	if (!l || !ledger_get_telling(l, t->fingerprint, &how, &ignored))
		return;
	if (how.told)
		printf("; %" PRIu32 " of %d messages of its day", how.told, OUTBOX_PER_DAY);
	clock_format(how.rest_until, when);
	if (how.failures)
		printf("; the last message did not arrive, next try at %s", when);
}

static void print(const struct config *c)
{
	struct ledger *l = wire_look(c);
	char kinds[200];

	for (size_t i = 0; i < c->n_notify; i++) {
		event_kinds_text(c->notify[i].events, kinds, sizeof kinds);
		printf("%s: %s", c->notify[i].label, kinds);
		print_telling(l, &c->notify[i]);
		printf("\n");
	}
	ledger_close(l);
}

int cmd_notify(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};

	if (in->n_args)
		return command_usage(err, "notify takes no arguments");
	if (!command_config(in, 0, &c))
		return STATUS_USAGE;
	daemon_note_warn(&c, in->given[OPTION_TEST] ? "notify --test" : "notify");
	if (!c.n_notify) {
		err_set(err, ERR_FATAL, WORD_CONFIG,
			"no target for messages is set: set PTP_NOTIFY, such as "
			"PTP_NOTIFY=ntfy+https://ntfy.sh/TOPIC, or Notify in config.ptp");
		return COMMAND_FAILED;
	}
	if (in->given[OPTION_TEST])
		return test(&c, err);
	print(&c);
	return STATUS_DONE;
}
