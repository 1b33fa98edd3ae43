/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include <string.h>

#include "framing.h"

uint64_t account_counter(const struct account *a, enum net_xdp_counter counter)
{
	const char *name = net_xdp_counter_name(counter);

	for (uint32_t i = 0; i < a->counter_count; i++)
		if (!strcmp(a->counters[i].field->name, name))
			return a->counters[i].sum;
	return 0;
}

uint64_t account_sent(const struct account *a)
{
	uint64_t completed = account_counter(a, NET_XDP_TX_PACKETS);
	uint64_t lost = account_counter(a, NET_XDP_TX_LOST);

	return completed > lost ? completed - lost : 0;
}

uint64_t account_lost(const struct run *run, const struct account *a)
{
	uint64_t sum = run->opt->mode == BENCH_FWD ? a->program.dropped_too_long : 0;

	if (run->opt->mode == BENCH_RX || run->opt->mode == BENCH_PAIR)
		return a->flows.missing;
	if (run->opt->mode == BENCH_LATENCY)
		return a->tally.generated - a->tally.good;
	for (uint32_t i = 0; i < a->counter_count; i++)
		if (port_is_lost(a->counters[i].field->value_class))
			sum += a->counters[i].sum;
	return sum;
}

static void add_part(struct balance *b, const char *name, const char *meaning, uint64_t value)
{
	b->parts[b->part_count++] = (struct part){name, meaning, value};
}

/* Causes are only listed when they happened. */
static void add_cause(struct balance *b, const char *name, const char *meaning, uint64_t value)
{
	if (value)
		add_part(b, name, meaning, value);
}

/* A packet that is dropped is none of its frames; the kernel loses them one by one. */
static uint64_t in_frames(const struct account *a, const struct net_field *f, uint64_t value)
{
	bool packets = f->value_class == NET_CLASS_TX_LOST &&
		       strcmp(f->name, net_xdp_counter_name(NET_XDP_TX_LOST));

	return packets ? value * a->pieces : value;
}

/* The counters of a class: what the library calls lost is a cause here, also what a later one adds. */
static void add_class(struct balance *b, const struct account *a, enum net_field_class value_class)
{
	for (uint32_t i = 0; i < a->counter_count; i++) {
		const struct net_field *f = a->counters[i].field;

		if (f->value_class == value_class)
			add_cause(b, f->name, f->meaning, in_frames(a, f, a->counters[i].sum));
	}
}

/* name: that of the endpoint's field, behind "program_". */
static void add_program(struct balance *b, const struct account *a, const char *name,
			uint64_t value)
{
	const struct net_field *f = walk_field(a->endpoint, "program", name + strlen("program_"));

	add_cause(b, name, f ? f->meaning : "", value);
}

static void add_program_causes(struct balance *b, const struct account *a)
{
	add_program(b, a, "program_dropped_too_long", a->program.dropped_too_long);
	add_program(b, a, "program_passed", a->program.passed);
}

static void add_tx_causes(struct balance *b, const struct account *a)
{
	add_class(b, a, NET_CLASS_TX_LOST);
	add_cause(b, "outstanding", "not completed at the end, after up to 2 s of waiting",
		  a->tally.outstanding * a->pieces);
}

static void close_balance(struct account *a, struct balance *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->part_count; i++)
		sum += b->parts[i].value;
	b->explained = sum < b->whole ? sum : b->whole;
	b->unexplained = b->whole - b->explained;
	b->excess = sum - b->explained;
	if (b->exact && (b->unexplained || b->excess))
		a->adds_up = false;
}

static void balance_received(struct account *a, struct balance *b)
{
	b->name = "received";
	b->meaning = "frames that the library counted";
	b->rest = "returned to nobody";
	b->exact = true;
	b->whole = account_counter(a, NET_XDP_RX_FRAMES);
	add_part(b, "good", "intact, for the first time", a->tally.good);
	add_part(b, "duplicate", "seen before", a->tally.duplicates);
	add_part(b, "corrupt", "not as it was sent", a->tally.corrupt);
	add_cause(b, "bad_sum", "intact, but the checksum of IPv4, TCP or UDP", a->tally.bad_sums);
	add_cause(b, "bad_tag", "intact, but without the tag of --vlan", a->tally.bad_tags);
	add_cause(b, "foreign", "not from xsk-bench, or from another run", a->tally.foreign);
	add_cause(b, "too_old", "too late to know whether it is a duplicate", a->tally.too_old);
	add_cause(b, "untracked", "from more senders than are told apart", a->tally.untracked);
}

