// SPDX-License-Identifier: BSD-2-Clause
/* What is not known has no member: for a reader of JSON that is the same as null. */
#include "common/json.h"
#include "info.h"

/* An array of the words whose bits are set. */
static void put_bits(struct json *j, const char *key, uint64_t value, const struct info_bit *bits)
{
	json_open(j, key, '[');
	for (; bits->bit; bits++) {
		if (value & bits->bit)
			json_text(j, NULL, bits->word);
	}
	json_close(j, ']');
}

static void put_program(struct json *j, const struct info_facts *f)
{
	const struct net_xdp_device *d = &f->device;

	json_open(j, "program", '{');
	json_text(j, "mode", d->program_mode);
	if (d->program_id) {
		json_number(j, "id", d->program_id);
		if (d->program_name[0])
			json_text(j, "name", d->program_name);
	}
	if (f->holder.link_id)
		json_number(j, "link_id", f->holder.link_id);
	if (f->holder.pid) {
		json_number(j, "pid", f->holder.pid);
		json_text(j, "command", f->holder.command);
	}
	json_close(j, '}');
}

static void put_link(struct json *j, const struct info_facts *f)
{
	const struct info_link *l = &f->link;

	json_number(j, "link_type", f->device.link_type);
	if (l->master[0])
		json_text(j, "master", l->master);
	if (l->default_route)
		json_bool(j, "default_route", true);
	if (l->way.sentence[0])
		json_text(j, "host", l->way.sentence);
	if (f->steer_state[0])
		json_text(j, "steer_state", f->steer_state);
	if (l->uppers[0])
		json_text(j, "uppers", l->uppers);
	if (l->addresses[0])
		json_text(j, "addresses", l->addresses);
	if (f->device.has_offloads)
		put_bits(j, "offloads", f->device.offloads, info_offload_bits);
	if (f->device.most_channels) {
		json_number(j, "channels", f->device.channels);
		json_number(j, "most_channels", f->device.most_channels);
	}
}

static void put_device(struct json *j, const struct info_facts *f)
{
	const struct net_xdp_device *d = &f->device;

	json_text(j, "interface", d->ifname);
	if (d->driver[0])
		json_text(j, "driver", d->driver);
	json_number(j, "ifindex", d->ifindex);
	json_number(j, "mtu_bytes", d->mtu_bytes);
	json_number(j, "rx_queues", d->rx_queues);
	json_number(j, "tx_queues", d->tx_queues);
	json_bool(j, "up", d->up);
	json_bool(j, "carrier", d->carrier);
	json_bool(j, "is_bond", d->is_bond);
	json_bool(j, "is_stacked", d->is_stacked);
	json_bool(j, "dma_per_page", d->dma_per_page);
	if (f->bond_members[0])
		json_text(j, "bond_members", f->bond_members);
	if (d->link_speed_bps)
		json_number(j, "link_speed_bps", d->link_speed_bps);
	if (d->has_features) {
		put_bits(j, "xdp_features", d->xdp_features, info_xdp_bits);
		put_bits(j, "rx_metadata_features", d->rx_metadata_features, info_rx_metadata_bits);
		put_bits(j, "xsk_features", d->xsk_features, info_xsk_bits);
	}
	if (d->zc_max_segments)
		json_number(j, "zc_max_segments", d->zc_max_segments);
	put_program(j, f);
}

static void put_queue(struct json *j, const struct info_facts *f)
{
	const struct net_xdp_device_queue *q = &f->queue_state;

	json_open(j, "queue", '{');
	json_number(j, "index", f->queue);
	if (q->has_state)
		json_bool(j, "has_socket", q->has_socket);
	if (q->napi_id)
		json_number(j, "napi_id", q->napi_id);
	if (q->irq)
		json_number(j, "irq", q->irq);
	if (q->has_deferral) {
		json_number(j, "napi_defer_hard_irqs", q->napi_defer_hard_irqs);
		json_number(j, "gro_flush_timeout_ns", q->gro_flush_timeout_ns);
	}
	json_bool(j, "napi_left", q->napi_left);
	if (q->napi_state[0])
		json_text(j, "napi_state", q->napi_state);
	json_close(j, '}');
}

