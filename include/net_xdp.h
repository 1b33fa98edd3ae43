/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_xdp.h - the AF_XDP backend of net_backend.h. The manual for embedders.
 *
 *     NIC queue i ──XDP program──> XSK socket i ──> fill / RX rings ──> frontend's buffers
 *                                               <── TX / completion rings <──
 *                               the UMEM = the frontend's own memory region
 *
 * One UMEM per endpoint holds, packed behind each other,
 *
 *     | guard page | region 0 | region 1 | ... | private area |
 *
 * where the regions are the frontend's memory (a guest's RAM) and the private area is ours. A
 * buffer that satisfies the kernel's rules is given to the kernel as it is: *direct*. One that does
 * not is *bounced*: one copy through the private area, counted with its reason. The words "zero
 * copy" are only as true as rx_bounced and tx_bounced are 0 and the queue's report says zero_copy.
 *
 * Frames are those that the NIC accepts: its own MAC, broadcast and joined multicast. For more: ip link
 * set IF promisc on (or allmulticast on), for one group ip maddr add MAC dev IF.
 *
 * Who gets the frames: opening takes nothing; the first posted buffer of a queue takes that queue's frames
 * from the host. Until then, also on a queue that only sends, they go to the host as if nobody had opened
 * the interface. From then on the queue keeps them: while no buffer is posted they are dropped and counted
 * (rx_kernel_dropped), until it is destroyed. The report says which (takes_frames). Zero copy is another
 * matter: from the bind on the driver has no buffers for that hardware queue but those in our fill ring, so
 * without a posted one its frames are lost to the host too. Who only sends and wants the host to keep them
 * uses mode copy.
 *
 * The host can keep a part of them: all but those to our MACs (take_macs), and what it needs to live on the same
 * address, such as ARP and its ssh (keep).
 *
 * Needs: CAP_NET_RAW (socket), CAP_NET_ADMIN + CAP_BPF + CAP_PERFMON (program: it measures frames by
 * their pointers, which the verifier allows only with it), CAP_IPC_LOCK or RLIMIT_MEMLOCK.
 * Source of the kernel's rules: net/xdp/ of Linux 6.18 and Documentation/networking/af_xdp.rst.
 *
 * Growth: members are only appended to these structs and counters only to their list. Each struct crosses
 * the boundary with the size that the caller was compiled with, by the inline functions here; other
 * languages call the functions whose names end in _sized, and set size_bytes.
 */
#ifndef NET_XDP_H
#define NET_XDP_H

#include "net_backend.h"
#include "net_inspect.h"
#include "net_xdp_device.h"
#include "net_xdp_steer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---------------------------------------------------------------------------------- */

#define NET_XDP_VERSION_MAJOR 0
#define NET_XDP_VERSION_MINOR 2
#define NET_XDP_VERSION_PATCH 0

/* Return: the library's version, "0.2.0": the loaded one's, not that of the header. */
NET_PUBLIC const char *net_xdp_version(void);

/* ---- Configuration ---------------------------------------------------------------------------- */

/* What to ask of bind. Only AUTO may end lower than the best; each rung is in the report. */
enum net_xdp_mode {
	NET_XDP_MODE_AUTO = 0,	/* zero copy if the driver can, else copy */
	NET_XDP_MODE_ZERO_COPY, /* zero copy or fail */
	NET_XDP_MODE_COPY,
};

/*
 * How to attach the XDP program. Generic XDP comes behind GRO, and before what a local sender leaves to be
 * cut (TSO, UDP_SEGMENT) is cut: several TCP segments or UDP datagrams arrive joined in one frame, as one
 * large packet by its headers, and those over max_frame_bytes are dropped. So does native attach on tun and
 * tap, whose user may send such frames. Two remedies, for the two places:
 *     receiver      ethtool -K IF gro off rx-gro-list off rx-udp-gro-forwarding off lro off
 *     local sender  ethtool -K PEER tso off tx-udp-segmentation off (a veth's other end; lo itself)
 * An endpoint of this library at the other end, or on lo, is such a sender by default, in copy mode: each packet
 * to be cut that goes whole is lost here, and tx_segment_here there is the remedy.
 */
enum net_xdp_attach {
	NET_XDP_ATTACH_AUTO = 0, /* native if the driver can, else generic */
	NET_XDP_ATTACH_NATIVE,
	NET_XDP_ATTACH_GENERIC,
};

/* Who holds the attachment. */
enum net_xdp_program {
	NET_XDP_PROGRAM_LINK = 0,   /* a bpf_link: gone with this process, even by SIGKILL */
	NET_XDP_PROGRAM_DISPATCHER, /* libxdp's dispatcher: beside other XDP programs. Needs bpffs;
				     * stays attached if this process is killed */
};

/* What to find out about the checksums of received frames. REPORT and COMPLETE read every byte of the frame,
 * PARTIAL its headers. Where frames may be several packets joined (enum net_xdp_attach), only a sum that is
 * right is reported: good. Of all else nothing is claimed and nothing is filled in, since a joined frame looks
 * like one with a sum that is wrong or not completed. */
