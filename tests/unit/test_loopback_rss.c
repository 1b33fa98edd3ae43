// SPDX-License-Identifier: BSD-2-Clause
/* Which queue of a loopback a frame goes to, and what a table or a key may say. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/loop.h"

// 59: RSS table entries out of range fall back to queue 0
CASE(59, rss_bad_entries_mean_queue_zero_and_flows_keep_their_queue)
{
	const uint16_t table[8] = {0, 1, 2, 3, 9, 1, 2, 0xffff};
	uint32_t got[4] = {0}, per_flow = 4, flows = 60;
	struct net_rss_config rss = {.key_bytes = 40, .table = table, .table_entries = 8};
	struct frame_random r = frame_random(7);
	uint8_t key[40];
	struct loop x;

	frame_random_bytes(&r, key, sizeof(key));
	rss.key = key;
	loop_open(&x, 4, &rss);
	for (uint32_t q = 0; q < 4; q++)
		frontend_post(&x.f, x.queues[q], q * 100, 100);
	memset(key, 0, sizeof(key)); /* the endpoint has its own copy */
	for (uint32_t flow = 0; flow < flows; flow++) {
		uint32_t home = UINT32_MAX;

		for (uint32_t i = 0; i < per_flow; i++) {
			/* The same seed gives the same addresses; only the payload's length differs,
			 * and where the headers are split. */
			const struct frame_spec spec = {.ip_version = flow & 1 ? 4 : 6,
							.protocol = 17,
							.source_port = (uint16_t)(1000 + flow),
							.payload_bytes = i * 250,
							.seed = 1};
			struct frame frame;

			frame_build(&frame, &spec);
			memcpy(frontend_at(&x.f, LOOP_TX_BASE, frame.len), frame.bytes, frame.len);
			frontend_list_clear(&x.list);
			frontend_list_packet(&x.list, 0);
			frontend_list_segment(&x.list, LOOP_TX_BASE, 1 + 9 * i);
			frontend_list_segment(&x.list, LOOP_TX_BASE + 1 + 9 * i,
					      frame.len - 1 - 9 * i);
			cr_assert(frontend_tx_all(&x.f, x.queues[flow % 4], &x.list, NULL, 100) ==
				  1);
			for (uint32_t q = 0; q < 4; q++) {
				if (frontend_rx(&x.f, x.queues[q], x.ids, LOOP_IDS) == 0)
					continue;
				cr_assert(home == UINT32_MAX || home == q, "flow %u on %u and %u",
					  flow, home, q);
				home = q;
				got[q]++;
				frontend_post(&x.f, x.queues[q], x.ids[0], 1);
			}
		}
	}
	cr_assert(got[0] + got[1] + got[2] + got[3] == flows * per_flow);
	/* Three of eight entries mean queue 0, two queue 1, two queue 2, one queue 3. */
	cr_assert(got[0] && got[1] && got[2] && got[3], "%u %u %u %u", got[0], got[1], got[2],
		  got[3]);
	loop_close(&x);
}

Test(loopback, steer_after_a_restart_without_a_table_stays_on_the_queue)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	loop_open(&x, 2, &rss);
	loop_stop(&x);
	loop_start(&x, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frontend_post(&x.f, x.queues[1], 1, 1);
	loop_put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1 && x.ids[0] == 0);
	loop_close(&x);
}

Test(loopback, steer_to_a_destroyed_queue_is_an_error_of_the_sender)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	loop_open(&x, 2, &rss);
	cr_assert(net_queue_destroy(x.queues[1], NULL) == 0);
	x.queues[1] = NULL;
	loop_put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(loop_stats(x.queues[0]).tx_errors == 1);
	cr_assert(loop_stats(x.queues[0]).tx_packets == 0);
	loop_close(&x);
}

// 59: a wrong key size is an error
CASE(59, rss_wrong_key_size_is_an_error_and_makes_nothing)
{
	const struct net_rss_config rss = {.key = (const uint8_t *)"short", .key_bytes = 5};
	struct net_queue_config config = {0};
	struct net_error err = {0};
	struct loop x;

	loop_open(&x, 1, NULL);
	loop_stop(&x);
	cr_assert(net_endpoint_get_queues(x.ep, &config, 1, &rss, x.queues, &err) == -EINVAL);
	cr_assert(strcmp(err.step, "rss") == 0 && net_endpoint_stop(x.ep) == 0);
	loop_start(&x, NULL);
	loop_close(&x);
}
