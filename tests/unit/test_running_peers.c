// SPDX-License-Identifier: BSD-2-Clause
/* Programs with control sockets, of which some answer, and some do not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "running/peers.h"
#include "support/control_fake.h"

static struct control_fake f; /* large */

static void ask(struct peers *p, pid_t pid, int timeout_ms)
{
	struct net_error err;

	cr_assert_eq(peers_list(p, f.folder, pid, &err), 0, "%s", err.message);
	peers_ask(p, f.folder, "json\n", timeout_ms);
}

static bool exists(const char *file)
{
	char path[128];
	struct stat s;

	snprintf(path, sizeof(path), "%s/%s", f.folder, file);
	return !lstat(path, &s);
}

Test(running_peers, answers_of_all_are_read_in_the_order_of_their_pids)
{
	static char large[3 << 20];
	struct peers p;

	memset(large, 'a', sizeof(large) - 1);
	control_fake_open(&f);
	control_fake_add(&f, 30, "c.d e", CONTROL_ANSWERS, "third", "");
	control_fake_add(&f, 7, "a", CONTROL_ANSWERS, large, "");
	control_fake_add(&f, 7, "b", CONTROL_ANSWERS, "second", "");
	ask(&p, 0, 5000);
	cr_assert_eq(p.count, 3);
	cr_expect(!p.list[0].error && p.list[0].bytes == sizeof(large) - 1 &&
		  !strcmp(p.list[0].answer, large));
	cr_expect(!p.list[1].error && !strcmp(p.list[1].answer, "second"));
	cr_expect_str_eq(p.list[1].name, "b");
	cr_expect(!p.list[2].error && !strcmp(p.list[2].answer, "third"));
	cr_expect_str_eq(p.list[2].name, "c.d e");
	peers_free(&p);
	ask(&p, 30, 5000);
	cr_expect(p.count == 1 && p.list[0].pid == 30);
	peers_free(&p);
	control_fake_close(&f);
}

Test(running_peers, those_who_do_not_answer_cost_one_timeout_together)
{
	uint64_t begin_ns, ms;
	struct peers p;

	control_fake_open(&f);
	for (int i = 1; i <= 8; i++)
		control_fake_add(&f, i, "s", i == 4 ? CONTROL_HALF : CONTROL_SILENT, "{}{}", "");
	control_fake_add(&f, 9, "full", CONTROL_FULL, "", "");
	control_fake_add(&f, 10, "good", CONTROL_ANSWERS, "{}", "");
	begin_ns = running_now_ns();
	ask(&p, 0, 300);
	ms = (running_now_ns() - begin_ns) / 1000000;
	cr_expect(ms >= 300 && ms < 1500, "%llu ms", (unsigned long long)ms);
	cr_assert_eq(p.count, 10);
	for (uint32_t i = 0; i < 9; i++)
		cr_expect_eq(p.list[i].error, -ETIMEDOUT, "%u: %d", i, p.list[i].error);
	cr_expect(!p.list[9].error && !strcmp(p.list[9].answer, "{}"));
	peers_free(&p);
	control_fake_close(&f);
}

Test(running_peers, answer_without_end_is_cut_and_an_empty_one_is_none)
{
	struct peers p;

	control_fake_open(&f);
	control_fake_add(&f, 1, "huge", CONTROL_HUGE, "", "");
	control_fake_add(&f, 2, "closes", CONTROL_CLOSES, "", "");
	ask(&p, 0, 5000);
	cr_assert_eq(p.count, 2);
	cr_expect_eq(p.list[0].error, -EFBIG, "%d", p.list[0].error);
	cr_expect_leq(p.list[0].bytes, PEER_ANSWER_BYTES + 65536);
	/* It closed with our question unread, or before it was sent. */
	cr_expect(p.list[1].error == -ENODATA || p.list[1].error == -ECONNRESET ||
			  p.list[1].error == -EPIPE,
		  "%d", p.list[1].error);
	peers_free(&p);
	control_fake_close(&f);
}

Test(running_peers, backlog_that_becomes_free_in_time_is_no_trouble)
{
	struct control_program *full;
	struct peers p;

	control_fake_open(&f);
	full = control_fake_add(&f, 1, "full", CONTROL_FULL, "{}", "");
	control_fake_wake(full, 50);
	ask(&p, 1, 5000);
	cr_expect(p.count == 1 && !p.list[0].error, "%d", p.list[0].error);
	peers_free(&p);
	control_fake_close(&f);
}

