// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's tests of bad TX descriptors (the table is in test_selftests.c). The kernel swallows such
 * descriptors, so this library must never write one: what the kernel's tests post as invalid either
 * costs that packet here or, where a packet is only awkward, is cut or joined and sent. Every packet
 * is completed, the kernel finds none invalid, and the good ones arrive in order.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "support/pair.h"

#define BASE FRONTEND_BASE
#define END  (FRONTEND_BASE + FRONTEND_XDP_BYTES)
#define HALF (FRONTEND_BASE + FRONTEND_XDP_BYTES / 2) /* no receive buffers behind */

enum outcome { SENT, BAD_ADDRESS, BAD_SIZE, BAD_LIST };

struct descriptor {
	const char *what;
	uint64_t addr;
	uint32_t len;
	enum outcome outcome;
};

static void open_pair(struct pair *p, enum net_xdp_attach attach, bool unaligned, uint32_t chunk)
{
	pair_prepare(p, attach, 1500);
	p->tx.config.unaligned = unaligned;
	p->tx.config.chunk_bytes = chunk;
	pair_open(p, 64);
}

/* One packet; its outcome is what the counters say. */
static void offer(struct pair *p, const struct descriptor *d)
{
	static const enum net_xdp_counter counter[] = {
		[SENT] = NET_XDP_TX_DIRECT,
		[BAD_ADDRESS] = NET_XDP_TX_DROP_ADDRESS,
		[BAD_SIZE] = NET_XDP_TX_DROP_SIZE,
		[BAD_LIST] = NET_XDP_TX_DROP_MALFORMED,
	};
	uint64_t before = frontend_xdp_counter(&p->tx, 0, counter[d->outcome]), after;

	if (d->outcome == SENT)
		pair_frame(frontend_at(&p->tx.f, d->addr, d->len), d->len, p->sent++);
	frontend_list_frame(&p->list, 7, d->addr, d->len);
	pair_send(p);
	after = frontend_xdp_counter(&p->tx, 0, counter[d->outcome]);
	cr_assert_eq(after - before, 1, "%s: %s counted %llu", d->what,
		     net_xdp_counter_name(counter[d->outcome]),
		     (unsigned long long)(after - before));
	if (d->outcome != SENT)
		return;
	pair_receive(p, 1, d->len);
	pair_repost(p, 1);
}

/* As the kernel's tests do: a good packet before and after each, so that none takes one with it. */
static void offer_all(struct pair *p, const struct descriptor *d, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		offer(p, &d[i]);
		offer(p, &(struct descriptor){"good", HALF + 0x100000, 64, SENT});
	}
	/* All in one list, which is one look of the kernel at the ring. */
	for (uint32_t i = 0; i < count; i++)
		if (d[i].outcome != SENT)
			frontend_list_frame(&p->list, 7, d[i].addr, d[i].len);
	for (uint32_t i = 0; i < 4; i++)
		pair_add(p, i, 64);
	pair_send(p);
	pair_receive(p, 4, 64);
	cr_assert_eq(frontend_xdp_counter(&p->tx, 0, NET_XDP_TX_KERNEL_INVALID), 0);
	cr_assert_eq(frontend_xdp_counter(&p->tx, 0, NET_XDP_TX_UNKNOWN), 0);
	cr_assert_eq(frontend_xdp_counter(&p->rx, 0, NET_XDP_RX_FRAMES), p->received);
	pair_close(p);
}

