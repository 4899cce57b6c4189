#include "model/fact.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define WORDS_MAX 4096

/*
 * The words.  {name} stands for a field of the fact, see fields[]; what is in [ ] is left out where
 * `count` is 0, what is in [! ] where it is not.  `one` is for a count of 1; NULL: as `many`.
 */
#define RETRIES "Next try in {in}, at {until}. "
#define DAEMON_RESUMES                                                                            \
	"The daemon resumes by itself within ten minutes. It asks the tracker for nothing until " \
	"then."

static const struct wording {
	const char *name;
	enum fact_level level;
	const char *many, *one;
	const char *remedy;
	const char *over, *over_one, *over_more;
} wordings[CONDITIONS] = {
	[FACT_STUCK] = {"stuck", FACT_BAD, "No cycle has been able to run since {since}",
			.remedy = "Fix it. " DAEMON_RESUMES, .over = "Cycles can run again"},
	[FACT_DAMAGED] =
		{"ledger-damaged", FACT_BAD,
		 "The ledger is damaged, and no cycle has been able to run since {since}",
		 .remedy = "The tracker is asked for nothing. [Stop the daemon, and put the "
			   "newest good copy back: `ptp-archiver restore {copy}`.][!There is "
			   "no good daily copy: put a backup back with `ptp-archiver "
			   "restore`.]",
		 .over = "Cycles can run again"},
	[FACT_DISK_FULL] = {"disk-full", FACT_BAD, "No cycle has been able to run since {since}",
			    .remedy = "Make room on its disk. " DAEMON_RESUMES,
			    .over = "Cycles can run again"},
	[FACT_NO_DAEMON] = {"no-daemon", FACT_BAD, "The daemon is not running",
			    .remedy = "Start it with `ptp-archiver run`."},
	[FACT_OVERDUE] = {"overdue", FACT_BAD,
			  "The next cycle has been due since {since}, and does not begin",
			  .remedy = "The log says why. A restart loses nothing."},
	[FACT_CONFIG] = {"config-refused", FACT_BAD,
			 "The new configuration was refused at {since}, and the old one stays",
			 .remedy = "Correct it, and reload again."},
	[FACT_CREDENTIALS] = {"credentials-refused", FACT_BAD,
			      "The tracker has refused ApiUser and ApiKey since {since}",
			      .remedy = "Correct PTP_USER and PTP_KEY; `ptp-archiver check "
					"--online` tries them. " RETRIES
					"What was assigned stays in the ledger."},
	[FACT_BACK_OFF] = {"back-off", FACT_BAD, "The tracker has not been well since {since}",
			   .remedy = RETRIES "[!Nothing is lost: what]"
					     "[What] was assigned stays in the ledger."},
	[FACT_OTHER_FOLDER] = {"other-folder", FACT_BAD,
			       "{folder} does not seem to be the right {use}",
			       .remedy = "If it is right as it is, run `{accept}`. {cause}",
			       .over = "{folder} is the right {use} again"},
	[FACT_FOLDER_HANGS] = {"folder-hangs", FACT_BAD,
			       "The folder {folder} has not answered since {since}",
			       .remedy = "Does its server run, and the network? If so, mount it "
					 "again. Its containers wait, and nothing is lost. The "
					 "program looks again every ten minutes."},
	[FACT_CLIENT_REFUSES] = {"client-refuses", FACT_BAD,
				 "The client {client} does not accept its user name or password",
				 .remedy = "Correct them in config.ptp, and restart or reload "
					   "ptp-archiver. Until then it does not call the client, "
					   "which might ban it. Torrents for it wait.",
				 .over = "The client {client} is back",
				 .over_more = "It takes torrents again, after {for}."},
	[FACT_CLIENT_AWAY] = {"client-away", FACT_BAD,
			      "The client {client} has been away since {since}[; {count} torrents "
			      "wait for it]",
			      "The client {client} has been away since {since}; 1 torrent waits "
			      "for it",
			      .remedy = "Is it running? The program calls it again by itself. "
					"Nothing is lost: torrents for it wait.",
			      .over = "The client {client} is back",
			      .over_more = "It takes torrents again, after {for}."},
	[FACT_AUDIT_MISSING] = {"audit-missing", FACT_BAD,
				"{count} torrents are missing in the client (audit of {since})",
				"1 torrent is missing in the client (audit of {since})",
				.remedy = "`ptp-archiver audit` names them. `ptp-archiver "
					  "redeliver --missing` delivers them again.",
				.over = "No torrent is missing any more"},
	[FACT_AUDIT_ERROR] = {"audit-error", FACT_BAD,
			      "{count} torrents are in error in the client (audit of {since})",
			      "1 torrent is in error in the client (audit of {since})",
			      .remedy = "`ptp-archiver audit` names them, and says what can be "
					"done."},
	[FACT_FAILS] = {"container-fails", FACT_BAD,
			"{count} containers fail, the first since {since}",
			"{container} has failed since {since}: {result}", .remedy = "{hint}",
			.over = "{count} containers are well again",
			.over_one = "{container} is well again"},
	[FACT_HELD] = {"container-held", FACT_BAD,
		       "{container} has been held up since {since}: {result}", .remedy = "{hint}",
		       .over = "{container} is well again"},
	[FACT_PENDING_OLD] = {"pending-old", FACT_BAD,
			      "{count} torrents have been pending for more than a day, the first "
			      "since {since}",
			      "1 torrent has been pending for more than a day, since {since}",
			      .remedy = "The list of pending torrents says why. Each cycle begins "
					"with them."},
	[FACT_SET_ASIDE] = {"set-aside", FACT_BAD,
			    "{count} torrents were set aside after five tries",
			    "1 torrent was set aside after five tries",
			    .remedy = "The program retries once a day, and `ptp-archiver fetch "
				      "--force` at once."},
	[FACT_ORPHANS] = {"orphans", FACT_BAD,
			  "{count} torrents are pending for containers that are not configured "
			  "any more",
			  "1 torrent is pending for a container that is not configured any more",
			  .remedy = "To have these delivered, configure the containers again."},
	[FACT_STRAYS] = {"strays", FACT_BAD,
			 "{count} torrents were downloaded for containers that are not configured",
			 "1 torrent was downloaded for a container that is not configured",
			 .remedy = "`ptp-archiver status` says where. Configure the containers "
				   "again, or remove the files."},
	[FACT_NOT_PICKED_UP] = {"not-picked-up", FACT_BAD,
				"{count} torrents have not been picked up by the client",
				"1 torrent has not been picked up by the client",
				.remedy = "Is the client running, and does it watch this folder? "
					  "Can it read the files? If it leaves files there, set "
					  "PickUpWithin to off."},
	[FACT_PINGS_FAIL] = {"pings-fail", FACT_BAD,
			     "Pings to Healthchecks have failed since {since}",
			     .remedy =
				     "`ptp-archiver check --online` tries the ping URL (HC_URL)."},
	[FACT_MESSAGES_FAIL] = {"messages-fail", FACT_BAD,
				"Messages to {client} have failed since {since}",
				.remedy = "`ptp-archiver notify --test` says why. Then correct "
					  "Notify (PTP_NOTIFY). The program retries by itself."},
	[FACT_VAULT_DAMAGED] = {"vault-damaged", FACT_BAD,
				"{count} torrents of the vault are damaged (look of {since})",
				"1 torrent of the vault is damaged (look of {since})",
				.remedy =
					"What is pending is downloaded again by itself. The others "
					"are in a backup: `tar -xf BACKUP -C STATE_FOLDER "
					"vault/{detail}.torrent`. The log names each of them."},
	[FACT_COPY_FAILS] = {"copy-fails", FACT_BAD, "The ledger has not been copied since {since}",
			     .remedy = "The daemon copies it every day into the folder backup of "
				       "the state folder, and retries every hour. The log says "
				       "why it fails."},
	[FACT_WAITS] = {"container-waits", FACT_NOTE, "{container} waits",
			.remedy = "It passes by itself as the client gets on."},
	[FACT_PENDING] = {"pending", FACT_NOTE, "{count} torrents are pending",
			  "1 torrent is pending", .remedy = "{resumes}"},
	[FACT_PUT_ASIDE] = {"put-aside", FACT_NOTE, "{count} torrents were put aside by the client",
			    "1 torrent was put aside by the client",
			    .remedy = "The client's log says why. `ptp-archiver redeliver "
				      "--missing` delivers it again."},
	[FACT_LOST] = {"possibly-lost", FACT_NOTE, "{count} assignments are possibly lost",
		       "1 assignment is possibly lost",
		       .remedy =
			       "An answer did not come, or does not prove that nothing was "
			       "assigned. The program searches the tracker's next lists "
			       "for it. `ptp-archiver settle` shows what it could be, and settles "
			       "it.",
		       .over = "No assignment is possibly lost any more",
		       .over_more = "They were found again, or the tracker had not assigned "
				    "them."},
	[FACT_SHARED] = {"account-shared", FACT_NOTE,
			 "Another program uses this account: the tracker has listed {count} "
			 "torrents of it since {since}",
			 "Another program uses this account: the tracker has listed 1 torrent of "
			 "it, first at {since}",
			 .remedy = "So no possibly lost assignment is taken up before you settle "
				   "it. If you know of the program, set SharedAccount "
				   "(PTP_SHARED_ACCOUNT). If a torrent is this installation's, "
				   "`ptp-archiver settle --mine TORRENTID` says so.",
			 .over = "No other program has used this account for a year"},
	[FACT_VERSION] = {"new-version", FACT_NOTE,
			  "The tracker announces version {version} of its utility; this program "
			  "speaks the protocol of {speaks}",
			  .remedy = "Look for a newer ptp-archiver. This one continues as it is."},
	[FACT_FULL] = {"full", FACT_GOOD, "{container} is full",
		       .remedy = "It holds the {detail} that you offered; there is nothing to do. "
				 "To offer more give it a larger size, in PTP_CONTAINERS or by "
				 "`ptp-archiver resize`."},
	[FACT_NOT_CONFIGURED] = {"not-configured", FACT_GOOD, "No containers are configured",
				 .remedy = NULL},
	[FACT_READY] = {"ready", FACT_GOOD, "Ready. No cycle has run yet", .remedy = NULL},
	[FACT_FIRST_CYCLE] = {"first-cycle", FACT_GOOD, "The first cycle is at work",
			      .remedy = NULL},
	[FACT_FIRST_CUT] = {"first-cycle-cut", FACT_GOOD,
			    "The first cycle was cut off before it ended", .remedy = NULL},
	[FACT_ALL_WAIT] = {"all-wait", FACT_GOOD, "Nothing is wrong. {All} containers wait",
			   "Nothing is wrong. The container {container} waits", .remedy = NULL},
	[FACT_SOME_WAIT] = {"some-wait", FACT_GOOD,
			    "Nothing is wrong. {count} of {all} containers wait",
			    "Nothing is wrong. 1 of {all} containers waits", .remedy = NULL},
	[FACT_SOME_UNTRIED] = {"some-untried", FACT_GOOD,
			       "Nothing is wrong. {count} of {all} containers were not tried yet",
			       "Nothing is wrong. 1 of {all} containers was not tried yet",
			       .remedy = NULL},
	[FACT_ALL_FULL] = {"all-full", FACT_GOOD, "{All} containers are full",
			   "The container {container} is full", .remedy = NULL},
	[FACT_HEALTHY] = {"healthy", FACT_GOOD, "{All} containers are healthy",
			  "The container {container} is healthy", .remedy = NULL},
};

