// SPDX-License-Identifier: BSD-2-Clause
/* Bad input: each gets one sentence with the step, the value, the rule and what to do, and leaves
 * nothing behind. Regions have a file of their own, test_regions.c. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/fields.h"
#include "support/footprint.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

TestSuite(open, .timeout = 60);

static struct rig rig;
static struct net_xdp_config *const config = &rig.x.config;

static void prepare(void)
{
	rig_prepare(&rig, 2);
	refused_prepare(&rig.x);
}

/* The same configuration without the bad value works. */
static void expect_works(void)
{
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}

/* ---- Interface and queue -------------------------------------------------------------------------- */

Test(open, interface_wrong_is_refused)
{
	prepare();
	config->ifname = "nope0";
	refused(&rig.x, -ENODEV, "query", "nope0", "ip link");
	config->ifname = "";
	refused(&rig.x, -EINVAL, "config", "ifname", "1 to 15");
	config->ifname = "an-alternative-name-that-nobody-has";
	refused(&rig.x, -ENODEV, "query", "an-alternative-name-that-nobody-has", "ip link");
	config->ifname = NULL;
	refused(&rig.x, -EINVAL, "config", "ifname", "1 to 15");
	config->ifname = "v0";
	expect_works();
}

/* Udev's names for what has a long path. Also where it is the way back after a rename. */
Test(open, interface_by_an_alternative_name_works)
{
	static const char name[] = "enp129s0f0np0-and-more-than-fifteen";
	struct net_xdp_device device;

	prepare();
	netns_run("ip link property add dev v0 altname %s altname short0", name);
	cr_assert_eq(net_xdp_device_query("short0", &device, NULL), 0);
	cr_expect_str_eq(device.ifname, "v0");
	cr_assert_eq(net_xdp_device_query(name, &device, NULL), 0);
	cr_expect_str_eq(device.ifname, "v0");
	cr_expect_str_eq(device.driver, "veth");
	config->ifname = name;
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 2, 64);
	cr_expect_str_eq(frontend_xdp_report(&rig.x, 0).ifname, "v0");
	traffic_both_ways(&rig.x, &rig.peer);
	frontend_xdp_stop(&rig.x);
	netns_run("ip link set v0 down && ip link set v0 name w0 && ip link set w0 up");
	frontend_xdp_start(&rig.x, 2, 64);
	rig_close(&rig);
}

Test(open, interface_in_another_namespace_is_refused)
{
	int other;

	prepare();
	other = netns_new();
	netns_run("ip link add m0 type veth peer name m1");
	netns_move("m0", other);
	config->ifname = "m0";
	refused(&rig.x, -ENODEV, "query", "m0", "network namespace");
	close(other);
	config->ifname = "v0";
	expect_works();
}

Test(open, queue_wrong_is_refused)
{
	static const uint32_t beyond[] = {2, 3, 100, 4095};

	prepare();
	for (int i = 0; i < 4; i++) {
		config->first_queue = beyond[i];
		refused(&rig.x, -EINVAL, "get_queues", "v0 has 2 RX and 2 TX queues", "xsk-info");
	}
	config->first_queue = 4096;
	refused(&rig.x, -EINVAL, "config", "first_queue 4096", "at most 4095");
	config->first_queue = 0;
	config->max_queues = 0;
	refused(&rig.x, -EINVAL, "config", "max_queues 0", "1 to 64");
	config->max_queues = 65;
	refused(&rig.x, -EINVAL, "config", "max_queues 65", "1 to 64");
	config->max_queues = 2;
	expect_works();
}

Test(open, queue_of_another_socket_is_refused_and_left_to_it)
{
	int other;

	prepare();
	config->release_timeout_ms = 100;
	other = foreign_socket("v0", 0);
	refused(&rig.x, -EBUSY, "bind", "v0", "another AF_XDP socket holds the queue");
	config->mode = NET_XDP_MODE_COPY;
	refused(&rig.x, -EBUSY, "bind", "queue 0", "another AF_XDP socket holds the queue");
	close(other);
	config->release_timeout_ms = 2000;
	expect_works();
}

/* ---- Sizes ---------------------------------------------------------------------------------------- */

/* Lowering the MTU is advice of bind's: the next get_queues has to see it. */
Test(open, mtu_that_was_changed_between_queues_is_seen)
{
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_eq(fields_number(r.x.ep, NULL, "device.mtu_bytes"), 1500);
	frontend_xdp_stop(&r.x);
	netns_run("ip link set v0 mtu 1400");
	frontend_xdp_start(&r.x, 1, 64);
	cr_assert_eq(fields_number(r.x.ep, NULL, "device.mtu_bytes"), 1400);
	rig_close(&r);
}