Test(running_peers, socket_of_an_ended_process_is_removed_and_nothing_else)
{
	char gone[64], alive[64], file[64], path[128];
	pid_t ended = control_fake_ended();
	struct peers p;
	FILE *plain;

	control_fake_open(&f);
	control_fake_add(&f, ended, "gone", CONTROL_GONE, "", "");
	control_fake_add(&f, getpid(), "alive", CONTROL_GONE, "", "");
	snprintf(gone, sizeof(gone), "%d.gone", (int)ended);
	snprintf(alive, sizeof(alive), "%d.alive", (int)getpid());
	snprintf(file, sizeof(file), "%d.file", (int)ended);
	snprintf(path, sizeof(path), "%s/%s", f.folder, file);
	plain = fopen(path, "w");
	cr_assert_not_null(plain);
	fclose(plain);
	ask(&p, 0, 1000);
	cr_expect_eq(p.count, 2);
	cr_expect_not(exists(gone));
	cr_expect(exists(alive), "its process may not listen yet");
	cr_expect(exists(file), "no socket");
	peers_free(&p);
	control_fake_close(&f);
}

/* A program of another PID namespace: the number of its process is nobody's here. */
struct stranger {
	struct sockaddr_un address;
	int fd;
	bool listens;
};

static void *start_stranger(void *stranger_)
{
	struct stranger *s = stranger_;

	usleep(100000);
	unlink(s->address.sun_path);
	cr_assert(!bind(s->fd, (const struct sockaddr *)&s->address, sizeof(s->address)));
	cr_assert(!s->listens || !listen(s->fd, 1));
	return NULL;
}

/* It starts at the path of one that was killed, after that one was asked and before others have answered. */
static void ask_while_stranger_starts(struct stranger *s, char file[64])
{
	pid_t ended = control_fake_ended();
	pthread_t thread;
	struct peers p;

	control_fake_add(&f, ended, "again", CONTROL_GONE, "", "");
	control_fake_add(&f, getpid(), "slow", CONTROL_SILENT, "", "");
	snprintf(file, 64, "%d.again", (int)ended);
	s->address.sun_family = AF_UNIX;
	snprintf(s->address.sun_path, sizeof(s->address.sun_path), "%s/%s", f.folder, file);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(pthread_create(&thread, NULL, start_stranger, s), 0);
	ask(&p, 0, 600);
	pthread_join(thread, NULL);
	peers_free(&p);
}

Test(running_peers, socket_that_is_anothers_by_now_is_left)
{
	struct stranger s = {.listens = true};
	char file[64];

	control_fake_open(&f);
	ask_while_stranger_starts(&s, file);
	cr_expect(exists(file), "somebody listens there again");
	close(s.fd);
	control_fake_close(&f);
}

Test(running_peers, socket_is_left_while_somebody_starts)
{
	struct stranger s = {.listens = false};
	struct peers p;
	char file[64];
	int folder_fd;

	control_fake_open(&f);
	folder_fd = open(f.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(flock(folder_fd, LOCK_EX), 0);
	ask_while_stranger_starts(&s, file);
	cr_expect(exists(file), "it may be between bind() and listen()");
	close(folder_fd);
	close(s.fd);
	ask(&p, 0, 100);
	cr_expect_not(exists(file), "nobody starts, and nobody listens");
	peers_free(&p);
	control_fake_close(&f);
}

Test(running_peers, other_names_and_a_missing_folder_are_nobody)
{
	static const char *const names[] = {"a",     "12",  "12.",	    ".12",
					    "x12.a", "0.a", "99999999999.a"};
	char path[128];
	struct net_error err;
	struct peers p;
	FILE *file;

	control_fake_open(&f);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f.folder, names[i]);
		file = fopen(path, "w");
		cr_assert_not_null(file);
		fclose(file);
	}
	cr_expect_eq(peers_list(&p, f.folder, 0, &err), 0);
	cr_expect_eq(p.count, 0);
	peers_free(&p);
	control_fake_close(&f);
	cr_expect_eq(peers_list(&p, f.folder, 0, &err), 0);
	cr_expect_eq(p.count, 0);
	cr_expect_eq(peers_list(&p, "/dev/null", 0, &err), -ENOTDIR);
	cr_expect_not_null(strstr(err.message, "/dev/null"), "%s", err.message);
}
