// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xdp/packet_socket.h"

/* sll_protocol stays 0: the kernel gives us no frames (packet_do_bind()), and takes the protocol of what we send
 * from its headers (packet_parse_headers()). */
static int set_up(int fd, uint32_t ifindex, uint32_t room_bytes)
{
	const struct sockaddr_ll device = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
	const int on = 1, room = (int)room_bytes;

	/* Past the queueing discipline, as the ring's frames: one way for both keeps their order. */
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return bind(fd, (const struct sockaddr *)&device, sizeof(device)) ? -errno : 0;
}

int packet_socket_open(uint32_t ifindex, uint32_t room_bytes)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -errno : set_up(fd, ifindex, room_bytes);

	if (!rc)
		return fd;
	packet_socket_close(fd);
	return rc;
}

void packet_socket_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int packet_socket_send(int fd, const struct virtio_net_hdr *header, struct iovec *parts,
		       uint32_t part_count)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = part_count};

	parts[0] = (struct iovec){(void *)(uintptr_t)header, sizeof(*header)};
	return sendmsg(fd, &message, MSG_DONTWAIT) < 0 ? -errno : 0;
}
