// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/bpf.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"

enum { BATCH = 64, INDEX_AT = 14, LEN_MIN = 60, LEN_STEP = 89, LEN_RANGE = 1455 };

void rig_prepare(struct rig *r, uint32_t queues)
{
	fixture_enter(queues, 1500);
	peer_open(&r->peer, "v1");
	frontend_xdp_prepare(&r->x, "v0");
	r->x.config.max_queues = queues;
	r->x.config.private_rx_chunks = r->x.config.private_tx_frames = 64;
}

void rig_open(struct rig *r, uint32_t queues)
{
	rig_prepare(r, queues);
	frontend_xdp_open(&r->x);
}

void rig_close(struct rig *r)
{
	peer_close(&r->peer);
	frontend_xdp_close(&r->x);
}

void rig_up(void)
{
	/* The kernel opens a device for sending a moment after its carrier shows; that is done under
	 * the lock which the second call takes. */
	netns_run("ip link set v0 up && ip link set v1 up");
	for (int i = 0; i < 2; i++) {
		netns_up("v0");
		netns_up("v1");
	}
}

/* ---- Exact frames ---------------------------------------------------------------------------------- */

uint32_t traffic_numbered(uint8_t *frame, uint32_t i)
{
	uint32_t len = LEN_MIN + i * LEN_STEP % LEN_RANGE;

	frame_plain(frame, len, i + 1);
	memcpy(frame + INDEX_AT, &i, sizeof(i));
	return len;
}

/* Take what one queue has. Return: how many frames that were. */
static uint32_t take(struct frontend_xdp *x, struct net_queue *q, bool *seen, uint32_t count)
{
	uint32_t ids[BATCH], n = frontend_rx(&x->f, q, ids, BATCH), index, len;
	uint8_t want[FRAME_MAX_BYTES];

	for (uint32_t i = 0; i < n; i++) {
		memcpy(&index, frontend_frame(&x->f, ids[i]) + INDEX_AT, sizeof(index));
		cr_assert(index < count, "a frame that nobody sent, number %u", index);
		cr_assert(!seen[index], "frame %u came twice", index);
		seen[index] = true;
		len = traffic_numbered(want, index);
		frontend_expect_frame(&x->f, ids[i], want, len);
	}
	if (n)
		frontend_post_ids(&x->f, q, ids, n);
	return n;
}

void traffic_receive(struct frontend_xdp *x, struct peer *p, uint32_t count)
{
	int64_t deadline = frontend_now_ms() + TRAFFIC_DEADLINE_MS;
	uint8_t frame[FRAME_MAX_BYTES];
	bool seen[1024] = {false};
	uint32_t got = 0;

	cr_assert(count <= 1024, "%u frames at once", count);
	/* Left to itself the kernel chooses by a hash, whose key is another one after each boot. */
	if (x->queue_count < p->queues)
		peer_use_queue(p, 0);
	for (uint32_t i = 0; i < count; i++)
		peer_send(p, frame, traffic_numbered(frame, i));
	while (got < count) {
		cr_assert(frontend_now_ms() < deadline, "%u of %u frames came", got, count);
		for (uint32_t i = 0; i < x->queue_count; i++)
			got += take(x, x->queues[i], seen, count);
		if (got < count)
			net_queue_wait(x->queues[0], &x->f.pool, 1000000);
	}
}

uint8_t *traffic_put(struct frontend_xdp *x, struct frontend_list *list, uint32_t place,
		     uint32_t len)
{
	uint64_t addr = frontend_xdp_tx_addr(x, place);
	uint8_t *bytes = frontend_at(&x->f, addr, len);

	frame_plain(bytes, len, place);
	frontend_list_frame(list, place, addr, len);
	return bytes;
}

