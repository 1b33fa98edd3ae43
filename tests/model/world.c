// SPDX-License-Identifier: BSD-2-Clause
/* The network, and what others do to it. */
#include <errno.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "model/model.h"
#include "support/foreign.h"
#include "support/netns.h"
#include "xdp/endpoint.h"

enum { BURST = 64 };

static const char *name_of(const struct world *w, int side)
{
	return side ? "v1" : w->renamed ? "x0" : "v0";
}

static bool is_here(const struct world *w)
{
	return w->present && !w->elsewhere;
}

static void reopen_peer(struct world *w)
{
	if (w->has_peer)
		peer_close(&w->peer);
	peer_open(&w->peer, "v1");
	w->has_peer = true;
}

static uint32_t normal_mtu(const struct model *m)
{
	return m->config.max_frame_bytes > 2000 ? 3000 : 1500;
}

static void make(struct model *m)
{
	struct world *w = &m->world;

	netns_veth("v0", "v1", m->queue_count, normal_mtu(m));
	w->present = w->is_new = true;
	w->elsewhere = w->renamed = w->down[0] = w->down[1] = false;
	w->mtu_bytes = normal_mtu(m);
	reopen_peer(w);
}

void world_open(struct model *m)
{
	m->world.other_netns = m->world.foreign_fd = -1;
	make(m);
}

void world_close(struct model *m)
{
	world_heal(m);
	peer_close(&m->world.peer);
	m->world.has_peer = false;
	netns_run("ip link del v0");
	if (m->world.other_netns >= 0)
		close(m->world.other_netns);
	m->world.other_netns = -1;
}

const char *world_objection(const struct model *m)
{
	const struct world *w = &m->world;

	if (!w->present)
		return "the interface is gone";
	if (w->elsewhere)
		return "the interface is in another namespace";
	if (w->is_new && w->renamed)
		return "nobody knows its new name";
	if (w->foreign_program)
		return "another program is attached";
	if (w->foreign_fd >= 0)
		return "another socket has the queue";
	if (m->few_descriptors >= 0)
		return "few descriptors";
	if (m->few_locked >= 0)
		return "little locked memory";
	return NULL;
}

/* ---- What others do ------------------------------------------------------------------------------- */

/* One ioctl on an interface. Return: 0 or errno. */
static int ask(const char *name, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	rc = ioctl(fd, request, ifr) ? errno : 0;
	close(fd);
	return rc;
}

static void set_down(struct model *m, int side, bool down)
{
	struct world *w = &m->world;
	struct ifreq ifr = {0};

	if (!w->present || (w->elsewhere && !side) || w->down[side] == down)
		return;
	cr_assert(ask(name_of(w, side), SIOCGIFFLAGS, &ifr) == 0, "flags of %s", name_of(w, side));
	ifr.ifr_flags = (short)(down ? ifr.ifr_flags & ~IFF_UP : ifr.ifr_flags | IFF_UP);
	cr_assert(ask(name_of(w, side), SIOCSIFFLAGS, &ifr) == 0, "set %s %s", name_of(w, side),
		  down ? "down" : "up");
	w->down[side] = down;
}

/* The kernel may refuse a size that its XDP program does not allow. */
static void set_mtu(struct model *m, uint32_t bytes)
{
	struct world *w = &m->world;
	struct ifreq ifr = {.ifr_mtu = (int)bytes};

	if (!is_here(w))
		return;
	ask(name_of(w, 0), SIOCSIFMTU, &ifr);
	ask(name_of(w, 1), SIOCSIFMTU, &ifr);
	w->mtu_bytes = bytes;
}

static void rename_it(struct model *m, bool away)
{
	struct world *w = &m->world;
	struct ifreq ifr = {0};
	int rc;

	if (!is_here(w) || w->renamed == away)
		return;
	snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", away ? "x0" : "v0");
	rc = ask(name_of(w, 0), SIOCSIFNAME, &ifr);
	cr_assert(rc == 0, "rename %s: %s", name_of(w, 0), strerror(rc));
	w->renamed = away;
}

static void drop_foreign_socket(struct model *m)
{
	if (m->world.foreign_fd >= 0)
		close(m->world.foreign_fd);
	m->world.foreign_fd = -1;
}

static void remove_it(struct model *m)
{
	struct world *w = &m->world;

	if (!is_here(w))
		return;
	netns_run("ip link del %s", name_of(w, 0));
	w->present = w->renamed = w->foreign_program = false;
	drop_foreign_socket(m);
	m->disturbed = true;
}

static void move_it(struct model *m)
{
	struct world *w = &m->world;

	if (!is_here(w))
		return;
	if (w->other_netns < 0)
		w->other_netns = netns_new();
	netns_move(name_of(w, 0), w->other_netns);
	w->elsewhere = w->down[0] = true;
	m->disturbed = true;
}

static void move_it_back(struct model *m)
{
	struct world *w = &m->world;
	int home;

	if (!w->elsewhere)
		return;
	home = netns_switch(w->other_netns);
	netns_move(name_of(w, 0), home);
	close(netns_switch(home));
	close(home);
	w->elsewhere = false;
}

static struct program *program_of(const struct model *m)
{
	struct net_endpoint *ep = control_inner(m);

