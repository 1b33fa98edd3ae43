// SPDX-License-Identifier: BSD-2-Clause
/* net_xdp_predict(): the configuration as open takes it, and the rules. */
#include <errno.h>
#include <stdio.h>

#include "base/grow.h"
#include "host/predict.h"
#include "xdp/config.h"

const char *net_xdp_reason_name(uint32_t reason)
{
	static const char *const names[] = {
#define REASON_NAME(symbol, name, meaning) name,
		NET_XDP_REASONS_LIST(REASON_NAME)
#undef REASON_NAME
	};

	return reason < NET_XDP_REASONS ? names[reason] : NULL;
}

/* What open would refuse before it looks at the interface. */
static void refused(const struct net_error *err, struct net_xdp_prediction *out)
{
	struct net_xdp_finding *f = &out->findings[0];

	*out = (struct net_xdp_prediction){.sure = true, .reason = NET_XDP_REASON_CONFIG};
	out->finding_count = 1;
	*f = (struct net_xdp_finding){.kind = NET_XDP_FINDING_BLOCKS,
				      .reason = NET_XDP_REASON_CONFIG,
				      .error = err->code};
	snprintf(f->sentence, sizeof(f->sentence), "%s", err->message);
}

int net_xdp_predict_sized(const struct net_xdp_device *device, size_t device_bytes,
			  const struct net_xdp_config *config, struct net_xdp_prediction *out,
			  size_t size_bytes)
{
	struct net_xdp_prediction prediction;
	struct net_xdp_device d;
	struct net_xdp_config c;
	struct net_error err;

	if (!device || !out || config_take(&c, config, &err))
		return -EINVAL;
	grow_out(&d, sizeof(d), device, device_bytes);
	if (config_check_rules(&c, &err))
		refused(&err, &prediction);
	else
		predict(&c, &d, &prediction);
	grow_out(out, size_bytes, &prediction, sizeof(prediction));
	return 0;
}
