// SPDX-License-Identifier: BSD-2-Clause
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/json.h"
#include "common/say.h"
#include "common/wrap.h"

/* Rates of a table that is shown once are those of one second. */
#define ONCE_S 1.0
/* Of the table, with its heading, when there is little room. */
#define ROWS_MIN 3u

/* ---- JSON ------------------------------------------------------------------------------------- */

static void put_peer(struct json *j, const struct look_filter *filter, const struct peer *peer,
		     const struct document *d)
{
	char trouble[80];

	json_open(j, NULL, '{');
	json_signed(j, "pid", peer->pid);
	json_text(j, "program", peer->name);
	json_text(j, "error", look_trouble(peer, trouble, sizeof(trouble)));
	json_open(j, "endpoints", '[');
	for (uint32_t e = 0; d->root && e < document_endpoints(d); e++)
		if (look_wants(filter, d, e))
			document_json(j, d, e);
	json_close(j, ']');
	json_close(j, '}');
}

static void put_stats(struct json *j, const struct xdp_socket *s)
{
	json_open(j, "counters", '{');
	json_number(j, "rx_dropped", s->rx_dropped);
	json_number(j, "rx_ring_full", s->rx_ring_full);
	json_number(j, "rx_invalid", s->rx_invalid);
	json_number(j, "fill_ring_empty", s->fill_ring_empty);
	json_number(j, "tx_invalid", s->tx_invalid);
	json_number(j, "tx_ring_empty", s->tx_ring_empty);
	json_close(j, '}');
}

static void put_other(struct json *j, const struct xdp_socket *s)
{
	json_open(j, NULL, '{');
	json_number(j, "inode", s->inode);
	if (s->pid) {
		json_signed(j, "pid", s->pid);
		json_text(j, "program", s->program);
	} else {
		json_null(j, "pid");
	}
	if (s->ifindex) {
		json_text(j, "interface", s->interface);
		json_number(j, "hardware_queue", s->queue);
	}
	json_number(j, "rx_ring_entries", s->rx_entries);
	json_number(j, "tx_ring_entries", s->tx_entries);
	json_number(j, "fill_ring_entries", s->fill_entries);
	json_number(j, "completion_ring_entries", s->completion_entries);
	if (s->has_umem) {
		json_bool(j, "zero_copy", s->zero_copy);
		json_number(j, "umem_id", s->umem_id);
		json_number(j, "umem_bytes", s->umem_bytes);
		json_number(j, "chunk_bytes", s->chunk_bytes);
	}
	if (s->has_stats)
		put_stats(j, s);
	json_close(j, '}');
}

static void print_json(const struct look *l, const struct look_filter *filter)
{
	struct json j = {.out = stdout};

	json_open(&j, NULL, '{');
	json_text(&j, "tool", "xsk-info");
	json_open(&j, "running", '[');
	for (uint32_t i = 0; i < l->peers.count; i++)
		put_peer(&j, filter, &l->peers.list[i], &l->documents[i]);
	json_close(&j, ']');
	json_open(&j, "others", '[');
	for (uint32_t i = 0; i < l->others.count; i++)
		put_other(&j, &l->others.list[i]);
	json_close(&j, ']');
	json_text(&j, "others_state", l->others.state);
	json_outcome(&j, 0, NULL);
	json_close(&j, '}');
}

/* ---- The table -------------------------------------------------------------------------------- */

/* Lines of the terminal, less the one below the table where the cursor is; 0: it is none. */
static uint32_t screen_lines(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= ROWS_MIN)
		return ROWS_MIN;
	return size.ws_row - 1u;
}

static void print_state(const struct look *l)
{
	if (l->table.cut)
		wrap_paragraph(stdout, 0, "not all queues are shown: there are too many");
	if (l->others.state[0])
		wrap_paragraph(stdout, 0, "sockets of other programs: %s", l->others.state);
}

static void sleep_s(double seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* The next look takes the place of the one before. */
static int look_again(struct look *l, const struct show_options *options, struct net_error *err)
{
	struct look next;
	int rc = look_take(&next, options->folder, &options->filter, err);

	if (rc < 0)
		return rc;
	table_rates(&next.table, &l->table);
	look_free(l);
	*l = next;
	return 0;
}

/* The table, and below it who stands still. room: lines for both, 0: no limit. Return: the number of lines. */
static uint32_t print_all(const struct look *l, bool heading, uint32_t room)
{
	char *stalls = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&stalls, &bytes);
	uint32_t lines = 0, stall_lines = 0;

	if (out) {
		table_print_stalls(out, &l->table);
		fclose(out);
	}
	for (size_t i = 0; i < bytes; i++)
		stall_lines += stalls[i] == '\n';
	/* On a screen that is too low for both the table goes first. */
	if (room && stall_lines + ROWS_MIN > room)
		stall_lines = 0;
	lines = table_print(stdout, &l->table, heading, room ? room - stall_lines : 0);
	if (stall_lines)
		fwrite(stalls, 1, bytes, stdout);
	free(stalls);
	return lines + stall_lines;
}

static int show_once(struct look *l, const struct show_options *options, struct net_error *err)
{
	int rc;

	if (!options->json && l->table.count) {
		sleep_s(ONCE_S);
		rc = look_again(l, options, err);
		if (rc < 0)
			return rc;
	}
	if (options->json) {
		print_json(l, &options->filter);
		return 0;
	}
	if (l->table.count)
		print_all(l, true, 0);
	else
		wrap_paragraph(stdout, 0, "no program has a socket in %s", options->folder);
	print_state(l);
	return 0;
}

/* On a terminal over the lines of before; elsewhere below them, with one heading. */
static void print_next(const struct look *l, uint32_t *lines)
{
	const bool terminal = isatty(STDOUT_FILENO);

	if (terminal && *lines)
		printf("\033[%uA\r\033[J", *lines);
	*lines = print_all(l, terminal || !*lines, screen_lines());
}

/* Until stdout is closed, or a signal ends it. */
static int watch(struct look *l, const struct show_options *options, struct net_error *err)
{
	uint32_t lines = 0;
	int rc = 0;

	if (!options->json)
		print_state(l);
	while (rc >= 0) {
		if (options->json)
			print_json(l, &options->filter);
		else
			print_next(l, &lines);
		if (fflush(stdout))
			break;
		sleep_s(options->watch_s);
		rc = look_again(l, options, err);
	}
	return rc;
}

/* Is anything there of what was asked for? */
static int check_found(const struct look *l, const struct show_options *options,
		       struct net_error *err)
{
	if (l->table.count || (!options->filter.pid && !options->filter.interface))
		return 0;
	if (options->filter.pid)
		return error_fill(err, -ESRCH, "running",
				  "process %d has no endpoint that is told of in %s",
				  options->filter.pid, options->folder);
	return error_fill(err, -ESRCH, "running", "nobody tells of an endpoint on %s in %s",
			  options->filter.interface, options->folder);
}

int running_show(const struct show_options *options, struct net_error *err)
{
	struct look l;
	int rc = look_take(&l, options->folder, &options->filter, err);

	if (rc < 0)
		return rc;
	rc = check_found(&l, options, err);
	if (!rc)
		rc = options->watch_s > 0 ? watch(&l, options, err) : show_once(&l, options, err);
	look_free(&l);
	return rc;
}
