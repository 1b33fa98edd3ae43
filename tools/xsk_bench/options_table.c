/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-bench's options. */
#include "options_table.h"

#include "options.h"

#define AT(member)	.offset = offsetof(struct options, member)
#define FLAG(member)	.set = option_flag, AT(member)
#define NUMBER(member)	.set = option_number, AT(member)
#define WORD(member)	.set = option_word, AT(member)
#define SECONDS(member) .set = option_seconds, AT(member)
#define IPV4(member)	.set = option_ipv4, AT(member)

static const char front[] =
	"xsk-bench - send, receive, forward and measure frames through net_xdp (AF_XDP)\n"
	"\n"
	"usage: xsk-bench rx|tx|fwd|latency|pair -i IF [options]\n"
	"\n"
	"  rx        receive, and find loss, reordering, duplicates and corruption\n"
	"  tx        send numbered frames with a checksum of their own\n"
	"  fwd       send every frame back with its MACs swapped, or on to --to IF\n"
	"  latency   round trip at a fixed rate against a peer that runs fwd\n"
	"  pair      tx through -i and rx on --to in one command, one account of both;\n"
	"            or the two on two machines, with --server and --client\n";

static const struct option_row rows[] = {
	{.group = "where",
	 OPTION_INTERFACE,
	 .help = "the interface (in this network namespace)",
	 .set = option_text,
	 AT(ifname)},
	{.name = "to",
	 .value = "IF",
	 .help = "fwd: the other interface; frames go both ways, unchanged. pair: the one that "
		 "receives; here and with -i IF@NETNS is an interface in that network namespace "
		 "(a name of ip netns, a process or a path)",
	 .set = option_text,
	 AT(to_ifname),
	 .names = OPTION_NAMES_INTERFACE},
	{OPTION_FIRST_QUEUE, AT(first_queue)},
	{.name = "queues",
	 .letter = 'n',
	 .value = "N",
	 .help = "queues, one thread each (1)",
	 NUMBER(queue_count),
	 .min = 1,
	 .max = BENCH_MAX_QUEUES},
	OPTION_CPUS_ROW(bench_set_cpus),
	{.name = "mac",
	 .value = "LIST",
	 .help = "rx, fwd, latency, pair: take only frames to the interface's own MAC, or to those of the "
		 "list, e.g. own,02:00:00:00:00:01; all others go to the host (all frames are taken)",
	 .set = bench_set_take,
	 .is_value = bench_is_take,
	 .words = {"own"}},
	{OPTION_KEEP,
	 .help = "rx, fwd, latency, pair: leave these to the host: arp, nd (neighbour discovery), icmp, "
		 "icmpv6, frag, tcp:22, udp:67-68, tcp-from:443, udp-from:53, proto:89, "
		 "type:0x88cc, icmp:8",
	 AT(keep)},
	{.name = "force",
	 .help = "take the frames even where that cuts this machine off",
	 FLAG(force)},

	{.group = "how", OPTION_MODE, AT(bind_mode)},
	{OPTION_ATTACH, AT(attach)},
	{OPTION_DISPATCHER, AT(dispatcher)},
	{.name = "wait",
	 .value = "HOW",
	 .help = "epoll: sleep when there is nothing to do; spin (epoll)",
	 WORD(wait),
	 .words = {"epoll", "spin"}},
	{.name = "moderate",
	 .value = "US",
	 .help = "while frames come, sleep this long between looks (0)",
	 NUMBER(moderate_us),
	 .max = 100000},
	{.name = "busy-poll",
	 .value = "US",
	 .help = "SO_PREFER_BUSY_POLL with so many microseconds (off)",
	 NUMBER(busy_poll_us),
	 .max = 10000},
	{.name = "napi-defer",
	 .value = "N",
	 .help = "moderate the queue's interrupt: look for frames each --napi-flush microseconds, "
		 "until N looks found none; put back at the end (off; 2 is usual with --busy-poll)",
	 NUMBER(napi_defer),
	 .max = 100},
	{.name = "napi-flush",
	 .value = "US",
	 .help = "goes with --napi-defer (off; 200 is usual with --busy-poll)",
	 NUMBER(napi_flush_us),
	 .max = 10000},
	{.name = "batch",
	 .value = "N",
	 .help = "frames per call, 1..1024 (64)",
	 NUMBER(batch),
	 .min = 1,
	 .max = 1024},
	{.name = "ring",
	 .value = "N",
	 .help = "entries of each ring, a power of two (2048)",
	 NUMBER(ring),
	 .min = 1,
	 .max = 65536,
	 .power_of_two = true},
	{.name = "chunk",
	 .value = "N",
	 .help = "2048 or 4096; anything between unless --aligned (2048)",
	 NUMBER(chunk_bytes),
	 .min = 2048,
	 .max = 4096},
	{.name = "aligned",
	 .help = "one buffer per aligned chunk (else any byte address)",
	 FLAG(aligned)},
	{.name = "sealed",
	 .help = "the library's view of the memory becomes PROT_NONE",
	 FLAG(sealed)},
	{.name = "pages",
	 .value = "SIZE",
	 .help = "huge: 2 MiB (needs vm.nr_hugepages), small, auto: huge if free (auto)",
	 WORD(pages),
	 .words = {"auto", "huge", "small"}},

	{.group = "what",
	 .name = "frame-bytes",
	 .value = "N",
	 .help = "frame from the destination MAC, without FCS; tx, latency, pair: size to send "
		 "(60); rx, fwd, pair: largest to take (1518). 9000 is a jumbo run",
	 NUMBER(frame_bytes),
	 .min = 60,
	 .max = OPTIONS_MAX_FRAME},
	{.name = "duration",
	 .letter = 't',
	 .value = "S",
	 .help = "seconds, fractions allowed; 0: until Ctrl-C (10)",
	 SECONDS(duration_ns)},
	{.name = "rate",
	 .value = "PPS",
	 .help = "frames per second of all queues, e.g. 50k (latency 10k, tx, pair: no limit)",
	 .set = option_number64,
	 AT(rate),
	 .min = 1,
	 .max = 1000000000},
	{.name = "count",
	 .value = "N",
	 .help = "end after N frames of all queues",
	 .set = option_number64,
	 AT(count),
	 .min = 1,
	 .max = UINT64_MAX / 2},
	{.name = "dst",
	 .value = "MAC",
	 .help = "destination (02:6e:78:00:00:01: reaches a veth peer; pair: the receiver's)",
	 .set = option_mac,
	 AT(dst_mac)},
	{.name = "ip-src", .value = "ADDR", .help = "source address (198.18.0.1)", IPV4(ip_src)},
	{.name = "ip-dst",
	 .value = "ADDR",
	 .help = "destination address (198.18.0.2)",
	 IPV4(ip_dst)},

	{.name = "flows",
	 .value = "N",
	 .help = "tx, latency, pair: N flows in turn per queue, each with its UDP source port and source "
		 "address (the third byte counts) and numbers of its own, so that RSS spreads "
		 "them; 256 of all queues (1)",
	 NUMBER(flows),
	 .min = 1,
	 .max = OPTIONS_MAX_FLOWS},
	{.name = "ipv6",
	 .help = "IPv6 with a UDP checksum, frames of at least 80 bytes, from and to 2001:2::/48 "
		 "with --ip-src and --ip-dst as the last 32 bits",
	 FLAG(ipv6)},

	{.group = "left to the backend (tx, pair; rx checks all of it without an option)",
	 .name = "checksum",
	 .help = "IPv4 and UDP checksums; frames have at least 68 bytes",
	 FLAG(checksum)},
	{.name = "segment",
	 .value = "SIZE[,MSS]",
	 .help = "packets of SIZE bytes, e.g. 64k (65549 at most), cut into frames with MSS bytes "
		 "of payload (what fits the MTU), checksums too; --rate and --count: of packets",
	 .set = bench_set_segment},
	{.name = "segment-here",
	 .help = "cut in the library, also where the kernel would take a packet whole (copy mode, "
		 "one transmit queue)",
	 FLAG(segment_here)},
	{.name = "l4",
	 .value = "PROTO",
	 .help = "of these two: udp, tcp (tcp with --segment, else udp)",
	 WORD(l4),
	 .words = {"auto", "udp", "tcp"}},
	{.name = "sums",
	 .value = "HOW",
	 .help = "by whom: software; auto: kernel or NIC where they can, on a veth partial ones "
		 "(auto)",
	 WORD(sums),
	 .words = {"auto", "software"}},
	{.name = "vlan",
	 .value = "ID[:PRIO]",
	 .help = "insert a tag; rx, pair: each frame has to have this one, in its bytes or taken out by "
		 "the device (which needs native XDP and Linux 6.8)",
	 .set = bench_set_vlan},

	{.group = "two ends (pair)",
	 .name = "bidirectional",
	 .help = "both send and receive at the same time, each on the same queues; an account for each "
		 "direction, forward (from -i, or the client) and reverse",
	 FLAG(bidirectional)},
	{.name = "client",
	 .value = "HOST:PORT",
	 .help = "the other end is the interface of the server there, whose MAC it tells; both machines "
		 "print the whole account. What is sent is said here; interface, queues, modes and files "
		 "are each machine's own",
	 .set = bench_set_client,
	 AT(client)},
	{.name = "reverse",
	 .help = "with --client: the server sends, the client receives",
	 FLAG(reverse)},
	{.name = "server",
	 .value = "[ADDR:]PORT",
	 .help = "be that server, for one client at a time, until Ctrl-C. It listens on 127.0.0.1 unless an "
		 "address is given (0.0.0.0: on each of IPv4). There is no password: who reaches the "
		 "port has this interface send frames, and take those of the host, for up to a day",
	 .set = bench_set_server,
	 AT(server)},
	{.name = "one-off",
	 .letter = '1',
	 .help = "... until one client was served, and with its exit code",
	 FLAG(one_off)},

	{.group = "output",
	 .name = "capture",
	 .value = "FILE",
	 .help = "write -i's frames, both directions, to FILE (pcapng); what the disk is too slow "
		 "for is counted, not waited for",
	 .set = option_text,
	 AT(capture_path),
	 .names = OPTION_NAMES_FILE},
	{.name = "capture-seconds",
	 .value = "S",
	 .help = "... only so long, while the run goes on (all of it)",
	 SECONDS(capture_ns)},
	{OPTION_CONTROL, AT(control)},
	{.name = "interval",
	 .value = "S",
	 .help = "a row for each S seconds on stdout, 0.1 at least, in place of the line each second: "
		 "frames, rate, Mbit/s of the frames, and with FCS, preamble and gap (L1, 24 bytes a "
		 "frame), lost; latency: percentiles",
	 .set = bench_set_interval},
	{.name = "csv",
	 .help = "these rows and one of the total as comma-separated values, and nothing else on "
		 "stdout (each second without --interval)",
	 FLAG(csv)},
	{.name = "plot",
	 .value = "FILE",
	 .help = "draw rate (latency: and percentiles) over time to FILE (SVG), a point for each "
		 "--interval, or second",
	 .set = option_text,
	 AT(plot_path),
	 .names = OPTION_NAMES_FILE},
	{.name = "verbose",
	 .letter = 'v',
	 .help = "the whole table: each counter, what was asked and got",
	 FLAG(verbose)},
	{.name = "json",
	 .help = "one JSON document on stdout at the end, and nothing else there; of a run that "
		 "failed only the error",
	 FLAG(json)},
	OPTION_HELP_ROW,
	OPTION_VERSION_ROW,
};

