// SPDX-License-Identifier: BSD-2-Clause
/* The text of a steering record, whole and broken. */
#include <criterion/criterion.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "host/undo/lease.h"
#include "host/undo/steer_record.h"

static struct steer_record record;

static void make_long(void)
{
	record = (struct steer_record){
		.stays = true,
		.has_channels = true,
		.channels = {UINT32_MAX, 0, 7},
		.old_channels = {1, 2, 3},
		.has_table = true,
		.ntuple = true,
		.flags = IFF_PROMISC | IFF_ALLMULTI,
		.rule_count = NET_XDP_STEER_RULES,
		.group_count = NET_XDP_STEER_GROUPS,
		.weight_count = NET_XDP_STEER_QUEUES,
	};
	record.old_table.size = STEER_TABLE_MOST;
	memset(record.old_table.queue, 0xff, sizeof(record.old_table.queue));
	memset(record.weights, 0xff, sizeof(record.weights));
	memset(record.groups, 0xa5, sizeof(record.groups));
	for (int i = 0; i < NET_XDP_STEER_RULES; i++) {
		record.rules[i] = (struct net_xdp_steer_rule){
			(enum net_xdp_steer_match)(i % 6), UINT32_MAX, UINT16_MAX, {0xab, 1}};
		record.locations[i] = STEER_NOWHERE;
	}
}

Test(steer_record, comes_back_from_its_text_at_the_ends_of_all_ranges)
{
	static struct steer_record again;
	char *text;

	make_long();
	text = steer_record_format(&record);
	cr_assert_not_null(text);
	cr_expect_lt(strlen(text) + 64, LEASE_BYTES);
	cr_assert(steer_record_parse(&again, text));
	cr_expect(memcmp(&again, &record, sizeof(record)) == 0);
	free(text);
	record = (struct steer_record){0};
	text = steer_record_format(&record);
	cr_expect_str_eq(text, "steer 1\nstays 0\n");
	cr_expect(steer_record_parse(&again, text));
	free(text);
}

/* Each end and each changed byte of a text is refused, or is a text of its own. */
Test(steer_record, of_a_broken_text_is_refused)
{
	static struct steer_record again;
	char *text, *back;
	size_t length;

	make_long();
	record.old_table.size = record.weight_count = record.rule_count = record.group_count = 3;
	text = steer_record_format(&record);
	cr_assert_not_null(text);
	length = strlen(text);
	for (size_t i = 0; i < length; i++) {
		char byte = text[i];

		for (int flip = 1; flip < 256; flip <<= 1) {
			text[i] = (char)(byte ^ flip);
			if (!steer_record_parse(&again, text))
				continue;
			back = steer_record_format(&again);
			cr_expect_str_eq(back, text);
			free(back);
		}
		text[i] = '\0';
		if (steer_record_parse(&again, text))
			cr_expect(i && text[i - 1] == '\n', "ends at %zu", i);
		text[i] = byte;
	}
	cr_expect(steer_record_parse(&again, text));
	free(text);
}
