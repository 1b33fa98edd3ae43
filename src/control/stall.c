// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/stall.h"

/* ---- A look ----------------------------------------------------------------------------------- */

enum { PATH_BYTES = 128 };

static const struct {
	const char *path;
	size_t offset;
} numbers[] = {
	{"takes_frames", offsetof(struct stall_look, takes_frames)},
	{"rings.fill.level", offsetof(struct stall_look, fill)},
	{"rings.fill.need_wakeup", offsetof(struct stall_look, fill_needs_wakeup)},
	{"rings.rx.level", offsetof(struct stall_look, rx)},
	{"rings.tx.level", offsetof(struct stall_look, tx)},
	{"rings.tx.need_wakeup", offsetof(struct stall_look, tx_needs_wakeup)},
	{"rings.completion.level", offsetof(struct stall_look, completion)},
	{"ids.rx_kernel", offsetof(struct stall_look, rx_kernel)},
	{"ids.rx_pending", offsetof(struct stall_look, rx_pending)},
	{"ids.rx_waiting", offsetof(struct stall_look, rx_waiting)},
	{"ids.tx_descriptors", offsetof(struct stall_look, tx_descriptors)},
	{"counters.rx_frames", offsetof(struct stall_look, rx_frames)},
	{"counters.tx_packets", offsetof(struct stall_look, tx_packets)},
	{"counters.kicks", offsetof(struct stall_look, kicks)},
};

struct looker {
	struct net_inspector base;
	struct stall_look *into;
	char path[PATH_BYTES]; /* of the open groups, each with a dot behind it */
};

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct looker *l = (struct looker *)to;
	size_t at = strlen(l->path);

	(void)index;
	snprintf(l->path + at, sizeof(l->path) - at, "%s.", name);
}

static void leave(struct net_inspector *to)
{
	struct looker *l = (struct looker *)to;
	size_t at = strlen(l->path);

	/* The name in front of the last dot. A path that was cut has no dot at its end, and fits nothing. */
	for (at -= at > 0; at > 0 && l->path[at - 1] != '.'; at--)
		;
	l->path[at] = '\0';
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct looker *l = (struct looker *)to;
	size_t at = strlen(l->path);

	if (f->kind != NET_FIELD_NUMBER && f->kind != NET_FIELD_FLAG)
		return;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strncmp(numbers[i].path, l->path, at) &&
		    !strcmp(numbers[i].path + at, f->name))
			memcpy((char *)l->into + numbers[i].offset, &f->number, sizeof(f->number));
}

void stall_look(struct stall *s, struct net_queue *q, uint64_t now_ms)
{
	static const struct net_inspector_ops ops = {
		.size_bytes = sizeof(ops), .enter = enter, .leave = leave, .field = field};
	struct stall_look now = {.at_ms = now_ms};
	struct looker l = {.base.ops = &ops, .into = &now};

	net_queue_inspect(q, &l.base);
	stall_add(s, &now);
}

/* ---- Judging ---------------------------------------------------------------------------------- */

/* Transmit: whoever the next step belongs to has not made it. */
static enum stall_kind tx_between(const struct stall_look *a, const struct stall_look *b)
{
	if (!a->tx_descriptors || !b->tx_descriptors || a->tx_packets != b->tx_packets)
		return STALL_NONE;
	if (a->completion && b->completion)
		return STALL_TX_UNREAD;
	if (!a->tx && !b->tx)
		return STALL_TX_HELD;
	if (!a->tx || b->tx < a->tx)
		return STALL_NONE; /* the kernel takes them, or they have just come */
	return a->tx_needs_wakeup && b->tx_needs_wakeup && a->kicks == b->kicks ? STALL_TX_WAKEUP
										: STALL_TX_KERNEL;
}

static enum stall_kind rx_between(const struct stall_look *a, const struct stall_look *b)
{
	if (!a->takes_frames || !b->takes_frames || a->rx_frames != b->rx_frames)
		return STALL_NONE;
	if (a->rx && b->rx)
		return STALL_RX_UNREAD;
	/* In zero copy the driver empties the fill ring at once: what counts is what the kernel has of ours. */
	if (!a->rx_kernel && !b->rx_kernel)
		return STALL_RX_EMPTY;
	if (a->fill && a->fill == b->fill && a->fill_needs_wakeup && b->fill_needs_wakeup &&
	    a->kicks == b->kicks)
		return STALL_RX_WAKEUP;
	return STALL_NONE;
}

enum stall_kind stall_between(const struct stall_look *before, const struct stall_look *now)
{
	enum stall_kind tx = tx_between(before, now);

	return tx ? tx : rx_between(before, now);
}

void stall_add(struct stall *s, const struct stall_look *now)
{
	enum stall_kind kind = s->has_look ? stall_between(&s->last, now) : STALL_NONE;

	if (kind != s->kind)
		s->since_ms = s->last.at_ms;
	s->kind = kind;
	s->last = *now;
	s->has_look = true;
}

/* ---- Telling ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *sentence;
} kinds[] = {
	[STALL_NONE] = {"", ""},
	[STALL_TX_WAKEUP] = {"tx_wakeup",
			     "packets wait in the TX ring, the kernel asks to be woken, and nobody "
			     "calls: the queue's thread has to call tx_poll or poll_ready"},
	[STALL_TX_KERNEL] =
		{"tx_kernel",
		 "packets wait in the TX ring and the kernel does not take them: is the "
		 "interface up (ip link), and does its other end take frames?"},
	[STALL_TX_UNREAD] = {"tx_unread",
			     "completions wait in their ring and nobody reads them: the queue's "
			     "thread has to call tx_poll"},
	[STALL_TX_HELD] = {"tx_held",
			   "the driver has packets and completes none: its transmit queue stands "
			   "still; look at the link, at pause frames (ethtool -S), at dmesg"},
	[STALL_RX_UNREAD] = {"rx_unread",
			     "frames wait in the RX ring and nobody reads them: the queue's thread "
			     "has to call rx_poll"},
	[STALL_RX_EMPTY] = {"rx_empty",
			    "the kernel has no receive buffer, and what arrives is dropped: the "
			    "queue's thread has to call rx_avail"},
	[STALL_RX_WAKEUP] =
		{"rx_wakeup",
		 "buffers wait in the fill ring, the kernel asks to be woken, and nobody "
		 "calls: the queue's thread has to call rx_poll or poll_ready"},
};

void stall_tell(const struct stall *s, struct net_inspector *to)
{
	uint64_t ms = s->kind ? s->last.at_ms - s->since_ms : 0;
	enum stall_kind kind = ms >= STALL_MS ? s->kind : STALL_NONE;
	const struct net_field fields[] = {
		{.name = "stall", .kind = NET_FIELD_TEXT, .text = kinds[kind].name},
		{.name = "stalled_ms",
		 .kind = NET_FIELD_NUMBER,
		 .unit = "ms",
		 .meaning = "the queue stands still so long; see stall_state",
		 .number = kind ? ms : 0},
		{.name = "stall_state", .kind = NET_FIELD_TEXT, .text = kinds[kind].sentence},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct net_field f = fields[i];

		f.unit = f.unit ? f.unit : "";
		f.meaning = f.meaning ? f.meaning : "";
		to->ops->field(to, &f);
	}
}
