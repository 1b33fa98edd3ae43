// SPDX-License-Identifier: BSD-2-Clause
/* --try: the only part of xsk-info that touches the interface. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "common/escape.h"
#include "common/options_say.h"
#include "xsk_bench/options_table.h"
#include "info.h"

#define REGION_BYTES (1u << 20)

/* No buffer is ever posted, so nobody asks for one. */
static void no_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	(void)ids;
	memset(out, 0, count * sizeof(*out));
}

static void no_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool;
	(void)ids;
	(void)metadata;
	(void)count;
}

static const struct net_buffer_access_ops no_pool = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = no_buffers,
	.rx_metadata = no_metadata,
};

/* A line for a person who wonders why nothing happens. */
static bool on_wait(void *told, const char *sentence)
{
	char plain[1024];

	if (!*(bool *)told)
		fprintf(stderr, "xsk-info: %s\n", escape_plain(plain, sizeof(plain), sentence));
	*(bool *)told = true;
	return true;
}

int info_try(const struct info_facts *facts, struct info_try *out)
{
	struct net_xdp_config config = info_config(facts);
	struct net_buffer_access pool = {.ops = &no_pool};
	struct net_queue_config queue_config = {.pool = &pool};
	struct net_xdp_region region = {.size_bytes = REGION_BYTES, .fd = -1};
	struct net_endpoint *endpoint = NULL;
	struct net_queue *queue = NULL;
	struct net_error ignored;
	bool told = false;
	int rc;

	memset(out, 0, sizeof(*out));
	region.fd = memfd_create("xsk-info", MFD_CLOEXEC);
	if (region.fd < 0 || ftruncate(region.fd, REGION_BYTES) < 0) {
		rc = error_fill(&out->err, -errno, "memory",
				"a region of %u bytes from memfd_create: %s", REGION_BYTES,
				strerror(errno));
		goto fail;
	}
	config.regions = &region;
	config.region_count = 1;
	config.on_wait = on_wait;
	config.on_wait_context = &told;
	rc = net_xdp_open(&config, &endpoint, &out->err);
	if (rc < 0)
		goto fail;
	rc = net_endpoint_get_queues(endpoint, &queue_config, 1, NULL, &queue, &out->err);
	if (rc < 0)
		goto fail;
	told_take(&out->told, endpoint, &queue, 1, &bench_options);

fail:
	options_say(&bench_options, out->err.message, sizeof(out->err.message));
	/* What was found out stands, even if letting go of it takes too long. */
	if (queue)
		net_queue_destroy(queue, &ignored);
	if (endpoint) {
		net_endpoint_stop(endpoint);
		net_endpoint_destroy(endpoint, &ignored);
	}
	if (region.fd >= 0)
		close(region.fd);
	out->rc = rc;
	return rc;
}

void info_try_free(struct info_try *tried)
{
	told_free(&tried->told);
}
