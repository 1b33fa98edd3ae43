// SPDX-License-Identifier: BSD-2-Clause
/* The capture wrapper's endpoint, which forwards all operations, and the start and stop of a
 * capture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/inspect.h"
#include "base/error.h"
#include "base/grow.h"
#include "wrap/capture.h"

enum {
	SNAP_MIN_BYTES = 14,
	SNAP_MAX_BYTES = 262144,
	BUFFER_MIN_BYTES = 65536,
	BUFFER_MAX_BYTES = 1 << 30,
	ROTATE_MIN_BYTES = 4096,
	ROTATE_MAX_FILES = 1000,
};

static struct capture *capture_of(struct net_endpoint *ep)
{
	return (struct capture *)ep;
}

/* ---- Endpoint ------------------------------------------------------------------------------ */

static void capture_facts(struct net_endpoint *base, struct net_endpoint_facts *out,
			  size_t size_bytes)
{
	struct net_endpoint *inner = capture_of(base)->inner;

	inner->ops->facts(inner, out, size_bytes);
}

static int capture_get_queue(struct net_endpoint *base, uint32_t index,
			     const struct net_queue_config *config, struct net_queue **queue,
			     struct net_error *err)
{
	struct capture *ep = capture_of(base);
	struct capture_queue *q = capture_queue_alloc(ep, index);
	int rc;

	if (!q)
		return error_set(err, -ENOMEM, "get_queue", "queue %u: out of memory", index);
	rc = net_endpoint_get_queue(ep->inner, index, config, queue, err);
	if (rc)
		free(q);
	else
		capture_queue_put(q, queue);
	return rc;
}

static int capture_get_queues(struct net_endpoint *base, const struct net_queue_config *configs,
			      uint32_t count, const struct net_rss_config *rss,
			      struct net_queue **queues, struct net_error *err)
{
	struct capture *ep = capture_of(base);
	int rc = net_endpoint_get_queues(ep->inner, configs, count, rss, queues, err);
	struct capture_queue *q;

	for (uint32_t made = 0; !rc && made < count; made++) {
		q = capture_queue_alloc(ep, made);
		if (q) {
			capture_queue_put(q, &queues[made]);
			continue;
		}
		/* those put before are wrappers, the others inner queues */
		for (uint32_t i = 0; i < count; i++)
			net_queue_destroy(queues[i], NULL);
		rc = error_set(err, -ENOMEM, "get_queues", "queue %u: out of memory", made);
	}
	return rc;
}

static int capture_stop(struct net_endpoint *base)
{
	return net_endpoint_stop(capture_of(base)->inner);
}

static int capture_poll_action(struct net_endpoint *base, struct net_action *out)
{
	return net_endpoint_poll_action(capture_of(base)->inner, out);
}

static int capture_action_fd(struct net_endpoint *base)
{
	return net_endpoint_action_fd(capture_of(base)->inner);
}

static void capture_inspect(struct net_endpoint *base, struct net_inspector *to)
{
	struct capture *ep = capture_of(base);
	struct net_capture_stats s;
	bool on;

	net_endpoint_inspect(ep->inner, to);
	net_capture_get_stats(base, &s);
	pthread_mutex_lock(&ep->lock);
	on = ep->recorder != NULL;
	pthread_mutex_unlock(&ep->lock);
	inspect_enter(to, "capture", -1);
	inspect_flag(to, "on", on);
	inspect_counter(to, "frames", s.frames, NET_CLASS_NOTE, "frames", "in the file");
	inspect_counter(to, "missed", s.missed, NET_CLASS_NOTE, "frames",
			"passed while capture was on and are not in the file");
	inspect_number(to, "written", s.bytes, "bytes");
	inspect_signed(to, "error", s.error, "");
	inspect_leave(to);
}

static struct net_endpoint *capture_inner(struct net_endpoint *base)
{
	return capture_of(base)->inner;
}

static int capture_destroy(struct net_endpoint *base, struct net_error *err)
{
	struct capture *ep = capture_of(base);
	int rc = net_endpoint_destroy(ep->inner, err);

	if (rc == -EBUSY)
		return rc;
	net_capture_stop(base);
	pthread_mutex_destroy(&ep->lock);
	free(ep);
	return rc;
}

const struct net_endpoint_ops capture_endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = capture_facts,
	.get_queues = capture_get_queues,
	.get_queue = capture_get_queue,
	.stop = capture_stop,
	.poll_action = capture_poll_action,
	.action_fd = capture_action_fd,
	.inspect = capture_inspect,
	.destroy = capture_destroy,
	.inner = capture_inner,
};

int net_capture_open(struct net_endpoint *inner, struct net_endpoint **out, struct net_error *err)
{
	struct capture *ep = calloc(1, sizeof(*ep));

	if (!ep)
		return error_set(err, -ENOMEM, "capture", "out of memory");
	pthread_mutex_init(&ep->lock, NULL);
	ep->base.ops = &capture_endpoint_ops;
	ep->inner = inner;
	*out = &ep->base;
	return 0;
}

/* ---- Start and stop ------------------------------------------------------------------------ */

void net_capture_config_init(struct net_capture_config *config, size_t size_bytes)
{
	const struct net_capture_config defaults = {
		.size_bytes = size_bytes,
		.path = NULL,
		.fd = -1,
		.snap_bytes = SNAP_MAX_BYTES,
		.rotate_files = 1,
		.buffer_bytes = 4 << 20,
		.interface = "",
	};

	grow_out(config, size_bytes, &defaults, sizeof(defaults));
}