static const char back[] =
	"\n"
	"A line each second goes to stderr, the result to stdout; Ctrl-C ends a run early\n"
	"and cleanly. Losses are listed by cause.\n"
	"\n"
	"exit   0 done   1 run-time failure   2 usage   3 corrupt or duplicate frames,\n"
	"       wrong checksums or tags, numbers that do not add up, or nobody answered\n"
	"\n"
	"examples\n"
	"  xsk-bench rx -i eth1 -n 4 --cpu 0-3\n"
	"  xsk-bench tx -i eth1 --dst 52:54:00:12:34:56 --rate 1M --duration 30\n"
	"  xsk-bench tx -i eth1 --dst 52:54:00:12:34:56 --segment 64k,1448 --vlan 100\n"
	"  xsk-bench tx -i eth1 --dst 52:54:00:12:34:56 --flows 64 --ipv6 --vlan 100\n"
	"  xsk-bench pair -i eth1 --to eth1@other --rate 1M --cpu 0,1\n"
	"  xsk-bench pair -i eth1 --to eth1@other --bidirectional --interval 1\n"
	"  xsk-bench pair -i eth1 --server 192.0.2.1:5202         (on one machine)\n"
	"  xsk-bench pair -i eth1 --client 192.0.2.1:5202 --bidir (on another)\n"
	"  xsk-bench fwd -i eth1 --to eth2 --mode zero-copy --wait spin\n"
	"  xsk-bench fwd -i eth1 --to eth2 --capture a.pcapng --capture-seconds 5\n"
	"  xsk-bench rx -i eth1 --interval 0.5 --csv >rx.csv\n"
	"  xsk-bench latency -i eth1 --dst 52:54:00:12:34:56 --plot latency.svg\n"
	"  xsk-bench latency -i eth1 --dst 52:54:00:12:34:56 --rate 20k --json\n";

const struct option_table bench_options = {
	.program = "xsk-bench",
	.front = front,
	.back = back,
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.operands = {"rx", "tx", "fwd", "latency", "pair"},
};
