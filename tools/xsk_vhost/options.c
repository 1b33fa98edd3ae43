/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <string.h>
#include <sys/un.h>

#define AT(member)   .offset = offsetof(struct device_options, member)
#define ALL(member)  .set = option_flag, .whole = true, .offset = offsetof(struct options, member)
#define FLAG(member) .set = option_flag, AT(member)
#define WORD(member) .set = option_word, AT(member)

/* ---- Values ------------------------------------------------------------------------------------- */

/* A --socket begins a device: what was said in front of the first one holds for it, too. */
static int set_socket(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *all = p->whole;

	if (all->device_count == OPTIONS_DEVICES)
		return OPTION_FAIL(p, "--socket: at most %d devices", OPTIONS_DEVICES);
	p->into = &all->devices[all->device_count++];
	*(struct device_options *)p->into = all->common;
	return option_text(p, row, text);
}

/* The address of one station: not a group's, and not all zeros. */
static int set_mac(struct option_parse *p, const struct option_row *row, const char *text)
{
	static const uint8_t none[6];
	struct device_options *d = p->into;
	int rc = option_mac(p, row, text);

	if (!rc && (d->mac[0] & 1 || !memcmp(d->mac, none, sizeof(none))))
		rc = option_refuse(p, text, "must be the MAC address of one station");
	d->has_mac = !rc;
	return rc;
}

static int set_cpus(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct device_options *d = p->into;

	(void)row;
	d->cpu_count = option_read_cpus(text, d->cpus, OPTIONS_CPUS);
	return d->cpu_count ? 0 : option_refuse_cpus(p, text, OPTIONS_CPUS);
}

/* ---- The table ---------------------------------------------------------------------------------- */

static const char front[] =
	"xsk-vhost - a vhost-user network device for a guest, on net_xdp (AF_XDP)\n"
	"\n"
	"usage: xsk-vhost -i IF --socket PATH [options] [--socket PATH [options]]...\n"
	"\n"
	"Frames go between the guest's own buffers and the interface; what has to be\n"
	"copied is counted. Options in front of the first --socket hold for all devices,\n"
	"options behind a --socket for that device.\n";

static const struct option_row rows[] = {
	{.group = "device",
	 .name = "socket",
	 .value = "PATH",
	 .help = "where the virtual machine monitor connects; made here, and removed at the end",
	 .set = set_socket,
	 AT(socket_path),
	 .names = OPTION_NAMES_FILE},
	{.name = "client",
	 .help = "connect to PATH instead, where the monitor listens; again when the connection ends",
	 FLAG(client)},
	{OPTION_INTERFACE, .help = "the interface (in this network namespace); one per device",
	 .set = option_text, AT(ifname)},
	{OPTION_FIRST_QUEUE, AT(first_queue)},
	{.name = "pairs",
	 .letter = 'n',
	 .value = "N",
	 .help = "queue pairs that the guest may use, one thread each (1)",
	 .set = option_number,
	 AT(pairs),
	 .min = 1,
	 .max = OPTIONS_PAIRS},
	{.name = "mac",
	 .value = "MAC",
	 .help = "the guest's address (the interface's own)",
	 .set = set_mac,
	 AT(mac)},
	{.name = "promiscuous",
	 .help = "take frames to other addresses as well",
	 FLAG(promiscuous)},
	{OPTION_KEEP,
	 .help = "leave these to the host, and not to the guest, e.g. type:0x88cc,tcp:22; the words "
		 "are those of xsk-bench",
	 AT(keep)},
	{.name = "force",
	 .help = "take the frames even where that cuts this machine off",
	 FLAG(force)},
	OPTION_CPUS_ROW(set_cpus),

	{.group = "how", OPTION_MODE, AT(mode)},
	{OPTION_ATTACH, AT(attach)},
	{OPTION_DISPATCHER, AT(dispatcher)},
	{.name = "no-offloads",
	 .help = "offer the guest no checksums and no segmentation",
	 FLAG(no_offloads)},
	{.name = "segment-here",
	 .help = "cut packets here, also where the kernel would",
	 FLAG(segment_here)},
	{.name = "hash-report",
	 .value = "W",
	 .help = "auto, on, off: offer headers of 20 bytes, which make the receive buffers of a "
		 "Linux guest large enough for zero copy; QEMU then needs hash=on; auto: where zero "
		 "copy is likely",
	 WORD(hash_report),
	 .words = {"auto", "on", "off"}},

	{.group = "output",
	 .name = "json",
	 .help = "one JSON document at the end, on stdout",
	 ALL(json)},
	{OPTION_CONTROL, .whole = true, .offset = offsetof(struct options, control)},
	{.name = "quiet", .help = "no lines while it runs but errors", ALL(quiet)},
	OPTION_HELP_ROW,
	OPTION_VERSION_ROW,
};

static const char back[] =
	"\n"
	"examples\n"
	"  xsk-vhost -i eth1 --socket /run/vm1.sock\n"
	"  qemu-system-x86_64 ... -m 1G -machine memory-backend=m \\\n"
	"    -object memory-backend-memfd,id=m,size=1G,share=on \\\n"
	"    -chardev socket,id=c,path=/run/vm1.sock \\\n"
	"    -netdev vhost-user,id=n,chardev=c -device virtio-net-pci,netdev=n\n"
	"  xsk-vhost --socket /run/a.sock -i eth1 --socket /run/b.sock -i eth2 --pairs 2\n"
	"\n"
	"exit   0 ended by a signal   1 failed   2 usage\n";

const struct option_table vhost_options = {
	.program = "xsk-vhost",
	.front = front,
	.back = back,
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};

/* ---- The line ----------------------------------------------------------------------------------- */

/* Rules of one device, and between it and those before it. */
static int check_device(struct option_parse *p, const struct options *all, uint32_t index)
{
	const struct device_options *d = &all->devices[index];
	size_t longest = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!d->ifname)
		return OPTION_FAIL(p, "-i: the interface of --socket %s is missing",
				   d->socket_path);
	if (strlen(d->socket_path) > longest)
		return OPTION_FAIL(p, "--socket: a path has at most %zu bytes, this one %zu",
				   longest, strlen(d->socket_path));
	for (uint32_t i = 0; i < index; i++) {
		const struct device_options *other = &all->devices[i];

		if (!strcmp(d->socket_path, other->socket_path))
			return OPTION_FAIL(p, "--socket: %s is there twice", d->socket_path);
		if (!strcmp(d->ifname, other->ifname))
			return OPTION_FAIL(
				p,
				"-i: %s has a guest already; the memory of an interface's queues is one "
				"guest's: give each guest an interface of its own (a VF, an SF)",
				d->ifname);
	}
	return 0;
}

static int check(struct option_parse *p, const struct options *all)
{
	if (!all->device_count)
		return OPTION_FAIL(p, "--socket: the path of the device's socket is missing");
	for (uint32_t i = 0; i < all->device_count; i++) {
		int rc = check_device(p, all, i);

		if (rc)
			return rc;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size)
{
	struct option_parse p = {.table = &vhost_options,
				 .into = &out->common,
				 .whole = out,
				 .why = why,
				 .why_size = why_size};
	int rc;

	*out = (struct options){.common = {.pairs = 1}};
	rc = option_parse(&p, argc, argv);
	if (rc)
		return rc;
	if (p.operand_count)
		return OPTION_FAIL(&p, "'%s' is one argument too many", p.operands[0]);
	return check(&p, out);
}
