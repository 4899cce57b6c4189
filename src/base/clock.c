#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ZONE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_steady(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

const char *clock_boot(void)
{
	static char id[CLOCK_BOOT];
	FILE *file = id[0] ? NULL : fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file && fgets(id, sizeof id, file))
		id[strcspn(id, "\n")] = '\0';
	if (file)
		fclose(file);
	return id;
}

static void format(const struct tm *tm, char out[CLOCK_TEXT])
{
	char day[24];

	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", tm);
	long minutes = tm->tm_gmtoff / 60;
	if (minutes == 0)
		snprintf(out, CLOCK_TEXT, "%sZ", day);
	else
		snprintf(out, CLOCK_TEXT, "%s%c%02ld:%02ld", day, minutes < 0 ? '-' : '+',
			 (minutes < 0 ? -minutes : minutes) / 60 % 100,
			 (minutes < 0 ? -minutes : minutes) % 60);
}

static void format_with(struct tm *(*split)(const time_t *, struct tm *), int64_t when,
			char out[CLOCK_TEXT])
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	if (when <= 0 || !split(&seconds, &tm))
		snprintf(out, CLOCK_TEXT, "never");
	else
		format(&tm, out);
}

void clock_format(int64_t when, char out[CLOCK_TEXT])
{
	format_with(localtime_r, when, out);
}

void clock_format_utc(int64_t when, char out[CLOCK_TEXT])
{
	format_with(gmtime_r, when, out);
}

void clock_span(int64_t ms, char out[CLOCK_TEXT])
{
	int64_t s = ms > 0 ? ms / 1000 : 0;

	if (s >= 86400)
		snprintf(out, CLOCK_TEXT, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(out, CLOCK_TEXT, "%" PRId64 " h %" PRId64 " m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(out, CLOCK_TEXT, "%" PRId64 " m %" PRId64 " s", s / 60, s % 60);
	else if (s >= 1)
		snprintf(out, CLOCK_TEXT, "%" PRId64 " s", s);
	else
		snprintf(out, CLOCK_TEXT, "under a second");
}

void clock_about(int64_t ms, char out[CLOCK_TEXT])
{
	if (ms >= 60000 && ms < 3600000)
		snprintf(out, CLOCK_TEXT, "%" PRId64 " m", ms / 60000);
	else
		clock_span(ms, out);
}

/* ---- for people who look ---- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool split(int64_t when, struct tm *tm)
{
	time_t seconds = (time_t)(when / 1000);

	return when > 0 && localtime_r(&seconds, tm);
}

void clock_date(int64_t when, char out[CLOCK_TEXT])
{
	struct tm t;

	if (split(when, &t))
		snprintf(out, CLOCK_TEXT, "%d %s %d", t.tm_mday, months[t.tm_mon],
			 t.tm_year + 1900);
	else
		snprintf(out, CLOCK_TEXT, "never");
}

void clock_short(int64_t when, int64_t now, char out[CLOCK_TEXT])
{
	struct tm t, n = {0};

	if (!split(when, &t)) {
		snprintf(out, CLOCK_TEXT, "never");
		return;
	}
	split(now, &n);
	if (t.tm_year != n.tm_year)
		snprintf(out, CLOCK_TEXT, "%d %s %d, %02d:%02d", t.tm_mday, months[t.tm_mon],
			 t.tm_year + 1900, t.tm_hour, t.tm_min);
	else if (t.tm_yday != n.tm_yday)
		snprintf(out, CLOCK_TEXT, "%d %s, %02d:%02d", t.tm_mday, months[t.tm_mon],
			 t.tm_hour, t.tm_min);
	else
		snprintf(out, CLOCK_TEXT, "%02d:%02d", t.tm_hour, t.tm_min);
}

/* ---- the time zone ---- */

static bool is_zone_file(const char *path)
{
	char magic[4];
	FILE *file = fopen(path, "re");
	bool ok = file && fread(magic, 1, sizeof magic, file) == sizeof magic &&
		  memcmp(magic, "TZif", sizeof magic) == 0;

	if (file)
		fclose(file);
	return ok;
}

/* "CET-1CEST,M3.5.0": a name of three letters or more, or anything in <>, then hours. */
static bool is_zone_rule(const char *zone)
{
	size_t name = *zone == '<' ? strcspn(zone, ">") + 1 : strspn(zone, ZONE_LETTERS);

	if (name < 3 || name > strlen(zone))
		return false;
	zone += name;
	return isdigit((unsigned char)zone[*zone == '+' || *zone == '-']);
}

bool clock_zone_is_known(const char *zone)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_MAX];

	zone += *zone == ':';
	if (!*zone || strcmp(zone, "UTC") == 0 || strcmp(zone, "GMT") == 0 || is_zone_rule(zone))
		return true;
	int len = *zone == '/' ? snprintf(path, sizeof path, "%s", zone)
			       : snprintf(path, sizeof path, "%s/%s",
					  folder ? folder : "/usr/share/zoneinfo", zone);
	return len < (int)sizeof path && is_zone_file(path);
}
