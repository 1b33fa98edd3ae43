// SPDX-License-Identifier: BSD-2-Clause
/* The life of a loopback and its queues: open, restart, end, and inside the counting wrapper. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include <criterion/criterion.h>

#include "support/loop.h"
#include "support/netns.h"
#include "support/wrap.h"
#include "support/wrapped.h"

Test(loopback, open_bad_queue_count_is_refused)
{
	struct net_endpoint *ep = NULL;
	struct net_error err = {0};

	cr_assert(net_loopback_open(0, &ep, &err) == -EINVAL);
	cr_assert(net_loopback_open(65, &ep, &err) == -EINVAL);
	cr_assert(strstr(err.message, "65") != NULL, "%s", err.message);
	cr_assert(ep == NULL);
}

Test(loopback, lifecycle_rules_are_those_of_the_contract)
{
	struct net_queue_config configs[9] = {0};
	struct net_error err = {0};
	struct net_queue *queues[9];
	struct net_action action;
	struct loop x;

	loop_open(&x, 2, NULL);
	cr_assert(net_endpoint_stop(x.ep) == -EBUSY);
	cr_assert(net_endpoint_destroy(x.ep, &err) == -EBUSY);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 1, NULL, queues, &err) == -EBUSY);
	loop_stop(&x);
	cr_assert(net_endpoint_stop(x.ep) == 0 && net_endpoint_stop(x.ep) == 0);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 0, NULL, queues, &err) == -EINVAL);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 9, NULL, queues, &err) == -EINVAL);
	cr_assert(strstr(err.message, "9 queues") != NULL, "%s", err.message);
	cr_assert(net_endpoint_poll_action(x.ep, &action) == 0);
	cr_assert(net_endpoint_action_fd(wrapped_inner_endpoint(x.ep)) == -1);
	loop_close(&x);
}

Test(loopback, restart_ids_are_free_again_and_no_descriptor_leaks)
{
	unsigned int fds;
	struct loop x;

	loop_open(&x, 4, NULL);
	fds = netns_open_fds();
	for (uint32_t round = 0; round < 100; round++) {
		frontend_post(&x.f, x.queues[round % 4], 0, 64);
		frontend_list_clear(&x.list);
		loop_put(&x, 0, 60, round);
		cr_assert(frontend_tx_all(&x.f, x.queues[round % 4], &x.list, NULL, 1000) == 1);
		if (round & 1)
			cr_assert(frontend_rx(&x.f, x.queues[round % 4], x.ids, LOOP_IDS) == 1);
		loop_stop(&x);
		if (round & 2)
			cr_assert(net_endpoint_stop(x.ep) == 0);
		loop_start(&x, NULL);
		cr_assert(loop_stats(x.queues[0]).rx_packets == 0);
		for (uint32_t i = 0; i < LOOP_IDS; i++)
			x.f.ids[i].delivered = false;
	}
	cr_assert(netns_open_fds() == fds);
	loop_close(&x);
}

Test(loopback, get_queues_without_descriptors_left_gives_everything_back)
{
	struct net_queue_config configs[8] = {0};
	struct net_error err = {0};
	struct rlimit limit, none;
	unsigned int fds;
	struct loop x;

	loop_open(&x, 8, NULL);
	loop_stop(&x);
	fds = netns_open_fds();
	getrlimit(RLIMIT_NOFILE, &limit);
	/* netns_open_fds() counts ".", ".." and its own descriptor too. */
	none = (struct rlimit){.rlim_cur = fds - 3 + 5, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	cr_assert(net_endpoint_get_queues(x.ep, configs, 8, NULL, x.queues, &err) == -EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert(err.code == -EMFILE && strcmp(err.step, "get_queues") == 0);
	cr_assert(strstr(err.message, "ulimit -n") != NULL, "%s", err.message);
	cr_assert(netns_open_fds() == fds);
	cr_assert(net_endpoint_stop(x.ep) == 0, "a queue is alive");
	loop_start(&x, NULL);
	loop_close(&x);
}

Test(loopback, get_queues_posts_the_initial_ids)
{
	const uint32_t ids[3] = {7, 8, 9};
	struct net_queue_config config = {.initial_rx = ids, .initial_rx_count = 3};
	struct loop x;

	loop_open(&x, 1, NULL);
	loop_stop(&x);
	config.pool = &x.f.pool;
	cr_assert(net_endpoint_get_queues(x.ep, &config, 1, NULL, x.queues, NULL) == 0);
	loop_put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1 && x.ids[0] == 7);
	loop_close(&x);
}

Test(loopback, wrapped_queue_forwards_each_call)
{
	struct net_queue_config configs[2] = {0};
	struct wrap_endpoint *wrap;
	struct net_queue_stats stats;
	struct wrap_queue *q;
	struct loop x;

	loop_open(&x, 2, NULL);
	loop_stop(&x);
	x.ep = wrap_open(x.ep);
	wrap = (struct wrap_endpoint *)x.ep;
	cr_assert(net_endpoint_get_queues(x.ep, configs, 2, NULL, x.queues, NULL) == 0);
	frontend_post(&x.f, x.queues[1], 0, 4);
	loop_put(&x, 0, 60, 5);
	cr_assert(frontend_tx_all(&x.f, x.queues[1], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx_wait(&x.f, x.queues[1], x.ids, 1, 1000) == 1);
	loop_expect(&x, x.ids[0], 60, 5);
	net_queue_stats(x.queues[1], &stats);
	cr_assert(stats.rx_packets == 1 && stats.tx_packets == 1);
	q = (struct wrap_queue *)x.queues[1];
	cr_assert(q->rx_avail == 1 && q->tx_avail == 1 && q->rx_poll >= 1 && q->stats == 1);
	cr_assert(wrap->get_queues == 1 && net_endpoint_stop(x.ep) == -EBUSY);
	loop_close(&x);
}
