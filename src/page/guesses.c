#include "page/guesses.h"

#include "base/log.h"
#include "base/text.h"

static void say(struct guesses *g, int64_t now)
{
	if (g->unsaid == 1)
		log_warn(NULL, "the status page was asked for with a wrong token, from %s",
			 g->peer);
	else
		log_warn(NULL,
			 "the status page was asked for with a wrong token %u more times, the last "
			 "time from %s",
			 g->unsaid, g->peer);
	g->unsaid = 0;
	g->said = now;
}

static bool is_over(int64_t since, int64_t now)
{
	return !since || now - since >= GUESSES_MINUTE_MS;
}

void guesses_note(struct guesses *g, const char *peer, int64_t now)
{
	if (is_over(g->since, now)) {
		g->since = now;
		g->n = 0;
	}
	g->n++;
	g->unsaid++;
	text_copy(g->peer, sizeof g->peer, peer);
	guesses_tell(g, now);
}

unsigned guesses_wait_s(const struct guesses *g, int64_t now)
{
	if (g->n < GUESSES_A_MINUTE || is_over(g->since, now))
		return 0;
	return (unsigned)((g->since + GUESSES_MINUTE_MS - now + 999) / 1000);
}

void guesses_tell(struct guesses *g, int64_t now)
{
	if (g->unsaid && is_over(g->said, now))
		say(g, now);
}

int guesses_tell_ms(const struct guesses *g, int64_t now)
{
	if (!g->unsaid)
		return -1;
	return is_over(g->said, now) ? 0 : (int)(g->said + GUESSES_MINUTE_MS - now);
}
