// SPDX-License-Identifier: BSD-2-Clause
/* The null backend: takes everything, gives nothing back. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "net_xdp.h"
#include "support/frontend.h"
#include "support/netns.h"

static struct net_endpoint *open_null(void)
{
	struct net_endpoint *ep = NULL;
	struct net_error err = {0};

	cr_assert(net_null_open(&ep, &err) == 0, "%s", err.message);
	return ep;
}

Test(null, facts_constant_before_and_after_queues)
{
	struct net_endpoint *ep = open_null();
	struct net_endpoint_facts before, after;
	struct net_queue_config config = {0};
	struct net_queue *q;

	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	net_endpoint_facts(ep, &before);
	cr_assert(strcmp(before.type, "null") == 0 && before.max_queues == 64);
	cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL) == 0);
	net_endpoint_facts(ep, &after);
	cr_assert(memcmp(&before, &after, sizeof(before)) == 0);
	net_queue_destroy(q, NULL);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0);
}

Test(null, tx_list_is_done_with_at_once_and_counted)
{
	struct net_endpoint *ep = open_null();
	struct net_queue_config config = {0};
	struct net_queue_stats stats;
	struct frontend_list list;
	struct net_queue *q;
	struct frontend f;
	bool sync = false;
	uint32_t id;

	frontend_open(&f, 4096, 1);
	frontend_list_open(&list, 8);
	frontend_list_frame(&list, 1, FRONTEND_BASE, 60);
	frontend_list_frame(&list, 2, 0, 60)->flags = NET_TX_VLAN; /* nobody reads the bytes */
	frontend_list_frame(&list, 3, FRONTEND_BASE, 60)->len_bytes = 61;
	frontend_list_frame(&list, 4, FRONTEND_BASE, 60)->flags = 1 << 15;
	cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL) == 0);
	cr_assert(net_queue_tx_avail(q, &f.pool, list.segments, 4, &sync) == 4);
	cr_assert(sync);
	cr_assert(net_queue_tx_poll(q, &f.pool, &id, 1) == 0);
	net_queue_stats(q, &stats);
	cr_assert(stats.tx_packets == 2 && stats.tx_errors == 2 && stats.tx_vlan_packets == 1);
	cr_assert(stats.rx_packets == 0 && stats.rx_errors == 0);
	cr_assert(f.memory_calls == 0);
	net_queue_destroy(q, NULL);
	net_endpoint_destroy(ep, NULL);
	frontend_list_close(&list);
	frontend_close(&f);
}

/* Each flag alone, and all at once: the packet is not looked at, so one that could not be segmented is
 * complete as well. */
Test(null, tx_each_flag_that_exists_is_offered_and_taken_and_no_other)
{
	struct net_endpoint *ep = open_null();
	struct net_queue_config config = {0};
	struct net_endpoint_facts facts;
	struct net_queue_stats stats;
	struct frontend_list list;
	struct net_queue *q;
	struct frontend f;
	bool sync = false;

	frontend_open(&f, 4096, 1);
	frontend_list_open(&list, 17);
	for (uint32_t bit = 0; bit < 16; bit++)
		frontend_list_frame(&list, bit, FRONTEND_BASE, 60)->flags = (uint16_t)(1u << bit);
	net_endpoint_facts(ep, &facts);
	cr_assert_eq(facts.tx_flags, 2 * NET_TX_PARTIAL_CHECKSUM - 1);
	cr_assert_geq(facts.tx_max_pieces, 65495); /* of one byte each, IPv4 and TCP */
	frontend_list_frame(&list, 16, FRONTEND_BASE, 60)->flags = (uint16_t)facts.tx_flags;
	cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL) == 0);
	cr_assert(net_queue_tx_avail(q, &f.pool, list.segments, 17, &sync) == 17 && sync);
	net_queue_stats(q, &stats);
	cr_assert_eq(stats.tx_packets, 9 + 1);
	cr_assert_eq(stats.tx_errors, 16 - 9);
	cr_assert_eq(stats.tx_vlan_packets, 2);
	net_queue_destroy(q, NULL);
	net_endpoint_destroy(ep, NULL);
	frontend_list_close(&list);
	frontend_close(&f);
}

Test(null, rx_nothing_ever_comes)
{
	struct net_endpoint *ep = open_null();
	struct net_queue_config config = {0};
	struct net_queue *q;
	struct frontend f;
	uint32_t id = 0;

	frontend_open(&f, 4096, 1);
	frontend_set_buffer(&f, 0, FRONTEND_BASE, 0, 2048);
	cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL) == 0);
	cr_assert(net_queue_rx_avail(q, &f.pool, &id, 1) == 0);
	cr_assert(net_queue_rx_poll(q, &f.pool, &id, 1) == 0);
	cr_assert(!net_queue_poll_ready(q, NULL));
	cr_assert(net_queue_wait(q, NULL, 10 * 1000000) == 0, "an idle queue woke up");
	net_queue_update_target_vp(q, 7);
	net_queue_destroy(q, NULL);
	net_endpoint_destroy(ep, NULL);
	frontend_close(&f);
}

