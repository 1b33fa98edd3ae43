// SPDX-License-Identifier: BSD-2-Clause
/* Replies of a kernel that is broken, late, or larger than usual: none of them is read beyond its end, and none is
 * taken for another's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "support/fake_netlink.h"
#include "host/netdev.h"
#include "host/netdev_uapi.h"

enum { DATA = NLMSG_MIN_TYPE + 1 };

static struct netlink nl;
static unsigned replies;

static int count_reply(const struct nlmsghdr *header, void *data)
{
	(void)data;
	cr_expect_eq(header->nlmsg_type, DATA);
	replies++;
	return MNL_CB_OK;
}

static int ask(fake_netlink_kernel kernel)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int rc;

	request->nlmsg_type = DATA;
	fake_netlink_open(&nl, kernel);
	rc = netlink_request(&nl, request, count_reply, NULL);
	netlink_close(&nl);
	return rc;
}

/* ---- Refusals --------------------------------------------------------------------------------- */

static int error_sent;

static void refuse(const struct nlmsghdr *request)
{
	fake_netlink_ack(request, error_sent);
}

static void end_a_dump(const struct nlmsghdr *request)
{
	fake_netlink_put(NLMSG_DONE, NLM_F_MULTI, request->nlmsg_seq, &error_sent,
			 sizeof(error_sent));
}

Test(netlink, ack_whose_error_is_none_is_ebadmsg)
{
	static const int none[] = {INT_MIN, INT_MIN + 1, -4096, 1, 4095, INT_MAX};

	for (unsigned i = 0; i < sizeof(none) / sizeof(*none); i++) {
		error_sent = none[i];
		cr_expect_eq(ask(refuse), -EBADMSG, "ack %d", none[i]);
		cr_expect_eq(ask(end_a_dump), -EBADMSG, "end of a dump %d", none[i]);
	}
	error_sent = -4095;
	cr_expect_eq(ask(refuse), -4095);
	cr_expect_eq(ask(end_a_dump), -4095);
	error_sent = 0;
	cr_expect_eq(ask(refuse), 0);
	cr_expect_eq(ask(end_a_dump), 0);
}

static uint32_t claimed_bytes;

/* The refused request is said to be of this size, and attributes to follow it. */
static void refuse_with_attributes_outside(const struct nlmsghdr *request)
{
	struct nlmsgerr ack = {.error = -EPERM, .msg = *request};

	ack.msg.nlmsg_len = claimed_bytes;
	fake_netlink_put(NLMSG_ERROR, NLM_F_ACK_TLVS, request->nlmsg_seq, &ack, sizeof(ack));
}

Test(netlink, ack_whose_attributes_are_outside_is_its_error_without_words)
{
	static const uint32_t sizes[] = {0, 15, 17, 64, INT_MAX, 0x80000000u, UINT32_MAX - 4096};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		claimed_bytes = sizes[i];
		cr_expect_eq(ask(refuse_with_attributes_outside), -EPERM, "%u", sizes[i]);
		cr_expect_str_eq(nl.why, "", "%u: \"%s\"", sizes[i], nl.why);
	}
}

static void refuse_in_words(const struct nlmsghdr *request)
{
	struct {
		struct nlmsgerr ack;
		struct nlattr head;
		char words[12];
	} payload = {.ack = {.error = -EPERM, .msg = {.nlmsg_len = sizeof(struct nlmsghdr)}},
		     .head = {.nla_len = 16, .nla_type = NLMSGERR_ATTR_MSG},
		     .words = "not allowed"};

	fake_netlink_put(NLMSG_ERROR, NLM_F_ACK_TLVS, request->nlmsg_seq, &payload,
			 sizeof(payload));
}

Test(netlink, ack_with_words_keeps_them)
{
	cr_expect_eq(ask(refuse_in_words), -EPERM);
	cr_expect_str_eq(nl.why, "not allowed");
}

static void refuse_in_three_bytes(const struct nlmsghdr *request)
{
	fake_netlink_put(NLMSG_ERROR, 0, request->nlmsg_seq, "xyz", 3);
}

Test(netlink, ack_that_is_cut_is_ebadmsg)
{
	cr_expect_eq(ask(refuse_in_three_bytes), -EBADMSG);
}

/* ---- Replies that are not the next one's ------------------------------------------------------ */

static void answer_late(const struct nlmsghdr *request)
{
	error_sent = -ENODEV;
	fake_netlink_put(DATA, 0, request->nlmsg_seq - 1, "", 0);
	fake_netlink_put(NLMSG_ERROR, 0, request->nlmsg_seq - 1,
			 &(struct nlmsgerr){.error = -ENODEV}, sizeof(struct nlmsgerr));
	fake_netlink_put(NLMSG_DONE, 0, request->nlmsg_seq + 1, &error_sent, sizeof(error_sent));
	fake_netlink_put(DATA, 0, request->nlmsg_seq, "", 0);
	fake_netlink_ack(request, 0);
}

Test(netlink, reply_of_another_exchange_is_passed_over)
{
	cr_expect_eq(ask(answer_late), 0);
	cr_expect_eq(replies, 1);
}

static bool silent;

static void answer_unless_silent(const struct nlmsghdr *request)
{
	if (!silent)
		fake_netlink_ack(request, 0);
}

