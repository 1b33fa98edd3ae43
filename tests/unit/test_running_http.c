// SPDX-License-Identifier: BSD-2-Clause
/* The server of one page, and clients of all kinds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "running/http.h"
#include "common/listen.h"
#include "running/peers.h"

static int judge(const char *request)
{
	return http_judge(request, strlen(request));
}

Test(running_http, requests_are_judged_by_their_first_line)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"GET /metrics HTTP/1.0\r\n\r\n", 200},
		{"GET /metrics HTTP/1.1\n\n", 200},
		{"GET /metrics?a=b HTTP/1.1\r\n\r\n", 200},
		{"", 0},
		{"GET /metrics HTTP/1.1\r\n", 0},
		{"GET /metrics HTTP/1.1\r\nHost: a\r\n", 0},
		{"GET / HTTP/1.1\r\n\r\n", 404},
		{"GET /metrics/ HTTP/1.1\r\n\r\n", 404},
		{"GET /metricsx HTTP/1.1\r\n\r\n", 404},
		{"GET /metric HTTP/1.1\r\n\r\n", 404},
		{"GET /?/metrics HTTP/1.1\r\n\r\n", 404},
		{"POST / HTTP/1.1\r\n\r\n", 404},
		{"POST /metrics HTTP/1.1\r\n\r\n", 405},
		{"HEAD /metrics HTTP/1.1\r\n\r\n", 405},
		{"get /metrics HTTP/1.1\r\n\r\n", 405},
		{"GET /metrics HTTP/2.0\r\n\r\n", 505},
		{"GET /metrics HTTP/1.10\r\n\r\n", 400},
		{"GET /metrics HTTQ/1.1\r\n\r\n", 400},
		{"GET /metrics\r\n\r\n", 400},
		{"GET  /metrics HTTP/1.1\r\n\r\n", 400},
		{"GET metrics HTTP/1.1\r\n\r\n", 400},
		{" /metrics HTTP/1.1\r\n\r\n", 400},
		{"GET\r\n\r\n", 400},
		{"\r\n\r\n", 400},
		{"\n\n", 400},
		{"GET /metrics HTTP/1.1 \r\n\r\n", 400},
	};
	static char large[HTTP_REQUEST_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(judge(rows[i].request), rows[i].status, "row %zu: %d", i,
			     judge(rows[i].request));
	memset(large, 'a', sizeof(large));
	cr_expect_eq(http_judge(large, sizeof(large) - 1), 0);
	cr_expect_eq(http_judge(large, sizeof(large)), 431);
}

/* ---- Served ----------------------------------------------------------------------------------- */

static struct {
	int listener, stop, rc;
	struct sockaddr_storage address;
	socklen_t bytes;
	pthread_t thread;
	size_t page_bytes; /* 0: it cannot be made */
	int made;
} server;

static char *make(void *context, size_t *bytes)
{
	char *page = server.page_bytes ? malloc(server.page_bytes) : NULL;

	(void)context;
	server.made++;
	if (page)
		memset(page, 'x', server.page_bytes);
	*bytes = server.page_bytes;
	return page;
}

static void *serve(void *arg)
{
	server.rc = http_serve(server.listener, server.stop, make, NULL);
	return arg;
}

static void start(size_t page_bytes)
{
	struct listen_address where;
	struct net_error err;

	cr_assert_eq(listen_parse(&where, "0"), 0);
	server.listener = listen_open(&where, &err);
	cr_assert(server.listener >= 0, "%s", err.message);
	server.bytes = sizeof(server.address);
	cr_assert(!getsockname(server.listener, (struct sockaddr *)&server.address, &server.bytes));
	server.stop = eventfd(0, 0);
	server.page_bytes = page_bytes;
	cr_assert(!pthread_create(&server.thread, NULL, serve, NULL));
}

static void stop(void)
{
	cr_assert(!eventfd_write(server.stop, 1));
	pthread_join(server.thread, NULL);
	cr_expect_eq(server.rc, 0);
	close(server.listener);
}