enum net_xdp_rx_checksum {
	NET_XDP_RX_CHECKSUM_NONE = 0, /* metadata says unknown */
	NET_XDP_RX_CHECKSUM_REPORT,   /* verify, metadata says good, bad or partial */
	NET_XDP_RX_CHECKSUM_COMPLETE, /* also fill in what a local veth peer left out, native attach */
	/* Say which frames of a local veth peer are partial, native attach: all that a virtio frontend has
	 * to know. The payload is not read, so of all else metadata says what it says with NONE. Frames from
	 * a wire, and those that may be joined, are not read at all. */
	NET_XDP_RX_CHECKSUM_PARTIAL,
};

/* Who adds up the checksums of TCP and UDP that transmitted packets ask for (docs/offloads.md). */
enum net_xdp_tx_checksum {
	/* In copy mode the kernel (6.11), without a look at the payload here; it hands the sum to the NIC, or
	 * leaves it to a local receiver: who reads the frames of a veth's other end by AF_XDP then finds the
	 * pseudo-header's sum (NET_CHECKSUM_PARTIAL). In zero copy the NIC, where its driver offers that.
	 * Elsewhere as SOFTWARE. Takes 24 bytes of each chunk. */
	NET_XDP_TX_CHECKSUM_AUTO = 0,
	NET_XDP_TX_CHECKSUM_SOFTWARE, /* the library: complete on every wire, each payload byte is read */
};

/*
 * What the host keeps of a frame that is ours by its MAC: ARP, its own ssh. The XDP program looks at the headers, and
 * a frame that meets a rule goes to the host as if nobody had opened the interface (docs/keep.md). Numbers are
 * those of the wire in host byte order, first and last included.
 */
enum net_xdp_keep_kind {
	/* The Ethernet type behind up to two VLAN tags, or the first tag's own (0x8100: all that are tagged);
	 * under 0x600 a length, of frames without a type. All kinds below also look behind these tags. */
	NET_XDP_KEEP_ETHERTYPE = 1,
	/* The protocol of IPv4 or IPv6, there of the first header that is no extension header. Fragments too. */
	NET_XDP_KEEP_PROTOCOL,
	/* The protocol again, but only of fragments. These meet no rule about ports or types of ICMP, as only
	 * the first one would: a datagram goes whole to one side. */
	NET_XDP_KEEP_FRAGMENT,
	NET_XDP_KEEP_TCP_PORT,	 /* destination: what a server of the host listens on */
	NET_XDP_KEEP_TCP_SOURCE, /* source: answers to a client of the host */
	NET_XDP_KEEP_UDP_PORT,
	NET_XDP_KEEP_UDP_SOURCE,
	NET_XDP_KEEP_ICMP,   /* type of ICMP, in IPv4 */
	NET_XDP_KEEP_ICMPV6, /* type of ICMPv6: 133 to 137 are neighbour discovery */
};

struct net_xdp_keep_rule {
	uint16_t kind; /* enum net_xdp_keep_kind */
	uint16_t first;
	uint16_t last;
	uint16_t reserved; /* 0 */
};

#define NET_XDP_KEEP_RULES 32

/* Return: the rule. ARP is (NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806). */
static inline struct net_xdp_keep_rule net_xdp_keep(enum net_xdp_keep_kind kind, uint16_t first,
						    uint16_t last)
{
	struct net_xdp_keep_rule rule = {(uint16_t)kind, first, last, 0};

	return rule;
}

/* One piece of the frontend's memory. A buffer or segment lies within one region: where a guest's
 * reaches over two, the frontend splits it. */
struct net_xdp_region {
	uint64_t guest_addr; /* of its first byte, in the addresses that segments and buffers use */
	uint64_t size_bytes; /* multiple of the backing's page size */
	int fd;		     /* memfd, tmpfs or hugetlb file; -1: memory is given */
	uint64_t fd_offset_bytes;
	void *memory; /* with fd -1: an existing MAP_SHARED mapping of this process; of huge pages only
		       * with memory_as_is */
};

#define NET_XDP_TAKE_MACS  16
#define NET_XDP_NAME_BYTES 128 /* an alternative name and its end (ALTIFNAMSIZ) */

/*
 * Start from net_xdp_config_default() and set ifname and regions. Fields hold real values: 0 is
 * never a request for a default. Pointers need not outlive net_xdp_open().
 */
struct net_xdp_config {
	size_t size_bytes; /* sizeof(struct net_xdp_config) */
	/* In the network namespace of the calling thread; an alternative name will do. A device whose frames
	 * have no Ethernet header (tun, ipip, wireguard, ...) is refused. get_queues looks for it again: the
	 * one of this name, or where there is none the one that it has attached to, as it is called now. */
	const char *ifname;
	/* queue i of the endpoint is hardware queue first_queue + i. The NIC spreads what arrives over all of
	 * its queues: the host has the frames of those that are not ours. */
	uint32_t first_queue;
	uint32_t max_queues;	  /* 1..64; sizes the private area */
	uint32_t max_frame_bytes; /* largest frame, from the destination MAC, without FCS. Larger
				   * than chunk_bytes - 256: jumbo, every frame is gathered through
				   * the private area */