static void put_limit(struct json *j, uint32_t chunk_bytes)
{
	struct net_xdp_chunk_limits limit;

	net_xdp_get_chunk_limits(chunk_bytes, &limit);
	json_open(j, NULL, '{');
	json_number(j, "chunk_bytes", chunk_bytes);
	json_number(j, "copy_bytes", limit.copy_bytes);
	json_number(j, "zero_copy_bytes", limit.zero_copy_bytes);
	json_number(j, "zero_copy_multi_bytes", limit.zero_copy_multi_bytes);
	json_close(j, '}');
}

static void put_privileges(struct json *j, const struct info_facts *f)
{
	const struct info_privilege *p;

	json_open(j, "privileges", '{');
	for (p = info_privileges; p->name; p++)
		json_bool(j, p->name, info_can(f, p->capability));
	json_bool(j, "user_namespace", f->user_namespace);
	json_signed(j, "socket_error", f->socket_error);
	json_signed(j, "program_error", f->program_error);
	if (info_may_lock_all(f))
		json_null(j, "memlock_bytes"); /* no limit */
	else
		json_number(j, "memlock_bytes", f->memlock_bytes);
	json_close(j, '}');
}

static void put_prediction(struct json *j, const struct info_prediction *p)
{
	uint32_t i;

	json_open(j, "prediction", '{');
	json_text(j, "mode", info_mode_word(p->mode));
	json_text(j, "attach", p->native ? "native" : "generic");
	json_bool(j, "sure", p->sure);
	if (p->largest_mtu_bytes)
		json_number(j, "largest_mtu_bytes", p->largest_mtu_bytes);
	json_text(j, "summary", p->summary);
	if (p->tx_checksum[0]) {
		json_text(j, "tx_checksum_state", p->tx_checksum);
		json_text(j, "tx_segmentation_state", p->tx_segmentation);
		json_text(j, "tx_vlan_state", p->tx_vlan);
		json_text(j, "rx_partial_state", p->rx_partial);
	}
	json_open(j, "sentences", '[');
	for (i = 0; i < p->count; i++) {
		json_open(j, NULL, '{');
		json_text(j, "kind", info_kind_word(p->sentences[i].kind));
		if (p->sentences[i].reason)
			json_text(j, "reason", net_xdp_reason_name(p->sentences[i].reason));
		json_text(j, "text", p->sentences[i].text);
		if (p->sentences[i].source)
			json_text(j, "source", p->sentences[i].source);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void put_try(struct json *j, const struct info_try *tried)
{
	json_open(j, "try", '{');
	json_signed(j, "error", tried->rc);
	if (tried->rc < 0) {
		json_text(j, "step", tried->err.step);
		json_text(j, "message", tried->err.message);
	} else {
		told_json(j, "got", &tried->told);
	}
	json_close(j, '}');
}

/* ---- Documents -------------------------------------------------------------------------------- */

void info_json_begin(struct json *j)
{
	json_open(j, NULL, '{');
	json_text(j, "tool", "xsk-info");
}

void info_json_end(struct json *j, int status, const struct net_error *err)
{
	json_outcome(j, status, status ? err : NULL);
	json_close(j, '}');
}

void info_json_row(struct json *j, const struct net_xdp_device *device)
{
	json_open(j, NULL, '{');
	put_device(j, &(struct info_facts){.device = *device});
	json_close(j, '}');
}

void info_print_json(FILE *out, const struct info_facts *facts,
		     const struct info_prediction *prediction, const struct info_try *tried)
{
	struct json j = {.out = out};

	info_json_begin(&j);
	put_device(&j, facts);
	put_link(&j, facts);
	json_text(&j, "kernel", facts->release);
	put_queue(&j, facts);
	json_open(&j, "limits", '[');
	put_limit(&j, 2048);
	put_limit(&j, 4096);
	json_close(&j, ']');
	put_privileges(&j, facts);
	put_prediction(&j, prediction);
	if (tried)
		put_try(&j, tried);
	info_json_end(&j, tried && tried->rc < 0, tried ? &tried->err : NULL);
}