#define REJECT(condition, ...)                                                                     \
	do {                                                                                       \
		if (condition)                                                                     \
			return error_set(err, -EINVAL, "capture", __VA_ARGS__);                    \
	} while (0)

static int check(const struct net_capture_config *c, struct net_error *err)
{
	REJECT((c->path != NULL) == (c->fd >= 0), "path or fd: give one of them, not %s",
	       c->path ? "both" : "neither");
	REJECT(c->snap_bytes < SNAP_MIN_BYTES || c->snap_bytes > SNAP_MAX_BYTES,
	       "snap_bytes %u: must be %d to %d", c->snap_bytes, SNAP_MIN_BYTES, SNAP_MAX_BYTES);
	REJECT(c->buffer_bytes < BUFFER_MIN_BYTES || c->buffer_bytes > BUFFER_MAX_BYTES,
	       "buffer_bytes %u: must be %d to %d", c->buffer_bytes, BUFFER_MIN_BYTES,
	       BUFFER_MAX_BYTES);
	REJECT(c->rotate_bytes && c->rotate_bytes < ROTATE_MIN_BYTES,
	       "rotate_bytes %llu: must be 0, which never rotates, or at least %d",
	       (unsigned long long)c->rotate_bytes, ROTATE_MIN_BYTES);
	REJECT(c->rotate_bytes && !c->path, "rotate_bytes: files in turn need a path, not an fd");
	REJECT(c->rotate_files < 1 || c->rotate_files > ROTATE_MAX_FILES,
	       "rotate_files %u: must be 1 to %d", c->rotate_files, ROTATE_MAX_FILES);
	REJECT(!c->interface || strlen(c->interface) >= PCAPNG_NAME_BYTES,
	       "interface: must be a name of at most %d bytes, or \"\"", PCAPNG_NAME_BYTES - 1);
	return 0;
}

/* Give each queue a spool, and only when all have one start them. Return: 0 or -ENOMEM; then the
 * recorder is to be closed. */
static int tap_all(struct capture *ep, struct recorder *r)
{
	struct spool *spools = NULL, *s;

	for (struct capture_queue *q = ep->queues; q; q = q->next) {
		s = recorder_add(r);
		if (!s)
			return -ENOMEM;
	}
	/* only the recorder's thread takes a spool out, and only a closed one */
	spools = r->spools;
	for (struct capture_queue *q = ep->queues; q; q = q->next, spools = spools->next)
		tap_start(q, spools, r->snap_bytes);
	return 0;
}

int net_capture_start(struct net_endpoint *base, const struct net_capture_config *given,
		      struct net_error *err)
{
	struct capture *ep = capture_of(base);
	struct net_capture_config config;
	struct net_endpoint_facts facts;
	struct recorder *r;
	int rc;

	if (base->ops != &capture_endpoint_ops)
		return error_set(err, -EINVAL, "capture", "this endpoint is no capture wrapper");
	net_capture_config_init(&config, sizeof(config));
	memcpy(&config, given,
	       given->size_bytes < sizeof(config) ? given->size_bytes : sizeof(config));
	rc = check(&config, err);
	if (!rc && ep->recorder)
		rc = error_set(err, -EBUSY, "capture", "capture is on; stop it first");
	if (rc)
		return rc;
	net_endpoint_facts(ep->inner, &facts);
	rc = recorder_open(&config, facts.type, &r, err);
	if (rc)
		return rc;
	pthread_mutex_lock(&ep->lock);
	rc = tap_all(ep, r);
	if (!rc)
		ep->recorder = r;
	pthread_mutex_unlock(&ep->lock);
	if (!rc)
		return 0;
	recorder_close(r, &ep->last);
	return error_set(err, rc, "capture", "out of memory for buffers of %u bytes",
			 config.buffer_bytes);
}

/* The lock is released while recorder_close() runs, which may take as long as the disk does. Queues
 * may be destroyed meanwhile: they have no spool any more. */
int net_capture_stop(struct net_endpoint *base)
{
	struct capture *ep = capture_of(base);
	struct net_capture_stats last;
	struct recorder *r;

	if (base->ops != &capture_endpoint_ops)
		return -EINVAL;
	pthread_mutex_lock(&ep->lock);
	r = ep->recorder;
	for (struct capture_queue *q = ep->queues; r && q; q = q->next)
		tap_stop(q);
	if (r)
		recorder_stats(r, &ep->last);
	ep->recorder = NULL;
	pthread_mutex_unlock(&ep->lock);
	if (!r)
		return -ENOENT;
	recorder_close(r, &last);
	pthread_mutex_lock(&ep->lock);
	ep->last = last;
	pthread_mutex_unlock(&ep->lock);
	return last.error;
}

int net_capture_get_stats_sized(struct net_endpoint *base, struct net_capture_stats *out,
				size_t size_bytes)
{
	struct capture *ep = capture_of(base);
	struct net_capture_stats now;

	if (base->ops != &capture_endpoint_ops)
		return -EINVAL;
	pthread_mutex_lock(&ep->lock);
	if (ep->recorder)
		recorder_stats(ep->recorder, &now);
	else
		now = ep->last;
	pthread_mutex_unlock(&ep->lock);
	grow_out(out, size_bytes, &now, sizeof(now));
	return 0;
}