	const struct net_xdp_region *regions;
	uint32_t region_count; /* 1..64 */
	/* Take the one region's memory as the UMEM, as it is: no second mapping, no guard page. For
	 * memory that is not shareable (fd -1). Its last net_xdp_private_bytes() are then ours. */
	bool memory_as_is;
	bool sealed; /* after registration our mapping of the regions becomes PROT_NONE: no user-space
		      * code of this process can touch a payload byte through it. What would have to be
		      * bounced is refused or dropped, and counted */

	bool unaligned; /* buffers at any byte address (else: one buffer per aligned chunk) */
	/* 2048 or 4096; with unaligned anything between. In zero copy igb and igc round the room for a
	 * frame (net_xdp_direct_capacity()) down to whole KiB and cut what is longer without a word: a
	 * descriptor of just that length goes on in the next. Such frames are dropped whole
	 * (rx_drop_split); but a whole frame of just that length looks the same, and takes the next one
	 * with it. Auto ends in copy where the MTU's frames would be cut; for an MTU of 1500
	 * chunk_bytes 4096 with max_frame_bytes 2040 has room enough. */
	uint32_t chunk_bytes;
	uint32_t private_rx_chunks; /* per queue, for bounced receives */
	/* Per queue, for bounced transmits; 0: none is changed either. No more pieces than there are frames for
	 * are promised of a packet to be cut (tx_max_pieces of the facts), as each may have to be bounced; also no
	 * more than the TX ring holds, of jumbo ones in several entries each. Sealed: half of the TX ring, if the
	 * payload of each piece lies in one segment. What goes to the kernel whole may become more. */
	uint32_t private_tx_frames;

	/* Ring sizes: powers of two, 1..65536. Jumbo: fill, RX and TX each hold the pieces of one frame. */
	uint32_t rx_ring_frames;
	uint32_t tx_ring_frames;
	uint32_t fill_ring_frames;
	uint32_t completion_ring_frames;
	uint32_t rx_id_limit; /* receive ids are 0..rx_id_limit-1; 12 bytes of bookkeeping each */

	enum net_xdp_mode mode;
	enum net_xdp_attach attach;
	enum net_xdp_program program;

	/* When take_mac_count is not 0 only frames to these destination MACs are taken; all else
	 * goes to the host as before, so taking the host's only NIC does not cut it off. */
	uint8_t take_macs[NET_XDP_TAKE_MACS][6];
	uint32_t take_mac_count;

	enum net_xdp_rx_checksum rx_checksum;
	bool rx_vlan; /* report tags that the device stripped; needs 8 bytes of header gap */