/* ---- what can be done about a result ---- */

static const char look_at_client[] =
	"Look into the torrent client; what was assigned waits for it.";

const char *fact_hint(const struct result *r)
{
	static const char *const of_errors[ERR_CODES] = {
		[WORD_AUTH] = "Check PTP_USER and PTP_KEY (ApiUser and ApiKey).",
		[WORD_CLIENT] = look_at_client,
		[WORD_DISK] = "`ptp-archiver check` says which folder, and why.",
		[WORD_CONFIG] = "`ptp-archiver check` says which setting.",
		[WORD_LEDGER] = "Is there room on the disk of the state folder? If the ledger is "
				"damaged, put a copy back.",
		[WORD_BAD_TORRENT] = "The program downloads it again by itself. What came is in "
				     "state/quarantine.",
		[WORD_TLS] = "Check the clock, the CA file, and the proxy if there is one.",
		[WORD_PROTOCOL] = "If it stays so, look for a newer ptp-archiver. The log has "
				  "what came.",
	};
	static const char *const of_waits[OUTCOME_WAITS] = {
		[WAIT_SPACE] = "Make room, or resize the container.",
		[WAIT_DISK] = "Does the server of the folder run, and the network? If so, mount it "
			      "again.",
		[WAIT_CLIENT] = look_at_client,
	};

	if (r->kind == OUTCOME_ERR)
		return of_errors[r->code];
	return r->kind == OUTCOME_WAIT ? of_waits[r->wait] : NULL;
}

