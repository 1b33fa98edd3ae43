// SPDX-License-Identifier: BSD-2-Clause
#include "sockets.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/xdp_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/rtnl.h"
#include "owners.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

/* ---- One message ------------------------------------------------------------------------------ */

/* Copies what both sides know: older kernels tell less, newer ones more. */
static void copy(void *out, size_t size, const struct nlattr *attr)
{
	size_t told = mnl_attr_get_payload_len(attr);

	memset(out, 0, size);
	memcpy(out, mnl_attr_get_payload(attr), told < size ? told : size);
}

static uint32_t u32_of(const struct nlattr *attr)
{
	uint32_t value;

	copy(&value, sizeof(value), attr);
	return value;
}

static void take_umem(struct xdp_socket *s, const struct nlattr *attr)
{
	struct xdp_diag_umem umem;

	copy(&umem, sizeof(umem), attr);
	s->has_umem = true;
	s->zero_copy = umem.flags & XDP_DU_F_ZEROCOPY;
	s->umem_bytes = umem.size;
	s->umem_id = umem.id;
	s->chunk_bytes = umem.chunk_size;
}

static void take_stats(struct xdp_socket *s, const struct nlattr *attr)
{
	struct xdp_diag_stats stats;

	copy(&stats, sizeof(stats), attr);
	s->has_stats = true;
	s->rx_dropped = stats.n_rx_dropped;
	s->rx_ring_full = stats.n_rx_full;
	s->rx_invalid = stats.n_rx_invalid;
	s->fill_ring_empty = stats.n_fill_ring_empty;
	s->tx_invalid = stats.n_tx_invalid;
	s->tx_ring_empty = stats.n_tx_ring_empty;
}

static int take_attribute(const struct nlattr *attr, void *data)
{
	struct xdp_socket *s = data;
	struct xdp_diag_info info;

	switch (mnl_attr_get_type(attr)) {
	case XDP_DIAG_INFO:
		copy(&info, sizeof(info), attr);
		s->ifindex = info.ifindex;
		s->queue = info.queue_id;
		break;
	case XDP_DIAG_UID:
		s->uid = u32_of(attr);
		break;
	case XDP_DIAG_RX_RING:
		s->rx_entries = u32_of(attr);
		break;
	case XDP_DIAG_TX_RING:
		s->tx_entries = u32_of(attr);
		break;
	case XDP_DIAG_UMEM:
		take_umem(s, attr);
		break;
	case XDP_DIAG_UMEM_FILL_RING:
		s->fill_entries = u32_of(attr);
		break;
	case XDP_DIAG_UMEM_COMPLETION_RING:
		s->completion_entries = u32_of(attr);
		break;
	case XDP_DIAG_STATS:
		take_stats(s, attr);
		break;
	}
	return MNL_CB_OK;
}

int sockets_take(const struct nlmsghdr *message, void *data)
{
	const struct xdp_diag_msg *head = mnl_nlmsg_get_payload(message);
	struct xdp_socket socket = {0}, *list;
	struct sockets *s = data;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->xdiag_family != AF_XDP)
		return MNL_CB_OK;
	socket.inode = head->xdiag_ino;
	mnl_attr_parse(message, sizeof(*head), take_attribute, &socket);
	list = realloc(s->list, (s->count + 1) * sizeof(*list));
	if (!list) {
		snprintf(s->state, sizeof(s->state), "not all are told: no memory");
		return MNL_CB_STOP;
	}
	s->list = list;
	list[s->count++] = socket;
	return MNL_CB_OK;
}

/* ---- Asking ----------------------------------------------------------------------------------- */

void sockets_refused(struct sockets *s, int error)
{
	/* Linux has a handler for each family that it tells of, and says ENOENT where there is none. */
	if (error == -ENOENT || error == -EPROTONOSUPPORT)
		snprintf(s->state, sizeof(s->state),
			 "this kernel does not tell of them (CONFIG_XDP_SOCKETS_DIAG)");
	else
		snprintf(s->state, sizeof(s->state), "the kernel cannot be asked: %s",
			 strerror(-error));
}

static int ask(struct rtnl *r, struct sockets *s)
{
	char buffer[64] = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct xdp_diag_req *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_DUMP;
	body->sdiag_family = AF_XDP;
	body->xdiag_show = XDP_SHOW_INFO | XDP_SHOW_RING_CFG | XDP_SHOW_UMEM | XDP_SHOW_STATS;
	return rtnl_ask(r, request, sockets_take, s);
}

void sockets_read(struct sockets *s)
{
	struct rtnl r;
	int rc;

	*s = (struct sockets){0};
	rc = rtnl_open_diag(&r);
	if (!rc) {
		rc = ask(&r, s);
		rtnl_close(&r);
	}
	if (rc < 0)
		sockets_refused(s, rc);
	for (uint32_t i = 0; i < s->count; i++)
		if (!if_indextoname(s->list[i].ifindex, s->list[i].interface))
			s->list[i].interface[0] = '\0';
	if (s->count)
		owners_find(s->list, s->count);
}

void sockets_free(struct sockets *s)
{
	free(s->list);
	*s = (struct sockets){0};
}
