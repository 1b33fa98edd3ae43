// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/folder.h"
#include "control/control.h"

#define LEASE_FOLDER "/run/net_xdp" /* of the leases too (host/undo/lease.h) */
#define BACKLOG	     16
#define LOCK_MS	     1000

static int say_folder(struct net_error *err, int rc, const char *folder, const char *what)
{
	const char *remedy = rc == -EROFS   ? "let the program write there (systemd: "
					      "RuntimeDirectory=net_xdp), or give another path"
			     : rc == -EPERM ? "make it root's or this user's, mode 0700, or give "
					      "another path"
					    : "as root: install -d -m 700 -o USER " LEASE_FOLDER
					      ", or give another path";

	return error_set(err, rc, CONTROL_STEP, "%s %s (%s): %s", folder, what,
			 rc == -EPERM ? "others could write there" : strerror(-rc), remedy);
}

/* A folder that its owner alone can write. */
static int make_folder(const char *folder, struct stat *s, struct net_error *err)
{
	int rc;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return say_folder(err, -errno, folder, "cannot be made");
	rc = folder_check(folder, s);
	return rc ? say_folder(err, rc, folder, "is not used") : 0;
}

static int make_folders(struct net_error *err)
{
	struct stat s;
	int rc = make_folder(LEASE_FOLDER, &s, err);

	return rc ? rc : make_folder(NET_CONTROL_DIRECTORY, &s, err);
}

static int set_path(struct place *p, const char *path, const char *name, struct net_error *err)
{
	char *to = p->address.sun_path;
	size_t size = sizeof(p->address.sun_path);
	int n;

	if (path)
		n = snprintf(to, size, "%s", path);
	else
		n = snprintf(to, size, NET_CONTROL_DIRECTORY "/%" PRIu32 ".%s", (uint32_t)getpid(),
			     name);
	if (!n || n >= (int)size)
		return error_set(err, n ? -ENAMETOOLONG : -EINVAL, CONTROL_STEP,
				 "the path of a socket has 1 to %zu bytes, this one %d: %s",
				 size - 1, n, to);
	/* The name is a file's, and is shown on terminals. */
	for (char *c = to + (path ? n : (int)sizeof(NET_CONTROL_DIRECTORY)); *c; c++)
		if (*c == '/' || (unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
			*c = '_';
	return 0;
}

/* A socket's file outlives a process that was killed: it may go when nobody listens there. */
static int remove_stale(const struct place *p, struct net_error *err)
{
	const char *path = p->address.sun_path;
	struct stat s;
	int fd, rc;

	if (lstat(path, &s))
		return 0; /* bind says what is wrong, if anything is */
	if (!S_ISSOCK(s.st_mode))
		return error_set(err, -EEXIST, CONTROL_STEP,
				 "%s is there, and is no socket: give another path, or remove it",
				 path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, -errno, CONTROL_STEP, "a socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)&p->address, sizeof(p->address)) ? -errno : 0;
	close(fd);
	if (!rc || rc == -EAGAIN)
		return error_set(err, -EADDRINUSE, CONTROL_STEP,
				 "somebody listens at %s: give another path, or end that program",
				 path);
	if (rc == -ECONNREFUSED)
		unlink(path);
	return 0;
}

/*
 * Between bind() and listen() a socket refuses like one that is stale, and would be removed by whoever starts at the same
 * path: so one at a time, by a lock on the folder. Others may lock the folder as well; who cannot have it goes on without.
 * Return: to be closed; -1 the folder cannot be opened; and *has_lock.
 */
static int lock_folder(const struct place *p, bool *has_lock)
{
	struct deadline until = deadline_in(LOCK_MS);
	char folder[sizeof(p->address.sun_path) + 2];
	int fd;

	snprintf(folder, sizeof(folder), "%s", p->address.sun_path);
	if (strrchr(folder, '/'))
		snprintf(strrchr(folder, '/'), 3, "/.");
	else
		snprintf(folder, sizeof(folder), ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*has_lock = false;
	while (fd >= 0 && !(*has_lock = !flock(fd, LOCK_EX | LOCK_NB)) && !deadline_passed(&until))
		sleep_ms(1);
	return fd;
}

static int listen_there(struct place *p, struct net_error *err)
{
	struct stat s = {0};
	int rc = remove_stale(p, err);

	if (rc)
		return rc;
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The file gets the socket's mode as bind makes it (unix_bind_bsd()): it is never open to others. */
	if (p->fd < 0 || fchmod(p->fd, 0600) ||
	    bind(p->fd, (const struct sockaddr *)&p->address, sizeof(p->address)) ||
	    lstat(p->address.sun_path, &s) || listen(p->fd, BACKLOG)) {
		rc = error_set(err, -errno, CONTROL_STEP, "%s cannot be made: %s",
			       p->address.sun_path, strerror(errno));
	}
	p->device = s.st_dev;
	p->inode = s.st_ino;
	if (rc)
		place_close(p, s.st_ino != 0);
	return rc;
}

/* Remove what processes that were killed have left at other paths. One that this PID namespace does not know may
 * live in another: then it listens, or has the folder's lock until it does. */
static void sweep(void)
{
	struct place old = {.address.sun_family = AF_UNIX};
	DIR *folder = opendir(NET_CONTROL_DIRECTORY);
	char *path = old.address.sun_path;
	const struct dirent *entry;
	int pid, length;

	while (folder && (entry = readdir(folder))) {
		size_t digits = strspn(entry->d_name, "0123456789");

		pid = digits && digits < 10 && entry->d_name[digits] == '.' ? atoi(entry->d_name)
									    : 0;
		length = snprintf(path, sizeof(old.address.sun_path), NET_CONTROL_DIRECTORY "/%s",
				  entry->d_name);
		if (pid > 0 && kill(pid, 0) && errno == ESRCH &&
		    length < (int)sizeof(old.address.sun_path))
			remove_stale(&old, NULL);
	}
	if (folder)
		closedir(folder);
}

int place_open(struct place *p, const char *path, const char *name, struct net_error *err)
{
	bool has_lock;
	int rc, lock_fd;

	*p = (struct place){.address.sun_family = AF_UNIX, .fd = -1};
	rc = set_path(p, path, name, err);
	if (!rc && !path)
		rc = make_folders(err);
	if (rc)
		return rc;
	lock_fd = lock_folder(p, &has_lock);
	if (!path && has_lock)
		sweep();
	rc = listen_there(p, err);
	if (lock_fd >= 0)
		close(lock_fd);
	return rc;
}

void place_close(struct place *p, bool unlink_it)
{
	struct stat s;

	/* While the socket is open nobody else's file has its number. */
	if (unlink_it && !lstat(p->address.sun_path, &s) && s.st_dev == p->device &&
	    s.st_ino == p->inode)
		unlink(p->address.sun_path);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
