/* SPDX-License-Identifier: BSD-2-Clause */
/* rx: receive, judge, give back. */
#include "receive.h"

/* With --count: enough of all queues together? */
static bool have_enough(struct worker *w, uint32_t n)
{
	uint64_t count = w->run->opt->count;

	if (!count)
		return false;
	if (atomic_fetch_add_explicit(&w->run->counted, n, memory_order_relaxed) + n < count)
		return false;
	atomic_store(&w->run->stop, true);
	return true;
}

int run_rx(struct worker *w)
{
	while (!worker_stopped(w)) {
		uint32_t n = receive_batch(w, RECEIVE_ANY, true);

		if (!n)
			worker_wait(w, WORKER_NEVER);
		else if (have_enough(w, n))
			break;
	}
	/* What is in place already belongs to the count; nothing is re-posted, so it ends. */
	while (receive_batch(w, RECEIVE_ANY, false))
		;
	return 0;
}
