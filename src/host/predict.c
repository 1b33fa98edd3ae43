// SPDX-License-Identifier: BSD-2-Clause
/* What an endpoint would get: what makes it fail, the limits of the mode, and all of it together. */
#include <errno.h>
#include <string.h>

#include "host/driver.h"
#include "host/predict.h"
#include "host/rules.h"
#include "host/rx_ways.h"
#include "host/tx_ways.h"

#define SAY PREDICT_SAY

struct net_xdp_finding *predict_finding(struct predict *p, enum net_xdp_finding_kind kind,
					enum net_xdp_reason reason, int error)
{
	struct net_xdp_prediction *out = p->out;
	struct net_xdp_finding *f = out->finding_count < NET_XDP_FINDINGS
					    ? &out->findings[out->finding_count++]
					    : &p->spare;

	*f = (struct net_xdp_finding){.kind = kind, .reason = reason, .error = error};
	if (kind == NET_XDP_FINDING_UNSURE)
		out->sure = false;
	return f;
}

static struct net_xdp_finding *blocks(struct predict *p, enum net_xdp_reason reason, int error)
{
	return predict_finding(p, NET_XDP_FINDING_BLOCKS, reason, error);
}

/* ---- What makes it fail ----------------------------------------------------------------------- */

static void link_type(struct predict *p)
{
	struct net_xdp_finding *f;

	if (p->d->has_ethernet)
		return;
	f = blocks(p, NET_XDP_REASON_LINK_TYPE, -EOPNOTSUPP);
	SAY(f->sentence,
	    "Frames of this interface have no Ethernet header (link type %u of linux/if_arp.h): what "
	    "comes would be IP packets or worse, so it is refused",
	    p->d->link_type);
	SAY(f->remedy, "use the Ethernet interface below it, or make it one (a tap in place of a "
		       "tun)");
}

/* The dispatcher takes more programs; any other attachment is somebody's own. */
static void other_program(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	bool dispatcher = d->program_mode && strcmp(d->program_mode, "dispatcher") == 0;
	struct net_xdp_finding *f;

	if (!d->program_id || (dispatcher && p->c->program == NET_XDP_PROGRAM_DISPATCHER))
		return;
	f = blocks(p, NET_XDP_REASON_PROGRAM, -EBUSY);
	if (dispatcher) {
		SAY(f->sentence, "XDP program %u is libxdp's dispatcher, which programs share",
		    d->program_id);
		SAY(f->remedy, "use program dispatcher to run beside them");
		return;
	}
	SAY(f->sentence, "XDP program %u%s%s%s is attached (%s)", d->program_id,
	    d->program_name[0] ? " \"" : "", d->program_name, d->program_name[0] ? "\"" : "",
	    d->program_mode ? d->program_mode : "");
	SAY(f->remedy,
	    "end its owner, or load both through libxdp's dispatcher (that one: xdp-loader "
	    "load IF FILE; ours: program dispatcher)");
}

/* An endpoint sends on its queue, so that has to be there: check_queues(). */
static void queue_of_one_direction(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	uint32_t queue = p->c->first_queue;
	struct net_xdp_finding *f;

	if (queue >= d->tx_queues) {
		f = blocks(p, NET_XDP_REASON_QUEUE, -EINVAL);
		SAY(f->sentence,
		    "Queue %u only receives (there are %u receive and %u transmit queues), and an "
		    "endpoint also sends on its queue",
		    queue, d->rx_queues, d->tx_queues);
		SAY(f->remedy,
		    "choose one below %u, or give it as many of both: ethtool -L IF combined N",
		    d->tx_queues);
	} else if (queue >= d->rx_queues) {
		f = predict_finding(p, NET_XDP_FINDING_NOTE, NET_XDP_REASON_QUEUE, 0);
		SAY(f->sentence,
		    "Queue %u only sends (there are %u receive and %u transmit queues): no frame "
		    "ever arrives there",
		    queue, d->rx_queues, d->tx_queues);
	}
}

