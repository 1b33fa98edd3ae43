/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet socket that hands a packet to a device as AF_XDP's copy mode does, past the queueing discipline, and
 * whole: the device cuts it. */
#ifndef NET_XDP_PACKET_SOCKET_H
#define NET_XDP_PACKET_SOCKET_H

#include <linux/virtio_net.h>
#include <stdint.h>
#include <sys/uio.h>

/* Returns a socket that receives nothing, for a device of the calling thread's network namespace, with room
 * for so many bytes on their way; -errno. Needs CAP_NET_RAW. */
int packet_socket_open(uint32_t ifindex, uint32_t room_bytes);
void packet_socket_close(int fd);

/*
 * Send a packet of part_count parts behind header, which says how to cut it and where its checksum goes. parts[0]
 * is the function's own. Does not block. Returns 0; -errno when no byte was sent: EAGAIN much is on its way,
 * ENOBUFS the device does not cut such packets or dropped this one, ENXIO it is gone.
 */
int packet_socket_send(int fd, const struct virtio_net_hdr *header, struct iovec *parts,
		       uint32_t part_count);

#endif
