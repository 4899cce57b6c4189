#include "base/mask.h"

#include "base/mem.h"
#include "base/own.h"

#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SECRETS_MAX 512
#define PASSKEYS_MAX 64
#define PASSKEY_MIN 16
#define PIECE_MIN 12 /* of a URL, with a digit */
#define PIECE_LONG 20
#define PIECE_MAX 256
#define CUT_MIN 8 /* what is left of a secret at the end of a text */

struct known {
	char *text; /* owned */
	size_t len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known secrets[SECRETS_MAX + PASSKEYS_MAX];
static size_t n_secrets, n_passkeys; /* passkeys stand behind the secrets' room */
static bool begins[256];             /* a secret begins with this byte, in either case */

/* ---- learning ---- */

static const char *const names[] = {"admin", "deluge", "qbittorrent", "rtorrent", "transmission"};

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (len == strlen(names[i]) && strncasecmp(text, names[i], len) == 0)
			return true;
	return false;
}

static bool is_known(const struct known *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].len == len && memcmp(list[i].text, text, len) == 0)
			return true;
	return false;
}

static void put(struct known *k, const char *text, size_t len)
{
	free(k->text);
	*k = (struct known){mem_dupn(text, len), len};
	begins[tolower((unsigned char)*text)] = begins[toupper((unsigned char)*text)] = true;
}

static void add(const char *text, size_t len)
{
	if (len < MASK_MIN || is_name(text, len))
		return;
	pthread_mutex_lock(&lock);
	if (n_secrets < SECRETS_MAX && !is_known(secrets, n_secrets, text, len))
		put(&secrets[n_secrets++], text, len);
	pthread_mutex_unlock(&lock);
}

static void add_passkey(const char *text, size_t len)
{
	struct known *passkeys = secrets + SECRETS_MAX;

	pthread_mutex_lock(&lock);
	size_t held = n_passkeys < PASSKEYS_MAX ? n_passkeys : PASSKEYS_MAX;
	if (!is_known(passkeys, held, text, len) && !is_known(secrets, n_secrets, text, len))
		put(&passkeys[n_passkeys++ % PASSKEYS_MAX], text, len);
	pthread_mutex_unlock(&lock);
}

/* As it stands in a URL. */
static void add_encoded(const char *text)
{
	OWN_STR char *out = mem_alloc(3 * strlen(text) + 1);
	char *to = out;

	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			*to++ = *text;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*text);
	*to = '\0';
	add(out, strlen(out));
}

/* As it stands in a JSON text. */
static void add_escaped(const char *text)
{
	OWN_STR char *out = mem_alloc(2 * strlen(text) + 1);
	char *to = out;

	for (; *text; text++) {
		if (strchr("\"\\/", *text))
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\0';
	add(out, strlen(out));
}

static void add_word(const char *text, size_t len)
{
	OWN_STR char *word = mem_dupn(text, len);

	add(word, strlen(word));
	add_encoded(word);
	add_escaped(word);
}

static bool has_digit(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isdigit((unsigned char)text[i]))
			return true;
	return false;
}

static const char *authority_of(const char *url)
{
	const char *end = strstr(url, "://");

	return end ? end + 3 : NULL;
}

/* A path such as "/api/webhooks" is no secret, and its words must stay readable. */
static bool tells_nothing(const char *piece, size_t len)
{
	return len < PIECE_MIN || (len < PIECE_LONG && !has_digit(piece, len));
}

static void learn_url(const char *authority)
{
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	const char *user = authority, *rest = authority + len;

	while (at && user < at) {
		size_t size = strcspn(user, ":@");
		add_word(user, size);
		user += size + 1;
	}
	if (!tells_nothing(rest, strlen(rest)))
		add(rest, strlen(rest));
	while (*rest) {
		size_t size = strcspn(rest, "/?&=#,;");
		if (!tells_nothing(rest, size))
			add_word(rest, size);
		rest += size + (rest[size] != '\0');
	}
}

void mask_learn(const char *secret)
{
	const char *authority = secret ? authority_of(secret) : NULL;

	if (authority)
		learn_url(authority);
	else if (secret)
		add_word(secret, strlen(secret));
}

void mask_learn_passkey(const char *url, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = 0;
		while (at + n < len && isalnum((unsigned char)url[at + n]))
			n++;
		if (n >= PASSKEY_MIN && n <= PIECE_MAX && has_digit(url + at, n))
			add_passkey(url + at, n);
		at += n + 1;
	}
}

/* ---- hiding ---- */

/* How many bytes of the text belong to this secret? */
static size_t hides(const struct known *k, const char *text, size_t len)
{
	bool cut = k->len > len;

	if (cut && len < CUT_MIN)
		return 0;
	return strncasecmp(text, k->text, cut ? len : k->len) == 0 ? (cut ? len : k->len) : 0;
}

/* The longest secret here. */
static size_t secret_at(const char *text, size_t len)
{
	size_t best = 0;
	size_t end = SECRETS_MAX + (n_passkeys < PASSKEYS_MAX ? n_passkeys : PASSKEYS_MAX);

	if (!begins[(unsigned char)*text])
		return 0;
	for (size_t i = 0; i < end; i++) {
		if (i == n_secrets)
			i = SECRETS_MAX;
		size_t n = i < end ? hides(&secrets[i], text, len) : 0;
		if (n > best)
			best = n;
	}
	return best;
}

static void append(char *to, size_t cap, size_t *at, const char *text, size_t len)
{
	size_t room = cap - 1 - *at, n = len < room ? len : room;

	memcpy(to + *at, text, n);
	*at += n;
}

size_t mask_copy(char *to, size_t cap, const char *text, size_t len)
{
	size_t out = 0;

	pthread_mutex_lock(&lock);
	for (size_t at = 0; at < len && out < cap - 1;) {
		size_t n = secret_at(text + at, len - at);
		append(to, cap, &out, n ? MASK_HIDDEN : text + at, n ? strlen(MASK_HIDDEN) : 1);
		at += n ? n : 1;
	}
	pthread_mutex_unlock(&lock);
	to[out] = '\0';
	return out;
}

char *mask_text(const char *text, size_t len, size_t *out_len)
{
	size_t cap = len / MASK_MIN * strlen(MASK_HIDDEN) + len + 1;
	char *out = mem_alloc(cap);

	*out_len = mask_copy(out, cap, text, len);
	return out;
}
