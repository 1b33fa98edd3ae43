// SPDX-License-Identifier: BSD-2-Clause
/* The record of what was changed on an interface, here on a NAPI: alive, left behind, broken or hostile, in a folder of our own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/undo/napi.h"

enum { HOLDERS = 3, HOLDS = 2000, HOLDERS_END_S = 50 };

static char root[] = "/tmp/test_lease.XXXXXX";
static char directory[64];
static const struct netns here = {.inode = UINT32_MAX, .cookie = UINT64_MAX};

static void make_root(void)
{
	cr_assert_not_null(mkdtemp(root));
	snprintf(directory, sizeof(directory), "%s/net_xdp", root);
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(lease, .init = make_root, .fini = remove_root);

/* Values at the ends of their ranges. */
static const char *values(void)
{
	static char text[NAPI_TEXT_BYTES];

	napi_record_format(&(struct napi_record){{INT32_MAX, UINT64_MAX}, {2, 200000}}, text);
	return text;
}

static struct lease named(void)
{
	struct lease l;

	lease_name(&l, directory, &here, 7, "3");
	return l;
}

static struct lease made(void)
{
	struct lease l = named();
	int rc = lease_make(&l, values());

	cr_assert_eq(rc, 0, "%s: %s", l.path, strerror(-rc));
	return l;
}

/* Looked for as by another process: a lock of an open file conflicts with any other open of it. */
static int find(struct lease *out, bool take)
{
	lease_name(out, directory, &here, 7, "3");
	return lease_find(out, take, NULL);
}

/* The same, and the subject's judgement of the text. */
static int find_record(struct lease *out, struct napi_record *record)
{
	char *text;
	int rc;

	lease_name(out, directory, &here, 7, "3");
	rc = lease_find(out, false, &text);
	if (text && !napi_record_parse(record, text))
		rc = -EBADMSG;
	free(text);
	return rc;
}

Test(lease, none_is_enoent)
{
	struct lease l;

	cr_assert_eq(find(&l, true), -ENOENT);
	lease_remove(&l);
	l = made();
	lease_name(&l, directory, &here, 7, "4");
	cr_assert_eq(lease_find(&l, true, NULL), -ENOENT);
	lease_name(&l, directory, &here, 8, "3");
	cr_assert_eq(lease_find(&l, true, NULL), -ENOENT);
	lease_name(&l, directory, &here, 7, "steer");
	cr_assert_eq(lease_find(&l, true, NULL), -ENOENT);
}

Test(lease, make_directory_and_file_are_for_their_owner_only)
{
	struct lease l = made();
	struct stat s;

	cr_assert_eq(stat(directory, &s), 0);
	cr_expect_eq(s.st_mode & 07777, 0700);
	cr_assert_eq(stat(l.path, &s), 0);
	cr_expect_eq(s.st_mode & 07777, 0600);
	lease_remove(&l);
	cr_expect_eq(access(l.path, F_OK), -1);
	cr_expect_eq(rmdir(directory), 0, "something else was left there");
}

Test(lease, find_held_one_is_ebusy_and_tells_whose)
{
	struct lease held = made(), l, second = named();

	cr_assert_eq(find(&l, true), -EBUSY);
	cr_expect_eq(l.pid, (uint32_t)getpid());
	cr_expect_eq(l.fd, -1);
	cr_assert_eq(find(&l, false), -EBUSY);
	cr_assert_eq(lease_make(&second, ""), -EEXIST);
	cr_expect_eq(second.fd, -1);
	lease_remove(&held);
	cr_assert_eq(find(&l, true), -ENOENT);
}

Test(lease, find_left_one_is_taken_once_with_its_values)
{
	struct lease left = made(), l, other;
	struct napi_record record;

	lease_leave(&left);
	cr_assert_eq(find_record(&l, &record), 0);
	cr_expect_eq(l.fd, -1);
	cr_expect_eq(record.old.hard_irqs, INT32_MAX);
	cr_expect_eq(record.old.timeout_ns, UINT64_MAX);
	cr_expect_eq(record.ours.hard_irqs, 2);
	cr_expect_eq(record.ours.timeout_ns, 200000);
	cr_assert_eq(find(&l, true), 0);
	cr_assert_eq(find(&other, true), -EBUSY);
	lease_remove(&l);
	cr_assert_eq(find(&other, true), -ENOENT);
}

Test(lease, maker_killed_is_left_behind, .timeout = 20)
{
	int pipes[2], status;
	struct lease l;
	char made_it = 0;
	pid_t pid;

	cr_assert_eq(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		lease_name(&l, directory, &here, 7, "3");
		if (!lease_make(&l, values()) && write(pipes[1], "x", 1))
			pause();
		_exit(1);
	}
	close(pipes[1]);
	cr_assert_eq(read(pipes[0], &made_it, 1), 1);
	cr_assert_eq(find(&l, true), -EBUSY);
	cr_expect_eq(l.pid, (uint32_t)pid);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(find(&l, true), 0);
	cr_expect_eq(l.pid, (uint32_t)pid);
	lease_remove(&l);
	close(pipes[0]);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
	cr_assert_eq(chmod(path, 0600), 0);
}

