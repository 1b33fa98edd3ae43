// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines of a control connection of xsk-bench pair, as a stranger sends them. What a client asks for and is accepted keeps
 * the limits of the command line and names no file; a result that is accepted is written again, and is the same.
 *
 * Subjects: tools/xsk_bench/remote/message.c tools/xsk_bench/remote/request.c tools/xsk_bench/remote/result.c tools/common/json_read.c
 * Longest: 1500
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "xsk_bench/remote/request.h"
#include "xsk_bench/remote/result.h"

static struct options server(void)
{
	char words[4][12] = {"xsk-bench", "pair", "-iv0", "--server=1"};
	char *argv[] = {words[0], words[1], words[2], words[3], NULL};
	char why[200];
	struct options o;

	cr_assert_eq(options_parse(4, argv, &o, why, sizeof(why)), 0, "%s", why);
	o.ifname = "v0";
	o.server = "1";
	return o;
}

static void start(const struct message *m)
{
	struct options o = server(), before = o;
	enum request_senders senders;
	char why[320] = "";
	int rc = request_get(m, &o, &senders, why, sizeof(why));

	cr_assert(!rc || why[0]);
	cr_assert_not_null(memchr(why, 0, sizeof(why)));
	cr_assert(o.ifname == before.ifname && !o.capture_path && !o.plot_path && !o.control);
	cr_assert(o.queue_count == before.queue_count && o.ring == before.ring && !o.force);
	if (rc || options_check(&o, why, sizeof(why)))
		return;
	cr_assert(senders >= REQUEST_CLIENT && senders <= REQUEST_BOTH);
	cr_assert(o.duration_ns >= REQUEST_LEAST_NS && o.duration_ns <= REQUEST_LONGEST_NS);
	cr_assert(o.rate <= 1000000000 && o.flows && o.flows <= OPTIONS_MAX_FLOWS);
	cr_assert(o.frame_bytes <= OPTIONS_MAX_FRAME && o.segment_bytes <= OPTIONS_MAX_PACKET);
}

static void result(const struct message *m)
{
	struct json_object *one = json_read_member(m->root, "sender", json_type_object), *again;
	static struct pair_side s, r;
	char *text;

	if (result_get(one, &s))
		return;
	cr_assert_leq(s.cause_count, ACCOUNT_PARTS);
	again = result_put(&s);
	cr_assert_eq(result_get(again, &r), 0, "%s", json_object_to_json_string(again));
	json_object_put(again);
	cr_assert(r.frames == s.frames && r.cause_count == s.cause_count);
	cr_assert(!strcmp(r.ifname, s.ifname) && r.exit_code == s.exit_code);
	text = result_document(&s, PAIR_SENDS);
	cr_assert_eq(json_read(&again, text, strlen(text), &(struct json_limits){8, 4096}), 0, "%s",
		     text);
	json_object_put(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its size, so that a byte behind it is seen. */
	char *line = malloc(size + 1);
	struct message m;
	uint8_t mac[6];

	memcpy(line, data, size);
	line[size] = 0;
	if (!message_read(&m, line, size)) {
		cr_assert(message_protocol(&m) <= UINT32_MAX);
		if (message_mac(&m, mac))
			cr_assert_not(mac[0] & 1);
		start(&m);
		result(&m);
		message_free(&m);
	}
	free(line);
	return 0;
}
