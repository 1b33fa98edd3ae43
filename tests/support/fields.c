// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/fields.h"
#include "support/frontend.h"

struct finder {
	struct net_inspector base;
	const char *path;
	char at[256]; /* groups that are open, each with its dot */
	uint64_t number;
	char text[256];
	bool found, found_text;
};

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct finder *f = (struct finder *)to;
	size_t n = strlen(f->at);

	(void)index;
	snprintf(f->at + n, sizeof(f->at) - n, "%s.", name);
}

static void leave(struct net_inspector *to)
{
	struct finder *f = (struct finder *)to;
	char *dot;

	f->at[strlen(f->at) - 1] = '\0';
	dot = strrchr(f->at, '.');
	*(dot ? dot + 1 : f->at) = '\0';
}

static void field(struct net_inspector *to, const struct net_field *field)
{
	struct finder *f = (struct finder *)to;
	size_t n = strlen(f->at);

	if (strncmp(f->path, f->at, n) || strcmp(f->path + n, field->name))
		return;
	f->found_text = field->kind == NET_FIELD_TEXT;
	if (f->found_text)
		snprintf(f->text, sizeof(f->text), "%s", field->text);
	f->number = field->number;
	f->found = field->kind != NET_FIELD_UNKNOWN && field->kind != NET_FIELD_TEXT;
}

static struct finder find(struct net_endpoint *ep, struct net_queue *q, const char *path)
{
	static const struct net_inspector_ops ops = {
		.size_bytes = sizeof(ops), .enter = enter, .leave = leave, .field = field};
	struct finder f = {.base.ops = &ops, .path = path};

	if (q)
		net_queue_inspect(q, &f.base);
	else
		net_endpoint_inspect(ep, &f.base);
	return f;
}

bool fields_find(struct net_endpoint *ep, struct net_queue *q, const char *path, uint64_t *out)
{
	const struct finder f = find(ep, q, path);

	*out = f.number;
	return f.found;
}

uint64_t fields_number(struct net_endpoint *ep, struct net_queue *q, const char *path)
{
	uint64_t number;

	cr_assert(fields_find(ep, q, path, &number), "no field %s", path);
	return number;
}

bool fields_text_is(struct net_endpoint *ep, struct net_queue *q, const char *path,
		    const char *text)
{
	const struct finder f = find(ep, q, path);

	return f.found_text && strcmp(f.text, text) == 0;
}

bool fields_received(struct net_queue *q, uint64_t *out)
{
	return fields_find(NULL, q, "counters.rx_packets", out) ||
	       fields_find(NULL, q, "counters.rx_frames", out);
}

static void count_text(void *context, const char *text, size_t len_bytes)
{
	(void)text;
	*(uint64_t *)context += len_bytes;
}

static void *read_all(void *arg)
{
	struct fields_reader *r = arg;
	uint64_t now, last = 0, bytes = 0;

	do {
		if (!fields_received(r->q, &now) || now < last)
			r->backwards++;
		last = now;
		net_inspect_json(r->ep, &r->q, 1, count_text, &bytes);
		net_inspect_tree(r->ep, &r->q, 1, count_text, &bytes);
		__atomic_add_fetch(&r->walks, 1, __ATOMIC_RELAXED);
	} while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED));
	return NULL;
}

void fields_reader_start(struct fields_reader *r, struct net_endpoint *ep, struct net_queue *q)
{
	*r = (struct fields_reader){.ep = ep, .q = q, .deadline_ms = frontend_now_ms() + 20000};
	cr_assert(pthread_create(&r->thread, NULL, read_all, r) == 0);
}

bool fields_reader_needs_load(const struct fields_reader *r)
{
	return __atomic_load_n(&r->walks, __ATOMIC_RELAXED) < 2 &&
	       frontend_now_ms() < r->deadline_ms;
}

void fields_reader_stop(struct fields_reader *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	pthread_join(r->thread, NULL);
	cr_assert(r->walks > 1 && r->backwards == 0, "%llu walks, a counter went back in %llu",
		  (unsigned long long)r->walks, (unsigned long long)r->backwards);
}
