/* check: would it work?  Changes nothing, except the record of a call to the tracker with --online.
 * Asks for no torrent.  A wrong setting does not stop the other tests. */
#include "cmd/command.h"
#include "doctor/doctor.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/num.h"
#include "base/text.h"
#include "core/schedule.h"

#include <stdio.h>
#include <string.h>

static const struct {
	doctor_test *run;
	bool online; /* calls somebody */
} tests[] = {
	{doctor_file, false},      {doctor_daemon, false},  {doctor_containers, false},
	{doctor_base_url, false},  {doctor_proxy, false},   {doctor_ca_files, false},
	{doctor_ping_form, false}, {doctor_clock, false},   {doctor_state, false},
	{doctor_ledger, false},    {doctor_answers, false}, {doctor_marks, false},
	{doctor_watch, false},     {doctor_data, false},    {doctor_utility, false},
	{doctor_page, false},      {doctor_sandbox, false}, {doctor_notify, false},
	{doctor_outcomes, false},  {doctor_tracker, true},  {doctor_ping, true},
	{doctor_clients, true},
};

/* ---- the configuration ---- */

static const char *mask(const struct config *c, const char *key, const struct secret *s)
{
	return config_is_faulty(c, key) ? "(cannot be used)"
	       : secret_is_set(s)       ? "(set, hidden)"
					: "(not set)";
}

static void print_ping_url(const struct config *c)
{
	struct http_url url;
	struct err err;

	if (config_is_faulty(c, "HealthchecksURL"))
		printf("HealthchecksURL  (cannot be used)\n");
	else if (!secret_is_set(&c->ping_url))
		printf("HealthchecksURL  (not set: no pings)\n");
	else if (http_url_parse(secret_reveal(&c->ping_url), &url, &err))
		printf("HealthchecksURL  %s://%s/(hidden)\n", url.tls ? "https" : "http", url.host);
}

static void print_client(const struct config_client *c)
{
	struct http_url url;
	struct err ignored;

	if (c->faulty) {
		printf("Client           %s: (cannot be used)\n", c->name);
		return;
	}
	printf("Client           %s: %s", c->name, c->type ? c->type->name : "watch");
	if (c->socket)
		printf(" at %s", c->socket);
	else if (c->url && http_url_parse(c->url, &url, &ignored))
		printf(" at %s://%s", url.tls ? "https" : "http", url.host);
	else if (c->url)
		printf(" at %s", c->url);
	printf("\n");
}

static void print_notify(const struct config *c)
{
	char kinds[200];

	for (size_t i = 0; i < c->n_notify; i++) {
		event_kinds_text(c->notify[i].events, kinds, sizeof kinds);
		printf("Notify           %s: %s\n", c->notify[i].label, kinds);
	}
}

static void print_config(const struct config *c)
{
	char interval[NUM_TEXT], sleep[CLOCK_TEXT];
	struct manners manners = schedule_manners(c->fetch_sleep_ms, c->loopback);

	num_duration_format(c->interval_ms, interval);
	clock_span(manners.fetch_gap, sleep);
	printf("Configuration    %s%s\n", c->path, fs_exists(c->path) ? "" : " (not there)");
	printf("State            %s\n", c->state);
	printf("ApiUser          %s\n", mask(c, "ApiUser", &c->user));
	printf("ApiKey           %s\n", mask(c, "ApiKey", &c->key));
	printf("BaseURL          %s\n", c->base_url);
	print_ping_url(c);
	printf("Interval         %s\n", interval);
	printf("Between fetches  %s\n",
	       manners.fetch_gap ? sleep : "no wait (tracker on loopback)");
	printf("PerCycle         %u\n", c->per_cycle);
	printf("Umask            %03o\n", (unsigned)c->mask);
	if (c->utility)
		printf("Engine           utility: %s%s\n", c->utility_path,
		       fs_exists(c->utility_path) ? "" : " (not there yet, will be downloaded)");
	else
		printf("Engine           native\n");
	if (c->ca_file)
		printf("CAFile           %s\n", c->ca_file);
	for (size_t i = 0; i < c->n_containers; i++)
		printf("Container        %s (%s): %s\n", c->containers[i].name,
		       c->containers[i].size, container_place(&c->containers[i]));
	for (size_t i = 0; i < c->n_clients; i++)
		print_client(&c->clients[i]);
	print_notify(c);
	printf("\n");
}

/* ---- the tests ---- */

static void run_tests(struct doctor *d, bool online, bool show)
{
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		size_t first = d->n;
		if (tests[i].online && !online)
			continue;
		tests[i].run(d);
		if (show)
			doctor_print(d, first);
	}
}

static void print_json(const struct doctor *d)
{
	json_t *all = doctor_json(d);
	OWN_STR char *text = json_dumps(all, JSON_INDENT(2));

	printf("%s\n", text ? text : "{}");
	json_decref(all);
}

/* The log's line ends with the way out where it is a sentence of its own: once is enough. */
static size_t text_len_without(const char *line, const char *fix)
{
	size_t len = strlen(line), tail = strlen(fix) + strlen(": ");

	return text_ends(line, fix) && len > tail ? len - tail : len;
}

/* What is wrong with the configuration, in the same shape as all else. */
static void say_problems(struct doctor *d, const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *fix = p->fixes[i] ? p->fixes[i] : "correct it";
		int len = (int)text_len_without(p->lines[i], fix);
		doctor_say(d, DOCTOR_FAIL, "config", "configuration", "%.*s", len, p->lines[i]);
		doctor_fix(d, "%s", fix);
	}
}

static void say_warnings(struct doctor *d, const struct problems *w)
{
	for (size_t i = 0; i < w->n; i++) {
		doctor_say(d, DOCTOR_WARN, "settings", "configuration", "%s", w->lines[i]);
		doctor_fix(d, "%s", w->fixes[i]);
	}
}

/* As `run` would end. */
static int status_of(const struct doctor *d, const struct problems *p)
{
	if (p->n || !d->config->n_containers)
		return STATUS_USAGE;
	return doctor_failed(d) ? STATUS_FAILED : STATUS_DONE;
}

int cmd_check(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(problems_clear) struct problems p = {0};
	OWN(doctor_clear) struct doctor d = {.config = &c};
	bool json = in->given[OPTION_JSON];

	if (in->n_args)
		return command_usage(err, "check takes no arguments");
	config_load(&c, &in->config, CONFIG_CREDENTIALS, &p);
	log_setup(c.log_level, c.log_format);
	doctor_service(&d);
	say_problems(&d, &p);
	say_warnings(&d, &c.warnings);
	if (!json) {
		print_config(&c);
		doctor_print(&d, 0);
	}
	run_tests(&d, in->given[OPTION_ONLINE], !json);
	if (json)
		print_json(&d);
	return status_of(&d, &p);
}
