// SPDX-License-Identifier: BSD-2-Clause
#include "document.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net_xdp.h"

#include "common/json.h"
#include "common/json_read.h"

/* inspect nests up to 15 deep (net_inspect.h), and lies in an object and an array. */
#define DEPTH_MAX 24

/* An endpoint of 64 queues has about a thousand. */
#define OBJECTS_MAX 65536u

/* ---- The document ----------------------------------------------------------------------------- */

/* A list without elements is left out. */
static bool is_list_or_absent(struct json_object *o, const char *key)
{
	return json_read_member(o, key, json_type_array) ||
	       !json_object_object_get_ex(o, key, NULL);
}

static bool is_endpoint(struct json_object *o)
{
	return json_read_member(o, "endpoint", json_type_object) && is_list_or_absent(o, "queues");
}

static bool is_known(struct json_object *root)
{
	struct json_object *list = json_read_member(root, "endpoints", json_type_array);

	if (!list)
		return is_endpoint(root) || (json_read_member(root, "program", json_type_string) &&
					     is_list_or_absent(root, "endpoints"));
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!is_endpoint(json_object_array_get_idx(list, i)))
			return false;
	return true;
}

int document_parse(struct document *d, const char *text, size_t bytes)
{
	static const struct json_limits limits = {DEPTH_MAX, OBJECTS_MAX};
	int rc = json_read(&d->root, text, bytes, &limits);

	if (!rc && !is_known(d->root))
		document_free(d);
	return rc ? rc : d->root ? 0 : -EINVAL;
}

void document_free(struct document *d)
{
	json_object_put(d->root);
	d->root = NULL;
}

uint32_t document_endpoints(const struct document *d)
{
	struct json_object *list = json_read_member(d->root, "endpoints", json_type_array);

	return list ? (uint32_t)json_object_array_length(list) : is_endpoint(d->root);
}

static struct json_object *endpoint_of(const struct document *d, uint32_t endpoint)
{
	struct json_object *list = json_read_member(d->root, "endpoints", json_type_array);

	return list ? json_object_array_get_idx(list, endpoint) : d->root;
}

static const char *interface_of(struct json_object *whole)
{
	struct json_object *endpoint = json_read_member(whole, "endpoint", json_type_object);

	return json_read_text(json_read_member(endpoint, "device", json_type_object), "interface");
}

const char *document_interface(const struct document *d, uint32_t endpoint)
{
	return interface_of(endpoint_of(d, endpoint));
}

/* ---- Queues ----------------------------------------------------------------------------------- */

/* The library knows the class of each counter, and so which of them are losses. */
static uint64_t lost_of(struct json_object *counters)
{
	struct net_xdp_counter_info info;
	struct json_object *found;
	uint64_t sum = 0;

	for (uint32_t i = 0; !net_xdp_counter_info(i, &info); i++) {
		if (info.value_class != NET_CLASS_RX_LOST &&
		    info.value_class != NET_CLASS_TX_LOST &&
		    info.value_class != NET_CLASS_KERNEL_LOST)
			continue;
		found = json_read_member(counters, info.name, json_type_int);
		sum += found ? json_object_get_uint64(found) : 0;
	}
	return sum;
}

static enum running_mode mode_of(struct json_object *endpoint, struct json_object *queue)
{
	struct json_object *program = json_read_member(endpoint, "program", json_type_object);

	if (!json_read_member(queue, "zero_copy", json_type_boolean))
		return RUNNING_UNKNOWN;
	if (json_read_flag(queue, "zero_copy"))
		return RUNNING_ZERO_COPY;
	if (!json_read_member(program, "native", json_type_boolean))
		return RUNNING_COPY;
	return json_read_flag(program, "native") ? RUNNING_COPY_NATIVE : RUNNING_COPY_GENERIC;
}

static void read_queue(struct json_object *whole, struct json_object *queue,
		       struct document_queue *out)
{
	struct json_object *endpoint = json_read_member(whole, "endpoint", json_type_object);
	struct json_object *counters = json_read_member(queue, "counters", json_type_object);
	struct json_object *number = json_read_member(queue, "hardware_queue", json_type_int);
	struct json_object *rx = json_read_member(counters, "rx_frames", json_type_int);
	struct json_object *tx = json_read_member(counters, "tx_packets", json_type_int);
	const char *interface = json_read_text(queue, "interface");

	snprintf(out->interface, sizeof(out->interface), "%s",
		 *interface ? interface : interface_of(whole));
	if (!number)
		number = json_read_member(queue, "queue", json_type_int);
	out->queue = number ? json_object_get_int64(number) : -1;
	out->mode = mode_of(endpoint, queue);
	snprintf(out->stall, sizeof(out->stall), "%s", json_read_text(queue, "stall_state"));
	out->counted = rx && tx;
	if (!out->counted)
		return;
	out->rx_frames = json_object_get_uint64(rx);
	out->tx_packets = json_object_get_uint64(tx);
	out->lost = lost_of(counters);
}

uint32_t document_queues(const struct document *d, uint32_t endpoint, struct document_queue *out,
			 uint32_t room)
{
	struct json_object *whole = endpoint_of(d, endpoint);
	struct json_object *list = json_read_member(whole, "queues", json_type_array);
	uint32_t count = list ? (uint32_t)json_object_array_length(list) : 0;

	for (uint32_t i = 0; i < count && i < room; i++) {
		out[i] = (struct document_queue){.endpoint = endpoint};
		read_queue(whole, json_object_array_get_idx(list, i), &out[i]);
	}
	return count;
}

/* ---- Written again ---------------------------------------------------------------------------- */

static void put(struct json *j, const char *key, struct json_object *o);

static void put_members(struct json *j, const char *key, struct json_object *o)
{
	struct json_object_iterator at = json_object_iter_begin(o), end = json_object_iter_end(o);

	json_open(j, key, '{');
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		put(j, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at));
	json_close(j, '}');
}

static void put_elements(struct json *j, const char *key, struct json_object *o)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < json_object_array_length(o); i++)
		put(j, NULL, json_object_array_get_idx(o, i));
	json_close(j, ']');
}

static void put(struct json *j, const char *key, struct json_object *o)
{
	const char *number;

	switch (json_object_get_type(o)) {
	case json_type_object:
		put_members(j, key, o);
		break;
	case json_type_array:
		put_elements(j, key, o);
		break;
	case json_type_string:
		json_text(j, key, json_object_get_string(o));
		break;
	case json_type_boolean:
		json_bool(j, key, json_object_get_boolean(o));
		break;
	case json_type_double:
		/* The parser takes NaN and Infinity, which are no JSON. */
		if (!isfinite(json_object_get_double(o))) {
			json_null(j, key);
			break;
		}
		__attribute__((fallthrough));
	case json_type_int:
		number = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
		json_pieces(j, key);
		json_piece(j, number, strlen(number));
		break;
	default:
		json_null(j, key);
		break;
	}
}

void document_json(struct json *j, const struct document *d, uint32_t endpoint)
{
	put(j, NULL, endpoint_of(d, endpoint));
}