Test(open, chunk_size_wrong_is_refused)
{
	static const uint32_t never[] = {0, 1, 1024, 2047, 4097, 8192, 0x80000000},
			      odd[] = {2049, 3000};

	prepare();
	for (int i = 0; i < 7; i++) {
		config->chunk_bytes = never[i];
		refused(&rig.x, -EINVAL, "config", "chunk_bytes", "2048 to 4096");
	}
	config->unaligned = false;
	for (int i = 0; i < 2; i++) {
		config->chunk_bytes = odd[i];
		refused(&rig.x, -EINVAL, "config", "chunk_bytes", "2048 or 4096");
	}
	config->chunk_bytes = 2048;
	config->unaligned = true;
	expect_works();
}

Test(open, ring_size_wrong_is_refused)
{
	static const uint32_t sizes[] = {0, 3, 100, 2047, 65537, 131072, 0x80000000};
	const struct {
		uint32_t *size;
		const char *name;
	} rings[] = {
		{&config->rx_ring_frames, "rx_ring_frames"},
		{&config->tx_ring_frames, "tx_ring_frames"},
		{&config->fill_ring_frames, "fill_ring_frames"},
		{&config->completion_ring_frames, "completion_ring_frames"},
	};

	prepare();
	for (int r = 0; r < 4; r++) {
		uint32_t right = *rings[r].size;

		for (int i = 0; i < 7; i++) {
			*rings[r].size = sizes[i];
			refused(&rig.x, -EINVAL, "config", rings[r].name, "power of two");
		}
		*rings[r].size = right;
	}
	config->completion_ring_frames = config->tx_ring_frames / 2;
	refused(&rig.x, -EINVAL, "config", "completion_ring_frames 1024", "use 2048");
	config->completion_ring_frames = config->tx_ring_frames;
	expect_works();
}

/* ---- Modes ---------------------------------------------------------------------------------------- */

/* Each queue has to send: what it accepts would stay in its ring. */
Test(open, queue_that_only_receives_is_refused_with_the_remedy)
{
	prepare();
	netns_run("ethtool -L v1 rx 1 && ethtool -L v0 tx 1");
	config->first_queue = 1;
	refused(&rig.x, -EINVAL, "get_queues", "2 RX and 1 TX queues", "must send as well");
	config->first_queue = 0;
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}

Test(open, zero_copy_on_veth_is_refused_and_never_downgraded)
{
	prepare();
	config->mode = NET_XDP_MODE_ZERO_COPY;
	refused(&rig.x, -EOPNOTSUPP, "bind", "no zero copy", "use mode auto or copy");
	config->attach = NET_XDP_ATTACH_GENERIC;
	refused(&rig.x, -EINVAL, "config", "zero-copy", "attach native");
	config->attach = NET_XDP_ATTACH_AUTO;
	config->mode = NET_XDP_MODE_AUTO;
	expect_works();
}

/* Each call that works leaves the caller's error as it was, also when the first way it tried did not. */
static void expect_silent_life(const char *ifname)
{
	struct net_error untouched;
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, ifname);
	x.config.max_queues = 1;
	memset(&x.err, 0x5a, sizeof(x.err));
	untouched = x.err;
	frontend_xdp_open(&x);
	cr_assert_arr_eq(&x.err, &untouched, sizeof(untouched), "%s: open: %s", ifname,
			 x.err.message);
	frontend_xdp_start(&x, 1, 64);
	cr_assert_arr_eq(&x.err, &untouched, sizeof(untouched), "%s: get_queues: %s", ifname,
			 x.err.message);
	cr_assert_eq(net_queue_destroy(x.queues[0], &x.err), 0);
	x.queues[0] = NULL;
	cr_assert_eq(net_endpoint_destroy(x.ep, &x.err), 0);
	cr_assert_arr_eq(&x.err, &untouched, sizeof(untouched), "%s: destroy: %s", ifname,
			 x.err.message);
	x.ep = NULL;
	frontend_xdp_close(&x);
}

Test(open, what_works_at_the_second_attempt_fills_no_error)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_veth("w0", "w1", 1, 9000);
	expect_silent_life("v0"); /* no zero copy */
	expect_silent_life("w0"); /* no native program either, with that MTU */
}