/* ---- fields ---- */

typedef void add_field(const struct fact *f, int64_t now, struct buf *out);

static void add_text(struct buf *out, const char *text)
{
	buf_puts(out, text ? text : "");
}

static void add_time(struct buf *out, int64_t when, int64_t now)
{
	char text[CLOCK_TEXT];

	clock_short(when, now, text);
	buf_puts(out, text);
}

static void add_span(struct buf *out, int64_t ms)
{
	char text[CLOCK_TEXT];

	clock_about(ms, text);
	buf_puts(out, text);
}

static void add_container(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->container);
}

static void add_client(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->client);
}

static void add_detail(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->detail);
}

static void add_version(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->version);
}

static void add_copy(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->copy);
}

static void add_speaks(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->speaks);
}

static void add_since(const struct fact *f, int64_t now, struct buf *out)
{
	add_time(out, f->since, now);
}

static void add_until(const struct fact *f, int64_t now, struct buf *out)
{
	add_time(out, f->until, now);
}

static void add_in(const struct fact *f, int64_t now, struct buf *out)
{
	add_span(out, f->until - now);
}

static void add_for(const struct fact *f, int64_t now, struct buf *out)
{
	char text[CLOCK_TEXT];

	(void)now;
	clock_span(f->until - f->since, text);
	buf_puts(out, text);
}

