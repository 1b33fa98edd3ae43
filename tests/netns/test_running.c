// SPDX-License-Identifier: BSD-2-Clause
/* What xsk-info shows of programs that run: real ones, on a veth. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/control_fake.h"
#include "support/netns.h"
#include "support/openmetrics.h"
#include "support/tool.h"

/* Large. */
static struct tool c, rx, tx, server;
static char page[1 << 17];

/* Two ends of a cable, and no sockets of programs of another test. */
static void enter(void)
{
	netns_enter();
	netns_run("mkdir -p /run/net_xdp && mount -t tmpfs -o mode=700 none /run/net_xdp");
	netns_veth("v0", "v1", 1, 1500);
}

/* A receiver that has as many frames as it will ever get. */
static void receive(const char *duration)
{
	tool_start(&rx, XSK_BENCH " rx -i v0 --json -t %s", duration);
	tool_await(&rx, "is running");
}

/* The numbers of the first row for this interface. Return: is there one? */
static bool read_row(const char *table, const char *interface, int *pid, char mode[16],
		     double *rx_s, double *tx_s)
{
	char name[32], program[32], how[16], rate_rx[16], rate_tx[16];
	int queue;

	for (const char *line = table; line; line = strchr(line, '\n'), line += line != NULL) {
		if (sscanf(line, "%d %31s %31s %d %15s %15s %15s %15s", pid, program, name, &queue,
			   mode, how, rate_rx, rate_tx) != 8 ||
		    strcmp(name, interface))
			continue;
		*rx_s = atof(rate_rx);
		*tx_s = atof(rate_tx);
		return !strcmp(program, "xsk-bench") && !strcmp(how, "native") && !queue;
	}
	return false;
}

Test(running, programs_are_shown_with_their_mode_and_their_rates, .timeout = 60)
{
	double rx_s, tx_s;
	char mode[16], pid_text[16];
	int pid;

	enter();
	receive("6");
	tool_start(&tx, XSK_BENCH " tx -i v1 -t 5 --rate 20k");
	tool_await(&tx, "is running");
	TOOL_RUN(&c, XSK_INFO, "--running");
	cr_assert_eq(c.status, 0, "%s", c.err);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	cr_assert(read_row(c.out, "v0", &pid, mode, &rx_s, &tx_s), "%s", c.out);
	cr_expect(pid == rx.pid && !strcmp(mode, "copy"), "%s", c.out);
	cr_expect(rx_s > 1000 && rx_s < 40000 && tx_s == 0, "%s", c.out);
	cr_assert(read_row(c.out, "v1", &pid, mode, &rx_s, &tx_s), "%s", c.out);
	cr_expect(pid == tx.pid && tx_s > 1000 && tx_s < 40000 && rx_s == 0, "%s", c.out);

	TOOL_RUN(&c, XSK_INFO, "--running", "v1");
	cr_expect(read_row(c.out, "v1", &pid, mode, &rx_s, &tx_s), "%s", c.out);
	cr_expect_not(read_row(c.out, "v0", &pid, mode, &rx_s, &tx_s), "%s", c.out);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)rx.pid);
	TOOL_RUN(&c, XSK_INFO, "--running", pid_text, "--json");
	cr_expect(tool_is_json(c.out), "%s", c.out);
	cr_expect_eq(tool_number(c.out, "\"running\"", "pid"), rx.pid, "%s", c.out);
	cr_expect_gt(tool_number(c.out, "\"counters\"", "rx_frames"), 0, "%s", c.out);
	cr_expect_null(strstr(c.out, "\"v1\""), "%s", c.out);
	tool_end(&tx, SIGINT);
	tool_end(&rx, SIGINT);
	TOOL_RUN(&c, XSK_INFO, "--running");
	cr_expect(tool_says(c.out, "no program has a socket in /run/net_xdp/control"), "%s", c.out);
}

