// SPDX-License-Identifier: BSD-2-Clause
/*
 * Long streams through the kernel's TCP on the far side of a veth pair, compared byte for byte: nothing may
 * be lost, nothing may get stuck. In a network namespace of its own; needs root.
 *
 *     stress_tcp --mib 1024 --runs 100 --segmented        a line per run, and what went wrong
 *     stress_tcp --mib 1024 --runs 5 --compare            single, cut here and segmented packets in turns
 *
 * Processor time is the sending thread's. A veth pair runs the receiver's stack in the sender's system call, so
 * that is in there too, unless --rps gives it to the receiver's processor. "frontend" is the time outside the
 * library's calls: what a guest's stack would be, here a very small one.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/tcp_run.h"
#include "support/whole_number.h"

enum { RUNS_MAX = 1000 };

/* Single packets; packets that the library cuts; packets to be cut by whoever the endpoint leaves it to. */
enum kind { SINGLE, HERE, SEGMENTED, KINDS };

/* The runs of one kind. */
struct series {
	uint32_t count, failed, faulty;
	double gbps[RUNS_MAX], cpu[RUNS_MAX], user[RUNS_MAX], own[RUNS_MAX];
};

struct program {
	struct tcp_run_config config;
	uint32_t runs;
	bool compare, rps, gro, tx_off;
};

/* ---- Options -------------------------------------------------------------------------------------- */

static const char usage[] =
	"stress_tcp [option ...]\n"
	"  --mib N         stream of so many MiB (1024)\n"
	"  --runs N        1 .. 1000 (1)\n"
	"  --segmented     packets of up to 64 KiB that ask for segmentation, instead of single ones\n"
	"  --here          the library cuts them, where the kernel would take them whole\n"
	"  --compare       --runs times single packets, then segmented ones with and without --here\n"
	"  --packet N      payload of a packet to be segmented (as much as fits)\n"
	"  --window N      bytes unacknowledged at most (262144)\n"
	"  --buffer N      the receiver's SO_RCVBUF, 0: as the system has it (16777216)\n"
	"  --layout L      pages, odd or contiguous (pages)\n"
	"  --fill F        pseudo, ndis or zero: what is in the headers' lengths and checksums (pseudo)\n"
	"  --by-place      the checksum is asked for by start and offset\n"
	"  --software      the library fills in every checksum, instead of the kernel where it can\n"
	"  --ipv6 --sealed --aligned\n"
	"  --cpus S,R      processors of sender and receiver\n"
	"  --rps           the receiver's stack on the receiver's processor, with --cpus\n"
	"  --tx-off        v0 sums nothing: the kernel completes what is left to it, and the receiver adds up\n"
	"  --gro           the receiver's interface joins packets\n";

static const struct option options[] = {
	{"mib", required_argument, NULL, 'm'},	  {"runs", required_argument, NULL, 'n'},
	{"segmented", no_argument, NULL, 's'},	  {"here", no_argument, NULL, 'h'},
	{"compare", no_argument, NULL, 'c'},	  {"packet", required_argument, NULL, 'p'},
	{"window", required_argument, NULL, 'w'}, {"buffer", required_argument, NULL, 'b'},
	{"layout", required_argument, NULL, 'l'}, {"fill", required_argument, NULL, 'f'},
	{"by-place", no_argument, NULL, 'y'},	  {"ipv6", no_argument, NULL, '6'},
	{"sealed", no_argument, NULL, 'e'},	  {"aligned", no_argument, NULL, 'a'},
	{"software", no_argument, NULL, 'o'},	  {"cpus", required_argument, NULL, 'u'},
	{"rps", no_argument, NULL, 'r'},	  {"gro", no_argument, NULL, 'g'},
	{"tx-off", no_argument, NULL, 'x'},	  {0},
};

static bool take_layout(struct tcp_run_config *c, const char *word)
{
	if (!strcmp(word, "pages"))
		c->layout = TCP_LAYOUT_PAGES;
	else if (!strcmp(word, "odd"))
		c->layout = TCP_LAYOUT_ODD;
	else if (!strcmp(word, "contiguous"))
		c->layout = TCP_LAYOUT_CONTIGUOUS;
	else
		return false;
	return true;
}

