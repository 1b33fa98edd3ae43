/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_inspect.h - what an endpoint or a queue knows of itself, told once.
 *
 *     net_queue_inspect(q, to)  --->  field by field  --->  an inspector: JSON, OpenMetrics, a tree for people, yours
 *
 * An inspector is an object with operations, as a pool is. The walk calls enter() and leave() around
 * groups and field() for each value, in an order that stays. Names are lower case with underscores,
 * unique within their group and shorter than 64 bytes; a unit is a word of its own and not part of the
 * name's meaning. A text that is named sentence, or whose name ends in _state or _error, is a sentence for
 * people ("" when there is nothing to say); other texts are names and words. Groups of one name that have
 * an index follow each other: a renderer makes one list of them. Groups nest up to 15 deep.
 */
#ifndef NET_INSPECT_H
#define NET_INSPECT_H

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

enum net_field_kind {
	NET_FIELD_NUMBER = 1, /* number */
	NET_FIELD_SIGNED,     /* number is an int64_t: an errno, a processor */
	NET_FIELD_FLAG,	      /* number is 0 or 1 */
	NET_FIELD_TEXT,	      /* text */
	NET_FIELD_UNKNOWN,    /* the value could not be found out; it is never told as 0 */
	NET_FIELD_HISTOGRAM,  /* histogram */
};

/* How many of the samples were at most so large, the smaller ones counted in. */
struct net_bucket {
	uint64_t most;
	uint64_t count;
};

/* Samples by their size, in the field's unit. */
struct net_histogram {
	uint64_t count; /* of all samples */
	uint64_t sum;
	const struct net_bucket
		*buckets; /* most and count rise; the last may have fewer than all */
	uint32_t bucket_count;
};

/* The class of a number: what it counts. Of frames or packets: offered = traffic + lost. */
enum net_field_class {
	NET_CLASS_VALUE = 0,   /* not a counter: a setting, a level, a state */
	NET_CLASS_TRAFFIC,     /* delivered or sent */
	NET_CLASS_RX_LOST,     /* received, and dropped by us */
	NET_CLASS_TX_LOST,     /* accepted, and not sent */
	NET_CLASS_KERNEL_LOST, /* dropped by the kernel or the driver before we saw it */
	NET_CLASS_REFUSED,     /* refused: still the frontend's */
	NET_CLASS_NOTE,	       /* says how or why; what it counts is in another class too */
	NET_CLASS_WORK,	       /* work: system calls, looks, retries */
};

struct net_field {
	const char *name;
	enum net_field_kind kind;
	enum net_field_class value_class;
	const char *unit; /* a word: "bytes", "frames", "ids", "calls", "us", "bit/s", ...; or "" */
	const char *meaning; /* a sentence, or "" */
	uint64_t number;
	/* valid inside the call only, like name; NULL: as NET_FIELD_UNKNOWN */
	const char *text;
	const struct net_histogram
		*histogram; /* the same holds; read with NET_FIELD_HISTOGRAM alone */
};

struct net_inspector_ops {
	size_t size_bytes; /* sizeof(struct net_inspector_ops) */
	/* A group begins. index >= 0: it is one of several with that name. */
	void (*enter)(struct net_inspector *to, const char *name, int index);
	void (*leave)(struct net_inspector *to);
	void (*field)(struct net_inspector *to, const struct net_field *field);
};

struct net_inspector {
	const struct net_inspector_ops *ops;
};

/* Takes a renderer's text, piece by piece in order. */
typedef void net_text_fn(void *context, const char *text, size_t len_bytes);

/*
 * Render an endpoint and its queues (those of queues[0..count) that are not NULL; count may be 0).
 *   json   one object: {"endpoint": {...}, "queues": [{...}, ...]}; valid UTF-8 whatever the names hold
 *   tree   lines for people: groups indented, values with their units, long sentences wrapped at 80 columns;
 *          counters that are 0 are left out
 * Threads: as for net_endpoint_inspect(); the queues may be running. Blocks: what write does.
 */
NET_PUBLIC void net_inspect_json(struct net_endpoint *ep, struct net_queue *const *queues,
				 uint32_t count, net_text_fn *write, void *context);
NET_PUBLIC void net_inspect_tree(struct net_endpoint *ep, struct net_queue *const *queues,
				 uint32_t count, net_text_fn *write, void *context);

/*
 * The same as OpenMetrics text 1.0 (for Prometheus): one document with all lines of a family together and
 * "# EOF" at its end.
 *   names     net_xdp_, the names of the groups (endpoint, queues and counters aside), the field's name, its unit:
 *             net_xdp_rx_frames_total, net_xdp_rings_fill_level_entries, net_xdp_device_mtu_bytes. Times are in
 *             seconds, a speed in bytes_per_second
 *   types     counters by their class, which is the label class; histograms; all other numbers and flags are gauges.
 *             The texts of a group are the labels of one metric NAME_info, empty ones left out
 *   labels    interface and queue (the hardware's number where it is told, else the index); any other group with an
 *             index has a label of its name without the s at its end: rung, region. What bounced, was dropped or
 *             refused is one family with the label reason
 * A family has the same HELP, TYPE and UNIT in every document of a version, so that documents of several processes
 * are merged family by family. What is unknown is left out.
 * Return: 0; -ENOMEM and nothing was written.
 */
NET_PUBLIC int net_inspect_openmetrics(struct net_endpoint *ep, struct net_queue *const *queues,
				       uint32_t count, net_text_fn *write, void *context);

/* ---- Documents of one's own ------------------------------------------------------------------- */

/* Tells what it has to an inspector. */
typedef void net_tell_fn(void *context, struct net_inspector *to);

/*
 * Render what tell tells, in the same forms. For OpenMetrics these names have a meaning more: the texts program and pid
 * outside of groups are labels of all; the text interface is a label of all of its endpoint, queue or other group with
 * an index; in groups named endpoints the text name is the label endpoint, which keeps apart what is alike.
 */
NET_PUBLIC void net_tell_json(net_tell_fn *tell, void *tell_context, net_text_fn *write,
			      void *context);
NET_PUBLIC int net_tell_openmetrics(net_tell_fn *tell, void *tell_context, net_text_fn *write,
				    void *context);

/* Tell an endpoint and its queues, as the groups endpoint and queues of net_inspect_json(). */
NET_PUBLIC void net_inspect_tell(struct net_endpoint *ep, struct net_queue *const *queues,
				 uint32_t count, struct net_inspector *to);

#ifdef __cplusplus
}
#endif

#endif
