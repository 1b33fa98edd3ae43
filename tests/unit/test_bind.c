// SPDX-License-Identifier: BSD-2-Clause
/* The ladder of modes, and what it says, on a kernel that takes any bind: drivers and MTUs that no
 * machine here has. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/fake_kernel.h"
#include "xdp/socket.h"
#include "host/xdp_uapi.h"

enum { IDS = 16, BYTES = 1 << 20, ZERO_COPY = 1, COPY = 2 };

static int asked; /* ZERO_COPY and COPY, as they were tried */
static bool zero_copy;

/* In place of the C library's, for AF_XDP only. */
int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	const struct sockaddr_xdp *xdp = (const void *)address;

	if (address->sa_family != AF_XDP)
		return (int)syscall(SYS_bind, fd, address, len);
	if (xdp->sxdp_ifindex == INT32_MAX) { /* does it know multi-buffer? */
		errno = ENODEV;
		return -1;
	}
	zero_copy = xdp->sxdp_flags & XDP_ZEROCOPY;
	asked |= zero_copy ? ZERO_COPY : COPY;
	return 0;
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (level != SOL_XDP || option != XDP_OPTIONS)
		return (int)syscall(SYS_getsockopt, fd, level, option, value, len);
	((struct xdp_options *)value)->flags = zero_copy ? XDP_OPTIONS_ZEROCOPY : 0;
	return 0;
}

struct row {
	const char *driver;
	enum net_xdp_mode mode;
	uint32_t chunk_bytes, max_frame_bytes, mtu;
	bool dma_per_page, generic;
	int rc, asked;
	const char *says; /* in the zero-copy rung; NULL: it has no word but that it bound */
};

/* What net_xdp_predict() says of the same device and configuration is what bind does, in the same words. */
static void check_prediction(const struct row *row, const struct net_xdp_config *c,
			     struct net_xdp_device device, const char *rung, size_t number)
{
	static struct net_xdp_prediction p;
	const enum net_xdp_outcome got = row->rc	      ? NET_XDP_OUTCOME_FAILS
					 : row->asked == COPY ? NET_XDP_OUTCOME_COPY
							      : NET_XDP_OUTCOME_ZERO_COPY;

	device.rx_queues = device.tx_queues = 1;
	device.has_ethernet = true;
	device.zc_max_segments = 1;
	if (!row->generic)
		device.xdp_features |= NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_REDIRECT;
	cr_assert_eq(net_xdp_predict(&device, c, &p), 0);
	cr_expect_eq(p.outcome, got, "row %zu: predicted %d, %s", number, p.outcome,
		     p.findings[0].sentence);
	cr_expect_eq(p.native, !row->generic, "row %zu", number);
	if (row->generic || !row->says || !row->rc)
		return;
	cr_expect_not_null(strstr(rung, p.findings[0].sentence + 1), "row %zu: %s; bind: %s",
			   number, p.findings[0].sentence, rung);
	cr_expect_not_null(strstr(rung, p.findings[0].remedy), "row %zu: %s; bind: %s", number,
			   p.findings[0].remedy, rung);
}

/* Ask and compare. */
static void check(const struct row *row, size_t number)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_error err = {0};
	struct fake_kernel k;
	struct xsk_setup setup;
	struct frontend f;
	const char *sentence;
	int rc;

	c.mode = row->mode;
	c.chunk_bytes = row->chunk_bytes;
	c.max_frame_bytes = row->max_frame_bytes;
	c.rx_id_limit = IDS;
	frontend_open(&f, BYTES, IDS);
	fake_open(&k, c, &f, 0);
	snprintf(k.endpoint.attached.device.driver, sizeof(k.endpoint.attached.device.driver), "%s",
		 row->driver);
	k.endpoint.attached.device.mtu_bytes = row->mtu;
	k.endpoint.attached.device.has_features = true;
	k.endpoint.attached.device.xdp_features = NET_XDP_FEATURE_ZERO_COPY;
	k.endpoint.attached.program.native = !row->generic;
	k.endpoint.attached.device.dma_per_page = row->dma_per_page;
	k.endpoint.memory.region[0].page_bytes = 2 << 20;
	queue_set_facts(&k.queue, &k.endpoint);
	asked = 0;
	k.endpoint.umem_fd = -1;
	setup = queue_xsk_setup(&k.queue, &k.endpoint);
	rc = xsk_bind(&k.queue.xsk, &setup, &err);
	sentence = k.queue.xsk.rung[0].sentence;
	cr_expect_eq(rc, row->rc, "row %zu: %d: %s", number, rc, err.message);
	cr_expect_eq(asked, row->asked, "row %zu: %s", number, sentence);
	if (row->says)
		cr_expect_not_null(strstr(sentence, row->says), "row %zu: %s", number, sentence);
	else
		cr_expect_str_eq(sentence, "queue 0 bound", "row %zu", number);
	if (rc && row->says)
		cr_expect_not_null(strstr(err.message, row->says), "row %zu: %s", number,
				   err.message);
	cr_expect_lt(strlen(sentence), sizeof(k.queue.xsk.rung[0].sentence) - 1, "row %zu: cut",
		     number);
	check_prediction(row, &k.endpoint.config, k.endpoint.attached.device, sentence, number);
	fake_close(&k);
	frontend_close(&f);
}