static void balance_missing(struct account *a, struct balance *b)
{
	b->name = "missing";
	b->meaning = "gaps in the sequence numbers";
	b->rest = a->program_known ? "lost before this interface: see the sender's tx_lost"
				   : "lost before this interface, or by the XDP program, whose "
				     "counters are unknown";
	b->whole = a->flows.missing;
	add_class(b, a, NET_CLASS_KERNEL_LOST);
	add_class(b, a, NET_CLASS_RX_LOST);
	/* Only what came after the first number can be missing between two. What was passed to the
	 * host came on other queues, and so did all of its stream. */
	add_program(b, a, "program_dropped_too_long",
		    a->program.dropped_too_long - a->program_early.dropped_too_long);
	add_cause(b, "corrupt", "received, but not as it was sent",
		  a->tally.corrupt - a->tally.corrupt_early);
}

static void balance_sent(struct account *a, struct balance *b)
{
	b->name = "generated";
	b->meaning = "frames that the library accepted";
	b->rest = "no counter knows of them";
	b->exact = true;
	b->whole = a->generated;
	add_part(b, "sent", "completed by the kernel, and not lost", account_sent(a));
	add_tx_causes(b, a);
}

static void balance_forwarded(struct account *a, struct balance *b)
{
	balance_sent(a, b);
	b->name = "received";
	b->meaning = "frames that came in";
	b->whole = account_counter(a, NET_XDP_RX_FRAMES);
	add_cause(b, "unsent", "still waiting for room at the end", a->tally.unsent);
}

static void balance_unanswered(struct account *a, struct balance *b)
{
	uint64_t good = a->flows.unique;

	b->name = "unanswered";
	b->meaning = "frames that did not come back within 1 s after the end";
	b->rest = "lost at the peer or on the way";
	b->whole = a->tally.generated > good ? a->tally.generated - good : 0;
	add_tx_causes(b, a);
	add_class(b, a, NET_CLASS_KERNEL_LOST);
	add_class(b, a, NET_CLASS_RX_LOST);
	add_program_causes(b, a);
	add_cause(b, "corrupt", "received, but not as it was sent", a->tally.corrupt);
}

/* Everybody's frames, not only ours: what the XDP program saw against where it went. */
static void balance_arrived(struct account *a, struct balance *b)
{
	const struct net_xdp_program_stats *p = &a->program;

	b->name = "arrived";
	b->meaning = "frames of anyone that the XDP program saw";
	b->rest = "in the rings when the queues ended";
	b->whole = p->redirected + p->passed + p->kept + p->kept_by_rule + p->dropped_too_long;
	add_part(b, "received", "returned by the library", account_counter(a, NET_XDP_RX_FRAMES));
	add_class(b, a, NET_CLASS_KERNEL_LOST);
	add_class(b, a, NET_CLASS_RX_LOST);
	add_program_causes(b, a);
	add_program(b, a, "program_kept", p->kept);
	add_program(b, a, "program_kept_by_rule", p->kept_by_rule);
}

static void add_tally(struct tally *into, const struct tally *t)
{
	into->received += t->received;
	into->received_bytes += t->received_bytes;
	into->good += t->good;
	into->corrupt += t->corrupt;
	into->corrupt_early += t->good + t->bad_sums + t->bad_tags ? t->corrupt_early : t->corrupt;
	into->bad_sums += t->bad_sums;
	into->bad_tags += t->bad_tags;
	into->sums_right += t->sums_right;
	into->sums_partial += t->sums_partial;
	into->foreign += t->foreign;
	into->too_old += t->too_old;
	into->untracked += t->untracked;
	into->duplicates += t->duplicates;
	into->generated += t->generated;
	into->generated_bytes += t->generated_bytes;
	into->completed += t->completed;
	into->outstanding += t->outstanding;
	into->unsent += t->unsent;
	into->behind += t->behind;
	into->refused += t->refused;
	into->sleeps += t->sleeps;
	into->user_ns += t->user_ns;
	into->system_ns += t->system_ns;
	if (t->first_ns && (!into->first_ns || t->first_ns < into->first_ns))
		into->first_ns = t->first_ns;
	if (t->last_ns > into->last_ns)
		into->last_ns = t->last_ns;
	if (t->sent_first_ns && (!into->sent_first_ns || t->sent_first_ns < into->sent_first_ns))
		into->sent_first_ns = t->sent_first_ns;
	if (t->sent_last_ns > into->sent_last_ns)
		into->sent_last_ns = t->sent_last_ns;
}

static void add_workers(struct account *a, const struct run *run)
{
	struct flow_table *tables[BENCH_MAX_QUEUES];

	for (uint32_t i = 0; i < run->worker_count; i++) {
		add_tally(&a->tally, &run->workers[i].tally);
		tables[i] = &run->workers[i].flows;
		if (run->workers[i].latency)
			histogram_merge(&a->latency, run->workers[i].latency);
	}
	flow_totals(tables, run->worker_count, &a->flows);
}

static void sum_program(struct net_xdp_program_stats *into, const struct net_xdp_program_stats *p)
{
	into->redirected += p->redirected;
	into->passed += p->passed;
	into->kept += p->kept;
	into->kept_by_rule += p->kept_by_rule;
	into->dropped_too_long += p->dropped_too_long;
}