static bool take_fill(struct tcp_run_config *c, const char *word)
{
	if (!strcmp(word, "pseudo"))
		c->fill = TCP_FILL_PSEUDO;
	else if (!strcmp(word, "ndis"))
		c->fill = TCP_FILL_NDIS;
	else if (!strcmp(word, "zero"))
		c->fill = TCP_FILL_ZERO;
	else
		return false;
	return true;
}

static bool take_number(struct program *p, int option, const char *text)
{
	uint64_t mib;

	switch (option) {
	case 'm':
		if (!whole_number("--mib", text, 1, UINT32_MAX, &mib))
			return false;
		p->config.total_bytes = mib << 20;
		return true;
	case 'n':
		return whole_number32("--runs", text, 1, RUNS_MAX, &p->runs);
	case 'p':
		return whole_number32("--packet", text, 0, 65483, &p->config.packet_bytes);
	case 'w':
		return whole_number32("--window", text, 1, UINT32_MAX, &p->config.window_bytes);
	default:
		return whole_number32("--buffer", text, 0, INT32_MAX, &p->config.buffer_bytes);
	}
}

static bool take_switch(struct program *p, int option)
{
	switch (option) {
	case 's':
		p->config.is_segmented = true;
		return true;
	case 'h':
		p->config.segment_here = true;
		return true;
	case 'c':
		p->compare = true;
		return true;
	case 'y':
		p->config.by_place = true;
		return true;
	case '6':
		p->config.ip_version = 6;
		return true;
	case 'e':
		p->config.is_sealed = true;
		return true;
	case 'a':
		p->config.is_aligned = true;
		return true;
	case 'o':
		p->config.is_software = true;
		return true;
	case 'r':
		p->rps = true;
		return true;
	case 'x':
		p->tx_off = true;
		return true;
	case 'g':
		p->gro = true;
		return true;
	default:
		return false;
	}
}

static bool take_option(struct program *p, int option, const char *text)
{
	if (option == 'l')
		return take_layout(&p->config, text);
	if (option == 'f')
		return take_fill(&p->config, text);
	if (option == 'u')
		return sscanf(text, "%d,%d%c", &p->config.sender_cpu, &p->config.receiver_cpu,
			      &(char){0}) == 2;
	return text ? take_number(p, option, text) : take_switch(p, option);
}

static bool parse(struct program *p, int argc, char **argv)
{
	int option;

	p->config = tcp_run_config_default();
	p->config.total_bytes = 1ull << 30;
	p->runs = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (option == '?' || !take_option(p, option, optarg))
			return false;
	return optind == argc &&
	       (!p->rps || (p->config.receiver_cpu >= 0 && p->config.receiver_cpu < 31));
}

/* ---- The network ---------------------------------------------------------------------------------- */

static bool enter(const struct program *p)
{
	char rps[128];

	/* /sys shows the namespace of the process that mounted it. */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL)) {
		fprintf(stderr, "stress_tcp: a network namespace: %s; needs root\n",
			strerror(errno));
		return false;
	}
	snprintf(rps, sizeof(rps), "echo %x >/sys/class/net/v1/queues/rx-0/rps_cpus",
		 p->rps ? 1u << p->config.receiver_cpu : 0);
	return system("ip link add v0 type veth peer name v1 && ip link set lo up && "
		      "echo 1 >/proc/sys/net/ipv6/conf/v0/disable_ipv6 && "
		      "ip link set v0 up && ip link set v1 up") == 0 &&
	       tcp_network_prepare() && system(rps) == 0 &&
	       (!p->gro || system("ethtool -K v1 gro on") == 0) &&
	       (!p->tx_off || system("ethtool -K v0 tx off >/dev/null") == 0);
}

/* ---- Runs ------------------------------------------------------------------------------------------- */

static void print_counters(const struct tcp_run_result *r)
{
	printf("          nstat:");
	for (uint32_t c = 0; c < TCP_COUNTERS; c++)
		if (r->counters.value[c] || c == TCP_IN_ERRORS || c == TCP_IN_CHECKSUM_ERRORS ||
		    c == TCP_RETRANSMITTED)
			printf(" %s %llu", tcp_counter_name(c),
			       (unsigned long long)r->counters.value[c]);
	printf("\n          backend:");
	for (uint32_t c = NET_XDP_TX_PACKETS; c < NET_XDP_COUNTERS; c++)
		if (r->xdp.value[c])
			printf(" %s %llu", net_xdp_counter_name(c),
			       (unsigned long long)r->xdp.value[c]);
	printf("\n");
}

