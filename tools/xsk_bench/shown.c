/* SPDX-License-Identifier: BSD-2-Clause */
#include "shown.h"

#include "common/looking.h"
#include "worker.h"

static void tell_text(struct net_inspector *to, const char *name, const char *text)
{
	const struct net_field f = {
		.name = name, .kind = NET_FIELD_TEXT, .unit = "", .meaning = "", .text = text};

	to->ops->field(to, &f);
}

/* All workers' samples up to now. They are added by their threads meanwhile. */
static void tell_latency(const struct run *run, struct net_inspector *to)
{
	static struct histogram sum; /* large for a stack; this thread's alone */
	struct net_bucket buckets[HISTOGRAM_LIMITS];
	struct net_histogram h = {.buckets = buckets};
	const struct net_field f = {
		.name = "latency_ns",
		.kind = NET_FIELD_HISTOGRAM,
		.unit = "ns",
		.meaning = "round trips, from the time at which the schedule wanted the frame sent",
		.histogram = &h,
	};

	sum = (struct histogram){0};
	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct histogram *one =
			__atomic_load_n(&run->workers[i].latency, __ATOMIC_ACQUIRE);

		if (one)
			histogram_glance(&sum, one);
	}
	h.count = sum.count;
	h.sum = sum.sum_ns;
	h.bucket_count = histogram_limits(&sum, buckets);
	to->ops->field(to, &f);
}

static void tell(void *context, struct net_inspector *to)
{
	const struct run *run = context;
	const struct net_field elapsed = {
		.name = "elapsed_ns",
		.kind = NET_FIELD_NUMBER,
		.unit = "ns",
		.meaning = "",
		.number = now_ns() - run->start_ns,
	};

	to->ops->enter(to, "bench", -1);
	tell_text(to, "command", options_mode_name(run->opt->mode));
	to->ops->field(to, &elapsed);
	if (run->opt->mode == BENCH_LATENCY)
		tell_latency(run, to);
	to->ops->leave(to);
}

int shown_open(struct run *run, struct net_error *err)
{
	return looking_open(run->opt->control, &run->control, &run->unseen, err);
}

void shown_begin(struct run *run)
{
	looking_say(&run->unseen);
	for (uint32_t k = 0; k < run->port_count; k++) {
		const struct port *p = &run->ports[k];

		net_control_set(run->control, p->ifname, p->ep, p->queues, p->queue_count);
	}
	net_control_tell(run->control, tell, run);
}

void shown_end(struct run *run, const struct port *port)
{
	net_control_set(run->control, port->ifname, NULL, NULL, 0);
}

void shown_close(struct run *run)
{
	net_control_close(run->control);
	run->control = NULL;
}
