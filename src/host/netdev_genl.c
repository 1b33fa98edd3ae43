// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "host/netdev.h"
#include "host/netdev_uapi.h"
#include "host/netlink.h"

/* A request to the family "netdev", while it is built. */
struct genl {
	struct host *host;
	struct nlmsghdr *request;
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static void genl_start(struct genl *g, struct host *h, uint16_t type, uint8_t command,
		       uint8_t version)
{
	struct genlmsghdr *header;

	g->host = h;
	/* libmnl does not clear the padding of attributes. */
	memset(g->buffer, 0, sizeof(g->buffer));
	g->request = mnl_nlmsg_put_header(g->buffer);
	g->request->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(g->request, sizeof(*header));
	header->cmd = command;
	header->version = version;
}

struct reader {
	mnl_attr_cb_t attribute;
	void *data;
};

static int on_reply(const struct nlmsghdr *header, void *data)
{
	struct reader *r = data;

	return netlink_attributes(header, sizeof(struct genlmsghdr), r->attribute, r->data);
}

/* Send the request. attribute, which may be NULL, is called for each attribute of each reply. The
 * kernel answers -EOPNOTSUPP to a command that it does not have (genl_family_rcv_msg()). */
static int genl_run(struct genl *g, mnl_attr_cb_t attribute, void *data)
{
	struct reader r = {.attribute = attribute, .data = data};

	return netlink_request(&g->host->generic, g->request, attribute ? on_reply : NULL, &r);
}

/* Begin a request. Return: 0; -EOPNOTSUPP before 6.3. */
static int genl_open(struct genl *g, struct host *h, uint8_t command)
{
	genl_start(g, h, h->family, command, NETDEV_GENL_VERSION);
	return h->family ? 0 : -EOPNOTSUPP;
}

/* Send a request with one number in it. flags: NLM_F_DUMP or 0. Return: as genl_open() and
 * genl_run(). */
static int genl_ask(struct host *h, uint8_t command, uint16_t flags, uint16_t type, uint32_t number,
		    mnl_attr_cb_t attribute, void *data)
{
	struct genl g;
	int rc = genl_open(&g, h, command);

	if (rc < 0)
		return rc;
	g.request->nlmsg_flags |= flags;
	mnl_attr_put_u32(g.request, type, number);
	return genl_run(&g, attribute, data);
}

static int on_family_attribute(const struct nlattr *attr, void *data)
{
	uint16_t *family = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		*family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

int netdev_family(struct host *h)
{
	struct genl g;
	int rc;

	genl_start(&g, h, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(g.request, CTRL_ATTR_FAMILY_NAME, NETDEV_GENL_NAME);
	rc = genl_run(&g, on_family_attribute, &h->family);
	return rc == -ENOENT ? 0 : rc;
}

/* ---- The device ------------------------------------------------------------------------------- */

static int on_feature(const struct nlattr *attr, void *data)
{
	struct netdev_features *f = data;

	switch (mnl_attr_get_type(attr)) {
	case NETDEV_DEV_XDP_FEATURES:
		f->xdp = netlink_u64(attr);
		break;
	case NETDEV_DEV_XDP_ZC_MAX_SEGS:
		f->zc_max_segments = netlink_u32(attr);
		break;
	case NETDEV_DEV_XDP_RX_METADATA:
		f->rx_metadata = netlink_u64(attr);
		break;
	case NETDEV_DEV_XSK_FEATURES:
		f->xsk = netlink_u64(attr);
		break;
	}
	return MNL_CB_OK;
}

int netdev_features(struct host *h, uint32_t ifindex, struct netdev_features *out)
{
	*out = (struct netdev_features){0};
	return genl_ask(h, NETDEV_GENL_DEV_GET, 0, NETDEV_DEV_IFINDEX, ifindex, on_feature, out);
}

/* ---- Queues ----------------------------------------------------------------------------------- */

struct queue_counts {
	uint32_t rx;
	uint32_t tx;
};

/* Count one reply: each has one queue, and one type. */
static int on_queue_count(const struct nlattr *attr, void *data)
{
	struct queue_counts *counts = data;

	if (mnl_attr_get_type(attr) != NETDEV_QUEUE_TYPE)
		return MNL_CB_OK;
	if (netlink_u32(attr) == NETDEV_QUEUE_RX)
		counts->rx++;
	else
		counts->tx++;
	return MNL_CB_OK;
}

int netdev_queue_counts(struct host *h, uint32_t ifindex, uint32_t *rx, uint32_t *tx)
{
	struct queue_counts counts = {0};
	int rc = genl_ask(h, NETDEV_GENL_QUEUE_GET, NLM_F_DUMP, NETDEV_QUEUE_IFINDEX, ifindex,
			  on_queue_count, &counts);

	if (rc < 0)
		return rc;
	/* An interface that is down lists no queue, though it has some. */
	if (!counts.rx && !counts.tx)
		return -EOPNOTSUPP;
	*rx = counts.rx;
	*tx = counts.tx;
	return 0;
}

struct queue_state {
	bool answered;
	bool has_napi;
	bool has_socket;
	uint32_t napi_id;
};

static int on_queue_attribute(const struct nlattr *attr, void *data)
{
	struct queue_state *state = data;

	switch (mnl_attr_get_type(attr)) {
	case NETDEV_QUEUE_ID:
		state->answered = true;
		break;
	case NETDEV_QUEUE_NAPI_ID:
		state->has_napi = true;
		state->napi_id = netlink_u32(attr);
		break;
	case NETDEV_QUEUE_XSK:
		state->has_socket = true;
		break;
	}
	return MNL_CB_OK;
}

static int queue_get(struct host *h, uint32_t ifindex, uint32_t queue, enum netdev_queue_type type,
		     struct queue_state *out)
{
	struct genl g;
	int rc;

	*out = (struct queue_state){0};
	rc = genl_open(&g, h, NETDEV_GENL_QUEUE_GET);
	if (rc < 0)
		return rc;
	mnl_attr_put_u32(g.request, NETDEV_QUEUE_IFINDEX, ifindex);
	mnl_attr_put_u32(g.request, NETDEV_QUEUE_TYPE, type);
	mnl_attr_put_u32(g.request, NETDEV_QUEUE_ID, queue);
	rc = genl_run(&g, on_queue_attribute, out);
	/* While the interface is down the kernel answers -ENOENT, older kernels an empty reply. */
	if (rc == 0 && !out->answered)
		rc = -ENOENT;
	return rc == -ENOENT ? -EOPNOTSUPP : rc;
}

static int on_napi_attribute(const struct nlattr *attr, void *data)
{
	struct netdev_napi *napi = data;

	switch (mnl_attr_get_type(attr)) {
	case NETDEV_NAPI_IRQ:
		napi->irq = netlink_u32(attr);
		break;
	case NETDEV_NAPI_PID:
		napi->thread_pid = netlink_u32(attr);
		break;
	case NETDEV_NAPI_DEFER_HARD_IRQS:
		napi->deferral.hard_irqs = netlink_u32(attr);
		break;
	case NETDEV_NAPI_GRO_FLUSH_TIMEOUT:
		napi->deferral.timeout_ns = netlink_uint(attr);
		napi->has_deferral = true;
		break;
	}
	return MNL_CB_OK;
}

struct napi_list {
	uint32_t id; /* id of the NAPI that was listed last */
	uint32_t count;
};

static int on_napi_id(const struct nlattr *attr, void *data)
{
	struct napi_list *list = data;

	if (mnl_attr_get_type(attr) == NETDEV_NAPI_ID) {
		list->id = netlink_u32(attr);
		list->count++;
	}
	return MNL_CB_OK;
}

/* Find the NAPI of a device whose driver links none to its queues (veth). Only with one queue and
 * one NAPI is it certain. Return: 0 and *id; -ENOENT there is no NAPI; -EOPNOTSUPP; -errno. */
static int only_napi(struct host *h, uint32_t ifindex, uint32_t *id)
{
	struct napi_list list = {0};
	uint32_t rx, tx;
	int rc = netdev_queue_counts(h, ifindex, &rx, &tx);

	if (rc == 0)
		rc = genl_ask(h, NETDEV_GENL_NAPI_GET, NLM_F_DUMP, NETDEV_NAPI_IFINDEX, ifindex,
			      on_napi_id, &list);
	*id = list.id;
	if (rc == 0 && !list.count)
		return -ENOENT;
	return rc == 0 && (rx != 1 || list.count != 1) ? -EOPNOTSUPP : rc;
}

int netdev_queue_napi(struct host *h, uint32_t ifindex, uint32_t queue, struct netdev_napi *out)
{
	struct queue_state state;
	int rc;

	*out = (struct netdev_napi){0};
	rc = queue_get(h, ifindex, queue, NETDEV_QUEUE_RX, &state);
	if (rc == 0 && !state.has_napi)
		rc = only_napi(h, ifindex, &state.napi_id);
	if (rc < 0)
		return rc;
	out->id = state.napi_id;
	rc = genl_ask(h, NETDEV_GENL_NAPI_GET, 0, NETDEV_NAPI_ID, state.napi_id, on_napi_attribute,
		      out);
	/* The NAPI was disabled meanwhile: its id is all that is known. */
	return rc == -ENOENT ? 0 : rc;
}

int netdev_queue_sends_apart(struct host *h, uint32_t ifindex, uint32_t queue)
{
	struct queue_state rx, tx;
	int rc;

	rc = queue_get(h, ifindex, queue, NETDEV_QUEUE_RX, &rx);
	if (!rc && !rx.has_napi)
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = queue_get(h, ifindex, queue, NETDEV_QUEUE_TX, &tx);
	if (rc < 0)
		return rc;
	/* A transmit NAPI that cannot be polled has no id. */
	return !tx.has_napi || tx.napi_id != rx.napi_id;
}

int netdev_napi_set(struct host *h, uint32_t napi_id, const struct netdev_deferral *deferral)
{
	struct genl g;
	int rc;

	rc = genl_open(&g, h, NETDEV_GENL_NAPI_SET);
	if (rc < 0)
		return rc;
	mnl_attr_put_u32(g.request, NETDEV_NAPI_ID, napi_id);
	mnl_attr_put_u32(g.request, NETDEV_NAPI_DEFER_HARD_IRQS, deferral->hard_irqs);
	mnl_attr_put_u64(g.request, NETDEV_NAPI_GRO_FLUSH_TIMEOUT, deferral->timeout_ns);
	return genl_run(&g, NULL, NULL);
}

/*
 * Return: true if this kernel reports AF_XDP sockets. Nothing in the family says so: the attribute came
 * with 6.15, without a new command or policy, and on an older kernel its absence must not be read as
 * "free". So the release number decides. On a kernel with backports the answer may be false where true
 * would do.
 */
static bool kernel_reports_sockets(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 15);
}

int netdev_queue_has_socket(struct host *h, uint32_t ifindex, uint32_t queue)
{
	struct queue_state state;
	int rc;

	rc = queue_get(h, ifindex, queue, NETDEV_QUEUE_RX, &state);
	if (rc == -EINVAL) /* the socket may be one that only sends */
		rc = queue_get(h, ifindex, queue, NETDEV_QUEUE_TX, &state);
	if (rc < 0)
		return rc;
	if (state.has_socket)
		return 1;
	return kernel_reports_sockets() ? 0 : -EOPNOTSUPP;
}
