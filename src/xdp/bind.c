// SPDX-License-Identifier: BSD-2-Clause
/* Taking a hardware queue, down the ladder of modes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/error.h"
#include "host/rules.h"
#include "host/xdp_uapi.h"
#include "xdp/socket.h"

/* ---- Bind ------------------------------------------------------------------------------------- */

int xsk_bind_once(int fd, uint32_t ifindex, uint32_t queue, uint16_t flags, int umem_fd)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = flags,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
		.sxdp_shared_umem_fd = umem_fd >= 0 ? (uint32_t)umem_fd : 0,
	};

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

/* A queue stays busy for a while after its last socket was closed (the kernel releases later). */
static int bind_patiently(const struct xsk *x, const struct xsk_setup *s, uint16_t flags)
{
	const struct net_xdp_config *c = s->config;
	struct deadline until = deadline_in(c->release_timeout_ms);
	int rc;

	while ((rc = xsk_bind_once(x->fd, s->device->ifindex, s->hardware_queue, flags,
				   s->umem_fd)) == -EBUSY &&
	       !deadline_passed(&until)) {
		if (deadline_tell(&until) &&
		    !wait_tell(c->on_wait, c->on_wait_context, c->release_timeout_ms,
			       "another AF_XDP socket holds queue %u of %s", s->hardware_queue,
			       c->ifname))
			deadline_give_up(&until);
		sleep_ms(2);
	}
	return rc;
}

/* Does the kernel know multi-buffer (6.6)? Unknown flags are refused before the interface, which
 * does not exist, is looked for. Source: xsk_bind() in net/xdp/xsk.c. */
static bool knows_multi_buffer(int fd)
{
	return xsk_bind_once(fd, INT32_MAX, 0, XDP_COPY | XDP_USE_SG, -1) == -ENODEV;
}

static void record(struct xsk *x, const char *asked, int rc, const char *sentence)
{
	struct net_xdp_rung *rung;

	if (x->rung_count == NET_XDP_RUNGS)
		return;
	rung = &x->rung[x->rung_count++];
	rung->asked = asked;
	rung->error = rc;
	snprintf(rung->sentence, sizeof(rung->sentence), "%s", sentence);
}

/* Of the memory: 4096 where none are larger. */
static uint32_t largest_page_bytes(const struct memory *m)
{
	uint32_t largest = 4096;

	for (uint32_t i = 0; i < m->region_count; i++)
		if (m->region[i].page_bytes > largest)
			largest = (uint32_t)m->region[i].page_bytes;
	return largest;
}

/* Try one way to bind, and record what came of it. caveat: appended on success, may be empty. */
static int try_bind(struct xsk *x, const struct xsk_setup *s, bool zero_copy, const char *caveat,
		    struct net_error *err)
{
	uint16_t flags = XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY) |
			 (rules_is_jumbo(s->config) ? XDP_USE_SG : 0);
	const char *asked = zero_copy ? "zero-copy bind" : "copy bind";
	bool goes_on = zero_copy && s->config->mode == NET_XDP_MODE_AUTO;
	int rc = bind_patiently(x, s, flags);
	char sentence[280];

	if (!rc)
		snprintf(sentence, sizeof(sentence), "queue %u bound%s%s", s->hardware_queue,
			 *caveat ? ", but " : "", caveat);
	else
		snprintf(sentence, sizeof(sentence), "queue %u: %s: %s", s->hardware_queue,
			 strerror(-rc), rules_bind_hint(rc, zero_copy, goes_on, s->device));
	record(x, asked, rc, sentence);
	if (rc)
		error_set(err, rc, "bind", "%s %s %s", s->device->ifname, asked, sentence);
	return rc;
}

/* The first way, as the rules have it: AUTO goes on to copy where zero copy would cut frames, which are dropped
 * then; ZERO_COPY is obeyed all the same. */
static int bind_zero_copy(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	char why[240], sentence[280];
	struct objection o;

	rules_zero_copy(s->config, s->device, s->native, largest_page_bytes(s->memory), &o);
	snprintf(why, sizeof(why), "%s%s%s", o.why, o.remedy[0] ? "; " : "", o.remedy);
	if (!o.error || o.tried)
		return try_bind(x, s, true, why, err);
	snprintf(sentence, sizeof(sentence), "queue %u not tried: %s", s->hardware_queue, why);
	record(x, "zero-copy bind", o.error, sentence);
	return error_set(err, o.error, "bind", "%s zero-copy bind %s", s->device->ifname, sentence);
}

static int bind_ladder(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	struct net_error why;
	int rc;

	if (s->config->mode == NET_XDP_MODE_COPY)
		return try_bind(x, s, false, "", err);
	rc = bind_zero_copy(x, s, &why);
	if (rc && s->config->mode == NET_XDP_MODE_AUTO && rc != -EBUSY && rc != -ENODEV)
		rc = try_bind(x, s, false, "", &why);
	return error_pass(err, rc, &why);
}

static int bind_shared(struct xsk *x, const struct xsk_setup *s, struct net_error *err)
{
	/* The kernel takes mode and wake-up flags from the first socket and refuses others here. */
	int rc = bind_patiently(x, s, XDP_SHARED_UMEM);
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "queue %u, as the first queue: %s%s%s",
		 s->hardware_queue, rc ? strerror(-rc) : "bound", rc ? ": " : "",
		 rc ? rules_bind_hint(rc, false, false, s->device) : "");
	record(x, "shared bind", rc, sentence);
	return rc ? error_set(err, rc, "bind", "%s %s", s->device->ifname, sentence) : 0;
}

int xsk_bind(struct xsk *x, const struct xsk_setup *setup, struct net_error *err)
{
	const struct net_xdp_config *c = setup->config;
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);
	int rc;

	x->multi_buffer = knows_multi_buffer(x->fd);
	if (rules_is_jumbo(c) && !x->multi_buffer)
		return error_set(err, -EOPNOTSUPP, "bind",
				 "max_frame_bytes %u: frames over one chunk need Linux 6.6; use at "
				 "most %u",
				 c->max_frame_bytes, c->chunk_bytes - XDP_FRAME_HEADROOM);
	rc = setup->umem_fd >= 0 ? bind_shared(x, setup, err) : bind_ladder(x, setup, err);
	if (rc)
		return rc;
	x->bound = true;
	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &len))
		return error_set(err, -errno, "bind", "%s queue %u: reading XDP_OPTIONS back: %s",
				 setup->device->ifname, setup->hardware_queue, strerror(errno));
	x->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	return 0;
}
