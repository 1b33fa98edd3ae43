// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/tx_request.h"

void tx_request_start(struct tx_rig *r, bool unaligned, enum net_xdp_tx_checksum by)
{
	tx_rig_prepare(r, 1, fixture_is_veth() ? 2000 : 1500); /* veth needs room for two tags */
	r->x.config.unaligned = unaligned;
	r->x.config.private_tx_frames = 64;
	r->x.config.tx_checksum = by;
	tx_rig_start(r, 1);
}

uint16_t tx_request_l4_flag(uint8_t protocol)
{
	return protocol == 6 ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM;
}

struct net_tx_metadata *tx_request(struct tx_rig *r, uint32_t id, const struct frame *right,
				   uint16_t flags, uint32_t segments, uint16_t garbage)
{
	struct frame wrong = *right;
	struct net_tx_metadata want = frame_metadata(right, id, flags), *meta;

	if ((flags & (NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)) && right->l4_field)
		frame_write16(wrong.bytes, right->l4_field, garbage);
	if ((flags & NET_TX_IP_CHECKSUM) && right->ip_field)
		frame_write16(wrong.bytes, right->ip_field, garbage);
	meta = tx_rig_scatter(r, id, wrong.bytes, wrong.len, segments);
	want.segment_count = meta->segment_count;
	*meta = want;
	return meta;
}

void tx_request_expect(struct tx_rig *r, const struct frame *right, const char *what)
{
	uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];

	tx_rig_send_all(r);
	for (uint32_t i = 0; i < r->list.packet_count; i++) {
		uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

		cr_assert(n > 0, "%s, packet %u: nothing on the wire", what, i);
		if (r->peer.partial) {
			cr_assert_eq(r->x.config.tx_checksum, NET_XDP_TX_CHECKSUM_AUTO,
				     "%s: the kernel thinks the checksum is open", what);
			peer_complete(&r->peer, got, n);
		}
		cr_assert(frame_equal(got, n, right->bytes, right->len, why), "%s, packet %u: %s",
			  what, i, why);
	}
	frontend_list_clear(&r->list);
}
