// SPDX-License-Identifier: BSD-2-Clause
/* What programs tell of themselves, read again: also when it is not what this library would tell. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "running/document.h"
#include "support/tool.h"

#define ON_ETH0                                                                                      \
	"{\"endpoint\": {\"device\": {\"interface\": \"eth0\"}, \"program\": {\"native\": false}}, " \
	"\"queues\": "

static int parse(struct document *d, const char *text)
{
	return document_parse(d, text, strlen(text));
}

Test(running_document, one_endpoint_and_a_list_of_them_are_read)
{
	static const char one[] = ON_ETH0 "[]}\n";
	static const char several[] =
		"{\"program\": \"p\", \"pid\": 1, \"endpoints\": [" ON_ETH0 "[]}, " ON_ETH0 "[]}]}";
	struct document d;

	cr_assert_eq(parse(&d, one), 0);
	cr_expect_eq(document_endpoints(&d), 1);
	cr_expect_str_eq(document_interface(&d, 0), "eth0");
	document_free(&d);
	cr_assert_eq(parse(&d, several), 0);
	cr_expect_eq(document_endpoints(&d), 2);
	document_free(&d);
	cr_assert_eq(parse(&d, "{\"endpoints\": []}"), 0);
	cr_expect_eq(document_endpoints(&d), 0);
	document_free(&d);
	/* Lists without elements are left out. */
	cr_assert_eq(parse(&d, "{\"program\": \"p\", \"pid\": 1}"), 0);
	cr_expect_eq(document_endpoints(&d), 0);
	document_free(&d);
	cr_assert_eq(parse(&d, "{\"endpoints\": [{\"endpoint\": {}}]}"), 0);
	cr_expect_eq(document_endpoints(&d), 1);
	cr_expect_eq(document_queues(&d, 0, NULL, 0), 0);
	document_free(&d);
}

Test(running_document, mode_and_counters_of_a_queue_are_read)
{
	static const char text[] = ON_ETH0
		"[{\"queue\": 0, \"interface\": \"eth0\", \"hardware_queue\": 7, \"zero_copy\": false, "
		"\"counters\": {\"rx_frames\": 18446744073709551615, \"tx_packets\": 5, "
		"\"rx_refused_id\": 1000, \"rx_drop_capacity\": 1, \"rx_kernel_ring_full\": 20, "
		"\"tx_lost\": 300}}, "
		"{\"queue\": 1, \"zero_copy\": true, \"stall_state\": \"it stands\"}]}";
	struct document_queue q[2];
	struct document d;

	cr_assert_eq(parse(&d, text), 0);
	cr_assert_eq(document_queues(&d, 0, q, 2), 2);
	cr_expect_str_eq(q[0].interface, "eth0");
	cr_expect_eq(q[0].queue, 7);
	cr_expect_eq(q[0].mode, RUNNING_COPY_GENERIC);
	cr_expect(q[0].counted);
	cr_expect_eq(q[0].rx_frames, UINT64_MAX);
	cr_expect_eq(q[0].tx_packets, 5);
	cr_expect_eq(q[0].lost, 321, "by class: what is refused is not lost");
	cr_expect_str_eq(q[1].interface, "eth0", "the endpoint's");
	cr_expect_eq(q[1].queue, 1);
	cr_expect_eq(q[1].mode, RUNNING_ZERO_COPY);
	cr_expect_str_empty(q[0].stall);
	cr_expect_str_eq(q[1].stall, "it stands");
	cr_expect_not(q[1].counted);
	cr_expect_eq(document_queues(&d, 0, q, 1), 2, "no more than there is room");
	document_free(&d);
}