Test(open, native_attach_without_driver_support_is_refused)
{
	prepare();
	config->ifname = "lo";
	config->attach = NET_XDP_ATTACH_NATIVE;
	refused(&rig.x, -EOPNOTSUPP, "attach", "lo", "attach auto or generic");
	cr_assert_eq(netns_program_id("lo"), 0);
	config->ifname = "v0";
	expect_works();
}

Test(open, native_attach_with_a_large_peer_mtu_is_refused)
{
	prepare();
	netns_run("ip link set v1 mtu 9000");
	config->attach = NET_XDP_ATTACH_NATIVE;
	refused(&rig.x, -ERANGE, "attach", "v0", "MTU");
	netns_run("ip link set v1 mtu 1500");
	expect_works();
}

/* ---- Capabilities --------------------------------------------------------------------------------- */

static void drop_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];

	cr_assert(syscall(SYS_capget, &header, caps) == 0, "%s", strerror(errno));
	caps[capability / 32].permitted &= ~(1u << capability % 32);
	caps[capability / 32].effective &= ~(1u << capability % 32);
	cr_assert(syscall(SYS_capset, &header, caps) == 0, "%s", strerror(errno));
}

Test(open, without_cap_net_admin_is_refused)
{
	prepare();
	drop_capability(CAP_SYS_ADMIN); /* which stands in for it */
	drop_capability(CAP_NET_ADMIN);
	refused(&rig.x, -EPERM, "program", "Operation not permitted", "CAP_NET_ADMIN is missing");
}

Test(open, without_cap_bpf_is_refused)
{
	prepare();
	drop_capability(CAP_SYS_ADMIN); /* which stands in for it */
	drop_capability(CAP_BPF);
	refused(&rig.x, -EPERM, "program", "Operation not permitted", "CAP_BPF is missing");
}

Test(open, without_cap_net_raw_is_refused)
{
	prepare();
	drop_capability(CAP_NET_RAW);
	refused(&rig.x, -EPERM, "socket", "AF_XDP socket", "CAP_NET_RAW is missing");
}

Test(open, without_room_for_locked_memory_is_refused)
{
	struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};

	prepare();
	drop_capability(CAP_IPC_LOCK);
	cr_assert(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	refused(&rig.x, -ENOBUFS, "umem", "bytes in chunks of 2048", "ulimit -l");
}

Test(open, without_cap_perfmon_is_refused)
{
	prepare();
	drop_capability(CAP_SYS_ADMIN); /* which stands in for it */
	drop_capability(CAP_PERFMON);
	refused(&rig.x, -EACCES, "program", "Permission denied", "CAP_PERFMON is missing");
}

/* What the header asks for is enough. */
Test(open, with_the_capabilities_of_the_header_works)
{
	static const unsigned int needed[] = {CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON,
					      CAP_IPC_LOCK};

	prepare();
	for (unsigned int c = 0; c <= CAP_LAST_CAP; c++) {
		bool keep = false;

		for (int i = 0; i < 5; i++)
			keep |= needed[i] == c;
		if (!keep)
			drop_capability(c);
	}
	expect_works();
}

/* ---- Other people's programs ---------------------------------------------------------------------- */

static void refuse_foreign(int native)
{
	uint32_t id;

	prepare();
	id = foreign_program("v0", native);
	for (int attach = NET_XDP_ATTACH_AUTO; attach <= NET_XDP_ATTACH_GENERIC; attach++) {
		config->attach = (enum net_xdp_attach)attach;
		refused(&rig.x, -EBUSY, "attach", "foreign_prog", "stop its owner");
		cr_assert_eq(netns_program_id("v0"), id, "it is gone, or another one");
	}
	foreign_program_detach("v0", native);
	config->attach = NET_XDP_ATTACH_AUTO;
	expect_works();
}

Test(open, foreign_program_native_is_named_and_stays)
{
	refuse_foreign(1);
}

Test(open, foreign_program_generic_is_named_and_stays)
{
	refuse_foreign(0);
}

Test(open, second_endpoint_on_the_interface_is_refused_and_the_first_works_on)
{
	struct frontend_xdp second;

	prepare();
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, 64);
	frontend_xdp_prepare(&second, "v0");
	refused_prepare(&second);
	second.config.release_timeout_ms = 100;
	second.config.first_queue = 1;
	refused(&second, -EBUSY, "attach", "net_xdp", "v0");
	frontend_close(&second.f);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}