	/* SO_BUSY_POLL with SO_PREFER_BUSY_POLL; 0 off. Zero copy on virtio_net, and on igb with few queues,
	 * sends from a NAPI that is not polled: then without the preference, and napi_state says so. */
	uint32_t busy_poll_us;
	uint32_t busy_poll_budget; /* frames per busy poll, used when busy_poll_us is not 0 */
	/*
	 * Interrupt moderation by the kernel. After frames have come the queue's interrupt stays off; the kernel
	 * looks after gro_flush_timeout_ns, hands over all that came meanwhile, and turns the interrupt on again
	 * after napi_defer_hard_irqs such looks that found nothing. The first frame after a pause comes at once,
	 * the others up to gro_flush_timeout_ns late; whoever sleeps is woken once for all of them, which on a
	 * veth also spares the sender. The device's ring has to hold what comes in that time (a veth: 256
	 * frames, 40000 ns at 6 Mpps; 1000000 ns is for 250 kpps), or it drops.
	 * With busy_poll_us it also gives the polling frontend the NAPI for itself: while that polls the
	 * interrupt stays off. 2 and 200000 are what SO_PREFER_BUSY_POLL was introduced with (5.11); 10 and
	 * 500000 were seen to cost a third of the throughput. Both or none.
	 * They are the NAPI's, not the socket's: read before, put back at destroy, and after a crash by the
	 * next get_queues on the queue or by xsk-info --restore (net_xdp_device_queue_restore()), which find
	 * them in /run/net_xdp (a container's own /run is gone with it: share that folder). What somebody
	 * else has set meanwhile is left.
	 * Not root: the folder must be there and be yours, which root does with
	 *     install -d -m 700 -o USER /run/net_xdp
	 * (systemd: RuntimeDirectory=net_xdp with RuntimeDirectoryPreserve=yes, or the folder is gone when it
	 * is needed); root believes what its owner leaves there, nobody else does.
	 * Privileges that are dropped after get_queues: putting back needs them, as the kernel looks at who asks
	 * now. destroy then ends the queue and returns -EPERM with a sentence; the record stays for whoever may.
	 * A driver that makes its NAPIs anew when the interface goes up (veth)
	 * forgets them. Needs Linux 6.13, CAP_NET_ADMIN in the initial user namespace, and a driver that says
	 * which NAPI serves the queue, or a device with one queue and one NAPI (veth). Where they cannot be
	 * set, or not be put back, nothing is changed and the report's napi_state says why.
	 */
	uint32_t napi_defer_hard_irqs; /* at most 100; 0: leave the NAPI alone */
	uint32_t gro_flush_timeout_ns; /* at most 10000000; 0: leave the NAPI alone */
	uint32_t tx_timer_us; /* how often a sleeping queue looks for completions, 10..100000 */
	/*
	 * Deadline, on the clock, of each wait: of open for an endpoint of this library that has the interface
	 * (one that was just killed, say), of get_queues for a queue that is not free yet, and of a queue's
	 * destroy for the kernel to let go of it; closing the socket counts in. The kernel needs 10 to 30 ms for
	 * that, and over 2 s on a loaded machine.
	 */
	uint32_t release_timeout_ms; /* 1..60000 */
	/* Called by open and get_queues while they wait, after 100 ms and about every 100 ms from then on, with
	 * one sentence that says for what. Return: shall they go on? With false they fail as at the deadline.
	 * NULL: nobody wants to know. */
	bool (*on_wait)(void *context, const char *sentence);
	void *on_wait_context;
	/*
	 * Keep the memory registered while no queue is alive, for a guest that reloads its driver: registering
	 * 512 MiB takes get_queues 0.1 s, and 0.3 to 0.5 s when the guest has not touched all of it; with this,
	 * less than a millisecond. Meanwhile the pages stay pinned, queue 0's socket stays open and no other can
	 * be bound to that hardware queue; the buffers are the frontend's, and the host has its frames, as ever.
	 * Copy mode only: a zero-copy driver gives buffers back when its socket is closed and at no other time,
	 * and the kernel shares memory only with a socket that is bound, so there a queue that stays alive
	 * (get_queue) is what keeps it. A queue whose RX ring overflowed, that leaves
	 * more than half of its fill ring unread (restarts without a frame in between add up), or that takes
	 * frames over one chunk, is not kept either.
	 */
	bool keep_umem;
	/*
	 * Cut packets here, through the TX ring, also where the kernel would take them whole. It would in copy
	 * mode on an interface with one transmit queue that cuts packets itself (tcp-segmentation-offload,
	 * tx-udp-segmentation): a packet with 8192 bytes of payload or more goes through a packet socket, in
	 * order with the ring. A veth's other end, or lo, then gets it uncut, as from a local sender: an AF_XDP
	 * receiver with a generic program there drops it as too long (dropped_too_long), so set this for one. The
	 * report's tx_segmentation_state says which way is taken.
	 */
	bool tx_segment_here;
	uint8_t reserved[2]; /* 0: a later field may stand here, so the library checks it */
	enum net_xdp_tx_checksum tx_checksum;
	/* What the host keeps of the frames that take_macs leaves to us. The first rule that is met counts
	 * (kept_by_rule). What no rule is met by, or cannot be read, is ours. */
	struct net_xdp_keep_rule keep[NET_XDP_KEEP_RULES];
	uint32_t keep_count;
	uint8_t reserved_end[4]; /* 0, as reserved */
	/* Which frames come to which queue, from net_xdp_open(), before the program is attached, to the
	 * endpoint's destroy (net_xdp_steer.h). NULL: the interface stays as it is. What cannot be set fails the
	 * open, with nothing left set; what cannot be put back is said by destroy, which ends the endpoint all the
	 * same. Queues that the plan makes are there for max_queues. */
	const struct net_xdp_steer *steer;
};

/* Return: the defaults: 2048-byte unaligned chunks, 1518-byte frames, rings of 2048, auto modes. */
NET_PUBLIC void net_xdp_config_init(struct net_xdp_config *config, size_t size_bytes);
static inline struct net_xdp_config net_xdp_config_default(void)
{
	struct net_xdp_config config;

	net_xdp_config_init(&config, sizeof(config));
	return config;
}

/*
 * Where the kernel puts a frame behind the start of its chunk. An aligned frontend lays out its
 * buffers so that addr + header_bytes is this far behind a multiple of chunk_bytes.
 */
NET_PUBLIC uint32_t net_xdp_frame_offset(const struct net_xdp_config *config);

/* How much of the memory is ours with memory_as_is; without it the private area is mapped behind the
 * regions. Return: bytes, a multiple of the page size. */
NET_PUBLIC uint64_t net_xdp_private_bytes(const struct net_xdp_config *config);

/*
 * The largest frame that fits one descriptor; a direct buffer has at least this capacity. For mode
 * copy that is max_frame_bytes in unaligned chunks; zero copy writes up to the next multiple of 128
 * behind max_frame_bytes + 8, and auto may end there: 1536 by default. The report has what a queue got.
 */
NET_PUBLIC uint32_t net_xdp_direct_capacity(const struct net_xdp_config *config);

/* The three above: 0 when max_queues, chunk_bytes, max_frame_bytes or the private counts are out of range. */

/* Check every rule that needs no kernel. Return: 0 or -EINVAL with err filled. Syscalls: none. */
NET_PUBLIC int net_xdp_config_check(const struct net_xdp_config *config, struct net_error *err);

/* ---- Endpoint --------------------------------------------------------------------------------- */