/* The same for each kind of chunk: where the kernel's limits differ, the library cuts. */
static const struct descriptor descriptors[] = {
	{"first byte", BASE, 64, SENT},
	{"in front of the memory", BASE - 2, 64, BAD_ADDRESS},
	{"too long", HALF, 1519, BAD_SIZE},
	{"empty", HALF, 0, BAD_SIZE},
	{"longer than all there is", HALF, UINT32_MAX, BAD_SIZE},
	{"last bytes", END - 64, 64, SENT},
	{"at the end", END, 64, BAD_ADDRESS},
	{"over the end", END - 32, 64, BAD_ADDRESS},
	{"one byte over the end", END - 63, 64, BAD_ADDRESS},
	{"our private area, by its distance", END + 4096, 64, BAD_ADDRESS},
	{"an offset in the UMEM", 8192, 64, BAD_ADDRESS},
	{"wraps", UINT64_MAX - 31, 64, BAD_ADDRESS},
	{"high bits, as unaligned chunks use them", HALF | 1ull << 48, 64, BAD_ADDRESS},
	{"over a 4 KiB border", HALF + 0x3000 - 32, 64, SENT},
	{"over a 2 KiB border", HALF + 0x3800 - 32, 64, SENT},
	{"the largest, over two borders", HALF + 0x3700, 1518, SENT},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

IN_BOTH_MODES(selftests, aligned_inv_desc)
{
	struct pair p;

	open_pair(&p, attach, false, 4096);
	offer_all(&p, descriptors, COUNT(descriptors));
}

IN_BOTH_MODES(selftests, aligned_inv_desc_2k_frame_size)
{
	struct pair p;

	open_pair(&p, attach, false, 2048);
	offer_all(&p, descriptors, COUNT(descriptors));
}

IN_BOTH_MODES(selftests, unaligned_inv_desc)
{
	struct pair p;

	open_pair(&p, attach, true, 4096);
	offer_all(&p, descriptors, COUNT(descriptors));
}

/* The kernel's test wants a UMEM that does not end with a page; the frames at its end are what counts,
 * and an odd chunk size makes every chunk lie over borders somewhere. */
IN_BOTH_MODES(selftests, unaligned_inv_desc_4001_frame_size)
{
	struct pair p;

	open_pair(&p, attach, true, 4001);
	offer_all(&p, descriptors, COUNT(descriptors));
}

/* ---- Several descriptors per packet ----------------------------------------------------------- */

/* A packet of pieces; 0 ends them. */
struct packet {
	const char *what;
	uint32_t len[5];
	uint64_t bad_addr; /* of the second piece, 0 good */
	enum outcome outcome;
	uint32_t claim_more; /* bytes that the metadata claims too many */
};

static void offer_packet(struct pair *p, const struct packet *k)
{
	uint8_t frame[FRAME_MAX_BYTES];
	uint32_t len = 0, at = 0;
	struct net_tx_metadata *meta;

	for (int i = 0; i < 5; i++)
		len += k->len[i];
	if (k->outcome == SENT)
		pair_frame(frame, len, p->sent);
	meta = frontend_list_packet(&p->list, 9);
	for (uint32_t i = 0; i < 5 && k->len[i]; i++) {
		/* each piece ends 100 bytes behind a chunk's border */
		uint64_t addr = pair_place(p, 2 * i + 1) + 100 - k->len[i];

		if (k->outcome == SENT)
			memcpy(frontend_at(&p->tx.f, addr, k->len[i]), frame + at, k->len[i]);
		at += k->len[i];
		frontend_list_segment(&p->list, i == 1 && k->bad_addr ? k->bad_addr : addr,
				      k->len[i]);
	}
	frontend_list_segment(&p->list, UINT64_MAX, 0); /* a zero length at the end is nothing */
	meta->len_bytes += k->claim_more;
	pair_send(p);
	if (k->outcome != SENT)
		return;
	p->sent++;
	pair_receive(p, 1, len);
	pair_repost(p, 1);
}

static void multi_buff(enum net_xdp_attach attach, bool unaligned)
{
	static const struct packet packets[] = {
		{"two pieces, more at the receiver", {4000, 4900}, 0, SENT, 0},
		{"second piece outside", {500, 600}, END - 100, BAD_ADDRESS, 0},
		{"second piece in front", {500, 600, 20}, BASE - 1, BAD_ADDRESS, 0},
		{"middle too long", {500, 9019, 60}, 0, BAD_SIZE, 0},
		{"more claimed than there is", {500, 600, 60}, 0, BAD_LIST, 1},
		{"four over borders", {2000, 2048, 2049, 1900}, 0, SENT, 0},
		{"ends with one byte", {2000, 1}, 0, SENT, 0},
		{"begins with one byte", {1, 13, 50}, 0, SENT, 0},
		{"of a runt", {1, 12}, 0, BAD_SIZE, 0},
	};
	uint64_t size = 0, address = 0, list = 0;
	struct pair p;

	pair_prepare(&p, attach, 9000);
	p.tx.config.max_frame_bytes = p.rx.config.max_frame_bytes = 9018;
	p.tx.config.unaligned = unaligned;
	p.tx.config.chunk_bytes = p.rx.config.chunk_bytes = 4096;
	frontend_layout(&p.rx.f, 0, 64, p.rx.f.regions[0].guest_addr + 3, 9037, 12, 9018);
	pair_open(&p, 64);
	for (uint32_t i = 0; i < COUNT(packets); i++) {
		offer_packet(&p, &packets[i]);
		size += packets[i].outcome == BAD_SIZE;
		address += packets[i].outcome == BAD_ADDRESS;
		list += packets[i].outcome == BAD_LIST;
		cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DROP_SIZE), size, "%s",
			     packets[i].what);
		cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DROP_ADDRESS), address, "%s",
			     packets[i].what);
		cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DROP_MALFORMED), list, "%s",
			     packets[i].what);
		offer(&p, &(struct descriptor){"good", HALF + 0x400000, 64, SENT});
	}
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_KERNEL_INVALID), 0);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_FRAMES), p.sent);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, aligned_inv_desc_multi_buff)
{
	multi_buff(attach, false);
}

IN_BOTH_MODES(selftests, unaligned_inv_desc_multi_buff)
{
	multi_buff(attach, true);
}

/* A packet of n pieces of 60 bytes. */
static void offer_pieces(struct pair *p, uint32_t n)
{
	uint8_t frame[FRAME_MAX_BYTES];

	pair_frame(frame, 60 * n, p->sent++);
	frontend_list_packet(&p->list, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = pair_place(p, i) + i;

		memcpy(frontend_at(&p->tx.f, addr, 60), frame + 60 * i, 60);
		frontend_list_segment(&p->list, addr, 60);
	}
	pair_send(p);
	pair_receive(p, 1, 60 * n);
	pair_repost(p, 1);
}

IN_BOTH_MODES(selftests, too_many_frags)
{
	struct net_xdp_report report;
	struct pair p;

	open_pair(&p, attach, true, 2048);
	report = frontend_xdp_report(&p.tx, 0);
	cr_assert_eq(report.max_tx_descriptors, 18, "the kernel's MAX_SKB_FRAGS + 1");
	offer_pieces(&p, 18);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DIRECT), 1);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_BOUNCED), 0);
	offer_pieces(&p, 19);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_BOUNCE_SEGMENTS), 1);
	offer_pieces(&p, 1);
	offer_pieces(&p, 25);
	offer_pieces(&p, 18);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DIRECT), 3);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_BOUNCED), 2);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_KERNEL_INVALID), 0);
	pair_close(&p);
}
