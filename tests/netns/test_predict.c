// SPDX-License-Identifier: BSD-2-Clause
/* What net_xdp_predict() says, and what an endpoint then gets, on veth pairs of all kinds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fields.h"
#include "support/foreign.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

TestSuite(predict, .timeout = 60);

static struct net_xdp_prediction p; /* large */
static struct frontend_xdp x;
static uint32_t compared;

/* Of a queue that is alive. */
static void expect_inspected(const struct net_xdp_report *report, const char *what)
{
	struct net_queue *q = x.queues[0];

	cr_expect(fields_text_is(NULL, q, "tx_checksum_state", report->tx_checksum_state), "%s",
		  what);
	cr_expect(fields_text_is(NULL, q, "tx_segmentation_state", report->tx_segmentation_state),
		  "%s", what);
	cr_expect(fields_text_is(NULL, q, "tx_vlan_state", report->tx_vlan_state), "%s", what);
	cr_expect(fields_text_is(NULL, q, "rx_checksum_state", report->rx_checksum_state), "%s",
		  what);
}

static void expect_same_offloads(const struct net_xdp_device *device,
				 const struct net_xdp_report *report, const char *what)
{
	/* In between a stable kernel or a distribution may have what 6.11 brought. */
	if (device->kernel_release < NET_XDP_KERNEL(6, 8) ||
	    device->kernel_release >= NET_XDP_KERNEL(6, 11))
		cr_expect_str_eq(p.tx_checksum_state, report->tx_checksum_state, "%s", what);
	cr_expect_str_eq(p.tx_segmentation_state, report->tx_segmentation_state, "%s", what);
	cr_expect_str_eq(p.tx_vlan_state, report->tx_vlan_state, "%s", what);
	cr_expect_str_eq(p.rx_checksum_state, report->rx_checksum_state, "%s", what);
}

/* Ask, then do it. Return: what it came to, which is what was said. */
static enum net_xdp_outcome predict_and_attach(const char *what)
{
	enum net_xdp_outcome got = NET_XDP_OUTCOME_FAILS;
	struct net_xdp_report report = {0};
	struct net_xdp_device device;
	struct net_error err;
	int rc;

	cr_assert_eq(net_xdp_device_query("v0", &device, &err), 0, "%s", err.message);
	cr_assert_eq(net_xdp_predict(&device, &x.config, &p), 0);
	cr_expect(p.sure, "%s: %s", what, p.findings[0].sentence);
	memset(&x.err, 0, sizeof(x.err));
	rc = frontend_xdp_try_open(&x);
	if (!rc)
		rc = frontend_xdp_try_start(&x, 1, 0);
	if (!rc) {
		report = frontend_xdp_report(&x, 0);
		got = report.zero_copy ? NET_XDP_OUTCOME_ZERO_COPY : NET_XDP_OUTCOME_COPY;
	}
	cr_expect_eq(p.outcome, got, "%s: predicted %d (%s), got %d (%s)", what, p.outcome,
		     p.findings[0].sentence, got, x.err.message);
	if (rc) {
		cr_expect_eq(p.findings[0].error, rc, "%s: predicted %d (%s), got %d (%s)", what,
			     p.findings[0].error, p.findings[0].sentence, rc, x.err.message);
	} else {
		cr_expect_eq(p.native, report.native, "%s: %s", what, p.findings[0].sentence);
		cr_expect_eq(p.direct_capacity_bytes, report.direct_capacity_bytes, "%s", what);
		cr_expect_eq(p.max_tx_descriptors, report.max_tx_descriptors, "%s", what);
		cr_expect_eq(p.gathers, report.multi_buffer, "%s", what);
		expect_same_offloads(&device, &report, what);
		expect_inspected(&report, what);
	}
	frontend_xdp_stop(&x);
	if (x.ep)
		cr_assert_eq(net_endpoint_destroy(x.ep, &x.err), 0, "%s", x.err.message);
	x.ep = NULL;
	compared++;
	return got;
}

static void enter(unsigned int queues)
{
	netns_enter();
	netns_veth("v0", "v1", queues, 1500);
	frontend_xdp_prepare(&x, "v0");
}

static void every_mode(const char *what)
{
	char text[120];

	for (int mode = 0; mode <= NET_XDP_MODE_COPY; mode++)
		for (int attach = 0; attach <= NET_XDP_ATTACH_GENERIC; attach++) {
			x.config.mode = (enum net_xdp_mode)mode;
			x.config.attach = (enum net_xdp_attach)attach;
			snprintf(text, sizeof(text), "%s, mode %d, attach %d", what, mode, attach);
			predict_and_attach(text);
		}
	x.config.mode = NET_XDP_MODE_AUTO;
	x.config.attach = NET_XDP_ATTACH_AUTO;
}

