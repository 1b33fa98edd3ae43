// SPDX-License-Identifier: BSD-2-Clause
/* What makes an attach fail beyond the interface: privileges, limits, who holds program and queue. */
#include <errno.h>
#include <string.h>

#include <linux/capability.h>
#include <linux/if_arp.h>

#include "predict.h"

/* Who refuses what no capability is missing for. */
#define FILTERS "a system call filter (seccomp of a service or container) or a security module"

/* ---- Privileges ------------------------------------------------------------------------------- */

void socket_rule(const struct info_facts *f, struct info_prediction *p)
{
	const char *why = strerror(-f->socket_error), *hint = info_limit_hint(f->socket_error);

	if (f->descriptors_error == -EMFILE || f->descriptors_error == -ENFILE)
		blocks(p, "An attach has up to %d descriptors open at once: %s%s.",
		       INFO_DESCRIPTORS, strerror(-f->descriptors_error),
		       info_limit_hint(f->descriptors_error));
	if (f->option_error)
		blocks(p,
		       "setsockopt() or getsockopt() on an AF_XDP socket is refused (%s): "
		       "by " FILTERS "; allow it there.",
		       strerror(-f->option_error));
	if (!f->socket_error)
		return;
	if (hint)
		blocks(p, "socket(AF_XDP) fails: %s%s.", why, hint);
	else if (f->socket_error == -EAFNOSUPPORT || f->socket_error == -ENOSYS)
		blocks(p,
		       "socket(AF_XDP) is refused (%s): the kernel is built without "
		       "CONFIG_XDP_SOCKETS, or a system call filter (seccomp of a service or "
		       "container) says so in its place: allow AF_XDP there (systemd: "
		       "RestrictAddressFamilies=), or use another kernel.",
		       why);
	else if (!info_can(f, CAP_NET_RAW))
		blocks(p,
		       "CAP_NET_RAW is missing, which socket(AF_XDP) takes (%s); run as root or "
		       "grant it.",
		       why);
	else if (f->user_namespace)
		blocks(p,
		       "socket(AF_XDP) is refused (%s): CAP_NET_RAW of this user namespace does "
		       "not count in this network namespace, or " FILTERS " refuses it.",
		       why);
	else
		blocks(p,
		       "socket(AF_XDP) is refused (%s), though CAP_NET_RAW is there: by " FILTERS
		       "; allow AF_XDP there.",
		       why);
}

/* Which capabilities are missing to load and attach a program, with commas between. Return: how
 * many. */
static uint32_t missing(const struct info_facts *f, char *out, size_t size)
{
	const struct info_privilege *privilege;
	uint32_t count = 0;
	size_t used = 0;

	for (privilege = info_privileges; privilege->name; privilege++) {
		if (!privilege->for_program || info_can(f, privilege->capability))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", count ? ", " : "",
					 privilege->name);
		count++;
	}
	return count;
}

void program_load_rule(const struct info_facts *f, struct info_prediction *p)
{
	const char *why = strerror(-f->program_error), *hint = info_limit_hint(f->program_error);
	char names[64] = "";
	uint32_t count;

	if (!f->program_error)
		return;
	count = missing(f, names, sizeof(names));
	if (hint)
		blocks(p, "Loading an XDP program fails: %s%s.", why, hint);
	else if (f->program_error == -ENOSYS)
		blocks(p,
		       "bpf() is refused (%s): the kernel is built without CONFIG_BPF_SYSCALL, or "
		       "a system call filter (seccomp of a service or container) says so in its "
		       "place: allow bpf() there.",
		       why);
	else if (f->user_namespace)
		blocks(p,
		       "An XDP program cannot be loaded (%s): this process is in a user namespace, "
		       "and CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON are asked for in the initial "
		       "one; run in the initial user namespace.",
		       why);
	else if (count)
		blocks(p,
		       "%s %s missing, which loading and attaching an XDP program takes (%s); run "
		       "as root or grant %s.",
		       names, count > 1 ? "are" : "is", why, count > 1 ? "them" : "it");
	else
		blocks(p,
		       "Loading an XDP program is refused (%s), though no capability is missing: "
		       "by " FILTERS ", or by lockdown; allow bpf() there.",
		       why);
}

/* About what xsk-bench registers by default, for two rings each of receive and send buffers. */
#define BENCH_BYTES (17u << 20)