Test(null, lifecycle_rules_are_those_of_the_contract)
{
	struct net_endpoint *ep = open_null();
	struct net_queue_config configs[65] = {0};
	struct net_error err = {0};
	struct net_queue *queues[65];
	struct net_action action;

	cr_assert(net_endpoint_stop(ep) == 0 && net_endpoint_stop(ep) == 0);
	cr_assert(net_endpoint_get_queues(ep, configs, 0, NULL, queues, &err) == -EINVAL);
	cr_assert(net_endpoint_get_queues(ep, configs, 65, NULL, queues, &err) == -EINVAL);
	cr_assert(strstr(err.message, "65") && strstr(err.message, "64"), "%s", err.message);
	cr_assert(net_endpoint_get_queues(ep, configs, 64, NULL, queues, NULL) == 0);
	cr_assert(net_endpoint_stop(ep) == -EBUSY);
	cr_assert(net_endpoint_get_queues(ep, configs, 1, NULL, queues, &err) == -EBUSY);
	cr_assert(net_endpoint_destroy(ep, &err) == -EBUSY);
	for (int i = 0; i < 64; i++)
		cr_assert(net_queue_destroy(queues[i], NULL) == 0);
	cr_assert(net_endpoint_stop(ep) == 0);
	cr_assert(net_endpoint_poll_action(ep, &action) == 0);
	cr_assert(net_endpoint_action_fd(ep) == -1);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0);
}

Test(null, get_queues_with_a_key_is_refused)
{
	const uint8_t key[40] = {0};
	const struct net_rss_config rss = {.key = key, .key_bytes = sizeof(key)};
	struct net_endpoint *ep = open_null();
	struct net_queue_config config = {0};
	struct net_error err = {0};
	struct net_queue *q;

	cr_assert(net_endpoint_get_queues(ep, &config, 1, &rss, &q, &err) == -EINVAL);
	cr_assert(strcmp(err.step, "rss") == 0);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0);
}

/* Each backend's get_queues begins with the same check. */
Test(null, get_queues_with_a_reserved_byte_that_is_set_is_refused)
{
	struct net_queue_config config = {0};
	struct net_endpoint *ep = open_null();
	struct net_error err = {0};
	struct net_queue *q;

	for (int i = 0; i < 3; i++) {
		config.reserved[i] = 1;
		cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, &err) == -EINVAL);
		cr_assert(strstr(err.message, "reserved is set") != NULL, "%s", err.message);
		config.reserved[i] = 0;
	}
	cr_assert(net_endpoint_get_queues(ep, &config, 1, NULL, &q, &err) == 0);
	config.reserved[1] = 1;
	net_queue_destroy(q, NULL);
	cr_assert(net_endpoint_get_queue(ep, 0, &config, &q, &err) == -EINVAL);
	cr_assert(net_endpoint_destroy(ep, NULL) == 0);
}

enum { THREADS = 2, QUEUES = 64, ROUNDS = 2000 };

static struct net_queue *queues[QUEUES];
static pthread_barrier_t begin;

/* A half of the queues, which one thread drove and ends. */
static void *end_some(void *first)
{
	pthread_barrier_wait(&begin);
	for (uintptr_t i = (uintptr_t)first; i < QUEUES; i += THREADS)
		cr_assert_eq(net_queue_destroy(queues[i], NULL), 0);
	return NULL;
}

Test(null, queues_ended_by_their_own_threads_are_all_counted, .timeout = 60)
{
	struct net_queue_config configs[QUEUES] = {{0}};
	struct net_endpoint *ep = open_null();
	pthread_t thread[THREADS];

	cr_assert_eq(pthread_barrier_init(&begin, NULL, THREADS), 0);
	for (int round = 0; round < ROUNDS; round++) {
		cr_assert_eq(net_endpoint_get_queues(ep, configs, QUEUES, NULL, queues, NULL), 0,
			     "round %d", round);
		for (uintptr_t i = 0; i < THREADS; i++)
			cr_assert_eq(pthread_create(&thread[i], NULL, end_some, (void *)i), 0);
		for (int i = 0; i < THREADS; i++)
			cr_assert_eq(pthread_join(thread[i], NULL), 0);
		cr_assert_eq(net_endpoint_stop(ep), 0, "round %d: queues are alive", round);
	}
	cr_assert_eq(net_endpoint_destroy(ep, NULL), 0);
}

Test(null, get_queues_without_descriptors_left_gives_everything_back)
{
	struct net_queue_config configs[8] = {{0}};
	struct net_endpoint *ep = open_null();
	const unsigned int fds = netns_open_fds();
	struct net_error err = {0};
	struct net_queue *made[8];
	struct rlimit limit, few;

	getrlimit(RLIMIT_NOFILE, &limit);
	/* netns_open_fds() counts ".", ".." and its own descriptor too. */
	few = (struct rlimit){.rlim_cur = fds - 3 + 5, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	cr_assert_eq(net_endpoint_get_queues(ep, configs, 8, NULL, made, &err), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(strstr(err.message, "ulimit -n"), "%s", err.message);
	cr_assert_eq(netns_open_fds(), fds);
	cr_assert_eq(net_endpoint_stop(ep), 0, "a queue is alive");
	cr_assert_eq(net_endpoint_get_queues(ep, configs, 8, NULL, made, NULL), 0);
	for (int i = 0; i < 8; i++)
		cr_assert_eq(net_queue_destroy(made[i], NULL), 0);
	cr_assert_eq(net_endpoint_destroy(ep, NULL), 0);
}

Test(null, queue_is_none_of_net_xdp)
{
	struct net_endpoint *ep = open_null();
	struct net_queue_config config = {0};
	struct net_xdp_report report;
	struct net_xdp_stats stats;
	struct net_queue *q;

	cr_assert_eq(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL), 0);
	cr_assert_eq(net_xdp_queue_stats(q, &stats), -EINVAL);
	cr_assert_eq(net_xdp_queue_report(q, &report), -EINVAL);
	net_queue_destroy(q, NULL);
	cr_assert_eq(net_endpoint_destroy(ep, NULL), 0);
}
