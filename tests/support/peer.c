// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/netns.h"
#include "support/peer.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

static void set_option(int fd, int level, int name, int value, const char *what)
{
	cr_assert(setsockopt(fd, level, name, &value, sizeof(value)) == 0, "%s: %s", what,
		  strerror(errno));
}

static unsigned int count_queues(const char *ifname)
{
	char path[96];
	unsigned int n = 0;

	do
		snprintf(path, sizeof(path), "/sys/class/net/%s/queues/tx-%u", ifname, n);
	while (access(path, F_OK) == 0 && ++n);
	return n;
}

void peer_open(struct peer *p, const char *ifname)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};

	cr_assert(addr.sll_ifindex != 0, "%s: %s", ifname, strerror(errno));
	*p = (struct peer){.queues = count_queues(ifname)};
	snprintf(p->ifname, sizeof(p->ifname), "%s", ifname);
	/* Protocol 0 until bind: else frames of other interfaces would arrive in between. */
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert(p->fd >= 0, "packet socket: %s", strerror(errno));
	set_option(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
	set_option(p->fd, SOL_PACKET, PACKET_AUXDATA, 1, "PACKET_AUXDATA");
	/* Every frame travels behind a virtio header: the only way to send a partial checksum. */
	set_option(p->fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
	set_option(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20, "SO_RCVBUFFORCE");
	/* What waits on a wire that keeps frames is charged to its sender. */
	set_option(p->fd, SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20, "SO_SNDBUFFORCE");
	cr_assert(bind(p->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "bind to %s: %s",
		  ifname, strerror(errno));
}

void peer_close(struct peer *p)
{
	close(p->fd);
	p->fd = -1;
}

static void send_with(struct peer *p, struct virtio_net_hdr *hdr, const uint8_t *frame,
		      uint32_t len)
{
	struct iovec iov[2] = {
		{.iov_base = hdr, .iov_len = sizeof(*hdr)},
		{.iov_base = (void *)(uintptr_t)frame, .iov_len = len},
	};
	ssize_t n;

	do
		n = writev(p->fd, iov, 2);
	while (n < 0 && (errno == EINTR || errno == ENOBUFS));
	cr_assert(n == (ssize_t)(sizeof(*hdr) + len), "send %u bytes on %s: %s", len, p->ifname,
		  strerror(errno));
}

void peer_send(struct peer *p, const uint8_t *frame, uint32_t len)
{
	struct virtio_net_hdr hdr = {0};

	send_with(p, &hdr, frame, len);
}

void peer_send_partial(struct peer *p, const uint8_t *frame, uint32_t len, uint16_t csum_start,
		       uint16_t csum_offset)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = csum_start,
		.csum_offset = csum_offset,
	};

	send_with(p, &hdr, frame, len);
}

void peer_send_joined(struct peer *p, struct frame *f, uint16_t packet_bytes)
{
	uint32_t start = f->l2_len + f->l3_len;
	bool tcp = f->bytes[f->l2_len + 9] == 6;
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = tcp ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_UDP_L4,
		.hdr_len = (uint16_t)(start + (tcp ? 20 : 8)),
		.gso_size = packet_bytes,
		.csum_start = (uint16_t)start,
		.csum_offset = (uint16_t)(f->l4_field - start),
	};

	frame_write16(f->bytes, f->l4_field, frame_pseudo_sum(f));
	send_with(p, &hdr, f->bytes, f->len);
}

void peer_use_queue(struct peer *p, unsigned int queue)
{
	cr_assert(queue < p->queues, "queue %u: %s has %u", queue, p->ifname, p->queues);
	if (p->queues == 1)
		return; /* nothing to steer, and the kernel refuses to */
	/* Transmit packet steering maps a CPU to queues: map every CPU to this one. */
	netns_run("for q in /sys/class/net/%s/queues/tx-*; do echo 0 > $q/xps_cpus; done; "
		  "cat /sys/devices/system/cpu/online > /dev/null; "
		  "printf '%%x' $(( (1 << $(nproc --all)) - 1 )) > "
		  "/sys/class/net/%s/queues/tx-%u/xps_cpus",
		  p->ifname, p->ifname, queue);
}

