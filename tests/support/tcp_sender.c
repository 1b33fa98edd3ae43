// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/tcp_network.h"
#include "support/tcp_outbox.h"
#include "support/tcp_receiver.h"

enum {
	BATCH = 64,
	OUR_WINDOW = 65535,
	INITIAL_SEQUENCE = 0x7fffff00, /* passes 2^31, and 2^32 after 2 GiB */
	DUPLICATES = 3,
	/* A timeout is so many waits in which nothing comes: a thread that the scheduler keeps has waited once. */
	WAIT_NS = 100000000,
	TIMEOUT_WAITS = 10,
	PROBE_WAITS = 2,
	PATIENCE_WAITS = 100,
};

/* Offsets count from the stream's first byte; the FIN is one behind the last. */
struct sender {
	struct tcp_frontend *f;
	struct tcp_sender_config c;
	struct tcp_sender_stats *stats;
	uint64_t end;		   /* offset behind the FIN */
	uint64_t una, nxt, max;	   /* acknowledged; to be sent next; sent at most */
	uint64_t recover;	   /* no other fast retransmit before this is acknowledged */
	uint64_t window_bytes;	   /* the receiver's */
	uint64_t now_ns, calls_ns; /* inside the library's calls */
	uint64_t arrived_before;   /* at v1, before the first packet */
	uint32_t rcv_nxt, time_echo;
	uint32_t duplicates;
	uint32_t waits;	    /* since something was acknowledged, or sent again */
	uint32_t all_waits; /* since something was acknowledged */
	uint8_t window_shift;
	bool is_open, has_fin, is_reset;
	uint16_t ip_id;