static const char *const names[] = {"single", "cut here", "segmented"};

static void print_run(enum kind kind, const struct program *p, const struct tcp_run_result *r)
{
	const struct tcp_sender_stats *t = &r->sender;
	double bytes = (double)p->config.total_bytes;

	printf("%-9s %6.2f Gbit/s, sender %.3f ns/byte (user %.3f, frontend %.3f), receiver %.3f; "
	       "%llu packets, %llu on the wire (v1: %llu), %llu retransmitted, %llu timeouts, %llu stalls, "
	       "%llu probes; %llu calls, %llu sleeps\n",
	       names[kind], bytes * 8 / (double)t->wall_ns,
	       (double)(t->user_ns + t->system_ns) / bytes, (double)t->user_ns / bytes,
	       (double)(t->wall_ns - t->calls_ns) / bytes,
	       (double)(r->receiver_user_ns + r->receiver_system_ns) / bytes,
	       (unsigned long long)t->packets, (unsigned long long)t->wire_packets,
	       (unsigned long long)r->counters.arrived, (unsigned long long)t->retransmitted,
	       (unsigned long long)t->timeouts, (unsigned long long)t->stalls,
	       (unsigned long long)t->probes, (unsigned long long)t->calls,
	       (unsigned long long)t->sleeps);
}

static void run(struct series *s, const struct program *p, enum kind kind)
{
	struct tcp_run_config c = p->config;
	double bytes = (double)c.total_bytes;
	struct tcp_run_result r;
	char faults[1024];

	c.is_segmented = kind != SINGLE;
	c.segment_here |= kind == HERE;
	if (!tcp_run(&c, &r)) {
		s->failed++;
		printf("%-9s FAILED: %s\n", names[kind], r.why);
		print_counters(&r);
		return;
	}
	print_run(kind, p, &r);
	tcp_run_faults(&r, faults, sizeof(faults));
	if (*faults) {
		s->faulty++;
		printf("          FAULTS: %s\n", faults);
	}
	if (*faults || s->count == 0)
		print_counters(&r);
	fflush(stdout);
	s->gbps[s->count] = bytes * 8 / (double)r.sender.wall_ns;
	s->cpu[s->count] = (double)(r.sender.user_ns + r.sender.system_ns) / bytes;
	s->own[s->count] = (double)(r.sender.wall_ns - r.sender.calls_ns) / bytes;
	s->user[s->count++] = (double)r.sender.user_ns / bytes;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, uint32_t count)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

static void print_series(enum kind kind, struct series *s)
{
	printf("%-9s %u runs, %u failed, %u with faults; median %.2f Gbit/s, sender %.3f ns/byte (user "
	       "%.3f, frontend %.3f)\n",
	       names[kind], s->count + s->failed, s->failed, s->faulty, median(s->gbps, s->count),
	       median(s->cpu, s->count), median(s->user, s->count), median(s->own, s->count));
}

/* Both have been sorted. */
static void print_ratio(enum kind kind, const struct series *s, const struct series *single)
{
	const uint32_t i = s->count / 2, j = single->count / 2;

	printf("%-9s : single   Gbit/s %.2f, sender's ns/byte %.2f (user %.2f, frontend %.2f)\n",
	       names[kind], s->gbps[i] / single->gbps[j], s->cpu[i] / single->cpu[j],
	       s->user[i] / single->user[j], s->own[i] / single->own[j]);
}

static bool is_wanted(const struct program *p, enum kind kind)
{
	if (p->compare)
		return true;
	return p->config.is_segmented ? kind == SEGMENTED : kind == SINGLE;
}

int main(int argc, char **argv)
{
	static struct series series[KINDS];
	struct program p = {0};
	bool ok = true;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	if (!parse(&p, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!enter(&p))
		return 1;
	for (uint32_t i = 0; i < p.runs; i++)
		for (enum kind kind = 0; kind < KINDS; kind++)
			if (is_wanted(&p, kind))
				run(&series[kind], &p, kind);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct series *s = &series[kind];

		if (!is_wanted(&p, kind))
			continue;
		print_series(kind, s);
		if (kind != SINGLE && s->count && series[SINGLE].count)
			print_ratio(kind, s, &series[SINGLE]);
		ok &= !s->failed && !s->faulty;
	}
	return !ok;
}
