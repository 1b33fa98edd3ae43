// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/folder.h"
#include "host/undo/lease.h"

#define HEAD "net_xdp lease 1\n"

/* Find the last line of a lease, "pid N". Only what lease_make() would write again is a lease.
 * Return: its beginning; NULL this is no lease. */
static char *parse(struct lease *l, char *text)
{
	char *end = text + strlen(text), *last, again[32];

	if (strncmp(text, HEAD, strlen(HEAD)) || end == text + strlen(HEAD) || end[-1] != '\n')
		return NULL;
	for (last = end - 1; last[-1] != '\n'; last--)
		;
	if (sscanf(last, "pid %" SCNu32, &l->pid) != 1)
		return NULL;
	snprintf(again, sizeof(again), "pid %" PRIu32 "\n", l->pid);
	return strcmp(last, again) ? NULL : last;
}

/* Read a whole file. Return: its text, to be freed; NULL it has a NUL in it or is too long. */
static char *read_text(int fd)
{
	char *text = malloc(LEASE_BYTES);
	ssize_t n = text ? pread(fd, text, LEASE_BYTES, 0) : -1;

	if (n >= 0 && n < (ssize_t)LEASE_BYTES && !memchr(text, 0, (size_t)n)) {
		text[n] = '\0';
		return text;
	}
	free(text);
	return NULL;
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
		const char *subject)
{
	*l = (struct lease){.fd = -1, .directory = directory};
	snprintf(l->path, sizeof(l->path), "%s/%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%s", directory,
		 netns->inode, netns->cookie, ifindex, subject);
}

int lease_make(struct lease *l, const char *text)
{
	struct stat folder;
	char self[32];
	int rc;

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
	snprintf(self, sizeof(self), "/proc/self/fd/%d", l->fd);
	if (!lock(l->fd, F_OFD_SETLK) ||
	    dprintf(l->fd, HEAD "%spid %" PRIu32 "\n", text, l->pid) < 0 ||
	    linkat(AT_FDCWD, self, AT_FDCWD, l->path, AT_SYMLINK_FOLLOW))
		rc = -errno;
	if (rc)
		lease_leave(l);
	return rc;
}

int lease_find(struct lease *l, bool take, char **text)
{
	char *whole, *end = NULL;
	struct stat folder, s;
	int rc = -EBADMSG;

	if (text)
		*text = NULL;
	/* O_NONBLOCK: open() would wait if somebody had put a FIFO there. */
	l->fd = open(l->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	whole = read_text(l->fd);
	if (!folder_check(l->directory, &folder) && is_trusted(l->fd, S_IFREG, folder.st_uid, &s) &&
	    whole && (end = parse(l, whole)))
		rc = lock(l->fd, take ? F_OFD_SETLK : F_OFD_GETLK) ? 0 : -EBUSY;
	/* Another process removed the lease between our open() and our lock. */
	if (!rc && (fstat(l->fd, &s) || !s.st_nlink))
		rc = -ENOENT;
	if (rc || !take)
		lease_leave(l);
	if (text && (!rc || rc == -EBUSY)) {
		*end = '\0';
		memmove(whole, whole + strlen(HEAD), strlen(whole + strlen(HEAD)) + 1);
		*text = whole;
	} else {
		free(whole);
	}
	return rc;
}

int lease_take(struct lease *l, char **text)
{
	struct deadline until = deadline_in(1000);
	int rc;

	while ((rc = lease_find(l, true, text)) == -EBUSY && !deadline_passed(&until)) {
		free(text ? *text : NULL);
		sleep_ms(2);
	}
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
	struct netns netns;
	char subject[16];
	uint32_t ifindex;
	struct lease l;

	while (folder && (entry = readdir(folder))) {
		if (sscanf(entry->d_name, "%" SCNu64 "-%" SCNu64 "-%" SCNu32 "-%15s", &netns.inode,
			   &netns.cookie, &ifindex, subject) != 4 ||
		    !netns_has_ended(&netns, here))
			continue;
		lease_name(&l, directory, &netns, ifindex, subject);
		if (lease_find(&l, true, NULL) == 0)
			lease_remove(&l);
	}
	if (folder)
		closedir(folder);
}
