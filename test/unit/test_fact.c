/* Every fact, word for word. */
#include "base/clock.h"
#include "model/fact.h"

#include "results.h"
#include "unit.h"

#define HOUR (3600 * INT64_C(1000))
#define NOW INT64_C(1795564800000) /* 2026-11-25, 00:00 UTC */
#define T (NOW - HOUR)

#define TRY_PASSWORD "`ptp-archiver check --online` tries them. "
#define DAEMON_RESUMES                                                                            \
	"The daemon resumes by itself within ten minutes. It asks the tracker for nothing until " \
	"then."

#define DISK "Is its disk mounted? The program resumes once it is back."
#define MARK "0123456789abcdef0123456789abcdef"
#define OURS "aaaabbbbccccddddaaaabbbbccccdddd"
#define THEIRS "fedcba9876543210fedcba9876543210"

static const struct row {
	struct fact fact;
	const char *name, *sentence, *remedy;
} rows[] = {
	{{.what = FACT_STUCK, .since = T, .detail = "cannot open x"},
	 "stuck",
	 "No cycle has been able to run since 24 Nov, 23:00: cannot open x.",
	 "Fix it. " DAEMON_RESUMES},
	{{.what = FACT_DISK_FULL, .since = T, .detail = "No space left on device"},
	 "disk-full",
	 "No cycle has been able to run since 24 Nov, 23:00: No space left on device.",
	 "Make room on its disk. " DAEMON_RESUMES},
	{{.what = FACT_NO_DAEMON},
	 "no-daemon",
	 "The daemon is not running.",
	 "Start it with `ptp-archiver run`."},
	{{.what = FACT_OVERDUE, .since = T},
	 "overdue",
	 "The next cycle has been due since 24 Nov, 23:00, and does not begin.",
	 "The log says why. A restart loses nothing."},
	{{.what = FACT_CONFIG, .since = T, .detail = "Interval: never is no time"},
	 "config-refused",
	 "The new configuration was refused at 24 Nov, 23:00, and the old one stays: "
	 "Interval: never is no time.",
	 "Correct it, and reload again."},
	{{.what = FACT_CREDENTIALS, .since = T, .until = NOW + 300000, .detail = "HTTP 401"},
	 "credentials-refused",
	 "The tracker has refused ApiUser and ApiKey since 24 Nov, 23:00: HTTP 401.",
	 "Correct PTP_USER and PTP_KEY; " TRY_PASSWORD
	 "Next try in 5 m, at 00:05. What was assigned stays in the ledger."},
	{{.what = FACT_BACK_OFF, .since = T, .until = NOW + 300000, .detail = "HTTP 503"},
	 "back-off",
	 "The tracker has not been well since 24 Nov, 23:00: HTTP 503.",
	 "Next try in 5 m, at 00:05. Nothing is lost: what was assigned stays in the ledger."},
	{{.what = FACT_BACK_OFF, .since = T, .until = NOW + 300000, .count = 1},
	 "back-off",
	 "The tracker has not been well since 24 Nov, 23:00.",
	 "Next try in 5 m, at 00:05. What was assigned stays in the ledger."},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/w",
	  .container = "attic",
	  .ledger = OURS,
	  .mark = {.id = MARK, .fault = MARK_NONE}},
	 "other-folder",
	 "/w does not seem to be the right watch folder: the mark 01234567 was expected, and there "
	 "is none.",
	 "If it is right as it is, run `ptp-archiver accept attic`. " DISK},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/w",
	  .container = "a b",
	  .ledger = OURS,
	  .mark = {.id = MARK, .fault = MARK_GONE}},
	 "other-folder",
	 "/w does not seem to be the right watch folder: the mark 01234567 was expected, and the "
	 "folder is not there.",
	 "If it is right as it is, run `ptp-archiver accept 'a b'`. " DISK},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/d",
	  .use = MARK_DATA,
	  .container = "attic",
	  .ledger = OURS,
	  .mark = {.id = MARK, .fault = MARK_OTHER, .found = THEIRS}},
	 "other-folder",
	 "/d does not seem to be the right DataDirectory: the mark 01234567 was expected, and "
	 "there "
	 "is the mark fedcba98.",
	 "If it is right as it is, run `ptp-archiver accept attic`. Is the right disk mounted "
	 "there?"},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/w",
	  .container = "attic",
	  .ledger = OURS,
	  .mark = {.fault = MARK_FOREIGN, .found = THEIRS}},
	 "other-folder",
	 "/w does not seem to be the right watch folder: a mark of the ledger aaaabbbb was "
	 "expected, and there is a mark of the ledger fedcba98.",
	 "If it is right as it is, run `ptp-archiver accept attic`. Another disk may be mounted, "
	 "the state folder may be away, or two installations share the folder."},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/d",
	  .use = MARK_DATA,
	  .container = "attic",
	  .ledger = OURS,
	  .mark = {.id = MARK, .by_system = true, .fault = MARK_NONE}},
	 "other-folder",
	 "/d does not seem to be the right DataDirectory: the folder of before was expected, and "
	 "there is another.",
	 "If it is right as it is, run `ptp-archiver accept attic`. " DISK},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/w",
	  .container = "attic",
	  .ledger = OURS,
	  .mark = {.fault = MARK_NONE}},
	 "other-folder",
	 "/w does not seem to be the right watch folder: the hidden folder .ptp-archiver was "
	 "expected, and there is none.",
	 NULL},
	{{.what = FACT_OTHER_FOLDER,
	  .folder = "/s",
	  .use = MARK_STATE,
	  .detail = "/w",
	  .mark = {.fault = MARK_EMPTY, .found = THEIRS}},
	 "other-folder",
	 "/s does not seem to be the right state folder: the ledger fedcba98 was expected (/w "
	 "belongs "
	 "to it), and there is none.",
	 "If it is right as it is, run `ptp-archiver accept --state-folder`. " DISK},
	{{.what = FACT_FOLDER_HANGS, .folder = "/w", .since = T},
	 "folder-hangs",
	 "The folder /w has not answered since 24 Nov, 23:00.",
	 "Does its server run, and the network? If so, mount it again. Its containers wait, and "
	 "nothing is lost. The program looks again every ten minutes."},
	{{.what = FACT_CLIENT_REFUSES, .client = "box"},
	 "client-refuses",
	 "The client box does not accept its user name or password.",
	 "Correct them in config.ptp, and restart or reload ptp-archiver. Until then it does not "
	 "call the client, which might ban it. Torrents for it wait."},
	{{.what = FACT_CLIENT_AWAY, .client = "box", .since = T},
	 "client-away",
	 "The client box has been away since 24 Nov, 23:00.",
	 "Is it running? The program calls it again by itself. Nothing is lost: torrents for it "
	 "wait."},
	{{.what = FACT_CLIENT_AWAY, .client = "box", .since = T, .count = 1},
	 "client-away",
	 "The client box has been away since 24 Nov, 23:00; 1 torrent waits for it.",
	 NULL},
	{{.what = FACT_CLIENT_AWAY, .client = "box", .since = T, .count = 2},
	 "client-away",
	 "The client box has been away since 24 Nov, 23:00; 2 torrents wait for it.",
	 NULL},
	{{.what = FACT_AUDIT_MISSING, .since = T, .count = 37},
	 "audit-missing",
	 "37 torrents are missing in the client (audit of 24 Nov, 23:00).",
	 "`ptp-archiver audit` names them. `ptp-archiver redeliver --missing` delivers them "
	 "again."},
	{{.what = FACT_AUDIT_MISSING, .since = T, .count = 1},
	 "audit-missing",
	 "1 torrent is missing in the client (audit of 24 Nov, 23:00).",
	 NULL},
	{{.what = FACT_AUDIT_ERROR, .since = T, .count = 2},
	 "audit-error",
	 "2 torrents are in error in the client (audit of 24 Nov, 23:00).",
	 "`ptp-archiver audit` names them, and says what can be done."},
	{{.what = FACT_AUDIT_ERROR, .since = T, .count = 1},
	 "audit-error",
	 "1 torrent is in error in the client (audit of 24 Nov, 23:00).",
	 NULL},
	{{.what = FACT_FAILS,
	  .container = "attic",
	  .since = T,
	  .count = 1,
	  .result = {.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503},
	  .detail = "it is closed"},
	 "container-fails",
	 "attic has failed since 24 Nov, 23:00: ERR(HTTP 503): it is closed.",
	 "The program retries in the next cycle."},
	{{.what = FACT_FAILS,
	  .container = "attic",
	  .since = T,
	  .count = 1,
	  .next = NOW + 240000,
	  .result = {.kind = OUTCOME_ERR, .code = WORD_TIMEOUT}},
	 "container-fails",
	 "attic has failed since 24 Nov, 23:00: ERR(Timeout).",
	 "The program retries in 4 m."},
	{{.what = FACT_FAILS, .since = T, .count = 2, .next = FACT_BY_ITSELF},
	 "container-fails",
	 "2 containers fail, the first since 24 Nov, 23:00.",
	 "The program retries by itself."},
	{{.what = FACT_HELD,
	  .container = "attic",
	  .since = T,
	  .count = 1,
	  .result = {.kind = OUTCOME_WAIT, .wait = WAIT_SPACE},
	  .detail = "1 GiB is free"},
	 "container-held",
	 "attic has been held up since 24 Nov, 23:00: WAIT(Space): 1 GiB is free.",
	 "Make room, or resize the container."},
	{{.what = FACT_HELD,
	  .container = "attic",
	  .since = T,
	  .count = 1,
	  .until = NOW + 60000,
	  .next = NOW,
	  .result = {.kind = OUTCOME_WAIT, .wait = WAIT_BACKOFF},
	  .detail = "HTTP 503"},
	 "container-held",
	 "attic has been held up since 24 Nov, 23:00: WAIT: the tracker is left alone for "
	 "another 1 m 0 s, after: HTTP 503.",
	 "The program retries at once."},
	{{.what = FACT_PENDING_OLD, .since = T, .count = 3},
	 "pending-old",
	 "3 torrents have been pending for more than a day, the first since 24 Nov, 23:00.",
	 "The list of pending torrents says why. Each cycle begins with them."},
	{{.what = FACT_PENDING_OLD, .since = T, .count = 1},
	 "pending-old",
	 "1 torrent has been pending for more than a day, since 24 Nov, 23:00.",
	 NULL},
	{{.what = FACT_SET_ASIDE, .count = 2},
	 "set-aside",
	 "2 torrents were set aside after five tries.",
	 "The program retries once a day, and `ptp-archiver fetch --force` at once."},
	{{.what = FACT_SET_ASIDE, .count = 1},
	 "set-aside",
	 "1 torrent was set aside after five tries.",
	 NULL},
	{{.what = FACT_ORPHANS, .count = 2},
	 "orphans",
	 "2 torrents are pending for containers that are not configured any more.",
	 "To have these delivered, configure the containers again."},
	{{.what = FACT_ORPHANS, .count = 1},
	 "orphans",
	 "1 torrent is pending for a container that is not configured any more.",
	 NULL},
	{{.what = FACT_STRAYS, .count = 2},
	 "strays",
	 "2 torrents were downloaded for containers that are not configured.",
	 "`ptp-archiver status` says where. Configure the containers again, or remove the files."},
	{{.what = FACT_STRAYS, .count = 1},
	 "strays",
	 "1 torrent was downloaded for a container that is not configured.",
	 NULL},
	{{.what = FACT_NOT_PICKED_UP, .count = 2},
	 "not-picked-up",
	 "2 torrents have not been picked up by the client.",
	 "Is the client running, and does it watch this folder? Can it read the files? If it "
	 "leaves files there, set PickUpWithin to off."},
	{{.what = FACT_NOT_PICKED_UP, .count = 1},
	 "not-picked-up",
	 "1 torrent has not been picked up by the client.",
	 NULL},
	{{.what = FACT_PINGS_FAIL, .since = T, .count = 3, .detail = "HTTP 404"},
	 "pings-fail",
	 "Pings to Healthchecks have failed since 24 Nov, 23:00: HTTP 404.",
	 "`ptp-archiver check --online` tries the ping URL (HC_URL)."},
	{{.what = FACT_MESSAGES_FAIL, .since = T, .client = "ntfy 1 (ntfy.sh)"},
	 "messages-fail",
	 "Messages to ntfy 1 (ntfy.sh) have failed since 24 Nov, 23:00.",
	 "`ptp-archiver notify --test` says why. Then correct Notify (PTP_NOTIFY). The program "
	 "retries by itself."},
	{{.what = FACT_DAMAGED, .since = T, .count = 1, .copy = "/s/backup/l.db", .detail = "why"},
	 "ledger-damaged",
	 "The ledger is damaged, and no cycle has been able to run since 24 Nov, 23:00: why.",
	 "The tracker is asked for nothing. Stop the daemon, and put the newest good copy back: "
	 "`ptp-archiver restore /s/backup/l.db`."},
	{{.what = FACT_DAMAGED, .since = T, .detail = "why"},
	 "ledger-damaged",
	 "The ledger is damaged, and no cycle has been able to run since 24 Nov, 23:00: why.",
	 "The tracker is asked for nothing. There is no good daily copy: put a backup back with "
	 "`ptp-archiver restore`."},
	{{.what = FACT_VAULT_DAMAGED, .since = T, .count = 1, .detail = "abcd"},
	 "vault-damaged",
	 "1 torrent of the vault is damaged (look of 24 Nov, 23:00): abcd.",
	 "What is pending is downloaded again by itself. The others are in a backup: `tar -xf "
	 "BACKUP -C STATE_FOLDER vault/abcd.torrent`. The log names each of them."},
	{{.what = FACT_VAULT_DAMAGED, .since = T, .count = 3, .detail = "abcd"},
	 "vault-damaged",
	 "3 torrents of the vault are damaged (look of 24 Nov, 23:00): abcd.",
	 NULL},
	{{.what = FACT_COPY_FAILS, .since = T, .detail = "no room"},
	 "copy-fails",
	 "The ledger has not been copied since 24 Nov, 23:00: no room.",
	 "The daemon copies it every day into the folder backup of the state folder, and retries "
	 "every hour. The log says why it fails."},
	{{.what = FACT_WAITS, .container = "attic", .detail = "3 downloads are not finished"},
	 "container-waits",
	 "attic waits: 3 downloads are not finished.",
	 "It passes by itself as the client gets on."},
	{{.what = FACT_PENDING, .count = 2, .next = NOW + 240000},
	 "pending",
	 "2 torrents are pending.",
	 "The program resumes in 4 m."},
	{{.what = FACT_PENDING, .count = 1, .running = true},
	 "pending",
	 "1 torrent is pending.",
	 "A cycle is at work."},
	{{.what = FACT_PUT_ASIDE, .count = 2},
	 "put-aside",
	 "2 torrents were put aside by the client.",
	 "The client's log says why. `ptp-archiver redeliver --missing` delivers it again."},
	{{.what = FACT_PUT_ASIDE, .count = 1},
	 "put-aside",
	 "1 torrent was put aside by the client.",
	 NULL},
	{{.what = FACT_LOST, .count = 2},
	 "possibly-lost",
	 "2 assignments are possibly lost.",
	 "An answer did not come, or does not prove that nothing was assigned. The program "
	 "searches the tracker's next lists for it. `ptp-archiver settle` shows what it "
	 "could be, and settles it."},
	{{.what = FACT_SHARED, .count = 2, .since = T},
	 "account-shared",
	 "Another program uses this account: the tracker has listed 2 torrents of it since 24 Nov, "
	 "23:00.",
	 "So no possibly lost assignment is taken up before you settle it. If you know of the "
	 "program, set SharedAccount (PTP_SHARED_ACCOUNT). If a torrent is this installation's, "
	 "`ptp-archiver settle --mine TORRENTID` says so."},
	{{.what = FACT_SHARED, .count = 1, .since = T},
	 "account-shared",
	 "Another program uses this account: the tracker has listed 1 torrent of it, first at "
	 "24 Nov, 23:00.",
	 NULL},
	{{.what = FACT_LOST, .count = 1}, "possibly-lost", "1 assignment is possibly lost.", NULL},
	{{.what = FACT_VERSION, .version = "0.11", .speaks = "0.10"},
	 "new-version",
	 "The tracker announces version 0.11 of its utility; this program speaks the protocol of "
	 "0.10.",
	 "Look for a newer ptp-archiver. This one continues as it is."},
	{{.what = FACT_FULL, .container = "attic", .detail = "1T"},
	 "full",
	 "attic is full.",
	 "It holds the 1T that you offered; there is nothing to do. To offer more give it a larger "
	 "size, in PTP_CONTAINERS or by `ptp-archiver resize`."},
	{{.what = FACT_NOT_CONFIGURED}, "not-configured", "No containers are configured.", NULL},
	{{.what = FACT_READY}, "ready", "Ready. No cycle has run yet.", NULL},
	{{.what = FACT_FIRST_CYCLE}, "first-cycle", "The first cycle is at work.", NULL},
	{{.what = FACT_FIRST_CUT},
	 "first-cycle-cut",
	 "The first cycle was cut off before it ended.",
	 NULL},
	{{.what = FACT_ALL_WAIT, .count = 10, .all = 10},
	 "all-wait",
	 "Nothing is wrong. All ten containers wait.",
	 NULL},
	{{.what = FACT_ALL_WAIT, .count = 1, .all = 1, .container = "attic"},
	 "all-wait",
	 "Nothing is wrong. The container attic waits.",
	 NULL},
	{{.what = FACT_SOME_WAIT, .count = 1, .all = 3},
	 "some-wait",
	 "Nothing is wrong. 1 of 3 containers waits.",
	 NULL},
	{{.what = FACT_SOME_WAIT, .count = 2, .all = 3},
	 "some-wait",
	 "Nothing is wrong. 2 of 3 containers wait.",
	 NULL},
	{{.what = FACT_SOME_UNTRIED, .count = 1, .all = 3},
	 "some-untried",
	 "Nothing is wrong. 1 of 3 containers was not tried yet.",
	 NULL},
	{{.what = FACT_SOME_UNTRIED, .count = 2, .all = 3},
	 "some-untried",
	 "Nothing is wrong. 2 of 3 containers were not tried yet.",
	 NULL},
	{{.what = FACT_ALL_FULL, .count = 2, .all = 2},
	 "all-full",
	 "Both containers are full.",
	 NULL},
	{{.what = FACT_ALL_FULL, .count = 1, .all = 1, .container = "attic"},
	 "all-full",
	 "The container attic is full.",
	 NULL},
	{{.what = FACT_HEALTHY, .count = 11, .all = 11},
	 "healthy",
	 "All 11 containers are healthy.",
	 NULL},
	{{.what = FACT_HEALTHY, .count = 1, .all = 1, .container = "attic"},
	 "healthy",
	 "The container attic is healthy.",
	 NULL},
};

