// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

int error_set(struct net_error *err, int code, const char *step, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	snprintf(err->step, sizeof(err->step), "%s", step);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

/* ---- Refused ---------------------------------------------------------------------------------- */

#define CAP(name) (1ull << CAP_##name)

static const struct {
	const char *name;
	const char *option; /* the kernel option without which there is no such call */
	uint64_t needs;
	/* the kernel asks capable(): in the initial user namespace. Else ns_capable(): in the
	 * network namespace's */
	bool initial;
} calls[] = {
	[CALL_OTHER] = {"this call", NULL, 0, false},
	[CALL_NETLINK] = {"socket(AF_NETLINK)", "CONFIG_NET", 0, false},
	[CALL_SOCKET] = {"socket(AF_XDP)", "CONFIG_XDP_SOCKETS", CAP(NET_RAW), false},
	[CALL_OPTION] = {"a call on the AF_XDP socket", "CONFIG_XDP_SOCKETS", 0, false},
	[CALL_BUSY_POLL] = {"setsockopt()", "CONFIG_NET_RX_BUSY_POLL", CAP(NET_ADMIN), true},
	[CALL_PROGRAM] = {"bpf()", "CONFIG_BPF_SYSCALL", CAP(NET_ADMIN) | CAP(BPF) | CAP(PERFMON),
			  true},
	[CALL_ATTACH] = {"bpf()", "CONFIG_BPF_SYSCALL", CAP(NET_ADMIN), false},
	[CALL_SETTING] = {"changing the interface", NULL, CAP(NET_ADMIN), false},
	[CALL_DISPATCHER] = {"bpf()", "CONFIG_BPF_SYSCALL",
			     CAP(NET_ADMIN) | CAP(BPF) | CAP(PERFMON) | CAP(SYS_ADMIN), true},
};

static const struct {
	uint64_t bit;
	const char *name;
	bool admin_has_it; /* the kernel accepts CAP_SYS_ADMIN instead */
} capabilities[] = {
	{CAP(NET_RAW), "CAP_NET_RAW", false},
	{CAP(NET_ADMIN), "CAP_NET_ADMIN", false},
	{CAP(BPF), "CAP_BPF", true},
	{CAP(PERFMON), "CAP_PERFMON", true},
	{CAP(SYS_ADMIN), "CAP_SYS_ADMIN", false},
};
enum { CAPABILITIES = sizeof(capabilities) / sizeof(*capabilities) };

static uint64_t missing(uint64_t needs, const struct error_privileges *have)
{
	uint64_t has = have->known ? have->effective : 0;

	for (unsigned i = 0; i < CAPABILITIES; i++)
		if (capabilities[i].admin_has_it && has & CAP(SYS_ADMIN))
			has |= capabilities[i].bit;
	return needs & ~has;
}

/* Write the names of a set: "CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON". */
static void list(uint64_t set, char *out, size_t size)
{
	size_t len = 0;

	out[0] = 0;
	for (unsigned i = 0; i < CAPABILITIES; i++) {
		if (!(set & capabilities[i].bit))
			continue;
		set &= ~capabilities[i].bit;
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					!len  ? ""
					: set ? ", "
					      : " and ",
					capabilities[i].name);
	}
}

/* Why the kernel answered EPERM or EACCES to a call. */
static void explain_refusal(enum error_call call, const struct error_privileges *have, char *out,
			    size_t size)
{
	uint64_t lacks = missing(calls[call].needs, have);
	bool several = lacks & (lacks - 1);
	bool apart = have->user_namespace == USER_NAMESPACE_OTHER;
	char names[96];

	list(apart || !have->known ? calls[call].needs : lacks, names, sizeof(names));
	if (apart && calls[call].needs && calls[call].initial)
		snprintf(out, size,
			 "; it needs %s in the initial user namespace: uid 0 of a user namespace "
			 "(a rootless container) is not enough",
			 names);
	else if (apart && calls[call].needs && !lacks)
		snprintf(out, size,
			 "; it needs %s in the user namespace that the network namespace belongs "
			 "to, or a seccomp filter or an LSM refuses %s",
			 names, calls[call].name);
	else if (lacks && !have->known)
		snprintf(out, size, "; it needs %s", names);
	else if (lacks)
		snprintf(out, size, "; %s %s missing: %s grant %s", names, several ? "are" : "is",
			 have->is_root ? "uid 0 alone is not enough, have the container or service "
					 "manager"
				       : "run as root or",
			 several ? "them" : "it");
	else
		snprintf(out, size,
			 "; no capability is missing: a seccomp filter, an LSM or the container's "
			 "policy refuses %s%s",
			 calls[call].name,
			 calls[call].initial && have->user_namespace == USER_NAMESPACE_UNKNOWN
				 ? ", or this is uid 0 of a user namespace, which is not enough"
				 : "");
}

/* ---- All of them ------------------------------------------------------------------------------ */

struct error_hint error_explain(int code, enum error_call call, const struct error_privileges *have)
{
	struct error_hint hint = {""};
	const char *fixed = "";

	switch (code) {
	case -EPERM:
	case -EACCES:
		explain_refusal(call, have, hint.text, sizeof(hint.text));
		return hint;
	case -ENOSYS:
	case -EAFNOSUPPORT:
	case -EPROTONOSUPPORT:
	case -ESOCKTNOSUPPORT:
		snprintf(hint.text, sizeof(hint.text),
			 "; a seccomp filter (of a container or a service manager) refuses %s%s%s",
			 calls[call].name,
			 calls[call].option ? ", or the kernel is built without " : "",
			 calls[call].option ? calls[call].option : "");
		return hint;
	case -ENOBUFS:
		fixed = "; raise the locked-memory limit (ulimit -l) or grant CAP_IPC_LOCK";
		break;
	case -EMFILE:
		fixed = "; raise the open-files limit (ulimit -n)";
		break;
	case -ENFILE:
		fixed = "; the machine has too many files open: raise fs.file-max";
		break;
	case -ENODEV:
		fixed = "; list the interfaces with: ip link";
		break;
	}
	snprintf(hint.text, sizeof(hint.text), "%s", fixed);
	return hint;
}

/* PROC_USER_INIT_INO of include/linux/proc_ns.h: the same on every kernel. */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDu

static struct error_privileges privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}, {0}};
	struct stat user;
	struct error_privileges have = {
		.known = syscall(SYS_capget, &header, sets) == 0,
		.is_root = geteuid() == 0,
	};

	have.effective = sets[0].effective | (uint64_t)sets[1].effective << 32;
	if (stat("/proc/thread-self/ns/user", &user) == 0)
		have.user_namespace = user.st_ino == INITIAL_USER_NAMESPACE ? USER_NAMESPACE_INITIAL
									    : USER_NAMESPACE_OTHER;
	return have;
}

struct error_hint error_hint(int code, enum error_call call)
{
	struct error_privileges have = {0};
	int before = errno; /* the caller still wants to print errno */

	if (code == -EPERM || code == -EACCES)
		have = privileges();
	errno = before;
	return error_explain(code, call, &have);
}

bool error_lacks(enum error_call call)
{
	int before = errno;
	struct error_privileges have = privileges();

	errno = before;
	return have.known && calls[call].needs & ~have.effective;
}
