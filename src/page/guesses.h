/*
 * page/guesses.h - wrong tokens: what the log says of them, and when there are too many.
 *
 * Nobody is locked out: behind a proxy all who ask have one address, so the right token works
 * always, beside any number of wrong ones.  A wrong one beyond GUESSES_A_MINUTE, from anywhere, is
 * kept waiting for GUESSES_HOLD_MS and gets 429 for an answer.  As at most HTTPD_CONNECTIONS wait
 * at once, that is some hundred guesses a second at the most, and a token has 16 characters at
 * least.
 *
 * Times are of the monotonic clock.  The log has a line for the first wrong token, then at most one
 * a minute; no token, and nothing else of the request, is in it.
 */
#ifndef PAGE_GUESSES_H
#define PAGE_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

#define GUESSES_A_MINUTE 10
#define GUESSES_HOLD_MS 1000
#define GUESSES_MINUTE_MS 60000
#define GUESSES_PEER 64 /* bytes of an address */

struct guesses {       /* zeroed before */
	int64_t since; /* the first of this minute's */
	unsigned n;    /* of this minute; 0: none */
	int64_t said;  /* when the log had its last line; 0: never */
	unsigned unsaid;
	char peer[GUESSES_PEER]; /* of the last one */
};

/* One more, from this address; logs what is due. */
void guesses_note(struct guesses *g, const char *peer, int64_t now);

/* The seconds until another one is answered as usual again; 0: it is. */
unsigned guesses_wait_s(const struct guesses *g, int64_t now);

/* Logs what was not said yet, when it is time for it. */
void guesses_tell(struct guesses *g, int64_t now);

/* In how many ms that is; -1: there is nothing to say. */
int guesses_tell_ms(const struct guesses *g, int64_t now);

#endif
