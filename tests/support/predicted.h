/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts for xsk-info's prediction, and what it says of them. */
#ifndef PREDICTED_H
#define PREDICTED_H

#include <stdlib.h>
#include <string.h>

#include <linux/capability.h>
#include <linux/if_arp.h>

#include "info.h"

#define CAPABILITIES                                                                               \
	(1ull << CAP_NET_RAW | 1ull << CAP_NET_ADMIN | 1ull << CAP_BPF | 1ull << CAP_PERFMON |     \
	 1ull << CAP_IPC_LOCK)
#define NATIVE	  (NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_REDIRECT)
#define ZERO_COPY (NATIVE | NET_XDP_FEATURE_ZERO_COPY)

/* bit numbers of linux/virtio_net.h and virtio_config.h */
#define VIRTIO_GUEST_TSO4      (1ull << 7)
#define VIRTIO_MERGEABLE       (1ull << 15)
#define VIRTIO_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_RING_RESET      (1ull << 40)
#define VIRTIO_ZERO_COPY       (VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET)

/* A free interface that is up, with its other end in sight, seen by root on a current kernel. */
static inline struct info_facts interface(const char *driver, uint64_t features)
{
	struct info_facts f = {
		.device = {.ifname = "eth1",
			   .ifindex = 7,
			   .mtu_bytes = 1280,
			   .rx_queues = 1,
			   .tx_queues = 1,
			   .up = true,
			   .carrier = true,
			   .has_features = true,
			   .xdp_features = features,
			   .zc_max_segments = features & NET_XDP_FEATURE_ZERO_COPY ? 8 : 0,
			   .link_type = ARPHRD_ETHER,
			   .has_ethernet = true,
			   .program_mode = "none",
			   .peer_ifname = "eth2",
			   .peer_ifindex = 8,
			   .peer_mtu_bytes = 1280,
			   .kernel_release = NET_XDP_KERNEL(6, 18)},
		.queue_state = {.has_state = true},
		.release = "6.18.0",
		.capabilities = CAPABILITIES,
		.memlock_bytes = 8 << 20,
	};

	snprintf(f.device.driver, sizeof(f.device.driver), "%s", driver);
	return f;
}

static inline struct info_prediction predict(const struct info_facts *f)
{
	struct info_prediction p;

	info_predict(f, &p);
	return p;
}

/* Is there a sentence of the kind that says text? */
static inline bool says(const struct info_prediction *p, enum net_xdp_finding_kind kind,
			const char *text)
{
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		if (p->sentences[i].kind == kind && strstr(p->sentences[i].text, text))
			return true;
	}
	return false;
}

/* As people see it; free() it. */
static inline char *show(const struct info_facts *f, const struct info_prediction *p)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	info_print_text(out, f, p, NULL);
	fclose(out);
	return text;
}

/* The JSON document; free() it. */
static inline char *print(const struct info_facts *f, const struct info_prediction *p)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	info_print_json(out, f, p, NULL);
	fclose(out);
	return text;
}

#endif