Test(running, who_is_asked_for_and_not_there_is_an_error)
{
	enter();
	TOOL_RUN(&c, XSK_INFO, "--running", "v0");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_lines(c.err) == 1 && strstr(c.err, "v0"), "%s", c.err);
	TOOL_RUN(&c, XSK_INFO, "--running", "4000000", "--json");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	/* An interface may have a name of digits. */
	TOOL_RUN(&c, XSK_INFO, "--running", "-i", "17");
	cr_expect_not_null(strstr(c.err, "an endpoint on 17"), "%s", c.err);
	netns_run("mkdir -m 700 -p /run/net_xdp/control");
	c.as_nobody = true;
	TOOL_RUN(&c, XSK_INFO, "--running");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_says(c.err, "Permission denied; it needs root"), "%s", c.err);
	/* It does not serve what it cannot see. */
	TOOL_RUN(&c, XSK_INFO, "--metrics", "--listen", "0");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_says(c.err, "Permission denied; it needs root"), "%s", c.err);
}

Test(running, killed_program_is_taken_off_the_list_and_that_is_said_once, .timeout = 60)
{
	enter();
	receive("60");
	TOOL_RUN(&c, XSK_INFO, "--running", "--json");
	cr_expect_eq(tool_number(c.out, "\"running\"", "pid"), rx.pid);
	tool_end(&rx, SIGKILL);
	TOOL_RUN(&c, XSK_INFO, "--running");
	cr_expect_eq(c.status, 0);
	cr_expect(tool_says(c.err, "has ended") && tool_lines(c.err) == 1, "%s", c.err);
	cr_expect(tool_says(c.out, "no program"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "--running");
	cr_expect_str_empty(c.err);
}

/* The names of those that are there: sockets, and one that is none. */
static int entries(void)
{
	return system("exit $(ls /run/net_xdp/control | wc -l)") >> 8;
}

Test(running, next_program_removes_the_sockets_of_killed_ones_and_nothing_else, .timeout = 60)
{
	char path[64];
	FILE *plain;

	enter();
	receive("60");
	for (int i = 0; i < 2; i++) {
		tool_start(&tx, XSK_BENCH " rx -i v1 -t 60");
		tool_await(&tx, "is running");
		tool_end(&tx, SIGKILL);
	}
	cr_expect_eq(entries(), 2, "the second has removed the first's");
	snprintf(path, sizeof(path), "/run/net_xdp/control/%d.plain", (int)control_fake_ended());
	plain = fopen(path, "w");
	cr_assert_not_null(plain);
	fclose(plain);
	tool_start(&tx, XSK_BENCH " rx -i v1 -t 0");
	tool_await(&tx, "is running");
	cr_expect_eq(entries(), 3, "two that run, and no socket");
	cr_expect_eq(tool_end(&tx, SIGTERM), 0, "%s", tx.err);
	cr_expect_eq(entries(), 2);
	TOOL_RUN(&c, XSK_INFO, "--running", "--json");
	cr_expect_eq(tool_number(c.out, "\"running\"", "pid"), rx.pid, "it lives: %s", c.out);
	cr_expect_str_empty(c.err);
}

/* The number of its process is nobody's here: it is of another PID namespace. */
Test(running, socket_of_one_that_does_not_listen_yet_is_left, .timeout = 60)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int folder_fd;

	enter();
	netns_run("mkdir -m 700 /run/net_xdp/control");
	folder_fd = open("/run/net_xdp/control", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(folder_fd >= 0 && !flock(folder_fd, LOCK_EX));
	snprintf(address.sun_path, sizeof(address.sun_path), "/run/net_xdp/control/%d.starts",
		 (int)control_fake_ended());
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	receive("0");
	cr_expect_eq(access(address.sun_path, F_OK), 0, "who starts has the folder's lock");
	cr_expect_eq(tool_end(&rx, SIGTERM), 0, "%s", rx.err);
	close(folder_fd);
	close(fd);
	receive("0");
	cr_expect_neq(access(address.sun_path, F_OK), 0);
	cr_expect_eq(tool_end(&rx, SIGTERM), 0, "%s", rx.err);
}

Test(running, program_that_does_not_answer_is_a_line_of_its_own, .timeout = 60)
{
	static struct control_fake f;

	enter();
	control_fake_open(&f);
	control_fake_add(&f, getpid(), "deaf\033[2J", CONTROL_SILENT, "", "");
	control_fake_add(&f, getpid(), "mad", CONTROL_ANSWERS, "{\"a\": NaN", "");
	TOOL_RUN(&c, XSK_INFO, "--running", "--control", f.folder);
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect(tool_says(c.out, "has not answered within 1000 ms"), "%s", c.out);
	cr_expect(tool_says(c.out, "mad answers what cannot be read"), "%s", c.out);
	cr_expect(tool_is_clean(c.out), "%s", c.out);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "--running", "--control", f.folder, "--json");
	cr_expect(tool_is_json(c.out), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"error\": \"has not answered"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "--metrics", "--control", f.folder);
	cr_expect_eq(c.status, 0);
	openmetrics_check(c.out);
	cr_expect(tool_lines(c.err) == 2 && tool_is_clean(c.err), "%s", c.err);
	control_fake_close(&f);
}

