// SPDX-License-Identifier: BSD-2-Clause
/* The table of what is known to go wrong, row by row. */
#include <criterion/criterion.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "host/known.h"
#include "host/virtio.h"
#include "net_xdp.h"

#define K(major, minor)	  NET_XDP_KERNEL(major, minor)
#define VIRTIO_ZERO_COPY  (VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET)
#define VIRTIO_GUEST_TSO4 (1ull << 7)

/* Of the facts only what rows ask for. */
struct brief {
	uint32_t kernel, mtu, zc_max_segments;
	uint32_t channels, most_channels; /* with 4 processors */
	uint64_t virtio;
	bool is_bond, has_virtio, generic, dma_per_page;
};

/* Facts that bring a row's sentence, and nearly the same ones that do not. */
static const struct known_row {
	const char *text, *driver;
	struct brief with, without;
} known_rows[] = {
	{"A bond", "bonding", {.kernel = K(7, 3), .is_bond = true}, {.kernel = K(7, 3)}},
	{"wrong interrupt",
	 "igb",
	 {.kernel = K(6, 18), .mtu = 500},
	 {.kernel = K(7, 0), .mtu = 500}},
	{"82599", "ixgbe", {.kernel = K(7, 3), .mtu = 1007}, {.kernel = K(7, 3), .mtu = 1006}},
	{"maxmtu", "gve", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"initial_rx", "i40e", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"initial_rx", "ice", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "igb", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "ixgbe", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "i40e", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "ice", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"cache lines", "mlx5_core", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"give VIRTIO_F_ACCESS_PLATFORM",
	 "virtio_net",
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_RING_RESET},
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_ACCESS_PLATFORM}},
	{"give VIRTIO_F_RING_RESET",
	 "virtio_net",
	 {.kernel = K(6, 18), .has_virtio = true},
	 {.kernel = K(6, 18), .has_virtio = false}},
	{"mrg_rxbuf",
	 "virtio_net",
	 {.kernel = K(6, 18),
	  .has_virtio = true,
	  .virtio = VIRTIO_ZERO_COPY | 1 << 2 | VIRTIO_GUEST_TSO4},
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_ZERO_COPY | 1 << 2}},
	{"mrg_rxbuf",
	 "virtio_net",
	 {.kernel = K(6, 18),
	  .has_virtio = true,
	  .virtio = VIRTIO_ZERO_COPY | 1 << 2 | VIRTIO_GUEST_TSO4},
	 {.kernel = K(6, 18),
	  .has_virtio = true,
	  .virtio = VIRTIO_ZERO_COPY | 1 << 2 | VIRTIO_GUEST_TSO4 | VIRTIO_MERGEABLE_RX}},
	{"before 5.13 refuses",
	 "virtio_net",
	 {.kernel = K(5, 12), .channels = 2, .most_channels = 5},
	 {.kernel = K(5, 12), .channels = 1, .most_channels = 5}},
	{"before 5.13 refuses",
	 "virtio_net",
	 {.kernel = K(5, 12), .channels = 1, .most_channels = 1},
	 {.kernel = K(5, 13), .channels = 1, .most_channels = 1}},
	{"to spare for a native",
	 "virtio_net",
	 {.kernel = K(5, 13), .channels = 1, .most_channels = 1},
	 {.kernel = K(5, 12), .channels = 1, .most_channels = 1}},
	{"turns on one more queue pair",
	 "virtio_net",
	 {.kernel = K(6, 18), .channels = 4, .most_channels = 8},
	 {.kernel = K(6, 18), .channels = 5, .most_channels = 8}},
	{"turns on one more queue pair",
	 "virtio_net",
	 {.kernel = K(6, 18), .channels = 4, .most_channels = 8},
	 {.kernel = K(6, 18)}},
	{"half of its possible channels",
	 "ena",
	 {.kernel = K(6, 18), .channels = 5, .most_channels = 8},
	 {.kernel = K(6, 18), .channels = 4, .most_channels = 8}},
	{"half of its possible channels",
	 "ena",
	 {.kernel = K(6, 18), .channels = 1, .most_channels = 1},
	 {.kernel = K(6, 18), .channels = 1, .most_channels = 1, .generic = true}},
	{"MTU of 3498",
	 "ena",
	 {.kernel = K(6, 18), .mtu = 9001},
	 {.kernel = K(6, 18), .mtu = 3498}},
	{"without pause", "virtio_net", {.kernel = K(6, 18)}, {.kernel = K(7, 2)}},
	{"page by page", "ice", {.kernel = K(7, 3), .dma_per_page = true}, {.kernel = K(7, 3)}},
	{"zc-max-segs 1",
	 "nfp",
	 {.kernel = K(7, 3), .zc_max_segments = 1},
	 {.kernel = K(7, 3), .zc_max_segments = 2}},
};

