// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frontend.h"
#include "support/swapper.h"

enum { PATIENCE_MS = 20000 };

static bool wait_for_up(struct swapper *s, uint32_t ups)
{
	int64_t deadline = frontend_now_ms() + PATIENCE_MS;

	while (__atomic_load_n(&s->ups, __ATOMIC_ACQUIRE) < ups) {
		if (frontend_now_ms() > deadline)
			return false;
		frontend_sleep_ms(0);
	}
	return true;
}

static void *run(void *arg)
{
	struct swapper *s = arg;
	struct net_endpoint *was;

	for (uint32_t i = 0; i < s->swaps && !s->rc; i++) {
		s->rc = net_disconnectable_disconnect(s->ep, PATIENCE_MS, &was, NULL);
		if (s->rc)
			break;
		if (i % 4 == 3) /* long enough for a frontend without a cable */
			frontend_sleep_ms(2);
		s->rc = net_disconnectable_connect(s->ep, s->other ? s->other : was, NULL);
		if (s->other)
			s->other = was;
		if (!s->rc && !wait_for_up(s, i + 1))
			s->rc = 1;
	}
	__atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void swapper_start(struct swapper *s, struct net_endpoint *ep, struct net_endpoint *other,
		   uint32_t swaps)
{
	*s = (struct swapper){.ep = ep, .other = other, .swaps = swaps, .link_up = true};
	cr_assert(pthread_create(&s->thread, NULL, run, s) == 0);
}

bool swapper_is_done(struct swapper *s)
{
	return __atomic_load_n(&s->done, __ATOMIC_ACQUIRE);
}

bool swapper_actions(struct swapper *s)
{
	struct net_action action;
	bool restart = false;

	while (net_endpoint_poll_action(s->ep, &action) == 1) {
		if (action.kind == NET_ACTION_RESTART_REQUIRED) {
			restart = true;
			s->restarts++;
			continue;
		}
		s->repeated |= s->link_up == action.link_up;
		s->link_up = action.link_up;
		s->downs += !action.link_up;
		if (action.link_up)
			__atomic_store_n(&s->ups, s->ups + 1, __ATOMIC_RELEASE);
	}
	return restart;
}

void swapper_end(struct swapper *s)
{
	pthread_join(s->thread, NULL);
	cr_assert(s->rc == 0, "swap: %d", s->rc);
	cr_assert(!s->repeated, "a link event came twice");
	cr_assert(s->downs == s->swaps && s->ups == s->swaps, "%u swaps: %u downs, %u ups",
		  s->swaps, s->downs, s->ups);
	cr_assert(s->restarts <= 2 * s->swaps, "%u restarts required", s->restarts);
}