/*
 * Map the memory, load the program and attach it (with an empty map: it passes everything to the
 * host until get_queues). Return: 0 and *out. Errors, err filled, nothing left behind:
 *   -EINVAL config or memory · -ENODEV no such interface · -EPERM capability · -EBUSY another XDP
 *   program is attached (named) · -EOPNOTSUPP attach mode, or no Ethernet header · -EMFILE fewer
 *   than 12 descriptors free, or 32 with the dispatcher · -ENOMEM, and what the kernel says. Messages
 *   hold names as the kernel has them, any byte: who prints escapes.
 * libbpf's and libxdp's printers are the process's: while this call or destroy runs, one of ours stands
 * in front of them that is silent for this thread and passes on what other threads print. Any number of
 * threads may do so at once, and a printer that is set meanwhile stays.
 * One endpoint per interface, in all processes together, unless each uses program dispatcher: a second
 * one waits up to release_timeout_ms for the first to end, and says so by on_wait.
 * Owner: the caller, ends it with net_endpoint_destroy(). The fds stay the caller's: they are mapped,
 * not kept. Threads: the network namespace of the calling thread becomes the endpoint's. get_queues
 * must be called in that one as well, as sockets and attachments are made in the caller's: else -EXDEV and
 * nothing is done; so must the endpoint's destroy with program dispatcher. Every other call may come from
 * any namespace and asks in the endpoint's; but where the kernel does not tell who holds a queue (before
 * Linux 6.15, or the interface is down) a queue's destroy from another one ends with -ETIMEDOUT. Before
 * Linux 5.14 the caller's namespace is not checked.
 *
 * A device that was removed or moved, and a program that was detached or replaced by somebody else, are
 * told within a second: once as NET_ACTION_RESTART_REQUIRED by poll_action, and by each queue's tx_poll as
 * NET_TRY_RESTART. get_queues attaches again, or says with -EBUSY whose program is there now. A queue
 * finds out by itself that its device went; that the program went it learns from poll_action alone, because
 * the kernel tells nobody, and asking waits for whoever configures the network just then (the RTNL lock),
 * which no data call may. So call poll_action: when action_fd is readable (also twice a second, for this
 * look), or at least once a second.
 *
 * For a seccomp filter after get_queues these calls are made.
 *     Data calls: sendto, sendmsg, recvfrom, epoll_ctl, epoll_wait, timerfd_settime, read, getsockopt,
 *                 clock_gettime, bpf.
 *     net_queue_wait, besides these: ppoll.
 *     poll_action: recvmsg, sendto, poll, timerfd_settime, write, bpf, clock_gettime.
 * sendmsg is for a packet that the kernel takes whole (see tx_segment_here); recvfrom for zero copy; bpf in a data
 * call for the first posted buffer of a queue without initial_rx: where that is refused the host keeps the frames,
 * it is tried again a few times a second, and frames_state says so. clock_gettime is a call where the vDSO does not
 * have it, poll where an answer is late. poll_action allocates, and with program dispatcher asks libxdp: it makes
 * what malloc() and that make as well. Data calls do neither.
 * Blocks: yes; page faults of the whole memory happen in get_queues (0.1 to 0.4 s per GiB).
 */
NET_PUBLIC int net_xdp_open(const struct net_xdp_config *config, struct net_endpoint **out,
			    struct net_error *err);

/*
 * The frontend's memory has changed: regions were added, removed or moved (memory hotplug, a new memory table
 * of a guest). These are all of them from now on, by the rules of struct net_xdp_config. The kernel cannot
 * change a UMEM that is registered, so this costs one restart: destroy the queues, call this, get_queues. The
 * interface keeps its program meanwhile, and the host has its frames. Skip it when nothing has changed.
 * Return: 0. Errors, err filled, the regions are as they were: -EBUSY queues are alive · -EINVAL neither ep
 * nor what it wraps is of this backend, or as net_xdp_open() · -ENOMEM and what else net_xdp_open() says
 * of memory.
 * Owner: regions and fds stay the caller's; the memory of regions that are gone is unmapped here. Threads: as
 * get_queues. Blocks: no page is touched before get_queues.
 */
NET_PUBLIC int net_xdp_set_regions(struct net_endpoint *ep, const struct net_xdp_region *regions,
				   uint32_t count, struct net_error *err);

/*
 * Whose destroy has returned -ETIMEDOUT asks here whether the kernel has let go meanwhile. Looks once, then
 * waits up to timeout_ms.
 * Return: the number of ended queues that are not confirmed to be free, err (may be NULL) says what is
 * known of one's reason; 0: every buffer of every ended queue may be used again; -EINVAL neither
 * ep nor what it wraps is of this backend.
 * A queue that get_queues makes anew counts no more. net_endpoint_destroy() looks once as well: with some
 * left it returns -ETIMEDOUT, the endpoint is gone, and their buffers stay out of use until this process
 * and those it forked have ended.
 * Threads: as get_queues, and not beside a queue's destroy. Blocks: up to timeout_ms.
 */
NET_PUBLIC int net_xdp_unreleased(struct net_endpoint *ep, uint32_t timeout_ms,
				  struct net_error *err);

