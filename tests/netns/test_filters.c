// SPDX-License-Identifier: BSD-2-Clause
/* Root, and still refused: by a seccomp filter, as container engines and service managers
 * install them, and in a user namespace. The sentence names what refuses what, and never says
 * "run as root". */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/if_xdp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

TestSuite(filters, .timeout = 60);

static struct rig rig;

static void prepare(void)
{
	rig_prepare(&rig, 1);
	refused_prepare(&rig.x);
}

enum { ANY = -1 };

/* From now on this call fails: when its argument of this number has the value, or always. */
static void deny(long call, int argument, uint32_t value, int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0]) +
				 (argument == ANY ? 0 : (uint32_t)argument * sizeof(uint64_t))),
		BPF_JUMP(BPF_JMP | (argument == ANY ? BPF_JGE : BPF_JEQ) | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter), .filter = filter};

	cr_assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	cr_assert(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "%s", strerror(errno));
}

/* Open and start. Return: the first failure. */
static int attempt(void)
{
	int rc;

	memset(&rig.x.err, 0, sizeof(rig.x.err));
	rc = net_xdp_open(&rig.x.config, &rig.x.ep, &rig.x.err);
	return rc ? rc : frontend_xdp_try_start(&rig.x, 1, 16);
}

static void expect(int code, const char *step, const char *word, const char *other_word)
{
	const char *message = rig.x.err.message;
	int rc = attempt();

	cr_assert_eq(rc, code, "%d: %s", rc, message);
	cr_expect_str_eq(rig.x.err.step, step, "%s", message);
	cr_expect(strstr(message, word), "no \"%s\" in: %s", word, message);
	cr_expect(strstr(message, other_word), "no \"%s\" in: %s", other_word, message);
	cr_expect(!strstr(message, "as root"), "this is root: %s", message);
}

Test(filters, socket_family_unknown_names_filter_and_kernel)
{
	prepare();
	deny(SYS_socket, 0, AF_XDP, EAFNOSUPPORT);
	expect(-EAFNOSUPPORT, "socket", "seccomp filter", "CONFIG_XDP_SOCKETS");
}

Test(filters, socket_refused_names_the_filter)
{
	prepare();
	deny(SYS_socket, 0, AF_XDP, EPERM);
	expect(-EPERM, "socket", "seccomp filter", "refuses socket(AF_XDP)");
}

Test(filters, bpf_refused_names_the_filter)
{
	prepare();
	deny(SYS_bpf, ANY, 0, EPERM);
	expect(-EPERM, "program", "seccomp filter", "refuses bpf()");
}

/* As some filters do to what they do not know. */
Test(filters, bpf_hidden_names_filter_and_kernel)
{
	prepare();
	deny(SYS_bpf, ANY, 0, ENOSYS);
	expect(-ENOSYS, "program", "seccomp filter", "CONFIG_BPF_SYSCALL");
}

Test(filters, netlink_unknown_names_the_filter)
{
	struct net_xdp_device device;
	struct net_error err;

	prepare();
	deny(SYS_socket, 0, AF_NETLINK, EAFNOSUPPORT);
	expect(-EAFNOSUPPORT, "events", "seccomp filter", "socket(AF_NETLINK)");
	cr_assert_eq(net_xdp_device_query("v0", &device, &err), -EAFNOSUPPORT);
	cr_expect(strstr(err.message, "seccomp filter"), "%s", err.message);
}

Test(filters, netlink_refused_names_the_filter)
{
	prepare();
	deny(SYS_socket, 0, AF_NETLINK, EACCES);
	expect(-EACCES, "events", "seccomp filter", "refuses socket(AF_NETLINK)");
}

Test(filters, socket_option_refused_names_the_filter)
{
	prepare();
	deny(SYS_setsockopt, 1, SOL_XDP, EPERM);
	expect(-EPERM, "umem", "seccomp filter", "AF_XDP socket");
}

Test(filters, bind_refused_names_the_filter)
{
	prepare();
	deny(SYS_bind, 2, sizeof(struct sockaddr_xdp), EACCES);
	expect(-EACCES, "bind", "seccomp filter", "asks for no capability");
}

Test(filters, sealing_refused_names_the_filter)
{
	prepare();
	rig.x.config.sealed = true;
	deny(SYS_mprotect, 2, PROT_NONE, EPERM);
	expect(-EPERM, "memory", "sealing", "seccomp filter");
}

Test(filters, reserving_memory_refused_names_the_filter)
{
	prepare();
	deny(SYS_mmap, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, EPERM);
	expect(-EPERM, "memory", "reserving", "seccomp filter");
}

/* It tells nothing then, and is no proof of another namespace. */
Test(filters, namespace_cookie_refused_after_open_is_not_taken_for_another_namespace)
{
	prepare();
	cr_assert_eq(net_xdp_open(&rig.x.config, &rig.x.ep, &rig.x.err), 0, "%s",
		     rig.x.err.message);
	deny(SYS_getsockopt, 2, SO_NETNS_COOKIE, EPERM);
	cr_expect_eq(frontend_xdp_try_start(&rig.x, 1, 16), 0, "%s", rig.x.err.message);
	frontend_xdp_stop(&rig.x);
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* A rootless container: all capabilities, over what was made in there. In a process of one
 * thread, which is what unshare() asks for, and which asserts nothing: it says. */
static void become_rootless_and_open(int out)
{
	char said[512] = "no user namespace";

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	    write_to("/proc/self/setgroups", "deny") && write_to("/proc/self/uid_map", "0 0 1") &&
	    system("ip link add v0 type veth peer name v1 && ip link set v0 up") == 0)
		snprintf(said, sizeof(said), "%d %s: %s", attempt(), rig.x.err.step,
			 rig.x.err.message);
	if (write(out, said, strlen(said)) < 0)
		_exit(1);
	_exit(0);
}

Test(filters, root_of_a_user_namespace_is_told_so)
{
	char said[512] = "";
	int ends[2], status;
	pid_t child;

	prepare();
	cr_assert(pipe(ends) == 0);
	child = fork();
	if (child == 0)
		become_rootless_and_open(ends[1]);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	cr_assert_gt(read(ends[0], said, sizeof(said) - 1), 0);
	cr_expect(strncmp(said, "-1 program: ", 12) == 0, "%s", said);
	cr_expect(strstr(said, "uid 0 of a user namespace"), "%s", said);
	cr_expect(strstr(said, "CAP_BPF"), "%s", said);
	cr_expect(!strstr(said, "as root"), "%s", said);
}
