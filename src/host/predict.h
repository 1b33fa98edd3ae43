/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint would get, by the rules of rules.c, driver.c and known.c. Pure. */
#ifndef NET_XDP_PREDICT_H
#define NET_XDP_PREDICT_H

#include <stdio.h>

#include "net_xdp.h"

/* See net_xdp_predict(). The configuration is one that net_xdp_config_check() takes. */
void predict(const struct net_xdp_config *c, const struct net_xdp_device *device,
	     struct net_xdp_prediction *out);

/* ---- For its parts ---------------------------------------------------------------------------- */

struct predict {
	const struct net_xdp_config *c;
	const struct net_xdp_device *d;
	struct net_xdp_prediction *out;
	bool told_mtu;		      /* a zero-copy rule has said what the MTU needs */
	struct net_xdp_finding spare; /* written to when out has no place left */
};

/* Return: a new finding, whose texts are to be written. UNSURE makes the prediction so. */
struct net_xdp_finding *predict_finding(struct predict *p, enum net_xdp_finding_kind kind,
					enum net_xdp_reason reason, int error);

#define PREDICT_SAY(text, ...) snprintf(text, sizeof(text), __VA_ARGS__)

/* Each looks at one matter, adds findings, and may lower native and outcome. */
typedef void predict_rule(struct predict *p);

/* predict_mode.c, in this order */
predict_rule predict_attach, predict_zero_copy, predict_known;
/* predict_notes.c: what changes neither native nor outcome */
predict_rule predict_mtu, predict_gap, predict_joined, predict_tags, predict_veth, predict_link,
	predict_spread;

#endif