static void add_count(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	buf_printf(out, "%" PRIu64, f->count);
}

static void add_all(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	buf_printf(out, "%" PRIu64, f->all);
}

/* "Both", "All three", "All 12" */
static void add_all_of_them(const struct fact *f, int64_t now, struct buf *out)
{
	static const char *const words[] = {"three", "four",  "five", "six",
					    "seven", "eight", "nine", "ten"};

	(void)now;
	if (f->all <= 2)
		buf_puts(out, "Both");
	else if (f->all <= 10)
		buf_printf(out, "All %s", words[f->all - 3]);
	else
		buf_printf(out, "All %" PRIu64, f->all);
}

static void add_result(const struct fact *f, int64_t now, struct buf *out)
{
	char text[OUTCOME_TEXT];

	(void)now;
	result_text(&f->result, text);
	buf_puts(out, text);
}

static void add_when(const struct fact *f, int64_t now, struct buf *out)
{
	if (f->next == FACT_BY_ITSELF) {
		buf_puts(out, "by itself");
	} else if (!f->next) {
		buf_puts(out, "in the next cycle");
	} else if (f->next <= now) {
		buf_puts(out, "at once");
	} else {
		buf_puts(out, "in ");
		add_span(out, f->next - now);
	}
}

static void add_hint(const struct fact *f, int64_t now, struct buf *out)
{
	const char *hint = fact_hint(&f->result);

	add_text(out, hint ? hint : "The program retries ");
	if (hint)
		return;
	add_when(f, now, out);
	buf_puts(out, ".");
}

static void add_resumes(const struct fact *f, int64_t now, struct buf *out)
{
	if (f->running) {
		buf_puts(out, "A cycle is at work.");
		return;
	}
	buf_puts(out, "The program resumes ");
	add_when(f, now, out);
	buf_puts(out, ".");
}

/* ---- which folder is meant ---- */

static void add_folder(const struct fact *f, int64_t now, struct buf *out)
{
	(void)now;
	add_text(out, f->folder);
}

static void add_use(const struct fact *f, int64_t now, struct buf *out)
{
	static const char *const words[MARK_USES] = {[MARK_WATCH] = "watch folder",
						     [MARK_DATA] = "DataDirectory",
						     [MARK_STATE] = "state folder"};

	(void)now;
	add_text(out, words[f->use]);
}

static void add_accept(const struct fact *f, int64_t now, struct buf *out)
{
	OWN_STR char *name = f->use == MARK_STATE ? NULL : text_quoted(f->container);

	(void)now;
	buf_printf(out, "ptp-archiver accept %s", name ? name : "--state-folder");
}

static void add_cause(const struct fact *f, int64_t now, struct buf *out)
{
	static const char *const words[MARK_FAULTS] = {
		[MARK_GONE] = "Is its disk mounted? The program resumes once it is back.",
		[MARK_NONE] = "Is its disk mounted? The program resumes once it is back.",
		[MARK_OTHER] = "Is the right disk mounted there?",
		[MARK_FOREIGN] = "Another disk may be mounted, the state folder may be away, or "
				 "two installations share the folder.",
		[MARK_EMPTY] = "Is its disk mounted? The program resumes once it is back."};

	(void)now;
	add_text(out, words[f->mark.fault]);
}

static void add_id(struct buf *out, const char *what, const char *id)
{
	buf_printf(out, "%s %.*s", what, MARK_SHORT, id);
}

static void add_expected(struct buf *out, const struct fact *f)
{
	if (f->mark.fault == MARK_EMPTY)
		add_id(out, "the ledger", f->mark.found);
	else if (f->mark.by_system)
		buf_puts(out, "the folder of before");
	else if (f->mark.id[0])
		add_id(out, "the mark", f->mark.id);
	else if (f->mark.fault == MARK_FOREIGN)
		add_id(out, "a mark of the ledger", f->ledger);
	else
		buf_puts(out, f->mark.fault == MARK_NONE ? "the hidden folder .ptp-archiver"
							 : "the folder of before");
}

