// SPDX-License-Identifier: BSD-2-Clause
#include "look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

/* More rows than that of one program is not a table that somebody reads, but a mistake or a trick. */
#define PEER_QUEUES 1024u

bool look_wants(const struct look_filter *filter, const struct document *d, uint32_t endpoint)
{
	return !filter->interface || !strcmp(document_interface(d, endpoint), filter->interface);
}

const char *look_trouble(const struct peer *peer, char *out, size_t size)
{
	switch (peer->error) {
	case 0:
		return "";
	case -ETIMEDOUT:
		snprintf(out, size, "has not answered within %d ms", PEERS_TIMEOUT_MS);
		break;
	case -ECONNREFUSED:
		snprintf(out, size, "has closed its socket");
		break;
	case -EFBIG:
		snprintf(out, size, "answers more than %u MiB", PEER_ANSWER_BYTES >> 20);
		break;
	case -ENODATA:
		snprintf(out, size, "answers nothing");
		break;
	case -EINVAL:
		snprintf(out, size, "answers what cannot be read");
		break;
	default:
		snprintf(out, size, "cannot be asked: %s", strerror(-peer->error));
	}
	return out;
}

/* ---- Rows ------------------------------------------------------------------------------------- */

static struct row *add_row(struct table *t, const struct peer *peer)
{
	struct row *row = table_add(t);

	if (!row)
		return NULL;
	row->pid = peer->pid;
	row->at_ns = peer->answered_ns;
	snprintf(row->program, sizeof(row->program), "%s", peer->name);
	return row;
}

/* An endpoint has a row for each queue, or one of its own. Return: the rows. */
static uint32_t add_endpoint(struct table *t, const struct peer *peer, const struct document *d,
			     uint32_t endpoint, struct document_queue *queues, uint32_t room)
{
	uint32_t count = document_queues(d, endpoint, queues, room);
	struct row *row;

	if (!count) {
		queues[0] = (struct document_queue){.endpoint = endpoint, .queue = -1};
		snprintf(queues[0].interface, sizeof(queues[0].interface), "%s",
			 document_interface(d, endpoint));
		count = 1;
	}
	if (count > room) {
		t->cut = true;
		count = room;
	}
	for (uint32_t i = 0; i < count; i++) {
		row = add_row(t, peer);
		if (row)
			row->q = queues[i];
	}
	return count;
}

static void add_endpoints(struct table *t, const struct look_filter *filter,
			  const struct peer *peer, const struct document *d)
{
	struct document_queue *queues = calloc(PEER_QUEUES, sizeof(*queues));
	uint32_t room = queues ? PEER_QUEUES : 0;

	t->cut |= !queues;
	for (uint32_t e = 0; room && e < document_endpoints(d); e++)
		if (look_wants(filter, d, e))
			room -= add_endpoint(t, peer, d, e, queues, room);
	free(queues);
}

/* A program with nothing to look at. */
static void add_trouble(struct table *t, const struct peer *peer)
{
	struct row *row = add_row(t, peer);

	if (!row)
		return;
	if (peer->error)
		look_trouble(peer, row->trouble, sizeof(row->trouble));
	else
		snprintf(row->trouble, sizeof(row->trouble), "has no endpoint now");
}

static void add_other(struct table *t, const struct xdp_socket *s, uint64_t now_ns)
{
	struct row *row = table_add(t);

	if (!row)
		return;
	row->pid = s->pid;
	row->at_ns = now_ns;
	if (s->pid)
		snprintf(row->program, sizeof(row->program), "%s", s->program);
	else
		snprintf(row->program, sizeof(row->program), "inode %u", s->inode);
	snprintf(row->q.interface, sizeof(row->q.interface), "%s", s->interface);
	row->q.queue = s->ifindex ? (int64_t)s->queue : -1;
	row->q.mode = !s->has_umem || !s->ifindex ? RUNNING_UNKNOWN
		      : s->zero_copy		  ? RUNNING_ZERO_COPY
						  : RUNNING_COPY;
	/* The kernel counts its losses alone. */
	row->q.lost_alone = s->has_stats;
	row->q.lost = s->rx_dropped + s->rx_ring_full;
}

/* ---- Taking it -------------------------------------------------------------------------------- */

/* Has a program that answers told of this socket? Whose it is may be unknown. */
static bool is_told(const struct table *t, const struct xdp_socket *s)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct row *row = &t->rows[i];

		if ((!s->pid || s->pid == row->pid) && row->q.queue == s->queue &&
		    !strcmp(row->q.interface, s->interface))
			return true;
	}
	return false;
}

static void choose_others(struct look *l, const struct look_filter *filter)
{
	struct sockets *s = &l->others;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		struct xdp_socket *one = &s->list[i];

		if (!is_told(&l->table, one) && (!filter->pid || filter->pid == one->pid) &&
		    (!filter->interface || !strcmp(filter->interface, one->interface)))
			s->list[kept++] = *one;
	}
	s->count = kept;
}

static void read_peers(struct look *l, const struct look_filter *filter)
{
	for (uint32_t i = 0; i < l->peers.count; i++) {
		struct peer *peer = &l->peers.list[i];
		struct document *d = &l->documents[i];

		if (!peer->error)
			peer->error = document_parse(d, peer->answer, peer->bytes);
		if (d->root && document_endpoints(d))
			add_endpoints(&l->table, filter, peer, d);
		else if (!filter->interface)
			add_trouble(&l->table, peer);
	}
}

int look_take(struct look *l, const char *folder, const struct look_filter *filter,
	      struct net_error *err)
{
	int rc;

	*l = (struct look){0};
	rc = peers_list(&l->peers, folder, filter->pid, err);
	if (rc < 0)
		return rc;
	l->documents = calloc(l->peers.count + 1, sizeof(*l->documents));
	if (!l->documents) {
		look_free(l);
		return error_errno(err, -ENOMEM, "running", "cannot ask the programs");
	}
	peers_ask(&l->peers, folder, "json\n", PEERS_TIMEOUT_MS);
	read_peers(l, filter);
	sockets_read(&l->others);
	choose_others(l, filter);
	for (uint32_t i = 0; i < l->others.count; i++)
		add_other(&l->table, &l->others.list[i], running_now_ns());
	return 0;
}

void look_free(struct look *l)
{
	for (uint32_t i = 0; l->documents && i < l->peers.count; i++)
		document_free(&l->documents[i]);
	free(l->documents);
	peers_free(&l->peers);
	sockets_free(&l->others);
	table_free(&l->table);
	*l = (struct look){0};
}