#define GOOD "net_xdp lease 1\nold 0 0\nours 2 200000\npid 77\n"

/* Take what is there, or make one. Return: true if it is held, and then it is the file of that name. */
static bool hold(struct lease *l, bool *is_it)
{
	struct stat held, there;
	int rc = find(l, true);

	if (rc == -ENOENT)
		rc = lease_make(l, values());
	if (rc)
		return false;
	*is_it = fstat(l->fd, &held) == 0 && stat(l->path, &there) == 0 &&
		 held.st_ino == there.st_ino;
	return true;
}

/* One that makes, takes and removes leases as fast as it can ends with 1 once it holds a lease that others do not
 * find: what is changed then is put back by nobody. */
static pid_t start_holder(void)
{
	pid_t pid = fork();
	struct lease l;
	bool is_it;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		alarm(HOLDERS_END_S); /* also when nobody waits any more */
	for (uint32_t held = 0; pid == 0 && held < HOLDS;) {
		if (!hold(&l, &is_it))
			continue;
		if (!is_it)
			_exit(1);
		lease_remove(&l);
		held++;
	}
	if (pid == 0)
		_exit(0);
	return pid;
}

Test(lease, who_holds_one_holds_the_one_that_others_find, .timeout = 60)
{
	pid_t holder[HOLDERS];
	int status;

	for (int i = 0; i < HOLDERS; i++)
		holder[i] = start_holder();
	for (int i = 0; i < HOLDERS; i++) {
		cr_assert_eq(waitpid(holder[i], &status, 0), holder[i]);
		cr_assert_eq(status, 0, "a lease was held that has no name");
	}
}

Test(lease, find_what_was_not_written_so_is_ebadmsg_and_stays)
{
	static const char *const rows[] = {
		"",
		"\n",
		"net_xdp lease 2\nold 0 0\nours 2 200000\npid 77\n",
		"net_xdp lease 1\nold 0 0\nours 2 200000\npid 77",
		"net_xdp lease 1\nold 0 0\nours 2 200000\n",
		GOOD "\n",
		GOOD "pid 78\n",
		"net_xdp lease 1\nold 0  0\nours 2 200000\npid 77\n",
		"net_xdp lease 1\nold -1 0\nours 2 200000\npid 77\n",
		"net_xdp lease 1\nold 00 0\nours 2 200000\npid 77\n",
		"net_xdp lease 1\nold 4294967296 0\nours 2 200000\npid 77\n",
		"net_xdp lease 1\nold 0 18446744073709551616\nours 2 200000\npid 77\n",
	};
	struct napi_record record;
	struct lease l = made();

	lease_leave(&l);
	write_file(l.path, GOOD);
	cr_assert_eq(find_record(&l, &record), 0, "the good one is not taken");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		write_file(l.path, rows[i]);
		cr_expect_eq(find_record(&l, &record), -EBADMSG, "%s", rows[i]);
		cr_expect_eq(access(l.path, F_OK), 0, "removed: %s", rows[i]);
	}
}

/* The text is whatever its subject writes, but the first and the last line are ours. */
Test(lease, find_what_has_not_our_first_and_last_line_is_ebadmsg_and_stays)
{
	static const char *const rows[] = {
		"",
		"\n",
		"net_xdp lease 1\n",
		"net_xdp lease 1\npid 77",
		"net_xdp lease 1\npid 077\n",
		"net_xdp lease 1\npid 77\nold\n",
		"net_xdp lease 1\nold pid 77\n",
		"net_xdp lease 2\npid 77\n",
		"net_xdp lease 1\npid 4294967296\n",
	};
	struct lease l = made();

	lease_leave(&l);
	write_file(l.path, "net_xdp lease 1\npid 77\n");
	cr_assert_eq(find(&l, false), 0, "the good one is not taken");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		write_file(l.path, rows[i]);
		cr_expect_eq(find(&l, true), -EBADMSG, "%s", rows[i]);
		cr_expect_eq(access(l.path, F_OK), 0, "removed: %s", rows[i]);
	}
}

Test(lease, find_of_a_file_that_is_too_long_or_has_a_nul_is_ebadmsg)
{
	static char text[LEASE_BYTES + 16];
	struct lease l = made();
	int fd;

	lease_leave(&l);
	memset(text, ' ', sizeof(text));
	memcpy(text, "net_xdp lease 1\n", 16);
	snprintf(text + LEASE_BYTES - 8, 9, "\npid 77\n");
	write_file(l.path, text);
	cr_expect_eq(find(&l, true), -EBADMSG, "too long");
	fd = open(l.path, O_WRONLY | O_TRUNC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "net_xdp lease 1\n\0\npid 77\n", 25), 25);
	close(fd);
	cr_expect_eq(find(&l, true), -EBADMSG, "a NUL");
	unlink(l.path);
	l = made();
	lease_leave(&l);
	fd = open(l.path, O_WRONLY | O_APPEND);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "\0more", 5), 5);
	close(fd);
	cr_expect_eq(find(&l, true), -EBADMSG, "a NUL behind the last line");
}

