// SPDX-License-Identifier: BSD-2-Clause
/* What is said of an errno: the rule, without the process that it is asked in. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/error.h"

#define BIT(name) (1ull << CAP_##name)
#define ALL	  (~0ull)

static const struct error_privileges root = {true, ALL, true, USER_NAMESPACE_INITIAL},
				     unknown = {false, 0, true, USER_NAMESPACE_UNKNOWN},
				     no_proc = {true, ALL, true, USER_NAMESPACE_UNKNOWN},
				     rootless = {true, ALL, true, USER_NAMESPACE_OTHER};

static struct error_privileges without(uint64_t capabilities, bool is_root)
{
	return (struct error_privileges){true, ALL & ~capabilities, is_root,
					 USER_NAMESPACE_INITIAL};
}

/* has and lacks: words that must, and must not, be in the sentence. */
static void says(int code, enum error_call call, struct error_privileges have, const char *has,
		 const char *lacks)
{
	struct error_hint hint = error_explain(code, call, &have);

	cr_expect(strstr(hint.text, has), "no \"%s\" in \"%s\"", has, hint.text);
	cr_expect(!lacks || !strstr(hint.text, lacks), "\"%s\" in \"%s\"", lacks, hint.text);
	cr_expect(strncmp(hint.text, "; ", 2) == 0, "%s", hint.text);
	cr_expect_lt(strlen(hint.text), sizeof(hint.text) - 1, "cut: %s", hint.text);
}

Test(error, refused_without_a_capability_names_just_that_one)
{
	says(-EPERM, CALL_SOCKET, without(BIT(NET_RAW), true), "CAP_NET_RAW is missing", "run as");
	says(-EPERM, CALL_SOCKET, without(BIT(NET_RAW), false), "run as root or grant", "CAP_BPF");
	says(-EPERM, CALL_PROGRAM, without(BIT(BPF) | BIT(SYS_ADMIN), true), "CAP_BPF is missing",
	     "CAP_NET");
	says(-EACCES, CALL_PROGRAM, without(BIT(PERFMON) | BIT(SYS_ADMIN), true),
	     "CAP_PERFMON is missing", "CAP_BPF");
	says(-EPERM, CALL_PROGRAM, without(ALL, false),
	     "CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON are missing", "RAW");
	says(-EPERM, CALL_ATTACH, without(BIT(NET_ADMIN), true), "CAP_NET_ADMIN is missing",
	     "CAP_BPF");
	says(-EPERM, CALL_BUSY_POLL, without(BIT(NET_ADMIN), true), "CAP_NET_ADMIN is missing",
	     NULL);
	says(-EPERM, CALL_SETTING, without(BIT(NET_ADMIN), true), "CAP_NET_ADMIN is missing",
	     "CAP_BPF");
	says(-EPERM, CALL_DISPATCHER, without(BIT(SYS_ADMIN), true), "CAP_SYS_ADMIN is missing",
	     "CAP_BPF");
}

Test(error, refused_with_cap_sys_admin_in_place_of_cap_bpf_is_a_filter)
{
	says(-EPERM, CALL_PROGRAM, without(BIT(BPF) | BIT(PERFMON), true), "seccomp", "CAP_");
}

Test(error, refused_with_all_capabilities_names_filter_and_call)
{
	says(-EPERM, CALL_SOCKET, root, "refuses socket(AF_XDP)", "run as root");
	says(-EPERM, CALL_PROGRAM, root, "refuses bpf()", "run as root");
	says(-EACCES, CALL_PROGRAM, root, "LSM", "CAP_");
	says(-EPERM, CALL_NETLINK, root, "refuses socket(AF_NETLINK)", "CAP_");
	says(-EACCES, CALL_OPTION, without(ALL, false), "no capability is missing", "CAP_");
}

Test(error, refused_in_a_user_namespace_says_that_its_root_is_not_enough)
{
	says(-EPERM, CALL_PROGRAM, rootless, "uid 0 of a user namespace", "run as root");
	says(-EPERM, CALL_BUSY_POLL, rootless, "CAP_NET_ADMIN in the initial user namespace", NULL);
	says(-EPERM, CALL_SOCKET, rootless, "user namespace that the network namespace belongs to",
	     "initial");
	says(-EPERM, CALL_PROGRAM, no_proc, "or this is uid 0 of a user namespace", NULL);
	says(-EPERM, CALL_SOCKET, no_proc, "refuses socket(AF_XDP)", "user namespace");
}

Test(error, refused_by_a_kernel_that_does_not_tell_lists_what_is_needed)
{
	says(-EPERM, CALL_PROGRAM, unknown, "it needs CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON",
	     "missing");
}

/* The order of the words, too: a filter is by far the more likely. */
Test(error, unknown_to_the_kernel_names_filter_and_kernel_option)
{
	static const int codes[] = {-EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOSYS};

	for (int i = 0; i < 4; i++) {
		says(codes[i], CALL_SOCKET, root, "seccomp filter", NULL);
		says(codes[i], CALL_SOCKET, root, "without CONFIG_XDP_SOCKETS", NULL);
		says(codes[i], CALL_PROGRAM, root, "CONFIG_BPF_SYSCALL", "XDP_SOCKETS");
		says(codes[i], CALL_NETLINK, root, "AF_NETLINK", "XDP_SOCKETS");
	}
}

Test(error, limits_name_the_limit)
{
	says(-EMFILE, CALL_OTHER, root, "ulimit -n", NULL);
	says(-ENFILE, CALL_PROGRAM, root, "fs.file-max", "ulimit");
	says(-ENOBUFS, CALL_OPTION, root, "ulimit -l", NULL);
	cr_expect_str_eq(error_explain(-EIO, CALL_PROGRAM, &root).text, "");
}

Test(error, hint_leaves_errno_alone)
{
	errno = EPERM;
	error_hint(-EPERM, CALL_SOCKET);
	cr_expect_eq(errno, EPERM);
}
