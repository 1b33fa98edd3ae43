// SPDX-License-Identifier: BSD-2-Clause
#include "peers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/say.h"

#define READ_BYTES 16384u
/* connect() does not wait for room in a full backlog; it is tried again so often. */
#define RETRY_MS 10

uint64_t running_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- The folder ------------------------------------------------------------------------------- */

/* Return: is it a socket's name, PID.NAME? */
static bool parse_file(const char *file, struct peer *peer)
{
	size_t digits = strspn(file, "0123456789");
	long pid = digits && digits < 10 ? strtol(file, NULL, 10) : 0;

	if (pid <= 0 || file[digits] != '.' || !file[digits + 1])
		return false;
	*peer = (struct peer){.pid = (pid_t)pid, .fd = -1};
	snprintf(peer->file, sizeof(peer->file), "%s", file);
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct peer *one = a, *other = b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	return strcmp(one->file, other->file);
}

static int add(struct peers *p, const struct peer *peer)
{
	struct peer *list = realloc(p->list, (p->count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	p->list = list;
	list[p->count++] = *peer;
	return 0;
}

int peers_list(struct peers *p, const char *folder, pid_t pid, struct net_error *err)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct peer peer;
	int rc = 0;

	*p = (struct peers){0};
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return error_fill(err, -errno, "running", "cannot look into %s: %s%s", folder,
				  strerror(errno), errno == EACCES ? "; it needs root" : "");
	while (!rc && (entry = readdir(dir)))
		if (parse_file(entry->d_name, &peer) && (!pid || pid == peer.pid))
			rc = add(p, &peer);
	closedir(dir);
	if (rc) {
		peers_free(p);
		return error_errno(err, rc, "running", "cannot list the programs");
	}
	if (p->count)
		qsort(p->list, p->count, sizeof(*p->list), by_pid);
	/* The list does not move any more. */
	for (uint32_t i = 0; i < p->count; i++)
		p->list[i].name = strchr(p->list[i].file, '.') + 1;
	return 0;
}

static void let_go(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer->answer);
}

void peers_free(struct peers *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		let_go(&p->list[i]);
	free(p->list);
	*p = (struct peers){0};
}

static void take_out(struct peers *p, uint32_t at)
{
	let_go(&p->list[at]);
	p->count--;
	memmove(&p->list[at], &p->list[at + 1], (p->count - at) * sizeof(*p->list));
	for (uint32_t i = at; i < p->count; i++)
		p->list[i].name = strchr(p->list[i].file, '.') + 1;
}

/* ---- Asking ----------------------------------------------------------------------------------- */

static void finish(struct peer *peer, int error)
{
	peer->pending = false;
	peer->error = error;
	peer->answered_ns = running_now_ns();
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

/* It stays pending without a connection while the peer's backlog is full. */
static void try_connect(struct peer *peer, const char *folder, const char *question)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length =
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, peer->file);

	if (length < 0 || (size_t)length >= sizeof(address.sun_path)) {
		finish(peer, -ENAMETOOLONG);
		return;
	}
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peer->fd < 0) {
		finish(peer, -errno);
		return;
	}
	if (!connect(peer->fd, (const struct sockaddr *)&address, sizeof(address))) {
		/* A few bytes: the empty socket has room for them. */
		if (send(peer->fd, question, strlen(question), MSG_NOSIGNAL) < 0)
			finish(peer, -errno);
		return;
	}
	if (errno != EAGAIN) {
		finish(peer, -errno);
		return;
	}
	close(peer->fd);
	peer->fd = -1;
}

static int make_room(struct peer *peer)
{
	size_t room = peer->room ? 2 * peer->room : 2 * READ_BYTES;
	char *answer;

	if (peer->room - peer->bytes > READ_BYTES)
		return 0;
	answer = realloc(peer->answer, room);
	if (!answer)
		return -ENOMEM;
	peer->answer = answer;
	peer->room = room;
	return 0;
}

/* What it has written so far. */
static void take(struct peer *peer)
{
	ssize_t n;

	if (make_room(peer) < 0) {
		finish(peer, -ENOMEM);
		return;
	}
	n = recv(peer->fd, peer->answer + peer->bytes, READ_BYTES, 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(peer, -errno);
		return;
	}
	peer->bytes += (size_t)n;
	peer->answer[peer->bytes] = '\0';
	if (peer->bytes > PEER_ANSWER_BYTES)
		finish(peer, -EFBIG);
	else if (!n)
		finish(peer, peer->bytes ? 0 : -ENODATA);
}

/* One look at all who are pending, of at most wait_ms. Return: how many of them there are. */
static uint32_t look(struct peers *p, struct pollfd *fds, const char *folder, const char *question,
		     int wait_ms)
{
	uint32_t pending = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		struct peer *peer = &p->list[i];

		if (peer->pending && peer->fd < 0)
			try_connect(peer, folder, question);
		fds[i] = (struct pollfd){.fd = peer->fd, .events = POLLIN};
		pending += peer->pending;
		if (peer->pending && peer->fd < 0 && wait_ms > RETRY_MS)
			wait_ms = RETRY_MS;
	}
	if (pending && poll(fds, p->count, wait_ms) > 0)
		for (uint32_t i = 0; i < p->count; i++)
			if (fds[i].revents)
				take(&p->list[i]);
	return pending;
}

/* Nobody listens there now: while others were asked, another program may have come to the same path. */
static bool is_stale(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat file;
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path) || lstat(path, &file) ||
	    !S_ISSOCK(file.st_mode))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	rc = connect(fd, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	close(fd);
	return rc == ECONNREFUSED;
}

/*
 * Its file outlived a process that is not there: remove it. A process of another PID namespace is not to be seen here; from
 * bind() to listen() it has the folder's lock (src/control/place.c). Without the lock the file waits for the next time.
 */
static bool forget(const struct peer *peer, const char *folder)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s", folder, peer->file);
	bool removed;
	int fd;

	if (peer->error != -ECONNREFUSED || !kill(peer->pid, 0) || errno != ESRCH || length < 0 ||
	    (size_t)length >= sizeof(path))
		return false;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	removed = fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && is_stale(path) && !unlink(path);
	if (fd >= 0)
		close(fd);
	if (removed)
		say("%s: removed, process %d has ended", path, (int)peer->pid);
	return removed;
}

static void leave_out_ended(struct peers *p, const char *folder)
{
	/* ENOENT: it has ended since it was listed. */
	for (uint32_t i = 0; i < p->count;)
		if (p->list[i].error == -ENOENT || forget(&p->list[i], folder))
			take_out(p, i);
		else
			i++;
}

void peers_ask(struct peers *p, const char *folder, const char *question, int timeout_ms)
{
	const uint64_t end_ns = running_now_ns() + (uint64_t)timeout_ms * 1000000u;
	struct pollfd *fds = calloc(p->count + 1, sizeof(*fds));
	uint64_t now_ns;

	for (uint32_t i = 0; i < p->count; i++)
		p->list[i].pending = true;
	do {
		now_ns = running_now_ns();
		/* Rounded up: with 0 it would spin through the last millisecond. */
	} while (fds && now_ns < end_ns &&
		 look(p, fds, folder, question, (int)((end_ns - now_ns) / 1000000u) + 1));
	for (uint32_t i = 0; i < p->count; i++)
		if (p->list[i].pending)
			finish(&p->list[i], fds ? -ETIMEDOUT : -ENOMEM);
	free(fds);
	leave_out_ended(p, folder);
}
