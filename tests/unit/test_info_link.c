// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info's prediction where a veth's other end, the MTU or the link decides. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/predicted.h"

Test(info_link, predict_veth_with_fewer_queues_than_its_peer_is_generic)
{
	struct info_facts f = interface("veth", 0);
	struct info_prediction p = predict(&f);

	cr_assert_eq(p.mode, NET_XDP_OUTCOME_COPY);
	cr_assert_not(p.native);
	cr_assert(says(&p, NET_XDP_FINDING_LOWERS, "ENOSPC"));
}

Test(info_link, predict_veth_peer_mtu_decides_between_native_and_generic)
{
	struct info_facts f = interface("veth", NATIVE);
	struct info_prediction p;

	f.device.peer_mtu_bytes = 3506;
	cr_assert(predict(&f).native);
	f.device.peer_mtu_bytes = 3507;
	p = predict(&f);
	cr_assert_not(p.native);
	cr_assert(says(&p, NET_XDP_FINDING_LOWERS, "ERANGE"));
}

Test(info_link, predict_veth_whose_peer_is_not_seen_is_never_sure)
{
	static const struct {
		uint32_t mtu;
		bool has_features, native;
		const char *end; /* of the sentence, and what is advised */
	} rows[] = {{1500, true, true, "program (ERANGE); use a"},
		    {3506, true, true, "program (ERANGE); use a"},
		    {3507, true, false, "makes that likely. Use a"},
		    {8901, true, false, "makes that likely. Use a"},
		    {1500, false, true, "as well (ENOSPC). Use a"},
		    {9001, false, false, "as well (ENOSPC). Use a"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct info_facts f = interface("veth", NATIVE);
		struct info_prediction p;

		f.device.peer_ifindex = f.device.peer_mtu_bytes = 0;
		f.device.peer_ifname[0] = 0;
		f.device.mtu_bytes = rows[i].mtu;
		f.device.has_features = rows[i].has_features;
		p = predict(&f);
		cr_expect_not(p.sure, "row %zu", i);
		cr_expect_eq(p.native, rows[i].native, "row %zu: %s", i, p.summary);
		cr_expect(says(&p, NET_XDP_FINDING_UNSURE, "its MTU decides"), "row %zu", i);
		cr_expect(says(&p, NET_XDP_FINDING_UNSURE, rows[i].end), "row %zu", i);
		cr_expect_not_null(strstr(p.summary, "only an attach can tell"), "%s", p.summary);
	}
}

Test(info_link, predict_each_unsure_prediction_says_why)
{
	struct info_facts f = interface("virtio_net", ZERO_COPY);
	struct info_prediction p = predict(&f);

	cr_expect(!p.sure && says(&p, NET_XDP_FINDING_UNSURE, "which sysfs does not tell"));
	f = interface("odd", NATIVE);
	f.device.mtu_bytes = 9000;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, NET_XDP_FINDING_UNSURE, "several buffers"));
	f = interface("odd", NATIVE);
	f.device.up = f.queue_state.has_state = false;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, NET_XDP_FINDING_UNSURE, "while the interface is down"));
	f = interface("odd", NATIVE);
	f.queue_state.has_state = false;
	p = predict(&f);
	cr_expect(!p.sure && says(&p, NET_XDP_FINDING_UNSURE, "6.15"));
}