void traffic_send(struct frontend_xdp *x, struct peer *p, uint32_t queue, uint32_t count)
{
	struct frontend_list list;
	uint8_t frame[2048];
	uint32_t done;

	frontend_list_open(&list, count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = traffic_numbered(frame, i);

		memcpy(traffic_put(x, &list, i, len), frame, len);
	}
	done = frontend_tx_all(&x->f, x->queues[queue], &list, NULL, TRAFFIC_DEADLINE_MS);
	cr_assert(done == count, "queue %u: %u of %u packets completed", queue, done, count);
	for (uint32_t i = 0; i < count; i++)
		peer_expect(p, frame, traffic_numbered(frame, i), TRAFFIC_DEADLINE_MS);
	frontend_list_close(&list);
}

void traffic_both_ways(struct frontend_xdp *x, struct peer *p)
{
	for (uint32_t i = 0; i < x->queue_count; i++)
		traffic_send(x, p, i, 5);
	traffic_receive(x, p, 20);
}

/* ---- Flood ----------------------------------------------------------------------------------------- */

bool traffic_quiet_send(struct peer *p, const uint8_t *frame, uint32_t len)
{
	struct virtio_net_hdr hdr = {.flags = 0};
	struct iovec iov[2] = {
		{.iov_base = &hdr, .iov_len = sizeof(hdr)},
		{.iov_base = (void *)(uintptr_t)frame, .iov_len = len},
	};
	const struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};

	/* Not waiting: where the wire holds frames back, only a receiver that goes on ends the wait. */
	return sendmsg(p->fd, &message, MSG_DONTWAIT) == (ssize_t)(sizeof(hdr) + len);
}

static void *flood_thread(void *arg)
{
	struct flood *f = arg;
	uint8_t frame[256];

	frame_plain(frame, sizeof(frame), 1);
	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		if (traffic_quiet_send(&f->peer, frame, sizeof(frame)))
			__atomic_add_fetch(&f->sent, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

void flood_start(struct flood *f, const char *ifname)
{
	memset(f, 0, sizeof(*f));
	peer_open(&f->peer, ifname);
	cr_assert(pthread_create(&f->thread, NULL, flood_thread, f) == 0);
	while (!__atomic_load_n(&f->sent, __ATOMIC_RELAXED))
		frontend_sleep_ms(1);
}

uint64_t flood_sent(const struct flood *f)
{
	return __atomic_load_n(&f->sent, __ATOMIC_RELAXED);
}

uint64_t flood_stop(struct flood *f)
{
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	pthread_join(f->thread, NULL);
	peer_close(&f->peer);
	return f->sent;
}

/* ---- Hold ------------------------------------------------------------------------------------------ */

/* A token bucket that gains a byte per second and has spent its tokens keeps whatever it is sent. */
static void make_trap(void)
{
	uint8_t frame[1500];
	struct peer p;

	netns_veth("h0", "h1", 1, 1500);
	netns_run("tc qdisc add dev h0 root tbf rate 8bit burst 2000 limit 10000000");
	peer_open(&p, "h0");
	frame_plain(frame, sizeof(frame), 0);
	peer_send(&p, frame, sizeof(frame));
	peer_close(&p);
}

void traffic_hold(const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(ifname),
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);
	int rc;

	make_trap();
	/* return bpf_redirect(h0, 0) */
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = 1,
		 .imm = (int)if_nametoindex("h0")},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
		{.code = BPF_JMP | BPF_EXIT},
	};

	opts.prog_fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "hold", "GPL", program,
				     sizeof(program) / sizeof(*program), NULL);
	cr_assert(opts.prog_fd >= 0, "load the redirecting program: %s", strerror(errno));
	rc = bpf_tc_hook_create(&hook);
	cr_assert(rc == 0 || rc == -EEXIST, "clsact on %s: %s", ifname, strerror(-rc));
	rc = bpf_tc_attach(&hook, &opts);
	cr_assert(rc == 0, "attach to %s: %s", ifname, strerror(-rc));
	close(opts.prog_fd);
}

void traffic_release(void)
{
	if (system("tc qdisc del dev h0 root"))
		abort();
}
