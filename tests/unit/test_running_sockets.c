// SPDX-License-Identifier: BSD-2-Clause
/* What sock_diag tells of AF_XDP sockets, by this kernel, older and newer ones. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/xdp_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "running/owners.h"
#include "running/sockets.h"

static char buffer[4096];

static struct nlmsghdr *message(uint8_t family, uint32_t inode)
{
	struct nlmsghdr *header;
	struct xdp_diag_msg *body;

	memset(buffer, 0, sizeof(buffer));
	header = mnl_nlmsg_put_header(buffer);
	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	body = mnl_nlmsg_put_extra_header(header, sizeof(*body));
	body->xdiag_family = family;
	body->xdiag_ino = inode;
	return header;
}

Test(running_sockets, all_that_a_kernel_tells_is_taken)
{
	const struct xdp_diag_info info = {.ifindex = 3, .queue_id = 2};
	const struct xdp_diag_umem umem = {
		.size = 1ull << 33, .id = 5, .chunk_size = 2048, .flags = XDP_DU_F_ZEROCOPY};
	const struct xdp_diag_stats stats = {1, 2, 3, 4, 5, 6};
	struct nlmsghdr *m = message(AF_XDP, 77);
	struct sockets s = {0};

	mnl_attr_put(m, XDP_DIAG_INFO, sizeof(info), &info);
	mnl_attr_put_u32(m, XDP_DIAG_UID, 1000);
	mnl_attr_put_u32(m, XDP_DIAG_RX_RING, 2048);
	mnl_attr_put_u32(m, XDP_DIAG_TX_RING, 1024);
	mnl_attr_put(m, XDP_DIAG_UMEM, sizeof(umem), &umem);
	mnl_attr_put_u32(m, XDP_DIAG_UMEM_FILL_RING, 512);
	mnl_attr_put_u32(m, XDP_DIAG_UMEM_COMPLETION_RING, 256);
	mnl_attr_put(m, XDP_DIAG_STATS, sizeof(stats), &stats);
	cr_assert_eq(sockets_take(m, &s), MNL_CB_OK);
	cr_assert_eq(s.count, 1);
	cr_expect(s.list->inode == 77 && s.list->ifindex == 3 && s.list->queue == 2 &&
		  s.list->uid == 1000);
	cr_expect(s.list->rx_entries == 2048 && s.list->tx_entries == 1024 &&
		  s.list->fill_entries == 512 && s.list->completion_entries == 256);
	cr_expect(s.list->has_umem && s.list->zero_copy && s.list->umem_bytes == 1ull << 33 &&
		  s.list->umem_id == 5 && s.list->chunk_bytes == 2048);
	cr_expect(s.list->has_stats && s.list->rx_dropped == 1 && s.list->rx_invalid == 2 &&
		  s.list->rx_ring_full == 3 && s.list->fill_ring_empty == 4 &&
		  s.list->tx_invalid == 5 && s.list->tx_ring_empty == 6);
	sockets_free(&s);
}

Test(running_sockets, shorter_and_longer_attributes_are_taken_as_far_as_they_go)
{
	const uint64_t longer[12] = {9, [5] = 6, [11] = 1};
	struct nlmsghdr *m = message(AF_XDP, 1);
	struct sockets s = {0};

	mnl_attr_put_u32(m, XDP_DIAG_INFO, 4); /* the queue is missing */
	mnl_attr_put(m, XDP_DIAG_STATS, sizeof(longer), longer);
	mnl_attr_put(m, XDP_DIAG_RX_RING, 0, NULL);
	mnl_attr_put_u32(m, 200, 1);
	cr_assert_eq(sockets_take(m, &s), MNL_CB_OK);
	cr_expect(s.count == 1 && s.list->ifindex == 4 && !s.list->queue && !s.list->rx_entries);
	cr_expect(s.list->rx_dropped == 9 && s.list->tx_ring_empty == 6);
	sockets_free(&s);
}

Test(running_sockets, messages_of_other_families_and_short_ones_are_none)
{
	struct sockets s = {0};
	struct nlmsghdr *m = message(AF_UNIX, 1);

	sockets_take(m, &s);
	m = message(AF_XDP, 1);
	m->nlmsg_len -= 4;
	sockets_take(m, &s);
	m = message(AF_XDP, 1);
	m->nlmsg_type = NLMSG_MIN_TYPE;
	sockets_take(m, &s);
	cr_expect_eq(s.count, 0);
}

Test(running_sockets, kernel_without_diag_is_said)
{
	struct sockets s = {0};

	sockets_refused(&s, -ENOENT);
	cr_expect_not_null(strstr(s.state, "CONFIG_XDP_SOCKETS_DIAG"));
	sockets_refused(&s, -EPERM);
	cr_expect_not_null(strstr(s.state, "Operation not permitted"), "%s", s.state);
	/* This kernel tells, or has no diag: it does not call the request wrong. */
	sockets_read(&s);
	cr_expect(!s.state[0] || strstr(s.state, "CONFIG_XDP_SOCKETS_DIAG"), "%s", s.state);
	sockets_free(&s);
}

Test(running_sockets, process_is_found_by_the_inode_of_its_socket)
{
	int fds[2];
	char path[32], target[64] = "";
	struct xdp_socket sockets[2] = {{.inode = 1}, {0}};

	cr_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	cr_assert(readlink(path, target, sizeof(target) - 1) > 0);
	cr_assert_eq(sscanf(target, "socket:[%u]", &sockets[1].inode), 1);
	owners_find(sockets, 2);
	cr_expect_eq(sockets[0].pid, 0);
	cr_expect_eq(sockets[1].pid, getpid());
	cr_expect(!strncmp(sockets[1].program, "unit_test_runni", 15), "%s", sockets[1].program);
}