/* Thousands of entries of a table. */
Test(lease, find_of_a_long_text_has_all_of_it)
{
	static char long_text[40000];
	struct lease l = named();
	char *text;

	memset(long_text, '7', sizeof(long_text) - 2);
	long_text[sizeof(long_text) - 2] = '\n';
	cr_assert_eq(lease_make(&l, long_text), 0);
	lease_leave(&l);
	cr_assert_eq(lease_find(&l, true, &text), 0);
	cr_expect_str_eq(text, long_text);
	free(text);
	lease_remove(&l);
}

Test(lease, find_what_others_could_have_written_is_ebadmsg)
{
	struct lease l = made();
	char elsewhere[96];

	lease_leave(&l);
	cr_assert_eq(chmod(l.path, 0620), 0);
	cr_expect_eq(find(&l, true), -EBADMSG, "group may write");
	cr_assert_eq(chmod(l.path, 0602), 0);
	cr_expect_eq(find(&l, true), -EBADMSG, "others may write");
	cr_assert_eq(chmod(l.path, 0600), 0);
	cr_assert_eq(chmod(directory, 0770), 0);
	cr_expect_eq(find(&l, true), -EBADMSG, "group may write to the directory");
	cr_assert_eq(chmod(directory, 0700), 0);
	cr_expect_eq(find(&l, false), 0, "back in order");

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", root);
	cr_assert_eq(rename(l.path, elsewhere), 0);
	cr_assert_eq(symlink(elsewhere, l.path), 0);
	cr_expect_eq(find(&l, true), -EBADMSG, "a symbolic link");
	cr_assert_eq(unlink(l.path), 0);
	cr_assert_eq(mkfifo(l.path, 0600), 0);
	cr_expect_eq(find(&l, true), -EBADMSG, "a FIFO");
}

Test(lease, make_in_a_directory_of_others_is_refused)
{
	struct lease l = named();
	char elsewhere[96];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", root);
	cr_assert_eq(mkdir(elsewhere, 0700), 0);
	cr_assert_eq(symlink(elsewhere, directory), 0);
	cr_expect_eq(lease_make(&l, ""), -EPERM, "a symbolic link");
	cr_assert_eq(unlink(directory), 0);
	write_file(directory, "");
	cr_expect_eq(lease_make(&l, ""), -EPERM, "a file");
	cr_assert_eq(unlink(directory), 0);
	cr_assert_eq(mkdir(directory, 0700), 0);
	cr_assert_eq(chmod(directory, 0777), 0);
	cr_expect_eq(lease_make(&l, ""), -EPERM, "others may write");
	cr_expect_eq(l.fd, -1);
	lease_name(&l, "/proc/none/net_xdp", &here, 7, "3");
	cr_expect_eq(lease_make(&l, ""), -ENOENT, "nowhere");
}

/* ---- Namespaces -------------------------------------------------------------------------------- */

static struct lease left_in(const struct netns *netns, const char *subject)
{
	struct lease l;

	lease_name(&l, directory, netns, 7, subject);
	cr_assert_eq(lease_make(&l, values()), 0);
	lease_leave(&l);
	return l;
}

Test(lease, find_of_a_namespace_with_the_same_number_is_enoent)
{
	const struct netns before = {.inode = here.inode, .cookie = here.cookie - 1};
	struct lease l = left_in(&before, "3");

	cr_expect_eq(find(&l, false), -ENOENT);
	cr_expect_eq(find(&l, true), -ENOENT);
	l = made();
	lease_remove(&l);
}

Test(lease, sweep_removes_what_had_our_number_before_and_nothing_else)
{
	const struct netns before = {.inode = here.inode, .cookie = 5};
	struct lease own = left_in(&here, "3"), gone = left_in(&before, "3"),
		     steer = left_in(&before, "steer"), held;
	char stranger[128];

	lease_name(&held, directory, &(struct netns){here.inode, 6}, 7, "3");
	cr_assert_eq(lease_make(&held, values()), 0);
	snprintf(stranger, sizeof(stranger), "%s/%lu-4-7", directory, (unsigned long)here.inode);
	write_file(stranger, GOOD);
	lease_sweep(directory, &here);
	cr_expect_neq(access(gone.path, F_OK), 0, "the dead one's is still there");
	cr_expect_neq(access(steer.path, F_OK), 0, "that of another subject is still there");
	cr_expect_eq(access(own.path, F_OK), 0, "ours is gone");
	cr_expect_eq(access(held.path, F_OK), 0, "one that is held is gone");
	cr_expect_eq(access(stranger, F_OK), 0, "what is no lease is gone");
	lease_sweep("/proc/none", &here);
}
