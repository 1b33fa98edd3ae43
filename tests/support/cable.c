// SPDX-License-Identifier: BSD-2-Clause
#include <poll.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/cable.h"
#include "support/frame.h"

#define MEMORY	(1u << 20)
#define BUFFER	1024u
#define TX_BASE (FRONTEND_BASE + 768 * 1024)

struct net_endpoint *cable_loopback(uint32_t queues)
{
	struct net_endpoint *ep;

	cr_assert(net_loopback_open(queues, &ep, NULL) == 0);
	return ep;
}

void cable_get_queues(struct cable *r)
{
	struct net_queue_config configs[CABLE_QUEUES] = {0};
	struct net_error err = {0};

	cr_assert(net_endpoint_get_queues(r->ep, configs, CABLE_QUEUES, NULL, r->queues, &err) == 0,
		  "%s", err.message);
}

void cable_end_queues(struct cable *r)
{
	for (int i = 0; i < CABLE_QUEUES; i++) {
		if (r->queues[i])
			cr_assert(net_queue_destroy(r->queues[i], NULL) == 0);
		r->queues[i] = NULL;
	}
	for (uint32_t i = 0; i < CABLE_IDS; i++)
		r->f.ids[i].posted = r->f.ids[i].delivered = false;
}

void cable_connect_to(struct cable *r, struct net_endpoint *inner)
{
	struct net_error err = {0};

	cr_assert(net_disconnectable_connect(r->ep, inner, &err) == 0, "%s", err.message);
}

int cable_disconnect(struct cable *r, struct net_endpoint **inner)
{
	return net_disconnectable_disconnect(r->ep, 0, inner, NULL);
}

void cable_open(struct cable *r)
{
	struct net_endpoint *model = cable_loopback(CABLE_QUEUES);
	struct net_endpoint_facts facts;
	struct net_error err = {0};

	memset(r, 0, sizeof(*r));
	frontend_open(&r->f, MEMORY, CABLE_IDS);
	frontend_layout(&r->f, 0, CABLE_IDS, FRONTEND_BASE, BUFFER, 12, 1000);
	frontend_list_open(&r->list, CABLE_IDS);
	net_endpoint_facts(model, &facts);
	cr_assert(net_disconnectable_open(&facts, &r->ep, &err) == 0, "%s", err.message);
	net_endpoint_destroy(model, NULL);
}

void cable_close(struct cable *r)
{
	cable_end_queues(r);
	cr_assert(net_endpoint_destroy(r->ep, NULL) == 0);
	frontend_list_close(&r->list);
	frontend_close(&r->f);
}

void cable_put(struct cable *r, uint32_t count)
{
	frontend_list_clear(&r->list);
	for (uint32_t i = 0; i < count; i++) {
		frame_plain(frontend_at(&r->f, TX_BASE + i * 1024, 60), 60, i);
		frontend_list_frame(&r->list, i, TX_BASE + i * 1024, 60);
	}
}

void cable_expect_traffic(struct cable *r)
{
	cable_put(r, 1);
	cr_assert(frontend_tx_all(&r->f, r->queues[0], &r->list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&r->f, r->queues[0], r->ids, CABLE_IDS) == 1);
}

bool cable_is_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

void cable_expect_actions(struct cable *r, const char *want)
{
	struct net_action action;
	char got[16] = "";
	int rc;

	for (uint32_t n = 0; (rc = net_endpoint_poll_action(r->ep, &action)) == 1 && n < 15; n++)
		got[n] = action.kind == NET_ACTION_RESTART_REQUIRED ? 'r'
			 : action.link_up			    ? 'u'
								    : 'd';
	cr_assert(rc == 0);
	cr_assert_str_eq(got, want, "the actions were '%s', not '%s'", got, want);
	cr_assert(!cable_is_readable(net_endpoint_action_fd(r->ep)));
}
