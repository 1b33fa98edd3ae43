// SPDX-License-Identifier: BSD-2-Clause
/* Each system call of a wrapped endpoint's life fails once, and each request for memory; then each call of the thread
 * that writes a capture. Each refusal has its sentence, each frame is in the file or counted as missed, nothing is
 * left, and the next life works. Inside is a loopback: it needs no kernel. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net_wrap.h"
#include "support/fault.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/scratch.h"

enum { FRAMES = 32, LEN = 300, BUFFERS = 16, BYTES = 1 << 16 };

static uint8_t memory[BYTES];
static char path[64];
static struct net_error err;

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = (uint64_t)ids[i] * 2048,
						.capacity_bytes = 2048};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool, (void)ids, (void)metadata, (void)count;
}

static void *bytes_at(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	(void)pool;
	return addr <= BYTES && len <= BYTES - addr ? memory + addr : NULL;
}

static const struct net_buffer_access_ops ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.memory = bytes_at,
};
static struct net_buffer_access pool = {&ops};

/* Give up what is the caller's. */
static int give_up(struct net_endpoint *ep, int rc)
{
	net_endpoint_destroy(ep, NULL);
	return rc;
}

/* A loopback inside a disconnectable inside a capture. Return: 0 and *out; else nothing is left. */
static int open_all(struct net_endpoint **out)
{
	struct net_endpoint *inner, *cable;
	struct net_endpoint_facts facts;
	int rc = net_loopback_open(1, &inner, &err);

	if (rc)
		return rc;
	net_endpoint_facts(inner, &facts);
	rc = net_disconnectable_open(&facts, &cable, &err);
	if (rc)
		return give_up(inner, rc);
	rc = net_disconnectable_connect(cable, inner, &err);
	if (rc) {
		net_endpoint_destroy(cable, NULL);
		return give_up(inner, rc);
	}
	rc = net_capture_open(cable, out, &err);
	return rc ? give_up(cable, rc) : 0;
}

/* Each frame goes out and comes in: 2 * FRAMES pass. */
static void send_all(struct net_queue *q)
{
	struct net_tx_metadata packet = {.id = 1, .len_bytes = LEN, .segment_count = 1};
	struct net_tx_segment segment = {BYTES - 2048, LEN, &packet};
	uint32_t ids[BUFFERS];
	bool sync;
	int n;

	for (int i = 0; i < FRAMES; i++) {
		net_queue_tx_avail(q, &pool, &segment, 1, &sync);
		net_queue_tx_poll(q, &pool, ids, BUFFERS);
		net_queue_wait(q, &pool, 1000);
		n = net_queue_rx_poll(q, &pool, ids, BUFFERS);
		if (n > 0)
			net_queue_rx_avail(q, &pool, ids, (uint32_t)n);
	}
}

struct outcome {
	int rc;	     /* of what failed first */
	int capture; /* of net_capture_stop(), 1: it was not started */
	struct net_capture_stats stats;
	uint64_t passed;
};

static struct outcome live(void)
{
	struct net_capture_config config = net_capture_config_default();
	static const uint32_t ids[BUFFERS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct net_queue_config qc = {
		.pool = &pool, .initial_rx = ids, .initial_rx_count = BUFFERS};
	struct outcome o = {.capture = 1};
	struct net_queue_stats stats;
	struct net_endpoint *ep;
	struct net_queue *q;
	bool on;

	memset(&err, 0, sizeof(err));
	config.path = path;
	config.buffer_bytes = 65536;
	config.rotate_bytes = 8192;
	config.rotate_files = 3;
	o.rc = open_all(&ep);
	if (o.rc)
		return o;
	o.rc = net_capture_start(ep, &config, &err);
	on = o.rc == 0;
	if (!o.rc)
		o.rc = net_endpoint_get_queues(ep, &qc, 1, NULL, &q, &err);
	if (!o.rc) {
		send_all(q);
		net_queue_stats(q, &stats);
		o.passed = stats.rx_packets + stats.tx_packets;
		net_queue_destroy(q, NULL);
	}
	if (on)
		o.capture = net_capture_stop(ep);
	net_capture_get_stats(ep, &o.stats);
	net_endpoint_destroy(ep, NULL);
	return o;
}

static void expect(const struct outcome *o, const char *call, unsigned int k)
{
	if (o->rc) {
		cr_expect_eq(err.code, o->rc, "call %u (%s): %d, %d in the sentence", k, call,
			     o->rc, err.code);
		cr_expect(err.step[0] && strlen(err.message) > 10, "call %u (%s): no sentence", k,
			  call);
		return;
	}
	/* Of a queue without a buffer nothing is counted; the capture says that it ended then. */
	cr_expect(o->stats.frames + o->stats.missed == o->passed || o->capture == -ENOMEM,
		  "call %u (%s): %llu in the file, %llu missed, %llu passed", k, call,
		  (unsigned long long)o->stats.frames, (unsigned long long)o->stats.missed,
		  (unsigned long long)o->passed);
	cr_expect_eq(o->capture, o->stats.error, "call %u (%s): stop says %d, statistics %d", k,
		     call, o->capture, o->stats.error);
	cr_expect(o->stats.missed == 0 || o->capture < 0, "call %u (%s): missed without an error",
		  k, call);
}

static void fail_each_call(const char *which, int error, bool others, unsigned int least)
{
	unsigned int hits = 0, minded = 0;
	const char *call = "";
	struct footprint before;
	struct outcome o;

	scratch_path(path, sizeof(path), "wrap");
	o = live();
	cr_assert(o.rc == 0 && o.capture == 0 && o.passed == 2 * FRAMES && !o.stats.missed,
		  "%d: %s; %d, %llu", o.rc, err.message, o.capture, (unsigned long long)o.passed);
	before = footprint_take();
	for (unsigned int k = 1; call; k++) {
		if (others)
			fault_arm_others(which, k, error);
		else
			fault_arm_only(which, k, error);
		o = live();
		call = others ? fault_disarm_others() : fault_disarm();
		hits += call != NULL;
		minded += o.rc || o.capture;
		expect(&o, call ? call : "none", k);
		footprint_expect(&before, call ? call : "none");
	}
	cr_assert(hits > least && minded > 0, "only %u calls were made", hits);
	cr_log_info("%u calls failed, %u were minded", hits, minded);
	o = live();
	cr_assert(o.rc == 0 && o.capture == 0 && o.passed == 2 * FRAMES, "%s", err.message);
	for (int i = 0; i < 3; i++) {
		char one[80];

		snprintf(one, sizeof(one), "%s%s", path, (const char *const[]){"", ".1", ".2"}[i]);
		unlink(one);
	}
}

Test(wrap, each_call_enomem_costs_no_frame_without_a_name, .timeout = 60)
{
	fail_each_call(NULL, ENOMEM, false, 8);
}

Test(wrap, each_call_emfile_costs_no_frame_without_a_name, .timeout = 60)
{
	fail_each_call(NULL, EMFILE, false, 8);
}

Test(wrap, each_request_for_memory_costs_no_frame_without_a_name, .timeout = 60)
{
	fail_each_call(FAULT_MEMORY, ENOMEM, false, 8);
}

Test(wrap, each_write_enospc_costs_no_frame_without_a_name, .timeout = 60)
{
	fail_each_call("write", ENOSPC, true, 8);
}

Test(wrap, each_rename_and_open_eio_costs_no_frame_without_a_name, .timeout = 60)
{
	fail_each_call("rename", EIO, true, 2);
	fail_each_call("open", EIO, true, 0);
}