static void every_fact_has_its_words(void **state)
{
	(void)state;
	bool seen[CONDITIONS] = {false};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fact *f = &rows[i].fact;
		OWN_STR char *sentence = fact_sentence(f, NOW);
		OWN_STR char *remedy = fact_remedy(f, NOW);
		assert_string_equal(fact_name(f->what), rows[i].name);
		assert_string_equal(sentence, rows[i].sentence);
		if (rows[i].remedy)
			assert_string_equal(remedy, rows[i].remedy);
		else if (fact_level(f->what) == FACT_GOOD)
			assert_null(remedy);
		seen[f->what] = true;
	}
	for (int what = 0; what < CONDITIONS; what++)
		if (!seen[what])
			fail_msg("%s has no row here", fact_name((enum condition)what));
}

/* The headline is the first; so the levels must not mix. */
static void the_bad_ones_come_before_the_notes_and_those_before_the_good(void **state)
{
	(void)state;

	for (int what = 1; what < CONDITIONS; what++)
		assert_true(fact_level((enum condition)what) <=
			    fact_level((enum condition)(what - 1)));
	assert_int_equal(fact_level(FACT_MESSAGES_FAIL), FACT_BAD);
	assert_int_equal(fact_level(FACT_WAITS), FACT_NOTE);
	assert_int_equal(fact_level(FACT_VERSION), FACT_NOTE);
	assert_int_equal(fact_level(FACT_FULL), FACT_GOOD);
}

