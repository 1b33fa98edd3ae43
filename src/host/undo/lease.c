// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "host/undo/lease.h"

#define LEASE_BYTES 160

static int format(const struct lease *l, char *out)
{
	return snprintf(out, LEASE_BYTES,
			"net_xdp lease 1\nold %" PRIu32 " %" PRIu64 "\nours %" PRIu32 " %" PRIu64
			"\npid %" PRIu32 "\n",
			l->old.hard_irqs, l->old.timeout_ns, l->ours.hard_irqs, l->ours.timeout_ns,
			l->pid);
}

/* Read a lease's text. Only a text that format() would write again is a lease. */
static bool parse(struct lease *l, const char *text)
{
	char again[LEASE_BYTES];

	return sscanf(text,
		      "net_xdp lease 1 old %" SCNu32 " %" SCNu64 " ours %" SCNu32 " %" SCNu64
		      " pid %" SCNu32,
		      &l->old.hard_irqs, &l->old.timeout_ns, &l->ours.hard_irqs,
		      &l->ours.timeout_ns, &l->pid) == 5 &&
	       format(l, again) < LEASE_BYTES && strcmp(text, again) == 0;
}

/* Return: true if the file is of that type, belongs to root, to us or to the folder's owner, and can
 * be written by nobody else. */
static bool is_trusted(int fd, mode_t type, uid_t folder_owner, struct stat *s)
{
	return fstat(fd, s) == 0 && (s->st_mode & S_IFMT) == type &&
	       (s->st_uid == 0 || s->st_uid == geteuid() || s->st_uid == folder_owner) &&
	       !(s->st_mode & (S_IWGRP | S_IWOTH));
}

/* Lock an open file with F_OFD_SETLK, or ask with F_OFD_GETLK. The lock belongs to the open file and
 * not to the process, so it ends with the file's last descriptor. Return: true if the lock was, or
 * could be, had. */
static bool lock(int fd, int command)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, command, &l) == 0 && (command == F_OFD_SETLK || l.l_type == F_UNLCK);
}

void lease_name(struct lease *l, const char *directory, const struct netns *netns, uint32_t ifindex,
		uint32_t queue)
{
	*l = (struct lease){.fd = -1, .directory = directory};
	snprintf(l->path, sizeof(l->path), "%s/%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32,
		 directory, netns->inode, netns->cookie, ifindex, queue);
}

int lease_make(struct lease *l)
{
	char text[LEASE_BYTES], self[32];
	struct stat folder;
	int length, rc;

	if (mkdir(l->directory, 0700) && errno != EEXIST)
		return -errno;
	rc = folder_check(l->directory, &folder);
	if (rc)
		return rc;
	/* The file has no name until it is complete and locked: nobody sees half a lease, and a
	 * process that is killed before leaves none. */
	l->fd = open(l->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return -errno;
	l->pid = (uint32_t)getpid();
	length = format(l, text);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", l->fd);
	errno = EIO;
	if (!lock(l->fd, F_OFD_SETLK) || write(l->fd, text, (size_t)length) != length ||
	    linkat(AT_FDCWD, self, AT_FDCWD, l->path, AT_SYMLINK_FOLLOW))
		rc = -errno;
	if (rc)
		lease_leave(l);
	return rc;
}

int lease_find(struct lease *l, bool take)
{
	char text[LEASE_BYTES];
	struct stat folder, s;
	ssize_t n;
	int rc = -EBADMSG;

	/* O_NONBLOCK: open() would wait if somebody had put a FIFO there. */
	l->fd = open(l->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	n = pread(l->fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (!folder_check(l->directory, &folder) && is_trusted(l->fd, S_IFREG, folder.st_uid, &s) &&
	    parse(l, text))
		rc = lock(l->fd, take ? F_OFD_SETLK : F_OFD_GETLK) ? 0 : -EBUSY;
	/* Another process removed the lease between our open() and our lock. */
	if (!rc && (fstat(l->fd, &s) || !s.st_nlink))
		rc = -ENOENT;
	if (rc || !take)
		lease_leave(l);
	return rc;
}

void lease_remove(struct lease *l)
{
	if (l->fd >= 0)
		unlink(l->path);
	lease_leave(l);
}

void lease_leave(struct lease *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void lease_sweep(const char *directory, const struct netns *here)
{
	DIR *folder = opendir(directory);
	const struct dirent *entry;
	uint32_t ifindex, queue;
	struct netns netns;
	struct lease l;

	while (folder && (entry = readdir(folder))) {
		if (sscanf(entry->d_name, "%" SCNu64 "-%" SCNu64 "-%" SCNu32 "-%" SCNu32,
			   &netns.inode, &netns.cookie, &ifindex, &queue) != 4 ||
		    !netns_has_ended(&netns, here))
			continue;
		lease_name(&l, directory, &netns, ifindex, queue);
		if (lease_find(&l, true) == 0)
			lease_remove(&l);
	}
	if (folder)
		closedir(folder);
}