/* As poll_action does after a kernel was too slow: on the same socket. */
Test(netlink, request_after_one_that_timed_out_gets_its_own_answer, .timeout = 20)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	fake_netlink_open(&nl, answer_unless_silent);
	silent = true;
	cr_expect_eq(netlink_request(&nl, request, NULL, NULL), -ETIMEDOUT);
	fake_netlink_ack(request, -EPERM); /* now it comes */
	silent = false;
	cr_expect_eq(netlink_request(&nl, request, NULL, NULL), 0);
	cr_expect_eq(netlink_request(&nl, request, NULL, NULL), 0);
	netlink_close(&nl);
}

/* ---- Sizes ------------------------------------------------------------------------------------ */

static size_t reply_bytes;

static void answer_large(const struct nlmsghdr *request)
{
	void *payload = calloc(1, reply_bytes);

	cr_assert_not_null(payload);
	fake_netlink_put(DATA, 0, request->nlmsg_seq, payload, reply_bytes);
	fake_netlink_ack(request, 0);
	free(payload);
}

Test(netlink, reply_of_any_size_is_read)
{
	static const size_t sizes[] = {0, 1, 16384 - NLMSG_HDRLEN, 16384, 40000, 1 << 20};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		reply_bytes = sizes[i];
		cr_expect_eq(ask(answer_large), 0, "%zu bytes", sizes[i]);
		cr_expect_eq(replies, i + 1);
	}
}

/* ---- Through the questions that are asked ------------------------------------------------------ */

static void tell_data_and_ack(const struct nlmsghdr *request)
{
	fake_netlink_put_u32(request, NETDEV_NAPI_ID, 7, NETDEV_NAPI_PID, 8);
	fake_netlink_ack(request, 0);
}

Test(netlink, data_where_only_an_ack_is_due_is_passed_over)
{
	struct host h;

	fake_netlink_host(&h, tell_data_and_ack);
	cr_expect_eq(netdev_napi_set(&h, 7, &(struct netdev_deferral){2, 100000}), 0);
	netlink_close(&h.generic);
}

static struct {
	uint8_t bytes[64];
	size_t count;
} broken;

static void tell_broken(const struct nlmsghdr *request)
{
	fake_netlink_put(request->nlmsg_type, 0, request->nlmsg_seq, broken.bytes, broken.count);
	fake_netlink_ack(request, 0);
}

static int ask_everything(void)
{
	struct netdev_features features;
	struct netdev_napi napi;
	uint32_t rx, tx;
	struct host h;
	int rc = 0;

	fake_netlink_host(&h, tell_broken);
	rc |= netdev_features(&h, 1, &features) > 0;
	rc |= netdev_queue_counts(&h, 1, &rx, &tx) > 0;
	rc |= netdev_queue_napi(&h, 1, 0, &napi) > 0;
	rc |= netdev_queue_sends_apart(&h, 1, 0) > 1;
	rc |= netdev_queue_has_socket(&h, 1, 0) > 1;
	rc |= netdev_family(&h) > 0;
	netlink_close(&h.generic);
	return rc;
}

/* Every length of a payload, and attributes of every wrong length and random kind; the sanitizers look on. */
Test(netlink, payload_that_is_cut_or_random_is_survived, .timeout = 60)
{
	unsigned seed = 1;

	for (broken.count = 0; broken.count <= 24; broken.count++)
		cr_expect_eq(ask_everything(), 0, "%zu bytes", broken.count);
	for (int i = 0; i < 20000; i++) {
		broken.count = (unsigned)rand_r(&seed) % (sizeof(broken.bytes) + 1);
		for (size_t at = 0; at < broken.count; at++)
			broken.bytes[at] = (uint8_t)(rand_r(&seed) >> (at % 3 ? 4 : 12));
		/* A header that fits half of the time, so that it is gone into. */
		if (i & 1 && broken.count >= 8)
			memcpy(broken.bytes + 4, &(struct nlattr){8, (uint16_t)(i >> 1 & 15)}, 4);
		cr_expect_eq(ask_everything(), 0);
	}
}

/* ---- Lengths ---------------------------------------------------------------------------------- */

static const uint32_t no_lengths[] = {0, 15, 0x80000000, 0x80000010, 0xe0000000, UINT32_MAX};
static uint32_t told_length;

/* A message whose header says so, followed by more than a header in the same datagram. */
static void tell_length(const struct nlmsghdr *request)
{
	struct nlmsghdr messages[3] = {
		{.nlmsg_len = told_length, .nlmsg_type = DATA, .nlmsg_seq = request->nlmsg_seq}};

	fake_netlink_put_raw(messages, sizeof(messages));
	fake_netlink_ack(request, 0);
}

/* libmnl takes a length for an int, and negative ones for short. */
Test(netlink, message_longer_than_an_int_holds_is_none)
{
	for (unsigned i = 0; i < sizeof(no_lengths) / sizeof(*no_lengths); i++) {
		told_length = no_lengths[i];
		replies = 0;
		cr_expect_eq(ask(tell_length), 0, "length 0x%x", told_length);
		cr_expect_eq(replies, 0, "length 0x%x", told_length);
	}
}

Test(netlink, event_longer_than_an_int_holds_is_none)
{
	struct netdev_event event;

	for (unsigned i = 0; i < sizeof(no_lengths) / sizeof(*no_lengths); i++) {
		told_length = no_lengths[i];
		fake_netlink_open(&nl, tell_length);
		fake_netlink_put_raw(
			(struct nlmsghdr[3]){{.nlmsg_len = told_length, .nlmsg_type = RTM_NEWLINK}},
			3 * sizeof(struct nlmsghdr));
		cr_expect_eq(netdev_events_next(nl.fd, 3, &event), 0, "length 0x%x", told_length);
		netlink_close(&nl);
	}
}
