/*
 * The checksum of each page of the ledger; declared in ports/ledger_parts.h.
 *
 * The last 16 bytes of a page are its seal: a checksum over the rest and its number, and in page 1
 * what says whether the seals hold.  SQLite leaves these bytes alone.  They are written and checked
 * below SQLite, where it calls the system.  So they are part of each transaction.
 *
 * Another program that writes the ledger does not seal its pages.  It is known by SQLite's change
 * counter, which page 1 holds twice.  Where both agree, but not with the copy in the seal, the
 * seals do not hold, and nothing is checked until ledger_seal().  A flipped bit cannot change both.
 */
#include "ports/ledger_parts.h"

#include <pthread.h>
#include <string.h>

/* Where page 1 has it (SQLite's file format). */
enum {
	PAGE_SIZE_AT = 16,
	RESERVED_AT = 20,
	COUNTER_AT = 24,
	COUNTER_AGAIN_AT = 92,
	HEADER = 100,
};

/* Behind the end of the page. */
enum { SEAL = LEDGER_SEAL_BYTES, SUM_SIZE = 8, COUNTER_COPY = 8, MARK_AT = 12, WORD = 4 };

static const unsigned char mark[WORD] = {'s', 'e', 'a', 'l'};

enum { OP_STATE = 1001, OP_RENEW };

struct sealed_file {
	sqlite3_file base;
	enum ledger_seal_state state; /* when it was locked, or page 1 written */
	bool reserved;                /* its pages have room for a seal */
	bool renew;                   /* the next page 1 says that the seals hold */
};

static struct sealed_file *ours(sqlite3_file *f)
{
	return (struct sealed_file *)f;
}

/* The system's file lies behind ours. */
static sqlite3_file *real(sqlite3_file *f)
{
	return (sqlite3_file *)(ours(f) + 1);
}

/* ---- one page ---- */

/* Each step can be undone, so a change of one word always changes the sum. */
static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

/* Of all but the sum itself; `len` is a multiple of 8. */
static uint64_t sum_of(const unsigned char *page, int len, int64_t number)
{
	uint64_t sum = mix(UINT64_C(0x6c6564676572), (uint64_t)number), word;

	for (int i = 0; i < len; i += SUM_SIZE) {
		memcpy(&word, page + i, SUM_SIZE);
		if (i != len - SEAL)
			sum = mix(sum, word);
	}
	return sum;
}

static bool is_valid(const unsigned char *page, int len, int64_t number)
{
	uint64_t sum = sum_of(page, len, number);

	return memcmp(page + len - SEAL, &sum, SUM_SIZE) == 0;
}

/* A page that SQLite never wrote. */
static bool is_blank(const unsigned char *page, int len)
{
	return page[0] == 0 && memcmp(page, page + 1, (size_t)len - 1) == 0;
}

static void put_sum(unsigned char *page, int len, int64_t number)
{
	uint64_t sum = sum_of(page, len, number);

	memcpy(page + len - SEAL, &sum, SUM_SIZE);
}

/* What do the header of page 1 and its seal say? */
static enum ledger_seal_state state_of(const unsigned char *header, const unsigned char *seal)
{
	const unsigned char *counter = header + COUNTER_AT;
	bool same = memcmp(counter, header + COUNTER_AGAIN_AT, WORD) == 0;

	if (memcmp(seal + MARK_AT, mark, WORD) != 0)
		return LEDGER_UNSEALED;
	if (!same || header[RESERVED_AT] != SEAL)
		return LEDGER_SEAL_BROKEN;
	return memcmp(counter, seal + COUNTER_COPY, WORD) == 0 ? LEDGER_SEALED : LEDGER_UNSEALED;
}

static void seal_first(struct sealed_file *f, unsigned char *page, int len)
{
	unsigned char *seal = page + len - SEAL;
	bool holds = f->state == LEDGER_SEALED || f->renew;

	/* A page of before a transaction is put back as it was. */
	if (!holds && is_valid(page, len, 1)) {
		f->state = state_of(page, seal);
		return;
	}
	for (int i = 0; i < WORD; i++)
		seal[COUNTER_COPY + i] =
			holds ? page[COUNTER_AT + i] : (unsigned char)~page[COUNTER_AT + i];
	memcpy(seal + MARK_AT, mark, WORD);
	put_sum(page, len, 1);
	f->state = holds ? LEDGER_SEALED : LEDGER_UNSEALED;
}

/* ---- the file ---- */

/* SQLite reads and writes whole pages, and parts of page 1. */
static bool is_page(int len, int64_t at)
{
	return len >= 512 && (len & (len - 1)) == 0 && at % len == 0;
}

static int page_size(const unsigned char *header)
{
	int size = header[PAGE_SIZE_AT] << 8 | header[PAGE_SIZE_AT + 1];

	return size == 1 ? 65536 : size;
}

