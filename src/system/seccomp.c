#include "system/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#elif defined __arm__
#define ARCH AUDIT_ARCH_ARM
#else
#define ARCH 0 /* not known: no filter */
#endif

#define FILTER_MAX 512
#define X32_BIT 0x40000000
#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

static const int refused[] = {
	/* other programs and processes */
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
	SYS_pidfd_getfd,
	SYS_process_madvise,
	/* mounts and namespaces */
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_move_mount,
	SYS_open_tree,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_mount_setattr,
	SYS_setns,
	SYS_unshare,
	SYS_open_by_handle_at,
	SYS_name_to_handle_at,
	/* the machine */
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_quotactl,
	SYS_syslog,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_clock_adjtime,
	SYS_adjtimex,
	SYS_personality,
	SYS_vhangup,
	SYS_mknodat,
	SYS_fanotify_init,
	/* parts of the kernel where faults were often found */
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	/* becoming another user */
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setgroups,
	SYS_setfsuid,
	SYS_setfsgid,
	SYS_capset,
#if defined __x86_64__
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
	SYS_mknod,
	SYS_uselib,
	SYS_ustat,
	SYS_kexec_file_load,
#endif
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

struct filter {
	struct sock_filter list[FILTER_MAX];
	unsigned short n;
};

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	f->list[f->n++] = (struct sock_filter){code, yes, no, k};
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void end(struct filter *f, uint32_t action)
{
	put(f, BPF_RET | BPF_K, action, 0, 0);
}

static void refuse(struct filter *f, int nr, int error)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
	end(f, SECCOMP_RET_ERRNO | (uint32_t)error);
}

static size_t argument(int i)
{
	return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)i +
	       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

/* The call `nr` is refused where all of `bits` are set in its argument `i`, or any, if `any`. */
static void refuse_bits(struct filter *f, int nr, int i, uint32_t bits, bool any)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 5);
	load(f, argument(i));
	put(f, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, any ? 0 : bits, any ? 1 : 0, any ? 0 : 1);
	end(f, SECCOMP_RET_ERRNO | EPERM);
	load(f, offsetof(struct seccomp_data, nr));
}

static void refuse_families(struct filter *f)
{
	const uint8_t n = sizeof families / sizeof *families;

	put(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, (uint8_t)(n + 3));
	load(f, argument(0));
	for (uint8_t i = 0; i < n; i++)
		put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)families[i], (uint8_t)(n - i), 0);
	end(f, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	load(f, offsetof(struct seccomp_data, nr));
}

static void check_table(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	end(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
#if defined __x86_64__
	put(f, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	end(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void fill(struct filter *f)
{
	check_table(f);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		refuse(f, refused[i], EPERM);
	refuse(f, SYS_clone3, ENOSYS);
	refuse_bits(f, SYS_clone, 0, NAMESPACES, true);
#if defined SYS_mmap
	refuse_bits(f, SYS_mmap, 2, PROT_WRITE | PROT_EXEC, false);
#else
	refuse_bits(f, SYS_mmap2, 2, PROT_WRITE | PROT_EXEC, false);
#endif
	refuse_bits(f, SYS_mprotect, 2, PROT_WRITE | PROT_EXEC, false);
	refuse_families(f);
	end(f, SECCOMP_RET_ALLOW);
}

bool seccomp_is_there(void)
{
	return ARCH && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

bool seccomp_enter(void)
{
	struct filter f = {.n = 0};

	if (!seccomp_is_there())
		return false;
	fill(&f);
	const struct sock_fprog program = {f.n, f.list};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