/*
 * fork(): the child has a copy of every descriptor and ring, and the kernel keeps a queue until the last
 * copy is gone. An exec is no trouble, all descriptors are close-on-exec. A child that does not exec:
 * - destroy in the process that made the queue takes the socket out of the program, and that of the
 *   endpoint detaches the program, so the host has its frames again at once. But as long as the child keeps
 *   its copies the queue is not free: -ETIMEDOUT, and no other socket can be bound to it.
 * - destroy in the child, while the maker lives, gives up the child's copies and changes nothing else: call
 *   it first thing in a child that has no use for the endpoint. Return: 0.
 * - after the maker has ended (a daemon's first process) the child owns what it inherited, and destroy does
 *   all it does elsewhere. Not in another PID namespace, where the child cannot know: there destroy always
 *   gives up its copies alone. A maker that is killed leaves the program attached for as long as a child has
 *   copies.
 * Only one of the processes may make data calls.
 */

/* ---- Report: asked, got, why not -------------------------------------------------------------- */

#define NET_XDP_RUNGS 8

/* One attempt on the ladder from the best mode down. */
struct net_xdp_rung {
	const char *asked;  /* "native attach", "zero-copy bind", ... */
	int error;	    /* 0 or -errno */
	char sentence[440]; /* what happened and what would change it */
};

struct net_xdp_report {
	char ifname[16];
	char driver[32];
	uint32_t hardware_queue;
	bool zero_copy; /* XDP_OPTIONS of the socket, read back after bind */
	bool native;	/* the program runs in the driver */
	bool dispatcher;
	bool multi_buffer; /* frames larger than a chunk are received */
	bool unaligned;
	bool sealed;
	uint32_t chunk_bytes;
	uint32_t direct_capacity_bytes;
	uint32_t
		tx_budget_frames; /* frames per kick: the TX ring's, or the kernel's 32 where it has no setting */
	uint32_t max_tx_descriptors; /* per packet, before it is bounced */
	bool busy_poll;
	/* Which VLAN tags are lost because they come out of band and rx_vlan is off, and what helps; "" when
	 * the device is known to leave them in the frames. */
	char vlan_state[232];
	uint32_t napi_id; /* 0 unknown */
	/* "NAPI 515: defer 2, flush 200 us; was 0, 0 us", "not applicable: ...", what was found left by
	 * another process; "" nothing asked, nothing found */
	char napi_state[160];
	int target_cpu; /* last hint, -1 none */
	/* "IRQ 45: moved", "not applicable: ...". destroy puts back what is still the queue's and as we set it;
	 * a NAPI thread is moved from the initial PID namespace only, which knows its number. */
	char target_state[80];
	bool takes_frames;	/* the queue is in the XDP program's map: what arrives is for it */
	char frames_state[160]; /* "taken", "left to the host until a buffer is posted", why not */
	uint32_t rung_count;
	struct net_xdp_rung rungs[NET_XDP_RUNGS]; /* attach first, then bind */
	/* How a packet's requests are done, and why not better: "kernel: ...", "software: ..." */
	char tx_checksum_state[200];
	char tx_segmentation_state[200];
	char tx_vlan_state[120];
	/* What is told of received frames' checksums, and why not more; "" nothing is asked (rx_checksum) */
	char rx_checksum_state[160];
};

/* Return: 0, -EINVAL when neither q nor what it wraps is of this backend. Blocks: no. Syscalls: none. */
NET_PUBLIC int net_xdp_queue_report_sized(struct net_queue *q, struct net_xdp_report *out,
					  size_t size_bytes);
static inline int net_xdp_queue_report(struct net_queue *q, struct net_xdp_report *out)
{
	return net_xdp_queue_report_sized(q, out, sizeof(*out));
}

/* ---- Counters --------------------------------------------------------------------------------- */

/* X(symbol, class, unit, name, meaning); class as enum net_field_class, RX_LOST and TX_LOST told apart.
 * Never reset during a queue's life. New ones go to the end: the order is the ABI. */
