// SPDX-License-Identifier: BSD-2-Clause
/* The control socket of a program: its words, its clients, its file. Endpoints are loopback ones. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/deadline.h"
#include "net_control.h"
#include "support/openmetrics.h"
#include "support/scratch.h"

/* ---- A program, and a client ------------------------------------------------------------------ */

static struct net_control *control;
static char path[64];

static int open_at(const char *where, struct net_error *err)
{
	struct net_control_config config = net_control_config_default();

	config.path = where;
	config.name = "prog";
	return net_control_open(&config, &control, err);
}

static void set_up(void)
{
	struct net_error err = {0};

	scratch_path(path, sizeof(path), "control.sock");
	cr_assert_eq(open_at(path, &err), 0, "%s", err.message);
}

static void tear_down(void)
{
	net_control_close(control);
	cr_assert(access(path, F_OK) && errno == ENOENT);
}

static int connect_to(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	cr_assert(fd >= 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static char text[1 << 20];

/* Read to the end. Return: the text. */
static const char *read_all(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	cr_assert(n == 0, "%s", strerror(errno));
	text[len] = '\0';
	close(fd);
	return text;
}

static const char *ask(const char *line)
{
	int fd = connect_to();

	cr_assert(fd >= 0, "%s", strerror(-fd));
	cr_assert_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	return read_all(fd);
}

static struct net_endpoint *new_endpoint(struct net_queue *queues[2])
{
	struct net_queue_config configs[2] = {0};
	struct net_endpoint *ep;

	cr_assert(net_loopback_open(2, &ep, NULL) == 0);
	cr_assert(net_endpoint_get_queues(ep, configs, 2, NULL, queues, NULL) == 0);
	return ep;
}

static void end_endpoint(struct net_endpoint *ep, struct net_queue *queues[2])
{
	for (int i = 0; i < 2; i++)
		net_queue_destroy(queues[i], NULL);
	net_endpoint_destroy(ep, NULL);
}

TestSuite(control, .init = set_up, .fini = tear_down);

/* ---- Words ------------------------------------------------------------------------------------ */

Test(control, each_word_has_its_answer_and_any_other_line_names_the_words)
{
	static const char no_word[] = "no such word; there are: json openmetrics help\n";
	char tail[64];

	snprintf(tail, sizeof(tail), "\"pid\": %d,\n  \"version\": \"0.2.0\"\n}\n", getpid());
	cr_assert_str_eq(ask("json\n") + strlen("{\n  \"program\": \"prog\",\n  "), tail);
	cr_assert(strstr(ask("openmetrics\n"), "# EOF\n") != NULL);
	cr_assert_eq(openmetrics_check(text), 1);
	cr_assert(strstr(ask("help\n"), "openmetrics: the same") != NULL);
	cr_assert_str_eq(ask("JSON\n"), no_word);
	cr_assert_str_eq(ask("\n"), no_word);
	cr_assert_str_eq(ask("json \n"), no_word);
	cr_assert(strstr(ask("json\r\n"), "\"prog\"") != NULL);
	cr_assert_str_eq(ask("json json json json json json json json json json json json "
			     "json json json json json json json json json json json\n"),
			 no_word);
}

Test(control, a_line_may_come_in_pieces_and_end_with_the_file)
{
	int fd = connect_to();

	cr_assert_eq(write(fd, "he", 2), 2);
	sleep_ms(20);
	cr_assert_eq(write(fd, "lp", 2), 2);
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	cr_assert(strstr(read_all(fd), "json: all") != NULL);
}

/* It is read no further than its place reaches, however much comes behind its first piece. */
Test(control, a_line_that_is_too_long_may_come_in_pieces_too)
{
	static char j[4096];
	int fd = connect_to();

	memset(j, 'j', sizeof(j));
	cr_assert_eq(write(fd, j, 50), 50);
	sleep_ms(20);
	cr_assert_eq(write(fd, j, sizeof(j)), (ssize_t)sizeof(j));
	cr_assert(strstr(read_all(fd), "no such word"));
	cr_assert(strstr(ask("help\n"), "json: all"), "the next client");
}

/* ---- What is shown ---------------------------------------------------------------------------- */

static void tell_more(void *context, struct net_inspector *to)
{
	const struct net_field f = {.name = "guests",
				    .kind = NET_FIELD_NUMBER,
				    .unit = "",
				    .meaning = "",
				    .number = *(const uint64_t *)context};

	to->ops->field(to, &f);
}

Test(control, endpoints_are_shown_until_they_are_taken_out_and_the_program_tells_more)
{
	struct net_queue *queues[2][2];
	struct net_endpoint *ep[2] = {new_endpoint(queues[0]), new_endpoint(queues[1])};
	uint64_t guests = 3;

	net_control_tell(control, tell_more, &guests);
	cr_assert_eq(net_control_set(control, "a", ep[0], queues[0], 2), 0);
	cr_assert_eq(net_control_set(control, "b", ep[1], queues[1], 2), 0);
	ask("openmetrics\n");
	cr_assert(openmetrics_check(text) > 40);
	cr_assert(strstr(text, "net_xdp_tx_packets_total{"), "%s", text);
	cr_assert(strstr(text, "endpoint=\"b\",queue=\"1\",class=\"traffic\"} 0\n"), "%s", text);
	cr_assert(strstr(text, "net_xdp_guests{program=\"prog\",pid=\"") != NULL, "%s", text);

	cr_assert_eq(net_control_set(control, "b", ep[1], queues[1], 1), 0);
	ask("openmetrics\n");
	cr_assert(strstr(text, "endpoint=\"b\",queue=\"0\"") != NULL);
	cr_assert(strstr(text, "endpoint=\"b\",queue=\"1\"") == NULL);

	cr_assert_eq(net_control_set(control, "a", NULL, NULL, 0), 0);
	net_control_tell(control, NULL, NULL);
	ask("json\n");
	cr_assert(strstr(text, "\"name\": \"b\"") != NULL);
	cr_assert(strstr(text, "\"name\": \"a\"") == NULL);
	cr_assert(strstr(text, "guests") == NULL);
	cr_assert_eq(net_control_set(control, "b", NULL, NULL, 0), 0);
	cr_assert_eq(net_control_set(control, "never", NULL, NULL, 0), 0);
	cr_assert_eq(net_control_set(control, NULL, ep[0], NULL, 0), -EINVAL);
	for (int i = 0; i < 2; i++)
		end_endpoint(ep[i], queues[i]);
}

/* Tells as long as it is let. */
struct slow {
	bool runs, may_end; /* atomic */
};

static void tell_slowly(void *context, struct net_inspector *to)
{
	struct slow *s = context;

	(void)to;
	__atomic_store_n(&s->runs, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&s->may_end, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	sleep_ms(50);
	__atomic_store_n(&s->runs, false, __ATOMIC_SEQ_CST);
}

Test(control, taking_out_returns_when_no_walk_is_under_way)
{
	struct slow slow = {0};
	int fd = connect_to();

	net_control_tell(control, tell_slowly, &slow);
	cr_assert_eq(write(fd, "json\n", 5), 5);
	while (!__atomic_load_n(&slow.runs, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	__atomic_store_n(&slow.may_end, true, __ATOMIC_SEQ_CST);
	net_control_tell(control, NULL, NULL);
	cr_assert_not(__atomic_load_n(&slow.runs, __ATOMIC_SEQ_CST));
	read_all(fd);
}

Test(control, without_a_control_all_calls_do_nothing)
{
	cr_assert_eq(net_control_set(NULL, "a", NULL, NULL, 0), 0);
	net_control_tell(NULL, NULL, NULL);
	net_control_close(NULL);
	cr_assert_str_eq(net_control_path(NULL), "");
}

/* ---- Clients that mean no good ---------------------------------------------------------------- */

static int64_t answer_ms(void)
{
	int64_t start = clock_ms();

	cr_assert(strstr(ask("help\n"), "json") != NULL);
	return clock_ms() - start;
}

Test(control, clients_that_write_nothing_or_do_not_read_hold_up_nobody_for_long)
{
	struct net_queue *queues[2];
	struct net_endpoint *ep = new_endpoint(queues);
	int fds[40], small = 1;

	for (int i = 0; i < 10; i++)
		cr_assert((fds[i] = connect_to()) >= 0);
	cr_assert(answer_ms() < 500);
	/* As many as are served at once, and more. */
	for (int i = 10; i < 32; i++) {
		cr_assert((fds[i] = connect_to()) >= 0);
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		cr_assert_eq(write(fds[i], i % 2 ? "json\n" : "js", 2), 2);
	}
	cr_assert(answer_ms() < 3000, "sixteen places, each free after a second");
	for (int i = 0; i < 32; i++)
		close(fds[i]);
	cr_assert(answer_ms() < 500);
	end_endpoint(ep, queues);
}

Test(control, a_client_that_leaves_in_the_middle_is_forgotten_without_sigpipe)
{
	struct net_queue *queues[2];
	struct net_endpoint *ep = new_endpoint(queues);

	signal(SIGPIPE, SIG_DFL);
	cr_assert_eq(net_control_set(control, "a", ep, queues, 2), 0);
	for (int i = 0; i < 200; i++) {
		int fd = connect_to();

		cr_assert(fd >= 0);
		if (i % 3)
			cr_assert_eq(write(fd, i % 3 == 1 ? "json\n" : "openm", 5), 5);
		close(fd);
	}
	cr_assert(answer_ms() < 1500);
	cr_assert_eq(net_control_set(control, "a", NULL, NULL, 0), 0);
	end_endpoint(ep, queues);
}

static void no_signal(int number)
{
	(void)number;
	_exit(3);
}

static void *ask_on(void *unused)
{
	(void)unused;
	ask("help\n");
	return NULL;
}

Test(control, its_thread_takes_no_signal)
{
	sigset_t mask, before;
	pthread_t thread;

	/* Everybody but the thread of the socket has it blocked: it stays pending, or the handler runs there. */
	signal(SIGUSR1, no_signal);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, &before);
	cr_assert_eq(pthread_create(&thread, NULL, ask_on, NULL), 0);
	cr_assert_eq(kill(getpid(), SIGUSR1), 0);
	pthread_join(thread, NULL);
	ask("help\n");
	cr_assert(sigpending(&mask) == 0 && sigismember(&mask, SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- The file --------------------------------------------------------------------------------- */

Test(control, the_socket_is_closed_to_others_whatever_the_umask_is)
{
	struct stat s;

	net_control_close(control);
	umask(0);
	cr_assert_eq(open_at(path, NULL), 0);
	cr_assert_eq(stat(path, &s), 0);
	cr_assert_eq(s.st_mode, S_IFSOCK | 0600u, "%o", s.st_mode);
	cr_assert_str_eq(net_control_path(control), path);
}

Test(control, a_living_ones_path_and_what_is_no_socket_are_left_alone)
{
	struct net_control *first = control;
	struct net_error err = {0};
	char other[64];
	FILE *file;

	cr_assert_eq(open_at(path, &err), -EADDRINUSE);
	cr_assert(strstr(err.message, "somebody listens at") != NULL, "%s", err.message);
	scratch_path(other, sizeof(other), "control.file");
	file = fopen(other, "we");
	cr_assert(file && fclose(file) == 0);
	cr_assert_eq(open_at(other, &err), -EEXIST);
	cr_assert_eq(unlink(other), 0);
	cr_assert_eq(open_at("/nowhere/at/all", &err), -ENOENT);
	cr_assert_eq(open_at("", &err), -EINVAL);
	memset(text, 'p', 200);
	text[200] = '\0';
	cr_assert_eq(open_at(text, &err), -ENAMETOOLONG);
	control = first;
	cr_assert(strstr(ask("help\n"), "json") != NULL);
}

struct start {
	pthread_barrier_t *together;
	struct net_control *control;
	int rc;
};

static void *start_main(void *arg)
{
	struct net_control_config config = net_control_config_default();
	struct start *s = arg;

	config.path = path;
	pthread_barrier_wait(s->together);
	s->rc = net_control_open(&config, &s->control, NULL);
	return NULL;
}

/* One of them would listen where nobody finds it. */
Test(control, of_two_that_start_at_one_path_one_is_refused)
{
	pthread_barrier_t together;
	pthread_t threads[2];
	struct start starts[2];

	net_control_close(control);
	control = NULL;
	cr_assert_eq(pthread_barrier_init(&together, NULL, 2), 0);
	for (int round = 0; round < 400; round++) {
		for (int i = 0; i < 2; i++) {
			starts[i] = (struct start){.together = &together};
			cr_assert_eq(pthread_create(&threads[i], NULL, start_main, &starts[i]), 0);
		}
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		cr_assert_eq(starts[0].rc + starts[1].rc, -EADDRINUSE, "round %d: %d %d", round,
			     starts[0].rc, starts[1].rc);
		net_control_close(starts[0].control);
		net_control_close(starts[1].control);
	}
	pthread_barrier_destroy(&together);
}

Test(control, what_a_killed_process_leaves_is_removed)
{
	int status;
	pid_t child;

	net_control_close(control);
	child = fork();
	if (!child) {
		if (open_at(path, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(open_at(path, NULL), 0);
	cr_assert(strstr(ask("help\n"), "json") != NULL);
}

Test(control, closing_leaves_a_socket_that_is_anothers)
{
	char kept[80];
	struct net_control *first = control;

	snprintf(kept, sizeof(kept), "%s.kept", path);
	cr_assert_eq(rename(path, kept), 0);
	cr_assert_eq(open_at(path, NULL), 0);
	net_control_close(first);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert(strstr(ask("help\n"), "json") != NULL);
	unlink(kept);
}

Test(control, a_forked_child_gives_up_its_copies_and_changes_nothing)
{
	int status;
	pid_t child = fork();

	if (!child) {
		alarm(10);
		net_control_tell(control, tell_more, NULL);
		net_control_set(control, "a", NULL, NULL, 0);
		net_control_close(control);
		_exit(0);
	}
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	cr_assert(strstr(ask("help\n"), "json") != NULL);
}

/* The child has a copy of the client's connection, too: closing ours alone ends nothing. */
Test(control, a_forked_child_does_not_keep_a_client_waiting_for_the_end)
{
	const struct timeval patience = {.tv_sec = 2};
	int fd = connect_to();
	pid_t child;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	cr_assert_eq(write(fd, "he", 2), 2);
	sleep_ms(50); /* its connection is taken */
	child = fork();
	if (!child) {
		alarm(20);
		pause();
		_exit(0);
	}
	cr_assert_eq(write(fd, "lp\n", 3), 3);
	cr_expect(strstr(read_all(fd), "json: all") != NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