static void sum_counters(struct account *a, const struct walk *queue)
{
	const struct net_field *f;
	uint32_t at;

	for (uint32_t i = 0; (f = walk_nth(queue, "counters", i)); i++) {
		for (at = 0; at < a->counter_count; at++)
			if (!strcmp(a->counters[at].field->name, f->name))
				break;
		if (at == ACCOUNT_COUNTERS)
			return;
		if (at == a->counter_count)
			a->counters[a->counter_count++].field = f;
		a->counters[at].sum += f->number;
	}
}

static void add_ports(struct account *a, const struct run *run)
{
	for (uint32_t k = 0; k < run->port_count; k++) {
		const struct port *port = &run->ports[k];

		if (port->program_error) {
			a->program_known = false;
		} else {
			sum_program(&a->program, &port->program);
			sum_program(&a->program_early, &port->program_early);
		}
		for (uint32_t i = 0; i < port->told.queue_count; i++)
			sum_counters(a, &port->told.queues[i]);
	}
}

static void rates(struct account *a, bool sends)
{
	const struct tally *t = &a->tally;
	bool both = t->sent_first_ns;
	uint64_t calls =
		t->sleeps + account_counter(a, NET_XDP_LOOKS) + account_counter(a, NET_XDP_KICKS);
	uint64_t handled;

	a->frames = t->received;
	a->bytes = t->received_bytes;
	if (sends) {
		uint64_t packet = t->generated ? t->generated_bytes / t->generated : 0;

		/* All of one size. */
		a->frames = account_sent(a);
		a->bytes =
			a->frames / a->pieces * packet + a->frames % a->pieces * packet / a->pieces;
	}
	a->seconds = (double)(sends && both ? t->sent_last_ns - t->sent_first_ns
					    : t->last_ns - t->first_ns) /
		     1e9;
	if (a->seconds > 0) {
		a->pps = (double)a->frames / a->seconds;
		a->mbps = mbit_per_s(a->bytes, a->seconds);
		a->mbps_l1 = mbit_per_s(framed_bytes(a->bytes, a->frames), a->seconds);
	}
	/* A thread that does both cannot say which of the two its time was for. */
	handled = both ? account_sent(a) + account_counter(a, NET_XDP_RX_FRAMES) : a->frames;
	if (handled) {
		a->syscalls_per_frame = (double)calls / (double)handled;
		a->cpu_ns_per_frame = (double)(t->user_ns + t->system_ns) / (double)handled;
	}
}

/* Of a run that did both: what is not of this direction is the other account's. */
static void forget_other(struct account *a, uint32_t mode)
{
	struct tally *t = &a->tally, both = *t;

	if (!both.sent_first_ns || mode == BENCH_PAIR)
		return;
	if (mode == BENCH_RX) {
		t->generated = t->generated_bytes = t->completed = t->outstanding = 0;
		return;
	}
	*t = (struct tally){
		.generated = both.generated,
		.generated_bytes = both.generated_bytes,
		.completed = both.completed,
		.outstanding = both.outstanding,
		.sleeps = both.sleeps,
		.user_ns = both.user_ns,
		.system_ns = both.system_ns,
		.sent_first_ns = both.sent_first_ns,
		.sent_last_ns = both.sent_last_ns,
	};
	a->flows = (struct flow_totals){0};
}

static struct balance *next_balance(struct account *a)
{
	return &a->balances[a->balance_count++];
}

void account_of(const struct run *run, bool failed, struct account *out)
{
	uint32_t mode = run->opt->mode;

	memset(out, 0, sizeof(*out));
	out->endpoint = &run->ports[0].told.endpoint;
	out->judged = !failed;
	out->adds_up = out->program_known = true;
	out->pieces = run->packet.pieces ? run->packet.pieces : 1; /* 0: it was not made out yet */
	add_workers(out, run);
	forget_other(out, mode);
	out->generated = out->tally.generated * out->pieces;
	add_ports(out, run);
	if (!out->flows.flows) /* no first frame: all of it was too early */
		out->program_early = out->program;
	rates(out, options_send(run->opt) && mode != BENCH_PAIR);
	if (mode == BENCH_FWD)
		balance_forwarded(out, next_balance(out));
	else if (mode != BENCH_RX)
		balance_sent(out, next_balance(out));
	if (mode == BENCH_RX || mode == BENCH_PAIR) {
		balance_received(out, next_balance(out));
		balance_missing(out, next_balance(out));
	}
	if (mode == BENCH_LATENCY) {
		balance_unanswered(out, next_balance(out));
		balance_received(out, next_balance(out));
	}
	if (mode != BENCH_TX && out->program_known)
		balance_arrived(out, next_balance(out));
	for (uint32_t i = 0; i < out->balance_count; i++)
		close_balance(out, &out->balances[i]);
	out->intact = !out->tally.corrupt && !out->tally.bad_sums && !out->tally.bad_tags &&
		      !out->flows.duplicates;
}