static int dial(const char *request)
{
	int fd = socket(server.address.ss_family, SOCK_STREAM, 0);

	cr_assert(!connect(fd, (const struct sockaddr *)&server.address, server.bytes));
	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

/* All that the server writes, up to its end of the connection. */
static void read_all(int fd, char *out, size_t size)
{
	size_t used = 0;
	ssize_t n = 0;

	while (used < size - 1 && (n = recv(fd, out + used, size - 1 - used, 0)) > 0)
		used += (size_t)n;
	cr_expect_eq(n, 0, "%s", strerror(errno));
	out[used] = '\0';
}

static void receive(int fd, char *out, size_t size)
{
	read_all(fd, out, size);
	close(fd);
}

/* A reset, which a server's TCP sends when it closes with bytes unread, may overtake the answer. */
static void is_not_reset(int fd)
{
	socklen_t bytes = sizeof(int);
	int error = -1;

	usleep(50000);
	cr_assert(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes));
	cr_expect_eq(error, 0, "%s", strerror(error));
}

#define GET "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

Test(running_http, page_is_served_whole_whatever_its_size, .timeout = 30)
{
	static char answer[9 << 20];
	char *body;

	start(8 << 20);
	receive(dial(GET), answer, sizeof(answer));
	cr_expect(!strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), "%.200s", answer);
	cr_expect_not_null(strstr(answer, "\r\nContent-Type: application/openmetrics-text; "
					  "version=1.0.0; charset=utf-8\r\n"));
	cr_expect_not_null(strstr(answer, "\r\nContent-Length: 8388608\r\n"));
	body = strstr(answer, "\r\n\r\n");
	cr_assert_not_null(body);
	cr_expect_eq(strspn(body + 4, "x"), 8 << 20);
	stop();
}

Test(running_http, refused_requests_get_their_reason_and_make_no_page, .timeout = 30)
{
	static char answer[65536], large[20000];
	int fd;

	start(10);
	receive(dial("GET / HTTP/1.1\r\n\r\n"), answer, sizeof(answer));
	cr_expect_not_null(strstr(answer, "404 Not Found\n"), "%s", answer);
	/* Its body is not read; the answer arrives all the same. */
	memset(large, 'b', sizeof(large) - 1);
	memcpy(large, "POST /metrics HTTP/1.1\r\nContent-Length: 19000\r\n\r\n", 49);
	fd = dial(large);
	read_all(fd, answer, sizeof(answer));
	is_not_reset(fd);
	close(fd);
	cr_expect_not_null(strstr(answer, "405 Method Not Allowed\r\n"), "%s", answer);
	cr_expect_not_null(strstr(answer, "\r\nAllow: GET\r\n"), "%s", answer);
	memset(large, 'c', 60);
	receive(dial(large), answer, sizeof(answer));
	cr_expect_not_null(strstr(answer, "431 Request Header"), "%s", answer);
	cr_expect_eq(server.made, 0);
	server.page_bytes = 0;
	receive(dial(GET), answer, sizeof(answer));
	cr_expect_not_null(strstr(answer, "500 Internal"), "%s", answer);
	stop();
}

/* More than there are places, none of which ends its request: who comes next waits for their time at most. */
Test(running_http, clients_that_stall_do_not_stop_others, .timeout = 60)
{
	uint64_t begin_ns, ms;
	char answer[4096];
	int fds[HTTP_CLIENTS + 8];

	start(100);
	for (int i = 0; i < HTTP_CLIENTS - 1; i++)
		fds[i] = dial(i % 2 ? "GET /met" : "");
	begin_ns = running_now_ns();
	receive(dial(GET), answer, sizeof(answer));
	ms = (running_now_ns() - begin_ns) / 1000000;
	cr_expect_not_null(strstr(answer, "200 OK"));
	cr_expect_lt(ms, 1000, "%d stall, one asks", HTTP_CLIENTS - 1);
	for (int i = HTTP_CLIENTS - 1; i < HTTP_CLIENTS + 8; i++)
		fds[i] = dial("GET /met");
	receive(dial(GET), answer, sizeof(answer));
	ms = (running_now_ns() - begin_ns) / 1000000;
	cr_expect_not_null(strstr(answer, "200 OK"), "%s", answer);
	cr_expect_lt(ms, 2 * HTTP_TIMEOUT_MS + 2000);
	for (int i = 0; i < HTTP_CLIENTS + 8; i++)
		close(fds[i]);
	stop();
}

Test(running_http, client_that_does_not_read_or_goes_costs_nobody_anything, .timeout = 30)
{
	static char answer[9 << 20];
	int deaf, gone;

	start(8 << 20);
	deaf = dial(GET);
	gone = dial(GET);
	usleep(100000);
	close(gone);
	receive(dial(GET), answer, sizeof(answer));
	cr_expect(!strncmp(answer, "HTTP/1.1 200 OK\r\n", 17));
	stop();
	close(deaf);
}
