/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program told of its endpoints as JSON: {"program": ..., "endpoints": [...]} as its control socket answers
 * (net_control.h), or one endpoint as net_inspect_json() renders it. It is somebody else's text: what has the wrong
 * type counts as not told.
 */
#ifndef RUNNING_DOCUMENT_H
#define RUNNING_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct json_object;

struct document {
	struct json_object *root; /* NULL: none */
};

/* Return: 0 and *d, to be freed by document_free(); -EINVAL: it is no such document, or more than one. */
int document_parse(struct document *d, const char *text, size_t bytes);
void document_free(struct document *d);

enum running_mode {
	RUNNING_UNKNOWN,
	RUNNING_ZERO_COPY,
	RUNNING_COPY, /* whether the program is native or generic is not known */
	RUNNING_COPY_NATIVE,
	RUNNING_COPY_GENERIC,
};

/* One queue. */
struct document_queue {
	uint32_t endpoint;  /* its number in the document, from 0 */
	char interface[64]; /* any bytes */
	int64_t queue;	    /* the hardware queue; -1 not told */
	enum running_mode mode;
	bool counted;	 /* the counters were told */
	bool lost_alone; /* of them the losses only: the kernel counts nothing else */
	uint64_t rx_frames;
	uint64_t tx_packets;
	char stall[512]; /* why it stands still, and what to do; "": it does not */
	uint64_t lost;	 /* dropped by the library, the kernel or the driver, both ways */
};

uint32_t document_endpoints(const struct document *d);
/* The endpoint's interface, "" not told; it lives as long as d. */
const char *document_interface(const struct document *d, uint32_t endpoint);

/* The queues of an endpoint. Return: their number, of which at most room are in out. */
uint32_t document_queues(const struct document *d, uint32_t endpoint, struct document_queue *out,
			 uint32_t room);

/* An endpoint's part as an element of an array: as it was told, with the characters that a terminal would obey
 * escaped. */
void document_json(struct json *j, const struct document *d, uint32_t endpoint);

#endif