void memory_rule(const struct info_facts *f, struct info_prediction *p)
{
	struct net_xdp_config config = net_xdp_config_default();
	uint64_t needed = net_xdp_private_bytes(&config);
	const char *hint = info_limit_hint(f->memory_error);

	if (f->memory_error)
		blocks(p, "memfd_create() is refused (%s)%s.", strerror(-f->memory_error),
		       hint ? hint
			    : ": by a system call filter (seccomp of a service or container); "
			      "allow it there");
	if (info_may_lock_all(f))
		return;
	if (f->memlock_bytes < needed)
		blocks(p,
		       "The locked-memory limit of %llu KiB is less than the %llu KiB that one "
		       "queue has of its own; raise it (ulimit -l) or grant CAP_IPC_LOCK.",
		       (unsigned long long)f->memlock_bytes / 1024,
		       (unsigned long long)needed / 1024);
	else
		note(p,
		     "The locked-memory limit allows %llu KiB of memory, %llu KiB of them our "
		     "own%s; for more raise it (ulimit -l) or grant CAP_IPC_LOCK.",
		     (unsigned long long)f->memlock_bytes / 1024, (unsigned long long)needed / 1024,
		     f->memlock_bytes < needed + BENCH_BYTES
			     ? ", and the buffers of a program have to fit in the rest (those of "
			       "xsk-bench with a smaller --ring), else an attach fails (ENOBUFS)"
			     : "");
}

/* ---- Other people's programs ------------------------------------------------------------------ */

#define BESIDE                                                                                     \
	"To run beside it, load both through libxdp's dispatcher (it: xdp-loader load %s FILE; "   \
	"ours: --dispatcher)"

static const char *mode_off(const char *mode)
{
	return strcmp(mode, "generic") == 0	? "xdpgeneric"
	       : strcmp(mode, "offloaded") == 0 ? "xdpoffload"
						: "xdp";
}

/* Each way to remove a program takes it from whoever uses it, so it comes last and says so. */
void program_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	char what[96];

	if (!d->program_id)
		return;
	snprintf(what, sizeof(what), "XDP program %u%s%s%s is attached (%s)", d->program_id,
		 d->program_name[0] ? " \"" : "", d->program_name, d->program_name[0] ? "\"" : "",
		 d->program_mode);
	if (strcmp(d->program_mode, "dispatcher") == 0)
		blocks(p,
		       "XDP program %u is libxdp's dispatcher, which programs share: run beside "
		       "them with --dispatcher (NET_XDP_PROGRAM_DISPATCHER). Only if nobody needs "
		       "them any more, end all of them: xdp-loader unload %s --all",
		       d->program_id, word(d->ifname));
	else if (f->holder.link_id && f->holder.pid)
		blocks(p,
		       "%s by link %u of process %u (%s); it goes when that process ends. " BESIDE
		       ".",
		       what, f->holder.link_id, f->holder.pid, f->holder.command, word(d->ifname));
	else if (f->program_error || f->user_namespace || !info_can(f, CAP_SYS_ADMIN))
		blocks(p,
		       "%s. Who holds it is told only to CAP_SYS_ADMIN: run xsk-info as "
		       "root. " BESIDE ".",
		       what, word(d->ifname));
	else if (f->holder.link_id)
		blocks(p,
		       "%s by link %u, which no process was seen to hold: it is pinned under "
		       "/sys/fs/bpf, or its holder is hidden from us. " BESIDE
		       ". Only if nobody needs it any more, end it: bpftool link detach id %u",
		       what, f->holder.link_id, word(d->ifname), f->holder.link_id);
	else
		blocks(p,
		       "%s and no process holds it: it stays until it is removed. " BESIDE
		       ". Only if nobody needs it any more, end it: ip link set dev %s %s off",
		       what, word(d->ifname), word(d->ifname), mode_off(d->program_mode));
}

/* ---- The queue -------------------------------------------------------------- */

/* The library leaves this to open. */
void queue_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (f->queue_state.has_state && f->queue_state.has_socket)
		blocks(p,
		       "An AF_XDP socket is bound to queue %u, and a queue takes one; choose "
		       "another queue or end its owner (ss --xdp -p lists them where the kernel "
		       "can).",
		       f->queue);
	else if (!f->queue_state.has_state)
		unsure(p,
		       "Whether somebody's AF_XDP socket is bound to queue %u already is not told "
		       "%s; a second one is refused (EBUSY).",
		       f->queue,
		       f->device.up ? "by this kernel (6.15 does)" : "while the interface is down");
}