#define NET_XDP_COUNTERS_LIST(X)                                                                   \
	X(RX_FRAMES, TRAFFIC, "frames", "rx_frames", "received and returned")                      \
	X(RX_BYTES, TRAFFIC, "bytes", "rx_bytes", "bytes of these")                                \
	X(RX_DIRECT, NOTE, "frames", "rx_direct",                                                  \
	  "of these: written by the kernel into the frontend's buffer")                            \
	X(RX_BOUNCED, NOTE, "frames", "rx_bounced", "of these: copied from the private area")      \
	X(RX_VLAN, NOTE, "frames", "rx_vlan", "of these: with a tag out of band")                  \
	X(RX_LONGER, NOTE, "frames", "rx_longer",                                                  \
	  "of these: longer than their headers say, so joined or trailed (with rx_checksum)")      \
	X(RX_BOUNCE_CAPACITY, NOTE, "buffers", "rx_bounce_capacity",                               \
	  "buffers bounced: smaller than a chunk's frame")                                         \
	X(RX_BOUNCE_WINDOW, NOTE, "buffers", "rx_bounce_window",                                   \
	  "buffers bounced: chunk would leave the UMEM")                                           \
	X(RX_BOUNCE_PLACE, NOTE, "buffers", "rx_bounce_place",                                     \
	  "buffers bounced: not where an aligned chunk puts frames")                               \
	X(RX_BOUNCE_PAGE, NOTE, "buffers", "rx_bounce_page",                                       \
	  "buffers bounced: chunk crosses pages apart for DMA")                                    \
	X(RX_BOUNCE_GAP, NOTE, "buffers", "rx_bounce_gap",                                         \
	  "buffers bounced: header gap too small for what is written in front of the frame")       \
	X(RX_BOUNCE_JUMBO, NOTE, "buffers", "rx_bounce_jumbo",                                     \
	  "buffers bounced: jumbo endpoint gathers every frame")                                   \
	X(RX_REFUSED_ID, REFUSED, "ids", "rx_refused_id",                                          \
	  "ids refused: unknown or beyond rx_id_limit")                                            \
	X(RX_REFUSED_DUPLICATE, REFUSED, "ids", "rx_refused_duplicate",                            \
	  "ids refused: already posted")                                                           \
	X(RX_REFUSED_ADDRESS, REFUSED, "ids", "rx_refused_address",                                \
	  "ids refused: buffer outside the memory")                                                \
	X(RX_REFUSED_COPY, REFUSED, "ids", "rx_refused_copy",                                      \
	  "ids refused: would bounce, but sealed or no private area")                              \
	X(RX_DROP_CAPACITY, RX_LOST, "frames", "rx_drop_capacity",                                 \
	  "frames dropped: larger than the buffer")                                                \
	X(RX_DROP_EMPTY, RX_LOST, "frames", "rx_drop_empty", "frames dropped: length 0")           \
	X(RX_DROP_SPLIT, RX_LOST, "frames", "rx_drop_split",                                       \
	  "frames dropped: in more pieces than were asked for")                                    \
	X(RX_DROP_BUFFER, RX_LOST, "frames", "rx_drop_buffer",                                     \
	  "frames dropped: gathered, but no buffer was posted")                                    \
	X(RX_UNKNOWN, RX_LOST, "descriptors", "rx_unknown",                                        \
	  "descriptors whose address was never posted")                                            \
	X(RX_KERNEL_DROPPED, KERNEL_LOST, "frames", "rx_kernel_dropped",                           \
	  "kernel: no fill entry, or frame too large")                                             \
	X(RX_KERNEL_RING_FULL, KERNEL_LOST, "frames", "rx_kernel_ring_full",                       \
	  "kernel: RX ring full")                                                                  \
	X(RX_KERNEL_FILL_EMPTY, NOTE, "times", "rx_kernel_fill_empty",                             \
	  "kernel: times the fill ring was empty")                                                 \
	X(RX_KERNEL_INVALID, NOTE, "descriptors", "rx_kernel_invalid",                             \
	  "kernel: invalid descriptors")                                                           \
	X(TX_PACKETS, TRAFFIC, "packets", "tx_packets", "wire packets completed by the kernel")    \
	X(TX_BYTES, TRAFFIC, "bytes", "tx_bytes", "bytes handed to the kernel")                    \
	X(TX_ACCEPTED, NOTE, "packets", "tx_accepted", "packets accepted, dropped ones included")  \
	X(TX_DIRECT, NOTE, "packets", "tx_direct",                                                 \
	  "wire packets sent from the frontend's memory as they are")                              \
	X(TX_BOUNCED, NOTE, "packets", "tx_bounced",                                               \
	  "wire packets sent from a copy in the private area")                                     \
	X(TX_VLAN, NOTE, "packets", "tx_vlan", "wire packets with an out-of-band tag inserted")    \
	X(TX_BOUNCE_SEGMENTS, NOTE, "packets", "tx_bounce_segments",                               \
	  "bounced: more descriptors than the kernel takes")                                       \
	X(TX_BOUNCE_CHECKSUM, NOTE, "packets", "tx_bounce_checksum",                               \
	  "bounced: checksum to fill in, where a packet has one descriptor")                       \
	X(TX_BOUNCE_VLAN, NOTE, "packets", "tx_bounce_vlan",                                       \
	  "bounced: VLAN tag to insert, where a packet has one descriptor")                        \
	X(TX_BOUNCE_PAGE, NOTE, "packets", "tx_bounce_page",                                       \
	  "bounced: crosses pages apart for DMA")                                                  \
	X(TX_DROP_ADDRESS, TX_LOST, "packets", "tx_drop_address",                                  \
	  "dropped: segment outside the memory")                                                   \
	X(TX_DROP_MALFORMED, TX_LOST, "packets", "tx_drop_malformed",                              \
	  "dropped: count or length of the list is wrong")                                         \
	X(TX_DROP_SIZE, TX_LOST, "packets", "tx_drop_size",                                        \
	  "dropped: under 14 bytes, over max_frame_bytes, or in more pieces than have room")       \
	X(TX_DROP_OFFLOAD, TX_LOST, "packets", "tx_drop_offload",                                  \
	  "dropped: offload not offered, or headers make no sense")                                \
	X(TX_DROP_SEALED, TX_LOST, "packets", "tx_drop_sealed",                                    \
	  "dropped: would bounce, but sealed or no private area")                                  \
	X(TX_LOST, TX_LOST, "packets", "tx_lost",                                                  \
	  "completed by the kernel but not sent (EBUSY: peer full, over the MTU, carrier down)")   \
	X(TX_KERNEL_INVALID, NOTE, "descriptors", "tx_kernel_invalid",                             \
	  "kernel: invalid descriptors")                                                           \
	X(TX_UNKNOWN, NOTE, "completions", "tx_unknown",                                           \
	  "completions of addresses that were never sent")                                         \
	X(TX_NO_ROOM, NOTE, "times", "tx_no_room",                                                 \
	  "times a packet did not fit and was left to the frontend")                               \
	X(KICKS, WORK, "calls", "kicks", "system calls made by the data calls")                    \
	X(KICK_AGAIN, WORK, "calls", "kick_again",                                                 \
	  "of these: EAGAIN, the rest goes with the next one")                                     \
	X(KICK_DOWN, WORK, "calls", "kick_down", "of these: ENETDOWN, the interface is down")      \
	X(LOOKS, WORK, "calls", "looks", "other system calls made by poll_ready, before a sleep")  \
	X(TX_SPLIT, NOTE, "packets", "tx_split",                                                   \
	  "wire packets of headers that are ours and payload in the frontend's memory")            \
	X(TX_SEGMENTED, NOTE, "packets", "tx_segmented", "accepted packets cut into wire packets") \
	X(TX_SEGMENTS, NOTE, "packets", "tx_segments", "wire packets of these")                    \
	X(TX_SUM_ASKED, NOTE, "packets", "tx_sum_asked",                                           \
	  "wire packets whose checksum the kernel or the NIC was asked for")                       \
	X(TX_SUM_MADE, NOTE, "packets", "tx_sum_made",                                             \
	  "wire packets whose checksum was added up in software")                                  \
	X(TX_BOUNCE_SHORT, NOTE, "packets", "tx_bounce_short",                                     \
	  "bounced: so short that a copy costs less than a descriptor of its own")                 \
	X(TX_BOUNCE_SEGMENTATION, NOTE, "packets", "tx_bounce_segmentation",                       \
	  "bounced: a piece of a packet to be cut, where a packet has one descriptor")             \
	X(TX_WHOLE, NOTE, "packets", "tx_whole",                                                   \
	  "packets to be cut that the kernel took whole; tx_packets has what they become")         \
	X(TX_WHOLE_REFUSED, NOTE, "packets", "tx_whole_refused",                                   \
	  "packets to be cut that the kernel was offered whole and refused: cut here")