static void add_found(struct buf *out, const struct fact *f)
{
	switch (f->mark.fault) {
	case MARK_GONE:
		buf_puts(out, "the folder is not there");
		break;
	case MARK_OTHER:
		add_id(out, "there is the mark", f->mark.found);
		break;
	case MARK_FOREIGN:
		add_id(out, "there is a mark of the ledger", f->mark.found);
		break;
	default:
		buf_puts(out, f->mark.by_system ? "there is another" : "there is none");
	}
}

static char *folder_detail(const struct fact *f)
{
	OWN_BUF struct buf out = BUF_MAX(WORDS_MAX);

	add_expected(&out, f);
	buf_puts(&out, " was expected");
	if (f->detail)
		buf_printf(&out, " (%s belongs to it)", f->detail);
	buf_puts(&out, ", and ");
	add_found(&out, f);
	return buf_take(&out);
}

static const struct field {
	const char *name;
	add_field *add;
} fields[] = {
	{"container", add_container},
	{"client", add_client},
	{"detail", add_detail},
	{"version", add_version},
	{"speaks", add_speaks},
	{"copy", add_copy},
	{"since", add_since},
	{"until", add_until},
	{"in", add_in},   /* from now to `until` */
	{"for", add_for}, /* from `since` to `until` */
	{"count", add_count},
	{"all", add_all},
	{"All", add_all_of_them},
	{"result", add_result},
	{"hint", add_hint},
	{"resumes", add_resumes},
	{"folder", add_folder},
	{"use", add_use},
	{"cause", add_cause},
	{"accept", add_accept},
};

static bool is_named(const struct field *field, const char *name, size_t len)
{
	return strlen(field->name) == len && memcmp(field->name, name, len) == 0;
}

/* `name` is as long as `len`. */
static void add_named(const struct fact *f, int64_t now, const char *name, size_t len,
		      struct buf *out)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (is_named(&fields[i], name, len))
			fields[i].add(f, now, out);
}

/* ---- filling in ---- */

static char *fill(const char *words, const struct fact *f, int64_t now)
{
	OWN_BUF struct buf out = BUF_MAX(WORDS_MAX);
	bool shown = true;

	for (const char *at = words; *at; at++) {
		size_t name = *at == '{' ? strcspn(at + 1, "}") : 0;
		if (*at == '[') {
			bool unless = at[1] == '!';
			shown = unless == (f->count == 0);
			at += unless;
		} else if (*at == ']') {
			shown = true;
		} else if (shown && name) {
			add_named(f, now, at + 1, name, &out);
		} else if (shown) {
			buf_add(&out, at, 1);
		}
		at += name ? name + 1 : 0;
	}
	return buf_take(&out);
}

static const char *for_count(const struct fact *f, const char *one, const char *many)
{
	return one && f->count == 1 ? one : many;
}

const char *fact_name(enum condition what)
{
	return wordings[what].name;
}

enum fact_level fact_level(enum condition what)
{
	return wordings[what].level;
}

char *fact_title(const struct fact *f, int64_t now)
{
	const struct wording *w = &wordings[f->what];

	return fill(for_count(f, w->one, w->many), f, now);
}

char *fact_detail(const struct fact *f, int64_t now)
{
	if (f->what == FACT_OTHER_FOLDER)
		return folder_detail(f);
	if (!f->detail || f->what == FACT_FULL)
		return mem_dup("");
	return outcome_words(&f->result, f->detail, f->until, now);
}

char *fact_sentence(const struct fact *f, int64_t now)
{
	OWN_STR char *title = fact_title(f, now);
	OWN_STR char *detail = fact_detail(f, now);

	return mem_printf("%s%s%s.", title, *detail ? ": " : "", detail);
}

char *fact_remedy(const struct fact *f, int64_t now)
{
	const char *remedy = wordings[f->what].remedy;

	return remedy ? fill(remedy, f, now) : NULL;
}

char *fact_over(const struct fact *f, int64_t now)
{
	const struct wording *w = &wordings[f->what];
	const char *words = for_count(f, w->over_one, w->over);

	return fill(words ? words : "", f, now);
}

char *fact_over_more(const struct fact *f, int64_t now)
{
	const char *words = wordings[f->what].over_more;

	return fill(words ? words : "", f, now);
}