void peer_push_vlan(const char *ifname, struct net_vlan vlan)
{
	const struct bpf_insn program[] = {
		/* r2 = protocol, r3 = tag; r1 is the frame already */
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = htons(ETH_P_8021Q)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = net_vlan_tci(vlan)},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_skb_vlan_push},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0}, /* TC_ACT_OK */
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(ifname),
		    .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1, .flags = BPF_TC_F_REPLACE);
	int fd, rc;

	fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "push_vlan", "GPL", program,
			   sizeof(program) / sizeof(*program), NULL);
	cr_assert(fd >= 0, "load the tagging program: %s", strerror(errno));
	rc = bpf_tc_hook_create(&hook);
	cr_assert(rc == 0 || rc == -EEXIST, "clsact on %s: %s", ifname, strerror(-rc));
	opts.prog_fd = fd;
	rc = bpf_tc_attach(&hook, &opts);
	cr_assert(rc == 0, "attach the tagging program to %s: %s", ifname, strerror(-rc));
	close(fd);
}

/* Put a tag that the kernel took out back behind the addresses. Return: the frame's length. */
static uint32_t restore_tag(uint8_t *out, uint32_t capacity, uint32_t len, uint16_t type,
			    uint16_t tci)
{
	if (len + 4 <= capacity && len >= 12) {
		memmove(out + 16, out + 12, len - 12);
		frame_write16(out, 12, type);
		frame_write16(out, 14, tci);
	}
	return len + 4;
}

uint32_t peer_receive(struct peer *p, uint8_t *out, uint32_t capacity, int timeout_ms)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct virtio_net_hdr hdr;
	struct iovec iov[2] = {
		{.iov_base = &hdr, .iov_len = sizeof(hdr)},
		{.iov_base = out, .iov_len = capacity},
	};
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
	struct tpacket_auxdata aux;
	struct cmsghdr *c;
	uint32_t len;
	ssize_t n;

	if (timeout_ms && poll(&pfd, 1, timeout_ms) == 0)
		return 0;
	n = recvmsg(p->fd, &msg, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == ENETDOWN))
		return 0;
	cr_assert(n >= (ssize_t)sizeof(hdr), "receive on %s: %s", p->ifname, strerror(errno));
	len = (uint32_t)n - (uint32_t)sizeof(hdr);
	p->partial = hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->csum_start = hdr.csum_start;
	p->csum_offset = hdr.csum_offset;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != PACKET_AUXDATA)
		return len;
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (aux.tp_status & TP_STATUS_VLAN_VALID) {
		len = restore_tag(out, capacity, len, aux.tp_vlan_tpid, aux.tp_vlan_tci);
		p->csum_start += 4;
	}
	return len;
}

void peer_expect(struct peer *p, const uint8_t *frame, uint32_t len, int timeout_ms)
{
	uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	uint32_t n = peer_receive(p, got, sizeof(got), timeout_ms);

	cr_assert(n > 0, "no frame on %s within %d ms", p->ifname, timeout_ms);
	cr_assert(frame_equal(got, n, frame, len, why), "%s: %s", p->ifname, why);
}

void peer_expect_silence(struct peer *p, int for_ms)
{
	uint8_t got[FRAME_MAX_BYTES];
	uint32_t n = peer_receive(p, got, sizeof(got), for_ms);

	cr_assert(n == 0, "%s received a frame of %u bytes", p->ifname, n);
}

uint32_t peer_drain(struct peer *p)
{
	uint8_t got[64];
	uint32_t n = 0;

	while (peer_receive(p, got, sizeof(got), 0))
		n++;
	return n;
}

void peer_complete(const struct peer *p, uint8_t *frame, uint32_t len)
{
	const uint32_t field = p->csum_start + (uint32_t)p->csum_offset;
	uint32_t sum = 0;

	cr_assert(p->partial && field + 2 <= len, "%u + %u in %u bytes", p->csum_start,
		  p->csum_offset, len);
	for (uint32_t i = p->csum_start; i < len; i++) {
		sum += (i - p->csum_start) % 2 ? frame[i] : (uint32_t)frame[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	frame_write16(frame, field, sum == 0xffff ? 0xffff : (uint16_t)~sum);
}