static struct net_xdp_prediction prediction; /* large */

static void predict_brief(const char *driver, const struct brief *b)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_device d = {.rx_queues = 1,
				   .tx_queues = 1,
				   .up = true,
				   .carrier = true,
				   .has_features = true,
				   .zc_max_segments = b->zc_max_segments,
				   .link_type = ARPHRD_ETHER,
				   .has_ethernet = true,
				   .mtu_bytes = b->mtu,
				   .is_bond = b->is_bond,
				   .dma_per_page = b->dma_per_page,
				   .kernel_release = b->kernel,
				   .channels = b->channels,
				   .most_channels = b->most_channels,
				   .processors = 4,
				   .has_virtio = b->has_virtio,
				   .virtio_features = b->virtio};

	snprintf(d.driver, sizeof(d.driver), "%s", driver);
	if (!b->generic)
		d.xdp_features = NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_REDIRECT |
				 NET_XDP_FEATURE_ZERO_COPY;
	cr_assert_eq(net_xdp_predict(&d, &c, &prediction), 0);
}

/* The row of the table that says text, if the prediction has its sentence. */
static const struct known *find(const char *text)
{
	for (uint32_t i = 0; i < prediction.finding_count; i++)
		for (const struct known *k = known; k->sentence; k++) {
			const struct net_xdp_finding *f = &prediction.findings[i];

			if ((strstr(k->sentence, text) || (k->remedy && strstr(k->remedy, text))) &&
			    !strcmp(k->sentence, f->sentence) &&
			    !strcmp(k->remedy ? k->remedy : "", f->remedy) && k->kind == f->kind &&
			    k->source == f->source && k->reason == f->reason &&
			    k->error == f->error)
				return k;
		}
	return NULL;
}

Test(known, rows_are_said_for_their_facts_and_for_no_others)
{
	bool seen[64] = {false};
	size_t i;

	for (i = 0; i < sizeof(known_rows) / sizeof(known_rows[0]); i++) {
		const struct known_row *row = &known_rows[i];
		const struct known *found;

		predict_brief(row->driver, &row->with);
		found = find(row->text);
		cr_assert_not_null(found, "row %zu: %s", i, row->text);
		seen[found - known] = true;
		if (found->kind == NET_XDP_FINDING_LOWERS)
			cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_COPY, "row %zu: %s", i,
				     row->text);
		if (found->kind == NET_XDP_FINDING_BLOCKS)
			cr_expect_eq(prediction.outcome, NET_XDP_OUTCOME_FAILS, "row %zu: %s", i,
				     row->text);
		predict_brief(row->driver, &row->without);
		cr_expect_null(find(row->text), "row %zu: %s", i, row->text);
		predict_brief("igbvf", &row->with);
		cr_expect(!found->drivers || !find(row->text), "row %zu: any driver", i);
	}
	for (i = 0; known[i].sentence; i++) {
		cr_expect(seen[i], "no facts here for: %s", known[i].sentence);
		cr_expect(known[i].source && *known[i].source, "no source: %s", known[i].sentence);
		cr_expect_lt(strlen(known[i].sentence), sizeof(prediction.findings[0].sentence),
			     "%s", known[i].sentence);
	}
}

/* Nothing to say is what the table says of most. */
Test(known, row_needs_the_whole_name_of_the_driver)
{
	static const char *const names[] = {"", "ig", "gb", "igbvf", "ice2", "virtio", "e"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		predict_brief(names[i], &(struct brief){.kernel = K(6, 18), .mtu = 1500});
		for (uint32_t j = 0; j < prediction.finding_count; j++)
			cr_expect_null(prediction.findings[j].source, "%s: %s", names[i],
				       prediction.findings[j].sentence);
	}
}
