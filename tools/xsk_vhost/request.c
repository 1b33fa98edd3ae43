/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <string.h>

#define TAG_BYTES	    4u
#define TCP_OFFSET_AT	    12u /* its upper four bits: the header's length in words */
#define UDP_HEADER	    8u
#define VIRTIO_LEGACY_BYTES 10

struct request_features request_features(uint64_t features)
{
	struct request_features f = {.header_bytes = VIRTIO_LEGACY_BYTES};

	if (features & VIRTIO_BIT(VIRTIO_NET_F_HASH_REPORT))
		f.header_bytes = sizeof(struct virtio_net_hdr_v1_hash);
	else if (features & (VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_NET_F_MRG_RXBUF)))
		f.header_bytes = sizeof(struct virtio_net_hdr_v1);
	f.guest_csum = features & VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM);
	return f;
}

/* Where the network header starts: behind the addresses, the tags and the type. Return: 0: not within the front. */
static uint32_t link_header_bytes(const uint8_t *front, uint32_t front_bytes)
{
	uint32_t at = 2 * ETH_ALEN;

	for (; at + 2 <= front_bytes; at += TAG_BYTES) {
		uint32_t type = (uint32_t)front[at] << 8 | front[at + 1];

		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			return at + 2;
	}
	return 0;
}

/* Segmentation needs the lengths of three headers, where virtio tells the sum of two and a hint (hdr_len). */
static bool read_segmentation(const struct virtio_net_hdr_v1 *header, const uint8_t *front,
			      uint32_t front_bytes, struct net_tx_metadata *meta)
{
	uint32_t l4 = meta->checksum_start_bytes, l2 = link_header_bytes(front, front_bytes);
	uint32_t flags;

	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		flags = NET_TX_TCP_SEGMENTATION | NET_TX_IPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		flags = NET_TX_TCP_SEGMENTATION | NET_TX_IPV6;
		break;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		flags = NET_TX_UDP_SEGMENTATION;
		break;
	default:
		return false;
	}
	/* virtio 1.2, 5.1.6.2.1: a packet to be cut has a checksum to be completed as well. */
	if (!(meta->flags & NET_TX_PARTIAL_CHECKSUM) || !l2 || l4 <= l2 || l4 >= front_bytes)
		return false;
	if (flags & NET_TX_UDP_SEGMENTATION) {
		flags |= front[l2] >> 4 == 4 ? NET_TX_IPV4 : NET_TX_IPV6;
		meta->l4_len_bytes = UDP_HEADER;
	} else {
		if (l4 + TCP_OFFSET_AT >= front_bytes)
			return false;
		meta->l4_len_bytes = (uint8_t)((front[l4 + TCP_OFFSET_AT] >> 4) * 4u);
	}
	meta->flags |= (uint16_t)flags;
	meta->l2_len_bytes = (uint8_t)l2;
	meta->l3_len_bytes = (uint16_t)(l4 - l2);
	meta->max_segment_bytes = le16toh(header->gso_size);
	return true;
}

bool request_read(const struct virtio_net_hdr_v1 *header, const uint8_t *front,
		  uint32_t front_bytes, struct net_tx_metadata *meta)
{
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		meta->flags |= NET_TX_PARTIAL_CHECKSUM;
		meta->checksum_start_bytes = le16toh(header->csum_start);
		meta->checksum_field_bytes = le16toh(header->csum_offset);
	}
	return header->gso_type == VIRTIO_NET_HDR_GSO_NONE ||
	       read_segmentation(header, front, front_bytes, meta);
}

void request_write(struct virtio_net_hdr_v1_hash *header, struct request_features features,
		   const struct net_rx_metadata *metadata, uint32_t buffers)
{
	struct virtio_net_hdr_v1 *h = &header->hdr;

	memset(header, 0, sizeof(*header));
	h->num_buffers = htole16((uint16_t)buffers);
	if (!features.guest_csum)
		return;
	if (metadata->l4_checksum == NET_CHECKSUM_PARTIAL) {
		h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h->csum_start = htole16(metadata->checksum_start_bytes);
		h->csum_offset = htole16(metadata->checksum_field_bytes);
	} else if (metadata->l4_checksum == NET_CHECKSUM_GOOD) {
		h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
}
