/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server of HTTP/1.1 for one page, GET /metrics. Each connection has one request, of bounded length and time; a
 * thread with poll() is enough for the few who ask every few seconds.
 */
#ifndef RUNNING_HTTP_H
#define RUNNING_HTTP_H

#include <stddef.h>

#define HTTP_CLIENTS	   32
#define HTTP_REQUEST_BYTES 4096
/* For the request, then as long again for the answer. */
#define HTTP_TIMEOUT_MS 3000

/* Make the page now. Return: text to be freed; NULL: it cannot be made (500). */
typedef char *http_body_fn(void *context, size_t *bytes);

/* Until stop_fd can be read. Return: 0; -errno. */
int http_serve(int listen_fd, int stop_fd, http_body_fn *body, void *context);

/* What a request gets: 200, or 400, 404, 405, 431, 505; 0: it has not ended yet. */
int http_judge(const char *request, size_t bytes);

#endif