Test(running, queue_that_stands_still_has_a_sentence_below_the_table)
{
	static const char text[] =
		"{\"endpoints\": [{\"endpoint\": {}, \"queues\": [{\"interface\": \"eth9\", "
		"\"hardware_queue\": 3, \"stall_state\": \"no buffer: call rx_avail\"}]}]}";
	static struct control_fake f;

	enter();
	control_fake_open(&f);
	control_fake_add(&f, getpid(), "still", CONTROL_ANSWERS, text, "");
	TOOL_RUN(&c, XSK_INFO, "--running", "--control", f.folder);
	cr_expect(tool_says(c.out, "still eth9 3 - - - -"), "%s", c.out);
	cr_expect(tool_says(c.out, "still eth9 queue 3: no buffer: call rx_avail"), "%s", c.out);
	control_fake_close(&f);
}

/* ---- Again and again -------------------------------------------------------------------------- */

Test(running, watched_without_a_terminal_are_lines_under_one_heading, .timeout = 60)
{
	enter();
	receive("60");
	tool_start(&c, XSK_INFO " --running v0 --watch 0.1");
	usleep(1000000);
	tool_end(&c, SIGINT);
	cr_expect_eq(c.status, 128 + SIGINT);
	cr_expect_gt(tool_lines(c.out), 4, "%s", c.out);
	cr_expect(tool_is_clean(c.out), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "MODE"));
	cr_expect_null(strstr(strstr(c.out, "MODE") + 1, "MODE"), "%s", c.out);
	tool_end(&rx, SIGINT);
}

Test(running, watched_on_a_terminal_stay_in_place, .timeout = 60)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	char out[65536];
	size_t used = 0;
	int terminal, status;
	pid_t pid;
	ssize_t n;

	enter();
	receive("60");
	pid = forkpty(&terminal, NULL, NULL, &size);
	cr_assert(pid >= 0);
	if (!pid) {
		execl(XSK_INFO, "xsk-info", "--running", "v0", "--watch=0.1", (char *)NULL);
		_exit(127);
	}
	usleep(1000000);
	/* As Ctrl-C does. */
	cr_assert_eq(write(terminal, "\003", 1), 1);
	while (used < sizeof(out) - 1 &&
	       (n = read(terminal, out + used, sizeof(out) - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%x", status);
	/* Up over the heading and the row, and all from there on is gone. */
	cr_expect_not_null(strstr(out, "\033[2A\r\033[J"), "%s", out);
	cr_expect_not_null(strstr(strstr(out, "MODE") + 1, "MODE"), "%s", out);
	close(terminal);
	tool_end(&rx, SIGINT);
}

/* ---- Metrics ---------------------------------------------------------------------------------- */

/* Ask the server as it said where it is. Return: the body. */
static const char *get(const char *said)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *port = strstr(said, "http://127.0.0.1:");
	size_t used = 0;
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_not_null(port, "%s", said);
	to.sin_port = htons((uint16_t)atoi(port + strlen("http://127.0.0.1:")));
	cr_assert(!connect(fd, (const struct sockaddr *)&to, sizeof(to)), "%s", strerror(errno));
	cr_assert_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	while (used < sizeof(page) - 1 &&
	       (n = recv(fd, page + used, sizeof(page) - 1 - used, 0)) > 0)
		used += (size_t)n;
	close(fd);
	page[used] = '\0';
	cr_assert(!strncmp(page, "HTTP/1.1 200 OK", 15), "%.200s", page);
	return strstr(page, "\r\n\r\n") + 4;
}

static int64_t sample(const char *text, const char *name, const char *labels)
{
	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		const char *end = strchr(line, ' ');

		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == '{' && end &&
		    memmem(line, (size_t)(end - line), labels, strlen(labels)))
			return atoll(end + 1);
	}
	return -1;
}