/* Another process may have written it since it was last locked. */
static int look(struct sealed_file *f)
{
	sqlite3_file *file = real(&f->base);
	unsigned char header[HEADER], seal[SEAL];
	sqlite3_int64 size = 0;

	int code = file->pMethods->xFileSize(file, &size);
	f->state = size ? LEDGER_UNSEALED : LEDGER_SEALED;
	f->reserved = !size;
	if (code != SQLITE_OK || size < HEADER)
		return code;
	code = file->pMethods->xRead(file, header, HEADER, 0);
	int page = page_size(header);
	if (code != SQLITE_OK || !is_page(page, 0) || size < page)
		return code;
	code = file->pMethods->xRead(file, seal, SEAL, page - SEAL);
	f->reserved = header[RESERVED_AT] == SEAL;
	f->state = state_of(header, seal);
	return code;
}

static int seal_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int seal_read(sqlite3_file *f, void *bytes, int len, sqlite3_int64 at)
{
	enum ledger_seal_state state = ours(f)->state;
	int code = real(f)->pMethods->xRead(real(f), bytes, len, at);

	if (code != SQLITE_OK || !is_page(len, at) || state == LEDGER_UNSEALED)
		return code;
	return state == LEDGER_SEALED &&
			       (is_valid(bytes, len, at / len + 1) || is_blank(bytes, len))
		       ? SQLITE_OK
		       : SQLITE_CORRUPT;
}

/* In SQLite's own memory, so that what it keeps of the page is what the file has. */
static int seal_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	unsigned char *page = (unsigned char *)(uintptr_t)bytes;

	if (is_page(len, at)) {
		if (at == 0)
			ours(f)->reserved = page[RESERVED_AT] == SEAL;
		if (ours(f)->reserved && at == 0)
			seal_first(ours(f), page, len);
		else if (ours(f)->reserved)
			put_sum(page, len, at / len + 1);
	}
	return real(f)->pMethods->xWrite(real(f), bytes, len, at);
}

static int seal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int seal_sync(sqlite3_file *f, int flags)
{
	return real(f)->pMethods->xSync(real(f), flags);
}

static int seal_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int seal_lock(sqlite3_file *f, int level)
{
	int code = real(f)->pMethods->xLock(real(f), level);

	return code == SQLITE_OK && level == SQLITE_LOCK_SHARED ? look(ours(f)) : code;
}

static int seal_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int seal_is_reserved(sqlite3_file *f, int *is)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), is);
}

static int seal_control(sqlite3_file *f, int op, void *arg)
{
	if (op == OP_STATE)
		*(struct ledger_seal *)arg =
			(struct ledger_seal){ours(f)->state, ours(f)->reserved};
	else if (op == OP_RENEW)
		ours(f)->renew = *(const bool *)arg;
	else
		return real(f)->pMethods->xFileControl(real(f), op, arg);
	return SQLITE_OK;
}

static int seal_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int seal_abilities(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

/* Version 1: neither a write-ahead log nor memory maps. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = seal_close,
	.xRead = seal_read,
	.xWrite = seal_write,
	.xTruncate = seal_truncate,
	.xSync = seal_sync,
	.xFileSize = seal_size,
	.xLock = seal_lock,
	.xUnlock = seal_unlock,
	.xCheckReservedLock = seal_is_reserved,
	.xFileControl = seal_control,
	.xSectorSize = seal_sector,
	.xDeviceCharacteristics = seal_abilities,
};

/* ---- SQLite's way to the system ---- */

static sqlite3_vfs *system_vfs, sealing_vfs;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Journals and temporary files are the system's alone. */
static int seal_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	(void)vfs;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return system_vfs->xOpen(system_vfs, name, f, flags, out);
	memset(f, 0, sizeof(struct sealed_file));
	int code = system_vfs->xOpen(system_vfs, name, real(f), flags, out);
	if (real(f)->pMethods)
		f->pMethods = &methods;
	return code;
}

static void set_up(void)
{
	sqlite3_initialize();
	system_vfs = sqlite3_vfs_find(NULL);
	sealing_vfs = *system_vfs;
	sealing_vfs.zName = "ledger";
	sealing_vfs.szOsFile = (int)sizeof(struct sealed_file) + system_vfs->szOsFile;
	sealing_vfs.xOpen = seal_open;
	sqlite3_vfs_register(&sealing_vfs, 0);
}

int ledger_open_sealed(const char *path, sqlite3 **db, int flags)
{
	int reserve = SEAL;

	pthread_once(&once, set_up);
	int code = sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, sealing_vfs.zName);
	if (code == SQLITE_OK)
		sqlite3_file_control(*db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	return code;
}

bool ledger_seal_of(sqlite3 *db, struct ledger_seal *seal)
{
	/* Any look into it locks it. */
	return sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) ==
		       SQLITE_OK &&
	       sqlite3_file_control(db, "main", OP_STATE, seal) == SQLITE_OK;
}

bool ledger_seal_again(sqlite3 *db)
{
	bool renew = true;

	sqlite3_file_control(db, "main", OP_RENEW, &renew);
	bool ok = sqlite3_exec(db, "VACUUM", NULL, NULL, NULL) == SQLITE_OK;
	renew = false;
	sqlite3_file_control(db, "main", OP_RENEW, &renew);
	return ok;
}