static void assert_over(struct fact f, const char *title, const char *more)
{
	OWN_STR char *over = fact_over(&f, 0);
	OWN_STR char *rest = fact_over_more(&f, 0);

	assert_string_equal(over, title);
	assert_string_equal(rest, more);
}

static void what_is_over_has_words_too(void **state)
{
	(void)state;
	struct fact f = {.what = FACT_CLIENT_AWAY, .client = "box", .since = T, .until = NOW};

	assert_over(f, "The client box is back", "It takes torrents again, after 1 h 0 m.");
	f.what = FACT_CLIENT_REFUSES;
	assert_over(f, "The client box is back", "It takes torrents again, after 1 h 0 m.");
	f = (struct fact){.what = FACT_FAILS, .container = "attic", .count = 1};
	assert_over(f, "attic is well again", "");
	f.what = FACT_HELD;
	assert_over(f, "attic is well again", "");
	f = (struct fact){.what = FACT_FAILS, .count = 2};
	assert_over(f, "2 containers are well again", "");
	assert_over((struct fact){.what = FACT_STUCK}, "Cycles can run again", "");
	assert_over((struct fact){.what = FACT_DISK_FULL}, "Cycles can run again", "");
	assert_over((struct fact){.what = FACT_LOST}, "No assignment is possibly lost any more",
		    "They were found again, or the tracker had not assigned them.");
	assert_over((struct fact){.what = FACT_AUDIT_MISSING}, "No torrent is missing any more",
		    "");
	assert_over((struct fact){.what = FACT_SHARED},
		    "No other program has used this account for a year", "");
	assert_over((struct fact){.what = FACT_READY}, "", "");
}

static void a_text_that_is_read_elsewhere_has_complete_times(void **state)
{
	(void)state;
	const struct fact f = {.what = FACT_OVERDUE, .since = T};
	OWN_STR char *title = fact_title(&f, 0);

	assert_string_equal(title,
			    "The next cycle has been due since 24 Nov 2026, 23:00, and does not "
			    "begin");
}

/* Braces and brackets in a name or in the tracker's words are text. */
static void what_comes_from_outside_is_not_read(void **state)
{
	(void)state;
	const struct fact f = {.what = FACT_WAITS, .container = "{since}[", .detail = "]{all}"};
	OWN_STR char *sentence = fact_sentence(&f, NOW);

	assert_string_equal(sentence, "{since}[ waits: ]{all}.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_has_its_words),
		cmocka_unit_test(the_bad_ones_come_before_the_notes_and_those_before_the_good),
		cmocka_unit_test(what_is_over_has_words_too),
		cmocka_unit_test(a_text_that_is_read_elsewhere_has_complete_times),
		cmocka_unit_test(what_comes_from_outside_is_not_read),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