Test(predict, mtu_of_both_ends_and_size_of_frames)
{
	static const uint32_t mtus[] = {1500, 9000}, peers[] = {3506, 3507};
	static const uint32_t frames[] = {1518, 9018};
	char text[80];

	enter(1);
	for (size_t i = 0; i < 8; i++) {
		uint32_t mtu = mtus[i & 1], peer = peers[i >> 1 & 1];

		x.config.max_frame_bytes = frames[i >> 2];
		netns_run("ip link set v0 mtu %u && ip link set v1 mtu %u", mtu, peer);
		snprintf(text, sizeof(text), "MTU %u, peer %u, frames of %u", mtu, peer,
			 x.config.max_frame_bytes);
		every_mode(text);
	}
	cr_expect_eq(compared, 72);
	frontend_xdp_close(&x);
}

Test(predict, queues_of_both_ends)
{
	enter(4);
	netns_run("ethtool -L v0 rx 1 tx 1");
	every_mode("fewer receive queues than the peer sends on");
	netns_run("ethtool -L v1 rx 1 tx 1 && ethtool -L v0 rx 4 tx 1");
	for (x.config.first_queue = 0; x.config.first_queue < 4; x.config.first_queue++)
		cr_expect_eq(predict_and_attach("queues that only receive"),
			     x.config.first_queue ? NET_XDP_OUTCOME_FAILS : NET_XDP_OUTCOME_COPY);
	frontend_xdp_close(&x);
}

Test(predict, programs_that_are_attached)
{
	enter(1);
	for (int native = 0; native < 2; native++) {
		foreign_program("v0", native);
		cr_expect_eq(predict_and_attach("another program"), NET_XDP_OUTCOME_FAILS);
		cr_expect_eq(p.reason, NET_XDP_REASON_PROGRAM);
		x.config.program = NET_XDP_PROGRAM_DISPATCHER;
		cr_expect_eq(predict_and_attach("another program, dispatcher"),
			     NET_XDP_OUTCOME_FAILS);
		foreign_program_detach("v0", native);
		x.config.program = NET_XDP_PROGRAM_LINK;
	}
	cr_expect_eq(predict_and_attach("none"), NET_XDP_OUTCOME_COPY);
	frontend_xdp_close(&x);
}

Test(predict, configurations_that_are_refused)
{
	enter(1);
	x.config.chunk_bytes = 2000;
	cr_expect_eq(predict_and_attach("chunks of 2000"), NET_XDP_OUTCOME_FAILS);
	x.config.chunk_bytes = 2048;
	x.config.rx_vlan = true;
	every_mode("rx_vlan");
	x.config.rx_vlan = false;
	x.config.unaligned = false;
	every_mode("aligned");
	x.config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	every_mode("sums in software");
	x.config.tx_checksum = NET_XDP_TX_CHECKSUM_AUTO;
	x.config.tx_ring_frames = 8;
	every_mode("a TX ring of 8");
	frontend_xdp_close(&x);
}

Test(predict, checksums_of_received_frames)
{
	static const char nothing[] = "nothing is told: only on a veth with a native program";

	enter(1);
	x.config.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT;
	every_mode("report");
	x.config.rx_checksum = NET_XDP_RX_CHECKSUM_COMPLETE;
	every_mode("complete");
	x.config.rx_checksum = NET_XDP_RX_CHECKSUM_PARTIAL;
	every_mode("partial");
	predict_and_attach("partial, native");
	cr_expect_str_eq(p.rx_checksum_state, "which are partial is told, from their headers");
	x.config.attach = NET_XDP_ATTACH_GENERIC;
	predict_and_attach("partial, generic");
	cr_expect_eq(strncmp(p.rx_checksum_state, nothing, strlen(nothing)), 0, "%s",
		     p.rx_checksum_state);
	x.config.rx_checksum = NET_XDP_RX_CHECKSUM_NONE;
	predict_and_attach("none");
	cr_expect_str_empty(p.rx_checksum_state);
	frontend_xdp_close(&x);
}

Test(predict, interface_without_ethernet_frames)
{
	enter(1);
	netns_run("ip link del v0 && ip tuntap add dev v0 mode tun && ip link set v0 up");
	cr_expect_eq(predict_and_attach("tun"), NET_XDP_OUTCOME_FAILS);
	netns_run("ip link del v0 && ip tuntap add dev v0 mode tap && ip link set v0 up");
	every_mode("tap");
	frontend_xdp_close(&x);
}

Test(predict, what_the_interface_cuts_is_asked_when_the_queue_is_made)
{
	struct net_xdp_report report;
	char off[] = "because tcp-segmentation-offload is off";

	enter(1);
	cr_assert_eq(frontend_xdp_try_open(&x), 0, "%s", x.err.message);
	netns_run("ethtool -K v0 tso off tx-udp-segmentation off");
	cr_assert_eq(frontend_xdp_try_start(&x, 1, 0), 0, "%s", x.err.message);
	report = frontend_xdp_report(&x, 0);
	cr_expect_not_null(strstr(report.tx_segmentation_state, off), "%s",
			   report.tx_segmentation_state);
	frontend_xdp_stop(&x);
	netns_run("ethtool -K v0 tso on");
	cr_assert_eq(frontend_xdp_try_start(&x, 1, 0), 0, "%s", x.err.message);
	report = frontend_xdp_report(&x, 0);
	cr_expect_not_null(strstr(report.tx_segmentation_state, "kernel: TCP whole"), "%s",
			   report.tx_segmentation_state);
	frontend_xdp_close(&x);
}