/* Frames of several chunks: XDP_USE_SG. */
static void old_kernel(struct predict *p)
{
	struct net_xdp_finding *f;

	if (!rules_is_jumbo(p->c) || !p->d->kernel_release ||
	    p->d->kernel_release >= RULES_MULTI_BUFFER_SINCE)
		return;
	f = blocks(p, NET_XDP_REASON_KERNEL, -EOPNOTSUPP);
	SAY(f->sentence, "max_frame_bytes %u: frames over one chunk need Linux 6.6",
	    p->c->max_frame_bytes);
	SAY(f->remedy, "use a smaller max_frame_bytes, or a newer kernel");
}

/* ---- All of it -------------------------------------------------------------------------------- */

/* By kind, in each the order in which they were found. */
static void sort(struct net_xdp_prediction *out)
{
	for (uint32_t i = 1; i < out->finding_count; i++) {
		struct net_xdp_finding f = out->findings[i];
		uint32_t k = i;

		for (; k && out->findings[k - 1].kind > f.kind; k--)
			out->findings[k] = out->findings[k - 1];
		out->findings[k] = f;
	}
}

static void limits(struct predict *p)
{
	bool zero_copy = p->out->outcome == NET_XDP_OUTCOME_ZERO_COPY;
	bool multi_buffer =
		!p->d->kernel_release || p->d->kernel_release >= RULES_MULTI_BUFFER_SINCE;
	struct net_xdp_prediction *out = p->out;

	out->direct_capacity_bytes = rules_direct_capacity(p->c, zero_copy);
	out->header_gap_bytes = zero_copy ? driver_gap_bytes(p->d) : 0;
	if (p->c->rx_vlan && out->header_gap_bytes < 8)
		out->header_gap_bytes = 8;
	out->largest_frame_bytes = rules_largest_frame(p->c, p->d, zero_copy);
	out->largest_mtu_bytes = rules_largest_mtu(p->c, p->d, zero_copy);
	out->max_tx_descriptors = rules_tx_descriptors(p->c, p->d, multi_buffer, zero_copy);
	out->gathers = rules_is_jumbo(p->c);
	out->bounces_at_pages = zero_copy && p->d->dma_per_page;
}

/* As queue_tx_facts() has them after a bind that ends as predicted. */
static void requests(struct predict *p)
{
	struct net_xdp_prediction *out = p->out;
	const struct tx_facts facts = {
		.config = p->c,
		.device = p->d,
		.zero_copy = out->outcome == NET_XDP_OUTCOME_ZERO_COPY,
		.has_requests = tx_ways_may_take_requests(p->d) &&
				tx_ways_want_requests(p->c, p->d, out->native),
		.descriptors = out->max_tx_descriptors,
	};
	struct tx_sentences sentences;

	tx_ways_say(&facts, &sentences);
	memcpy(out->tx_checksum_state, sentences.checksum, sizeof(sentences.checksum));
	memcpy(out->tx_segmentation_state, sentences.segmentation, sizeof(sentences.segmentation));
	memcpy(out->tx_vlan_state, sentences.vlan, sizeof(sentences.vlan));
}

static void received(struct predict *p)
{
	const enum checksum_source source = rx_ways_source(p->d, p->out->native);

	PREDICT_SAY(p->out->rx_checksum_state, "%s", rx_ways_say(p->c->rx_checksum, source));
}

/* What decides comes first. */
static void judge(struct net_xdp_prediction *out)
{
	if (!out->finding_count)
		return;
	if (out->findings[0].kind == NET_XDP_FINDING_BLOCKS) {
		out->outcome = NET_XDP_OUTCOME_FAILS;
		out->sure = true;
	}
	if (out->findings[0].kind <= NET_XDP_FINDING_LOWERS)
		out->reason = out->findings[0].reason;
}

void predict(const struct net_xdp_config *c, const struct net_xdp_device *device,
	     struct net_xdp_prediction *out)
{
	static predict_rule *const rules[] = {
		link_type,	other_program,	   queue_of_one_direction, old_kernel,
		predict_attach, predict_zero_copy, predict_known,	   predict_mtu,
		predict_gap,	predict_joined,	   predict_tags,	   predict_veth,
		predict_link,	predict_spread,
	};
	struct predict p = {.c = c, .d = device, .out = out};

	memset(out, 0, sizeof(*out));
	out->sure = true;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](&p);
	limits(&p);
	sort(out);
	judge(out);
	if (out->outcome == NET_XDP_OUTCOME_FAILS)
		return;
	requests(&p);
	received(&p);
}