Test(running, served_numbers_are_those_of_the_program_at_its_end, .timeout = 60)
{
	const char *body;

	enter();
	tool_start(&server, XSK_INFO " --metrics --listen 0");
	tool_await(&server, "/metrics");
	receive("60");
	for (int i = 0; i < 5; i++)
		openmetrics_check(get(server.err));
	tool_run(&tx, XSK_BENCH " tx -i v1 --count 1500 --rate 20k");
	cr_assert_eq(tx.status, 0, "%s", tx.err);
	usleep(200000);
	body = get(server.err);
	openmetrics_check(body);
	cr_expect_eq(sample(body, "net_xdp_scrape_programs", ""), -1, "it has no labels");
	cr_expect_not_null(strstr(body, "\nnet_xdp_scrape_programs 1\n"));
	cr_expect_not_null(strstr(body, "program=\"xsk-bench\""));
	tool_end(&rx, SIGINT);
	cr_expect_eq(tool_number(rx.out, "\"counters\"", "rx_frames"), 1500, "%s", rx.out);
	cr_expect_eq(sample(body, "net_xdp_rx_frames_total", "interface=\"v0\""), 1500);
	cr_expect_eq(sample(body, "net_xdp_rx_bytes_total", "queue=\"0\""),
		     tool_number(rx.out, "\"counters\"", "rx_bytes"));
	/* The program has gone. */
	cr_expect_not_null(strstr(get(server.err), "\nnet_xdp_scrape_programs 0\n"));
	cr_expect_eq(tool_end(&server, SIGTERM), 0, "%s", server.err);
	cr_expect_eq(tool_lines(server.err), 1, "%s", server.err);
}

Test(running, several_programs_are_one_text, .timeout = 60)
{
	enter();
	receive("60");
	tool_start(&tx, XSK_BENCH " tx -i v1 -t 60 --rate 1k");
	tool_await(&tx, "is running");
	TOOL_RUN(&c, XSK_INFO, "--metrics");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect_str_empty(c.err);
	openmetrics_check(c.out);
	cr_expect_geq(sample(c.out, "net_xdp_tx_packets_total", "interface=\"v1\""), 0);
	cr_expect_geq(sample(c.out, "net_xdp_tx_packets_total", "interface=\"v0\""), 0);
	tool_end(&tx, SIGINT);
	tool_end(&rx, SIGINT);
}

Test(running, port_that_is_taken_is_said_and_signals_end_it_in_peace)
{
	char port[32], *at;

	enter();
	tool_start(&server, XSK_INFO " --metrics --listen 127.0.0.1:0");
	tool_await(&server, "/metrics");
	at = strstr(server.err, "127.0.0.1:");
	snprintf(port, sizeof(port), "%.*s", (int)strcspn(at, "/"), at);
	TOOL_RUN(&c, XSK_INFO, "--metrics", "--listen", port);
	cr_expect_eq(c.status, 1);
	cr_expect(tool_says(c.err, "Address already in use"), "%s", c.err);
	cr_expect(tool_says(c.err, port), "%s", c.err);
	cr_expect_eq(tool_end(&server, SIGINT), 0);
	TOOL_RUN(&c, XSK_INFO, "--metrics", "--listen", "localhost:1");
	cr_expect_eq(c.status, 2);
	TOOL_RUN(&c, XSK_INFO, "--metrics", "--json");
	cr_expect_eq(c.status, 2);
	TOOL_RUN(&c, XSK_INFO, "--running", "--try");
	cr_expect_eq(c.status, 2);
}