enum net_xdp_counter {
#define NET_XDP_COUNTER_SYMBOL(symbol, value_class, unit, name, meaning) NET_XDP_##symbol,
	NET_XDP_COUNTERS_LIST(NET_XDP_COUNTER_SYMBOL)
#undef NET_XDP_COUNTER_SYMBOL
		NET_XDP_COUNTERS
};

struct net_xdp_stats {
	uint64_t value[NET_XDP_COUNTERS];
};

/* Return: 0, -EINVAL when neither q nor what it wraps is of this backend. Threads: any, as
 * net_queue_stats(). Syscalls: one getsockopt. */
NET_PUBLIC int net_xdp_queue_stats_sized(struct net_queue *q, uint64_t *values, uint32_t count);
static inline int net_xdp_queue_stats(struct net_queue *q, struct net_xdp_stats *out)
{
	return net_xdp_queue_stats_sized(q, out->value, NET_XDP_COUNTERS);
}

/* What is known of a counter; static strings. */
struct net_xdp_counter_info {
	const char *name;
	const char *meaning;
	const char *unit;
	enum net_field_class value_class;
};

/* Return: 0 and *out; -ENOENT when the library has no such counter. */
NET_PUBLIC int net_xdp_counter_info_sized(uint32_t counter, struct net_xdp_counter_info *out,
					  size_t size_bytes);
static inline int net_xdp_counter_info(uint32_t counter, struct net_xdp_counter_info *out)
{
	return net_xdp_counter_info_sized(counter, out, sizeof(*out));
}
/* Return: the counter's name or meaning; static strings, NULL out of range. */
NET_PUBLIC const char *net_xdp_counter_name(uint32_t counter);
NET_PUBLIC const char *net_xdp_counter_meaning(uint32_t counter);

/* What the XDP program did with the frames of the whole interface. */
struct net_xdp_program_stats {
	uint64_t redirected;		      /* to a socket */
	uint64_t passed;		      /* to the host: the queue has no socket */
	uint64_t kept;			      /* to the host: destination not in take_macs */
	uint64_t dropped_too_long;	      /* over max_frame_bytes */
	uint64_t kept_by_rule;		      /* to the host: a rule of keep */
	uint64_t kept_by[NET_XDP_KEEP_RULES]; /* of these: by each */
};

/* Return: 0, -EINVAL when neither ep nor what it wraps is of this backend, -errno. Syscalls: one bpf() per
 * entry. */
NET_PUBLIC int net_xdp_program_stats_sized(struct net_endpoint *ep,
					   struct net_xdp_program_stats *out, size_t size_bytes);
static inline int net_xdp_program_stats(struct net_endpoint *ep, struct net_xdp_program_stats *out)
{
	return net_xdp_program_stats_sized(ep, out, sizeof(*out));
}

#ifdef __cplusplus
}
#endif

#endif
