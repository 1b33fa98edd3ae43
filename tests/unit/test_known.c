// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info's table of what is known to go wrong, row by row. */
#include <criterion/criterion.h>

#include "support/predicted.h"

#define K(major, minor) INFO_KERNEL(major, minor)

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
	{"cuts longer frames",
	 "igb",
	 {.kernel = K(7, 3), .mtu = 1006},
	 {.kernel = K(7, 3), .mtu = 1005}},
	{"cuts longer frames",
	 "igc",
	 {.kernel = K(7, 3), .mtu = 1500},
	 {.kernel = K(7, 3), .mtu = 1500, .generic = true}},
	{"wrong interrupt",
	 "igb",
	 {.kernel = K(6, 18), .mtu = 500},
	 {.kernel = K(7, 0), .mtu = 500}},
	{"82599", "ixgbe", {.kernel = K(7, 3), .mtu = 1007}, {.kernel = K(7, 3), .mtu = 1006}},
	{"less than 1522", "igc", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"less than 1522", "st_gmac", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"maxmtu", "gve", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"initial_rx", "i40e", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"initial_rx", "ice", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "igb", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "ixgbe", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "i40e", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"resets this NIC", "ice", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"cache lines", "mlx5_core", {.kernel = K(7, 3)}, {.kernel = K(7, 3), .generic = true}},
	{"give VIRTIO_F_ACCESS_PLATFORM.",
	 "virtio_net",
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_RING_RESET},
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_ACCESS_PLATFORM}},
	{"give VIRTIO_F_RING_RESET.",
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
	  .virtio = VIRTIO_ZERO_COPY | 1 << 2 | VIRTIO_GUEST_TSO4 | VIRTIO_MERGEABLE}},
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
	{"header_bytes",
	 "virtio_net",
	 {.kernel = K(6, 18), .has_virtio = true, .virtio = VIRTIO_ZERO_COPY},
	 {.kernel = K(6, 18), .generic = true}},
	{"without pause", "virtio_net", {.kernel = K(6, 18)}, {.kernel = K(7, 2)}},
	{"page by page", "ice", {.kernel = K(7, 3), .dma_per_page = true}, {.kernel = K(7, 3)}},
	{"zc-max-segs 1",
	 "nfp",
	 {.kernel = K(7, 3), .zc_max_segments = 1},
	 {.kernel = K(7, 3), .zc_max_segments = 2}},
};

static struct info_prediction predict_brief(const char *driver, const struct brief *b)
{
	struct info_facts f = interface(driver, b->generic ? 0 : ZERO_COPY);

	f.kernel = b->kernel;
	f.device.mtu_bytes = b->mtu;
	f.channels = b->channels;
	f.most_channels = b->most_channels;
	f.device.zc_max_segments = b->zc_max_segments;
	f.device.is_bond = b->is_bond;
	f.has_virtio = b->has_virtio;
	f.device.dma_per_page = b->dma_per_page;
	f.virtio_features = b->virtio;
	return predict(&f);
}

/* The row of the table that says text, if the prediction has its sentence. */
static const struct info_known *find(const struct info_prediction *p, const char *text)
{
	for (uint32_t i = 0; i < p->count; i++)
		for (const struct info_known *k = info_known; k->text; k++)
			if (strstr(k->text, text) && strcmp(k->text, p->sentences[i].text) == 0 &&
			    k->kind == p->sentences[i].kind && k->source == p->sentences[i].source)
				return k;
	return NULL;
}

Test(known, rows_are_said_for_their_facts_and_for_no_others)
{
	bool seen[64] = {false};
	size_t i;

	for (i = 0; i < sizeof(known_rows) / sizeof(known_rows[0]); i++) {
		const struct known_row *row = &known_rows[i];
		struct info_prediction p = predict_brief(row->driver, &row->with);
		const struct info_known *known = find(&p, row->text);

		cr_assert_not_null(known, "row %zu: %s", i, row->text);
		seen[known - info_known] = true;
		if (known->kind == INFO_LOWERS)
			cr_expect_eq(p.mode, INFO_MODE_COPY, "row %zu: %s", i, row->text);
		if (known->kind == INFO_BLOCKS)
			cr_expect_eq(p.mode, INFO_MODE_FAILS, "row %zu: %s", i, row->text);
		p = predict_brief(row->driver, &row->without);
		cr_expect_null(find(&p, row->text), "row %zu: %s", i, row->text);
		p = predict_brief("igbvf", &row->with);
		cr_expect(!known->drivers || !find(&p, row->text), "row %zu: any driver", i);
	}
	for (i = 0; info_known[i].text; i++) {
		cr_expect(seen[i], "no facts here for: %s", info_known[i].text);
		cr_expect(info_known[i].source && *info_known[i].source, "no source: %s",
			  info_known[i].text);
	}
}

/* Nothing to say is what the table says of most. */
Test(known, row_needs_the_whole_name_of_the_driver)
{
	static const char *const names[] = {"", "ig", "gb", "igbvf", "ice2", "virtio", "e"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct info_prediction p =
			predict_brief(names[i], &(struct brief){.kernel = K(6, 18), .mtu = 1500});

		for (uint32_t j = 0; j < p.count; j++)
			cr_expect_null(p.sentences[j].source, "%s: %s", names[i],
				       p.sentences[j].text);
	}
}

Test(known, source_is_in_the_json_document)
{
	struct info_facts f = interface("igb", ZERO_COPY);
	struct info_prediction p;
	char *text;

	f.device.mtu_bytes = 1500;
	p = predict(&f);
	text = print(&f, &p);
	cr_assert_not_null(strstr(text, "\"source\": \"igb_setup_srrctl()"), "%s", text);
	free(text);
}