#define FORCED NET_XDP_MODE_ZERO_COPY
#define AUTO   NET_XDP_MODE_AUTO

static const char large[] = "use chunk_bytes 4096 and max_frame_bytes 2040";

static void check_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&rows[i], i);
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		const struct row rows[] = {__VA_ARGS__};                                           \
		check_all(rows, sizeof(rows) / sizeof(rows[0]));                                   \
	} while (0)

/* Auto ends in copy, forced zero copy is obeyed, and both say what would be better. */
Test(bind, driver_that_cuts_frames_is_avoided_or_told_of)
{
	CHECK({"igb", AUTO, 2048, 1518, 1500, .asked = COPY, .says = large},
	      {"igc", AUTO, 2048, 1518, 1500, .asked = COPY, .says = large},
	      {"igb", FORCED, 2048, 1518, 1500, .asked = ZERO_COPY, .says = large},
	      {"igb", AUTO, 4096, 1518, 1500, .asked = COPY, .says = "use max_frame_bytes 2040"},
	      {"igb", AUTO, 2048, 1518, 1005, .asked = ZERO_COPY},
	      {"igb", AUTO, 2048, 1518, 1006, .asked = COPY, .says = large},
	      {"igb", NET_XDP_MODE_COPY, 2048, 1518, 1500, .asked = COPY},
	      {"ixgbe", AUTO, 2048, 1518, 1500, .asked = ZERO_COPY});
}

/* Whatever is asked for has zero copy once it was done, unless it was to use copy mode. */
Test(bind, remedy_for_cut_frames_works_at_every_mtu)
{
	CHECK({"igb", AUTO, 4096, 2040, 2022, .asked = ZERO_COPY},
	      {"igb", AUTO, 4096, 2040, 2023, .asked = COPY, .says = "use max_frame_bytes 2041"},
	      {"igb", AUTO, 4096, 2041, 2023, .asked = ZERO_COPY},
	      {"igb", AUTO, 4096, 2047, 2029, .asked = ZERO_COPY},
	      {"igb", AUTO, 4096, 2048, 2030, .asked = COPY, .says = "use max_frame_bytes 3064"},
	      {"igb", AUTO, 4096, 3064, 2030, .asked = ZERO_COPY},
	      {"igb", AUTO, 2048, 1518, 3053, .asked = COPY,
	       .says = "4096 and max_frame_bytes 3071"},
	      {"igb", AUTO, 4096, 3071, 3053, .asked = ZERO_COPY},
	      {"igb", AUTO, 4096, 3071, 3054, .asked = COPY, .says = "lower the MTU to 3053"});
}

/* The NIC would not be told the size of such chunks, and write past them. */
Test(bind, chunks_under_the_drivers_unit_are_refused)
{
	CHECK({"igb", FORCED, 2048, 500, 400, .rc = -EINVAL, .says = "NIC would write past 512"},
	      {"igb", AUTO, 2048, 500, 400, .asked = COPY, .says = "use max_frame_bytes 1016"},
	      {"igb", FORCED, 2048, 1016, 400, .asked = ZERO_COPY},
	      {"ice", FORCED, 2048, 500, 400, .asked = ZERO_COPY});
}

Test(bind, chunks_that_do_not_hold_the_mtu_are_refused_with_the_smallest_that_would)
{
	CHECK({"ice", FORCED, 2048, 1000, 1500, .rc = -EINVAL, .says = "max_frame_bytes 1518"},
	      {"ice", AUTO, 2048, 1000, 1500, .asked = COPY, .says = "use max_frame_bytes 1518"},
	      {"ice", FORCED, 2048, 1518, 1510, .asked = ZERO_COPY},
	      {"ice", FORCED, 2048, 1518, 1511, .rc = -EINVAL, .says = "max_frame_bytes 1529"},
	      {"ice", FORCED, 2048, 1792, 1767, .rc = -EINVAL, .says = "chunk_bytes 4096 and"},
	      {"ice", FORCED, 4096, 1785, 1767, .asked = ZERO_COPY},
	      {"ice", FORCED, 4096, 3832, 9000, .rc = -EINVAL, .says = "lower the MTU to 3814"},
	      {"ice", FORCED, 4096, 3832, 3814, .asked = ZERO_COPY});
}

Test(bind, huge_pages_behind_an_iommu_are_told_of)
{
	CHECK({"ice", FORCED, 2048, 1518, 1500, true, .asked = ZERO_COPY,
	       .says = "bound, but an IOMMU"},
	      {"ice", FORCED, 2048, 1518, 1500, .asked = ZERO_COPY});
}

Test(bind, generic_program_gets_no_zero_copy)
{
	CHECK({"ice", AUTO, 2048, 1518, 1500, .generic = true, .asked = COPY,
	       .says = "not tried: the program is attached generic"},
	      {"ice", FORCED, 2048, 1518, 1500, .generic = true, .rc = -EOPNOTSUPP,
	       .says = "use mode auto or attach native"});
}
