#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits at *at, moves it behind them; false: none, or more than max. */
static bool digits(const char **at, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool num_u64(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value;

	if (!digits(&text, max, &value) || *text)
		return false;
	*out = value;
	return true;
}

/* Reads "1.25" at *at: the whole part, and the fraction in millionths (further digits count as
 * nothing). */
static bool fraction(const char **at, uint64_t max, uint64_t *whole, uint64_t *millionths)
{
	uint64_t scale = 100000;

	*millionths = 0;
	if (!digits(at, max, whole))
		return false;
	if (**at != '.')
		return true;
	(*at)++;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++) {
		*millionths += (uint64_t)(**at - '0') * scale;
		scale /= 10;
	}
	return true;
}

bool num_milli(const char *text, uint64_t max, int64_t *out)
{
	uint64_t whole, millionths;

	if (!fraction(&text, max, &whole, &millionths) || *text)
		return false;
	if (whole == max && millionths)
		return false;
	*out = (int64_t)(whole * 1000 + millionths / 1000);
	return true;
}

static const struct {
	char unit;
	int64_t ms;
} durations[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};

bool num_duration(const char *text, int64_t max_ms, int64_t *out)
{
	uint64_t value;

	if (!digits(&text, (uint64_t)max_ms, &value) || value == 0)
		return false;
	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
		if (*text != durations[i].unit || text[1])
			continue;
		if (value > (uint64_t)(max_ms / durations[i].ms))
			return false;
		*out = (int64_t)value * durations[i].ms;
		return true;
	}
	return false;
}

void num_duration_format(int64_t ms, char out[NUM_TEXT])
{
	size_t i = 0;

	while (i < 3 && ms % durations[i].ms != 0)
		i++;
	snprintf(out, NUM_TEXT, "%" PRId64 "%c", ms / durations[i].ms, durations[i].unit);
}

bool num_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "BKMGTP";
	uint64_t whole, millionths;

	if (!fraction(&text, 9007199254740992, &whole, &millionths))
		return false;
	const char *unit = *text ? strchr(units, *text) : NULL;
	if (!unit || text[1] || (whole == 0 && millionths == 0))
		return false;
	unsigned shift = 10 * (unsigned)(unit - units);
	uint64_t most = (UINT64_C(1023) << 50) >> shift;
	if (whole > most || (whole == most && millionths))
		return false;
	if (bytes)
		*bytes = (whole << shift) +
			 (uint64_t)((double)millionths / 1e6 * (double)(UINT64_C(1) << shift));
	return true;
}

void num_bytes(uint64_t bytes, char out[NUM_TEXT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1023.95 && i < 6) {
		value /= 1024;
		i++;
	}
	snprintf(out, NUM_TEXT, i ? "%.1f %s" : "%.0f %s", value, units[i]);
}

int num_version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		uint64_t x = 0, y = 0;
		if (is_digit(*a) && !digits(&a, UINT32_MAX, &x))
			x = UINT64_MAX;
		if (is_digit(*b) && !digits(&b, UINT32_MAX, &y))
			y = UINT64_MAX;
		if (x != y)
			return x < y ? -1 : 1;
		a += strcspn(a, ".");
		b += strcspn(b, ".");
		a += *a == '.';
		b += *b == '.';
	}
	return 0;
}
