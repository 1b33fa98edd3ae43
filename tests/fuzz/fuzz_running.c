// SPDX-License-Identifier: BSD-2-Clause
/*
 * What xsk-info reads of others: documents, OpenMetrics texts, requests of HTTP, messages of sock_diag. What is
 * accepted is written again, and what is written is accepted.
 *
 * Subjects: tools/running/document.c tools/running/exposition.c tools/running/sample.c tools/running/merge.c tools/running/http.c tools/running/sockets.c
 * Longest: 600
 */
#include <criterion/criterion.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "fuzz/fuzz.h"
#include "running/document.h"
#include "running/http.h"
#include "running/merge.h"
#include "running/sockets.h"
#include "running/table.h"

static char *copy_of(const uint8_t *at, size_t bytes)
{
	char *text = malloc(bytes + 1);

	memcpy(text, at, bytes);
	text[bytes] = '\0';
	return text;
}

/* As an element: what is in it may look like a list, too. */
static void write_endpoint(struct json *j, const struct document *d, uint32_t endpoint)
{
	json_open(j, NULL, '{');
	json_open(j, "endpoints", '[');
	document_json(j, d, endpoint);
	json_close(j, ']');
	json_close(j, '}');
}

static void read_document(const uint8_t *at, size_t bytes)
{
	char *in = copy_of(at, bytes), *out = NULL;
	struct document d, again;
	struct document_queue q[4];
	size_t size;
	FILE *file;

	if (!document_parse(&d, in, bytes)) {
		for (uint32_t e = 0; e < document_endpoints(&d) && e < 4; e++) {
			file = open_memstream(&out, &size);
			document_queues(&d, e, q, 4);
			write_endpoint(&(struct json){.out = file}, &d, e);
			fclose(file);
			cr_assert(!document_parse(&again, out, size), "%s", out);
			cr_assert_eq(document_queues(&d, e, q, 4),
				     document_queues(&again, 0, q, 4));
			document_free(&again);
			free(out);
		}
		document_free(&d);
	}
	free(in);
}

static void read_exposition(const uint8_t *at, size_t bytes)
{
	char *in = copy_of(at, bytes), *out = NULL;
	struct merge m = {0};
	struct exposition e;
	size_t size;
	FILE *file;

	if (!exposition_parse(&e, in, "\"\\\xff", 7)) {
		cr_assert(!merge_add(&m, &e));
		exposition_free(&e);
		file = open_memstream(&out, &size);
		merge_print(&m, file);
		fputs("# EOF\n", file);
		fclose(file);
		cr_assert(!exposition_parse(&e, out, "p", 8), "%s", out);
		cr_assert(!merge_add(&m, &e));
		exposition_free(&e);
		free(out);
		merge_free(&m);
	}
	free(in);
}

static void read_request(const uint8_t *at, size_t bytes)
{
	/* Of its size, so that a byte behind it is seen. */
	char *in = malloc(bytes ? bytes : 1);
	int status;

	memcpy(in, at, bytes);
	status = http_judge(in, bytes);
	cr_assert(!status || status == 200 || status == 505 || (status >= 400 && status < 432));
	free(in);
}

static void read_message(const uint8_t *at, size_t bytes)
{
	struct nlmsghdr *header = calloc(1, MNL_NLMSG_HDRLEN + MNL_ALIGN(bytes));
	struct sockets s = {0};

	header->nlmsg_len = (uint32_t)(MNL_NLMSG_HDRLEN + bytes);
	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	memcpy((char *)header + MNL_NLMSG_HDRLEN, at, bytes);
	sockets_take(header, &s);
	cr_assert_leq(s.count, 1);
	sockets_free(&s);
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};

	switch (script_u8(&s) % 4) {
	case 0:
		read_document(s.at, s.left);
		break;
	case 1:
		read_exposition(s.at, s.left);
		break;
	case 2:
		read_request(s.at, s.left);
		break;
	default:
		read_message(s.at, s.left);
		break;
	}
	return 0;
}
