/*
 * system/seccomp.h - the system calls that this process gives up; see system/sandbox.h.
 *
 * Refused with EPERM: to run a program, to trace or read another process, to mount, to change
 * namespaces, clocks, host name, swap, quotas or modules, BPF, performance counters, io_uring,
 * userfaultfd, keyrings, device nodes, and other calls that only an attacker would want.  Memory
 * cannot be written and executed at once.  Sockets are of AF_UNIX, AF_INET, AF_INET6 and, for name
 * look-ups, AF_NETLINK.  clone3() is refused with ENOSYS, so that the C library uses clone(), whose
 * flags can be looked at.  A call of another architecture's table kills the process.
 */
#ifndef SYSTEM_SECCOMP_H
#define SYSTEM_SECCOMP_H

#include <stdbool.h>

/* Does the kernel have it, and is this an architecture whose table is known? */
bool seccomp_is_there(void);

/* For this thread and all that it starts.  Needs PR_SET_NO_NEW_PRIVS.  false: it is not there. */
bool seccomp_enter(void);

#endif