	struct tcp_outbox out;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool failed(struct sender *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool failed(struct sender *s, const char *format, ...)
{
	char what[TCP_WHY_BYTES / 4], counters[TCP_WHY_BYTES / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	tcp_frontend_tell(s->f, counters, sizeof(counters));
	snprintf(s->f->why, sizeof(s->f->why),
		 "%s; acknowledged %" PRIu64 ", sent %" PRIu64 " of %" PRIu64
		 ", %u packets not completed; %s",
		 what, s->una, s->max, s->c.total_bytes, TCP_SLOTS - s->out.free_count, counters);
	return false;
}

/* ---- Packets ---------------------------------------------------------------------------------------- */

static struct tcp_fields fields(const struct sender *s, uint8_t flags, uint64_t at)
{
	return (struct tcp_fields){
		.sequence = (uint32_t)(INITIAL_SEQUENCE + 1 + at),
		.ack = flags & TCP_ACK ? s->rcv_nxt : 0,
		.time = (uint32_t)(s->now_ns / 1000000),
		.time_echo = s->time_echo,
		.ip_id = s->ip_id,
		.window = OUR_WINDOW,
		.flags = flags,
	};
}

static void add_control(struct sender *s, uint8_t flags, uint64_t at)
{
	struct tcp_fields f = fields(s, flags, at);

	f.mss = (uint16_t)(tcp_sender_wire_bytes(s->c.flow) + TCP_OPTIONS_BYTES);
	if (tcp_outbox_has_room(&s->out))
		tcp_outbox_add(&s->out, &f, 0, false);
}

/* How much payload the next packet may have. 0: none, as there is none, or more has to be acknowledged. */
static uint32_t next_bytes(const struct sender *s)
{
	uint64_t window = s->window_bytes < s->c.window_bytes ? s->window_bytes : s->c.window_bytes;
	uint64_t flying = s->nxt - s->una, left = s->c.total_bytes - s->nxt;
	bool is_other = s->c.mixed_bytes && s->stats->packets % 2;
	uint32_t size = is_other ? s->c.mixed_bytes : s->out.packet_bytes;
	uint64_t most = left < size ? left : size;

	if (flying + most <= window)
		return (uint32_t)most;
	if (flying || !window)
		return 0;
	return (uint32_t)(window < s->out.wire_bytes
				  ? window
				  : window / s->out.wire_bytes * s->out.wire_bytes);
}

/* Add what may be sent now to the list. Return: was it anything? */
static bool add_data(struct sender *s)
{
	uint32_t before = s->out.packet_count;

	while (s->nxt < s->end && tcp_outbox_has_room(&s->out)) {
		struct tcp_fields f = fields(s, TCP_ACK | TCP_PSH, s->nxt);
		uint32_t wire_packets;

		f.payload_bytes = s->nxt < s->c.total_bytes ? next_bytes(s) : 0;
		if (!f.payload_bytes && s->nxt < s->c.total_bytes)
			break;
		if (s->nxt + f.payload_bytes == s->c.total_bytes)
			f.flags |= TCP_FIN;
		tcp_outbox_add(&s->out, &f, s->nxt,
			       s->c.spoil_every && s->stats->packets % s->c.spoil_every == 0);
		if (s->nxt == s->una)
			s->waits = 0;
		wire_packets = (f.payload_bytes + s->out.wire_bytes - 1) / s->out.wire_bytes;
		s->ip_id = (uint16_t)(s->ip_id + wire_packets);
		s->stats->packets += f.payload_bytes > 0;
		s->stats->wire_packets += wire_packets;
		s->stats->retransmitted += s->nxt < s->max;
		s->nxt += f.payload_bytes + (f.flags & TCP_FIN ? 1 : 0);
		if (s->max < s->nxt)
			s->max = s->nxt;
	}
	return s->out.packet_count != before;
}

/* Offer the list. Return: false: the queue has ended. */
static bool offer(struct sender *s)
{
	uint64_t start_ns;
	int n;

	if (!s->out.segment_count)
		return true;
	start_ns = now();
	n = tcp_outbox_offer(&s->out);
	s->calls_ns += now() - start_ns;
	s->stats->calls++;
	s->stats->unaccepted += s->out.segment_count != 0;
	return n >= 0 || failed(s, "tx_avail: %d: %s", n, net_queue_error(s->f->queue));
}

/* ---- What comes --------------------------------------------------------------------------------------- */

static void take_ack(struct sender *s, const struct tcp_fields *f)
{
	uint32_t advance = f->ack - (uint32_t)(INITIAL_SEQUENCE + 1 + s->una);
	uint64_t window = (uint64_t)f->window << s->window_shift;

	s->stats->acks++;
	if (advance > s->max - s->una)
		return; /* an old one, or of what was never sent */
	if (advance) {
		s->una += advance;
		if (s->nxt < s->una)
			s->nxt = s->una;
		s->duplicates = s->waits = s->all_waits = 0;
	} else if (window == s->window_bytes && s->nxt != s->una && !(f->flags & TCP_FIN) &&
		   ++s->duplicates == DUPLICATES && s->una >= s->recover) {
		s->stats->fast_retransmits++;
		s->recover = s->max;
		s->nxt = s->una;
	}
	s->window_bytes = window;
}

static void take_frame(struct sender *s, const uint8_t *frame, uint32_t len)
{
	struct tcp_fields f;

	if (!tcp_packet_read(s->c.flow, frame, len, &f))
		return; /* of a neighbour discovery, say */
	if (f.flags & TCP_RST) {
		/* After its FIN it answers so what we acknowledge once more. */
		s->is_reset |= !s->has_fin;
		return;
	}
	if (f.flags & TCP_SYN && !s->is_open) {
		s->is_open = true;
		s->window_shift = f.window_shift;
		s->window_bytes = f.window;
		s->rcv_nxt = f.sequence + 1;
		s->time_echo = f.time;
		add_control(s, TCP_ACK, 0);
		return;
	}
	if (!s->is_open || !(f.flags & TCP_ACK) || f.flags & TCP_SYN)
		return;
	s->time_echo = f.time;
	take_ack(s, &f);
	if (f.flags & TCP_FIN) {
		s->rcv_nxt += !s->has_fin;
		s->has_fin = true;
		add_control(s, TCP_ACK, s->nxt);
	}
}

/* Take completions and frames. Return: how many, -1: the queue has ended or the other end has no connection. */
static int collect(struct sender *s)
{
	uint32_t ids[BATCH], refused = 0, len;
	uint64_t start_ns = s->now_ns;
	const uint8_t *frame;
	int sent, received;

	sent = tcp_outbox_collect(&s->out);
	received = net_queue_rx_poll(s->f->queue, &s->f->pool, ids, BATCH);
	s->calls_ns += now() - start_ns;
	if (sent < 0 || received < 0) {
		failed(s, "poll: %d, %d: %s", sent, received, net_queue_error(s->f->queue));
		return -1;
	}
	for (int i = 0; i < received; i++) {
		frame = tcp_frontend_frame(s->f, ids[i], &len);
		take_frame(s, frame, len);
	}
	start_ns = now();
	if (received)
		refused = net_queue_rx_avail(s->f->queue, &s->f->pool, ids, (uint32_t)received);
	s->calls_ns += now() - start_ns;
	if (refused || s->is_reset) {
		failed(s,
		       refused ? "a buffer was refused" : "the receiver has reset the connection");
		return -1;
	}
	return sent + received;
}

/* ---- Time --------------------------------------------------------------------------------------------- */

/* Nothing was acknowledged in time: send it again. */
static void time_out(struct sender *s)
{
	s->stats->timeouts++;
	s->stats->stalls +=
		tcp_network_arrived() - s->arrived_before < tcp_outbox_arriving(&s->out);
	s->nxt = s->una;
	s->recover = s->max;
}

/* Ask for the window: what was acknowledged is answered. */
static void probe(struct sender *s)
{
	s->stats->probes++;
	add_control(s, TCP_ACK, s->una - 1);
}

/* Wait until something comes, but not long. */
static bool wait_once(struct sender *s)
{
	uint64_t start_ns = now();
	int rc = net_queue_wait(s->f->queue, &s->f->pool, WAIT_NS);

	s->waits += rc == 0;
	s->stats->sleeps++;
	s->calls_ns += now() - start_ns;
	return rc >= 0 || rc == -EINTR || failed(s, "wait: %s", strerror(-rc));
}

/* Wait, or send again. Return: false: that was often enough. */
static bool wait_or_repeat(struct sender *s)
{
	bool is_closed = s->nxt == s->una; /* there is no window to send into */

	if (s->waits < (is_closed ? PROBE_WAITS : TIMEOUT_WAITS))
		return wait_once(s);
	s->all_waits += s->waits;
	s->waits = 0;
	if (s->all_waits >= PATIENCE_WAITS)
		return failed(s, "nothing is acknowledged");
	if (is_closed)
		probe(s);
	else
		time_out(s);
	return true;
}

/* One round of the loop; is_sending: with data. Return: false: it is over, f->why. */
static bool step(struct sender *s, bool is_sending)
{
	int taken;

	s->now_ns = now();
	taken = collect(s);
	if (taken < 0)
		return false;
	if (is_sending)
		taken += add_data(s);
	if (!offer(s))
		return false;
	return taken || !is_sending || s->una == s->end || wait_or_repeat(s);
}

/* Rounds without data until *done. */
static bool steps_until(struct sender *s, const bool *done, const char *what)
{
	s->waits = 0;
	while (!*done) {
		if (s->waits == PATIENCE_WAITS)
			return failed(s, "%s", what);
		if (!wait_once(s) || !step(s, false))
			return false;
	}
	return true;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static bool open_connection(struct sender *s)
{
	s->now_ns = now();
	add_control(s, TCP_SYN, (uint64_t)-1);
	return offer(s) && steps_until(s, &s->is_open, "no connection");
}

static bool send_stream(struct sender *s)
{
	uint64_t start_ns = now(), user_ns, system_ns;
	bool ok = true;

	tcp_thread_time(&user_ns, &system_ns);
	s->calls_ns = 0;
	while (ok && s->una < s->end)
		ok = step(s, true);
	tcp_thread_time(&s->stats->user_ns, &s->stats->system_ns);
	s->stats->user_ns -= user_ns;
	s->stats->system_ns -= system_ns;
	s->stats->wall_ns = now() - start_ns;
	s->stats->calls_ns = s->calls_ns;
	return ok;
}

/* Wait for the other end's FIN, acknowledge it, and wait for the last completion. */
static bool close_connection(struct sender *s)
{
	if (!steps_until(s, &s->has_fin, "the receiver does not end the connection"))
		return false;
	s->waits = 0;
	while (s->out.segment_count || s->out.free_count < TCP_SLOTS) {
		if (s->waits == TIMEOUT_WAITS)
			return failed(s, "a packet has not completed");
		if (!wait_once(s) || !step(s, false))
			return false;
	}
	return true;
}

bool tcp_sender_run(struct tcp_frontend *f, const struct tcp_sender_config *config,
		    struct tcp_sender_stats *stats)
{
	struct sender *s = calloc(1, sizeof(*s));
	bool ok;

	*stats = (struct tcp_sender_stats){0};
	if (!s) {
		snprintf(f->why, sizeof(f->why), "no memory");
		return false;
	}
	s->f = f;
	s->c = *config;
	s->stats = stats;
	s->end = config->total_bytes + 1;
	s->arrived_before = tcp_network_arrived();
	tcp_outbox_open(&s->out, f, &s->c);
	ok = open_connection(s) && send_stream(s) && close_connection(s);
	if (!ok && !s->is_reset) {
		add_control(s, TCP_RST, s->una);
		tcp_outbox_offer(&s->out);
	}
	stats->pieces = s->out.pieces;
	stats->arriving = tcp_outbox_arriving(&s->out);
	free(s);
	return ok;
}
