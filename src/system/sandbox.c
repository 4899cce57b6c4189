#include "system/sandbox.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "system/glance.h"
#include "system/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/landlock.h, which older systems do not have in full. */
#define LANDLOCK_VERSION 1
#define ABI_MIN 2 /* ABI 1 refuses each rename from one folder to another */
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_NET_PORT 2
#define MAY_WRITE_FILE (1 << 1)
#define MAY_READ (1 << 2 | 1 << 3)           /* files, folders */
#define MAY_CHANGE (MAY_WRITE_FILE | 0x1FF0) /* remove and make everything below */
#define MAY_MOVE (1 << 13)                   /* between folders; ABI 2 */
#define MAY_CUT (1 << 14)                    /* ABI 3 */
#define MAY_BIND 1                           /* TCP; ABI 4 */
#define OF_A_FILE (MAY_WRITE_FILE | 1 << 2 | MAY_CUT)

/* How long all folders together may take to answer: at the start, and later. */
#define ENTER_MS 8000
#define LOOK_MS 1000

struct ruleset {
	uint64_t files, net;
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed, port;
};

static struct {
	int abi; /* in force; 0: none */
	bool seccomp;
	struct glance *seen; /* owned: what each rule's path was */
} inside;

/* ---- rules ---- */

void sandbox_allow(struct sandbox_rules *r, const char *path, enum sandbox_right right)
{
	for (size_t i = 0; path && i < r->n; i++)
		if (strcmp(r->list[i].path, path) == 0 && r->list[i].right >= right)
			return;
	if (!path || !*path)
		return;
	r->list = mem_grow(r->list, r->n + 1, sizeof *r->list);
	r->list[r->n++] = (struct sandbox_rule){mem_dup(path), right};
}

void sandbox_rules_clear(struct sandbox_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->list[i].path);
	free(r->list);
	*r = (struct sandbox_rules){0};
}

bool sandbox_rules_same(const struct sandbox_rules *a, const struct sandbox_rules *b)
{
	bool same = a->n == b->n && a->port == b->port;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->list[i].right == b->list[i].right &&
		       strcmp(a->list[i].path, b->list[i].path) == 0;
	return same;
}

/* ---- Landlock ---- */

static int create_ruleset(const struct ruleset *r, size_t size, unsigned flags)
{
	return (int)syscall(SYS_landlock_create_ruleset, r, size, flags);
}

/* A filter of the service manager's may kill a process that makes a call that it does not know.  So
 * a child asks.
 */
int sandbox_landlock_abi(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		int abi = create_ruleset(NULL, 0, LANDLOCK_VERSION);
		_exit(abi >= ABI_MIN ? abi : 0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static uint64_t handled(int abi)
{
	return 0x1FFF | MAY_MOVE | (abi >= 3 ? MAY_CUT : 0);
}

/* A path that cannot be opened is out of reach anyway. */
static bool add_path(int ruleset, const char *path, uint64_t allowed)
{
	OWN_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_beneath rule = {allowed, fd};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return true;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= OF_A_FILE;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0) == 0;
}

/* Folders that are written to can be on a share that is away. */
static struct glance look(const struct sandbox_rule *r, int64_t end)
{
	if (r->right == SANDBOX_RUN)
		return (struct glance){.found = GLANCE_HANGS};
	return r->right == SANDBOX_WRITE ? glance(r->path, end) : glance_here(r->path);
}

static uint64_t allowed(const struct sandbox_rule *r, int abi)
{
	return r->right == SANDBOX_READ
		       ? MAY_READ
		       : (MAY_READ | MAY_CHANGE | MAY_MOVE | MAY_CUT) & handled(abi);
}

static bool add_rules(int ruleset, const struct sandbox_rules *r, int abi)
{
	int64_t end = clock_monotonic() + ENTER_MS;
	bool ok = true;

	inside.seen = mem_alloc((r->n + 1) * sizeof *inside.seen);
	for (size_t i = 0; i < r->n && ok; i++) {
		const struct sandbox_rule *rule = &r->list[i];
		inside.seen[i] = look(rule, end);
		ok = inside.seen[i].found != GLANCE_THERE ||
		     add_path(ruleset, rule->path, allowed(rule, abi));
	}
	return ok;
}

static bool add_port(int ruleset, int port)
{
	struct net_port rule = {MAY_BIND, (uint64_t)port};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_NET_PORT, &rule, 0) == 0;
}

static int enter_landlock(const struct sandbox_rules *r)
{
	int abi = sandbox_landlock_abi();
	const struct ruleset all = {handled(abi), MAY_BIND};
	OWN_FD int ruleset = abi ? create_ruleset(&all, abi >= 4 ? sizeof all : 8, 0) : -1;

	if (ruleset < 0 || !add_rules(ruleset, r, abi) ||
	    (abi >= 4 && r->port >= 0 && !add_port(ruleset, r->port)))
		return 0;
	return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? abi : 0;
}

/* ---- both ---- */

bool sandbox_has_seccomp(void)
{
	return seccomp_is_there();
}

void sandbox_enter(const struct sandbox_rules *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return;
	inside.abi = enter_landlock(r);
	inside.seccomp = seccomp_enter();
}

bool sandbox_is_on(void)
{
	return inside.abi || inside.seccomp;
}

static char *words(int abi, bool seccomp)
{
	if (!abi)
		return seccomp ? mem_dup("seccomp") : NULL;
	return mem_printf("Landlock (ABI %d)%s", abi, seccomp ? " and seccomp" : "");
}

char *sandbox_words(void)
{
	return words(inside.abi, inside.seccomp);
}

char *sandbox_offered(void)
{
	return words(sandbox_landlock_abi(), seccomp_is_there());
}

bool sandbox_is_stale(const struct sandbox_rules *r)
{
	int64_t end = clock_monotonic() + LOOK_MS;
	bool stale = false;

	for (size_t i = 0; inside.abi && i < r->n && !stale; i++) {
		struct glance now = look(&r->list[i], end);
		stale = now.found != GLANCE_HANGS && !glance_same(&now, &inside.seen[i]);
	}
	return stale;
}