Test(running_document, what_is_no_such_document_is_refused)
{
	static const char *const texts[] = {
		"",
		"\n",
		"null",
		"[]",
		"{}",
		"x",
		"{\"endpoint\": {}",
		"{\"endpoint\": {}, \"queues\": {}}",
		"{\"endpoint\": [], \"queues\": []}",
		"{\"endpoints\": [1]}",
		"{\"program\": \"p\", \"endpoints\": {}}",
		"{\"program\": 1}",
		"{\"endpoints\": [null]}",
		"{\"endpoint\": {}, \"queues\": []} {}",
		"{\"endpoint\": {}, \"queues\": [], }",
		"{\"endpoint\": {\"a\": \"\377\"}, \"queues\": []}",
		"# EOF\n",
	};
	char deep[8192], *at = deep;
	struct document d;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_eq(parse(&d, texts[i]), -EINVAL, "row %zu", i);
		cr_expect_null(d.root);
	}
	cr_expect_eq(document_parse(&d, "{\"endpoint\": {}, \"queues\": []}\0{", 32), -EINVAL);
	/* The stack of who walks it is not the sender's. */
	at += sprintf(at, "{\"queues\": [], \"endpoint\": {\"a\": ");
	for (int i = 0; i < 2000; i++)
		*at++ = '[';
	for (int i = 0; i < 2000; i++)
		*at++ = ']';
	strcpy(at, "}}");
	cr_expect_eq(parse(&d, deep), -EINVAL);
}

/* 8 MiB of them would take 2 GiB of memory. */
Test(running_document, more_objects_than_anybody_tells_are_refused)
{
	static char text[400000];
	struct document d;
	char *at = text + sprintf(text, ON_ETH0 "[");

	for (int i = 0; i < 60000; i++)
		at += sprintf(at, "{},");
	sprintf(at, "0]}");
	cr_expect_eq(parse(&d, text), 0);
	document_free(&d);
	for (int i = 0; i < 6000; i++)
		at += sprintf(at, "{},");
	sprintf(at, "0]}");
	cr_expect_eq(parse(&d, text), -EINVAL);
	document_free(&d);
}

Test(running_document, wrong_types_count_as_not_told)
{
	static const char text[] =
		"{\"endpoint\": {\"device\": 5, \"program\": \"native\"}, \"queues\": [null, 7, "
		"{\"interface\": 3, \"queue\": \"x\", \"zero_copy\": 1, \"counters\": [1]}, "
		"{\"counters\": {\"rx_frames\": -5, \"tx_packets\": \"7\"}}]}";
	struct document_queue q[4];
	struct document d;

	cr_assert_eq(parse(&d, text), 0);
	cr_expect_str_eq(document_interface(&d, 0), "");
	cr_assert_eq(document_queues(&d, 0, q, 4), 4);
	for (int i = 0; i < 4; i++) {
		cr_expect_str_empty(q[i].interface);
		cr_expect_eq(q[i].queue, -1);
		cr_expect_eq(q[i].mode, RUNNING_UNKNOWN);
		cr_expect_not(q[i].counted);
	}
	document_free(&d);
}

Test(running_document, document_is_written_again_valid_and_quiet)
{
	static const char text[] =
		"{\"endpoint\": {\"a\": NaN, \"b\": -Infinity, \"c\": 1.50, \"d\": 18446744073709551615, "
		"\"e\": -7, \"f\": null, \"g\": true, \"name\": \"\302\233m\\u001b[2J\177\\\"\\\\\", "
		"\"h\\n\342\200\256\": []}, \"queues\": [{\"x\": {}}]}";
	char *out = NULL;
	struct document d;
	size_t size;
	FILE *file = open_memstream(&out, &size);
	struct json j = {.out = file};

	cr_assert_eq(parse(&d, text), 0);
	json_open(&j, NULL, '{');
	json_open(&j, "list", '[');
	document_json(&j, &d, 0);
	json_close(&j, ']');
	json_close(&j, '}');
	fclose(file);
	document_free(&d);
	cr_expect(tool_is_json(out), "%s", out);
	cr_expect_not_null(strstr(out, "\"a\": null"), "%s", out);
	cr_expect_not_null(strstr(out, "\"b\": null"), "%s", out);
	cr_expect_not_null(strstr(out, "\"c\": 1.50"), "%s", out);
	cr_expect_not_null(strstr(out, "\"d\": 18446744073709551615"), "%s", out);
	cr_expect_not_null(strstr(out, "\"e\": -7"), "%s", out);
	cr_expect_not_null(strstr(out, "\\u009bm\\u001b[2J\\u007f\\\"\\\\"), "%s", out);
	free(out);
}