	return ep ? &endpoint_of(ep)->attached.program : NULL;
}

/* By a stranger who has the link's id. */
static void detach(struct model *m)
{
	struct program *p = program_of(m);

	if (p && p->link_fd >= 0 && bpf_link_detach(p->link_fd) == 0)
		m->disturbed = true;
}

static void replace(struct model *m)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	struct program *p = program_of(m);
	int fd;

	if (!p || p->link_fd < 0)
		return;
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign_prog", "GPL", pass, 2, &options);
	cr_assert(fd >= 0, "load a program: %s", strerror(errno));
	if (bpf_link_update(p->link_fd, fd, NULL) == 0)
		m->disturbed = true;
	close(fd);
}

static void put_foreign_program(struct model *m, bool native)
{
	struct world *w = &m->world;

	detach(m);
	if (!is_here(w) || w->foreign_program || netns_program_id(name_of(w, 0)))
		return;
	if (w->mtu_bytes > 3000) /* the driver refuses a program */
		native = false;
	foreign_program(name_of(w, 0), native);
	w->foreign_program = true;
	w->foreign_native = native;
}

static void put_foreign_socket(struct model *m, uint32_t queue)
{
	struct world *w = &m->world;

	for (uint32_t i = 0; i < QUEUES; i++)
		if (m->queues[i].q)
			return; /* it would wait for us */
	if (!is_here(w) || w->down[0] || w->foreign_fd >= 0 || m->config.keep_umem)
		return;
	w->foreign_fd = foreign_socket(name_of(w, 0), queue % m->queue_count);
}

static void clear_map_entry(struct model *m, uint32_t queue)
{
	struct program *p = program_of(m);

	if (p)
		bpf_map_delete_elem(p->xsks_fd, &queue);
}

void world_heal(struct model *m)
{
	struct world *w = &m->world;
	bool was_whole = w->present && !w->elsewhere && !w->down[0] && !w->down[1];

	drop_foreign_socket(m);
	if (!w->present)
		make(m);
	move_it_back(m);
	rename_it(m, false);
	if (w->foreign_program)
		foreign_program_detach("v0", w->foreign_native);
	w->foreign_program = false;
	set_mtu(m, normal_mtu(m));
	set_down(m, 0, false);
	set_down(m, 1, false);
	netns_up("v0"); /* waits for the carrier */
	netns_up("v1");
	w->down[0] = w->down[1] = false;
	m->few_descriptors = m->few_locked = -1;
	if (!was_whole)
		reopen_peer(w);
}

void world_step(struct model *m, const struct step *step)
{
	static const uint32_t mtus[] = {68, 500, 1400, 1500, 2000, 3400, 9000};

	switch (step->kind) {
	case STEP_LINK_DOWN:
		set_down(m, step->a % 2, true);
		break;
	case STEP_LINK_UP:
		set_down(m, 0, false);
		set_down(m, 1, false);
		break;
	case STEP_MTU:
		set_mtu(m, mtus[step->a % (sizeof(mtus) / sizeof(*mtus))]);
		break;
	case STEP_REMOVE:
		remove_it(m);
		break;
	case STEP_MOVE:
		move_it(m);
		break;
	case STEP_RENAME:
		rename_it(m, !m->world.renamed);
		break;
	case STEP_DETACH:
		detach(m);
		break;
	case STEP_REPLACE:
		replace(m);
		break;
	case STEP_FOREIGN_PROGRAM:
		put_foreign_program(m, step->a % 2);
		break;
	case STEP_MAP_ENTRY:
		clear_map_entry(m, step->a % QUEUES);
		break;
	case STEP_FOREIGN_SOCKET:
		put_foreign_socket(m, step->a);
		break;
	case STEP_FEW_DESCRIPTORS:
		m->few_descriptors = (int)(step->a % 60);
		break;
	case STEP_FEW_LOCKED:
		m->few_locked = (int)(step->a % 64);
		break;
	default:
		world_heal(m);
	}
}

/* ---- The peer ------------------------------------------------------------------------------------- */

uint32_t world_send(struct model *m, uint32_t count, uint32_t seed, uint32_t most_bytes)
{
	struct frame_random r = frame_random(seed);
	struct virtio_net_hdr hdr = {0};
	static uint8_t frame[CELL_BYTES];
	uint32_t sent = 0;

	for (uint32_t i = 0; i < count && i < BURST; i++) {
		uint32_t len = BYTES_LEAST + frame_random_below(&r, most_bytes - BYTES_LEAST);
		struct iovec iov[2] = {{&hdr, sizeof(hdr)}, {frame, len}};

		bytes_frame(frame, len, ++m->next_frame - 1);
		sent += writev(m->world.peer.fd, iov, 2) == (ssize_t)(sizeof(hdr) + len);
	}
	return sent;
}

void world_receive(struct model *m)
{
	static uint8_t frame[LARGE_BYTES + 256];
	struct peer *p = &m->world.peer;
	uint32_t len;

	for (uint32_t i = 0; i < 1000 && (len = peer_receive(p, frame, sizeof(frame), 0)); i++)
		bytes_check_packet(m, frame, len, p->partial);
}
