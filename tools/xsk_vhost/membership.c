/* SPDX-License-Identifier: BSD-2-Clause */
#include "membership.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.h"

static int join(int fd, struct packet_mreq *request, uint16_t type)
{
	request->mr_type = type;
	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, sizeof(*request)) ? -errno
											    : 0;
}

int membership_open(uint32_t ifindex, const uint8_t *mac, bool promiscuous, struct net_error *err)
{
	struct packet_mreq request = {.mr_ifindex = (int)ifindex};
	int fd, rc;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* protocol 0: it receives nothing */
	if (fd < 0 && errno == EPERM)
		return error_fill(err, -EPERM, "membership",
				  "this needs root, or CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF and "
				  "CAP_PERFMON");
	if (fd < 0)
		return error_errno(err, -errno, "membership",
				   "a packet socket, for the guest's multicast groups");
	rc = join(fd, &request, PACKET_MR_ALLMULTI);
	if (!rc && promiscuous)
		rc = join(fd, &request, PACKET_MR_PROMISC);
	if (!rc && mac) {
		request.mr_alen = 6;
		memcpy(request.mr_address, mac, 6);
		rc = join(fd, &request, PACKET_MR_UNICAST);
	}
	if (!rc)
		return fd;
	close(fd);
	return error_errno(err, rc, "membership",
			   mac ? "--mac: the interface does not take a second address"
			       : "the interface does not take the guest's multicast groups");
}
