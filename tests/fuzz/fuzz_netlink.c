// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests to a netlink kernel that answers what the input says: datagrams of any bytes, messages with right
 * headers and any attributes, acknowledgements, then a last acknowledgement so that none waits for its deadline.
 * None is read beyond its end, and what is said is 0 or an errno.
 *
 * Subjects: src/host/netlink.c src/host/netdev_genl.c src/host/netdev.c
 * Longest: 400
 */
#include <criterion/criterion.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "fuzz/fuzz.h"
#include "host/netdev.h"
#include "support/fake_netlink.h"

static struct script script;

static void put_message(const struct nlmsghdr *request)
{
	static const uint16_t types[] = {NLMSG_ERROR, NLMSG_DONE, NLMSG_NOOP, RTM_NEWLINK};
	static const uint16_t flags[] = {0, NLM_F_MULTI, NLM_F_ACK_TLVS,
					 NLM_F_ACK_TLVS | NLM_F_CAPPED, NLM_F_DUMP_INTR};
	const uint8_t type = script_u8(&script), flag = script_u8(&script);
	uint8_t payload[64];
	uint32_t n = script_u8(&script) % (sizeof(payload) + 1);

	n = n < script.left ? n : (uint32_t)script.left;
	if (n)
		memcpy(payload, script.at, n);
	script.at += n;
	script.left -= n;
	fake_netlink_put(type % 8 < 4 ? types[type % 8] : request->nlmsg_type, flags[flag % 5],
			 request->nlmsg_seq - (flag > 250), payload, n);
}

/* Several messages in one datagram, or what is none; its first sequence number is right. */
static void put_raw(const struct nlmsghdr *request)
{
	uint8_t bytes[160];
	uint32_t n = script_u8(&script) % sizeof(bytes);
	struct nlmsghdr head;

	n = n < script.left ? n : (uint32_t)script.left;
	if (n)
		memcpy(bytes, script.at, n);
	script.at += n;
	script.left -= n;
	if (n >= sizeof(head)) {
		memcpy(&head, bytes, sizeof(head));
		head.nlmsg_seq = request->nlmsg_seq;
		memcpy(bytes, &head, sizeof(head));
	}
	fake_netlink_put_raw(bytes, n);
}

static void answer(const struct nlmsghdr *request)
{
	cr_assert_leq(request->nlmsg_len, NETLINK_REQUEST_BYTES);
	for (uint32_t i = script_u8(&script) % 5; i && script.left; i--) {
		const uint8_t what = script_u8(&script);
		uint32_t value;

		switch (what % 4) {
		case 0:
			put_raw(request);
			break;
		case 1:
			fake_netlink_ack(request, (int)script_u32(&script));
			break;
		case 2:
			value = script_u32(&script);
			fake_netlink_put_u32(request, script_u8(&script), value,
					     what & 4 ? script_u8(&script) : 0, value);
			break;
		default:
			put_message(request);
			break;
		}
	}
	fake_netlink_ack(request, 0);
}

static int ask(struct host *h, uint8_t what)
{
	const struct netdev_deferral deferral = {.hard_irqs = 2, .timeout_ns = 20000};
	struct netdev_features features;
	struct netdev_napi napi;
	uint32_t rx, tx;

	switch (what % 9) {
	case 0:
		return netdev_family(h);
	case 1:
		return netdev_features(h, 3, &features);
	case 2:
		return netdev_queue_counts(h, 3, &rx, &tx);
	case 3:
		return netdev_queue_napi(h, 3, 0, &napi);
	case 4:
		return netdev_queue_sends_apart(h, 3, 1);
	case 5:
		return netdev_napi_set(h, 7, &deferral);
	case 6:
		return netdev_queue_has_socket(h, 3, 0);
	default:
		return netdev_link(h, 3);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netdev_event event;
	struct host h;
	uint8_t what;
	int rc;

	script = (struct script){data, size};
	what = script_u8(&script);
	fake_netlink_host(&h, answer);
	if (what % 9 >= 7) {
		h.route = h.generic;
		h.generic = (struct netlink){.mutex = PTHREAD_MUTEX_INITIALIZER, .fd = -1};
	}
	rc = ask(&h, what);
	cr_assert(rc <= 1 && rc >= -4095, "%d", rc);
	rc = ask(&h, what); /* what the first left unread is not taken for an answer */
	cr_assert(rc <= 1 && rc >= -4095, "%d", rc);
	if (what % 9 == 8) { /* as events that nobody asked for */
		struct nlmsghdr none = {.nlmsg_type = RTM_NEWLINK};

		answer(&none);
		while (netdev_events_next(h.route.fd, 3, &event) > 0)
			;
	}
	netlink_close(&h.route);
	netlink_close(&h.generic);
	return 0;
}
