/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

const char options_help[] =
	"xsk-vhost - a vhost-user network device for a virtual machine, on net_xdp (AF_XDP)\n"
	"\n"
	"usage: xsk-vhost -i IF --socket PATH [options] [--socket PATH [options]]...\n"
	"\n"
	"Frames go between the guest's own buffers and the interface; what has to be copied\n"
	"is counted. Options in front of the first --socket hold for all devices, options\n"
	"behind a --socket for that device.\n"
	"\n"
	"device\n"
	"      --socket PATH    where the virtual machine monitor connects; made here, and\n"
	"                       removed at the end\n"
	"      --client         connect to PATH instead, where the monitor listens; again\n"
	"                       when the connection ends\n"
	"  -i, --interface IF   the interface (in this network namespace); one per device\n"
	"  -q, --queue FIRST    first hardware queue (0)\n"
	"  -n, --pairs N        queue pairs that the guest may use, one thread each (1)\n"
	"      --mac MAC        the guest's address (the interface's own)\n"
	"      --promiscuous    take frames to other addresses as well\n"
	"      --cpu LIST       pin the threads, e.g. 0,2-3; a short list starts over\n"
	"\n"
	"how\n"
	"      --mode MODE      auto, zero-copy (or fail), copy (auto)\n"
	"      --attach HOW     auto, native, generic (auto)\n"
	"      --dispatcher     libxdp's dispatcher: beside other XDP programs\n"
	"      --no-offloads    offer the guest no checksums and no segmentation\n"
	"      --segment-here   cut packets here, also where the kernel would\n"
	"      --hash-report W  auto, on, off: offer headers of 20 bytes, which make the\n"
	"                       receive buffers of a Linux guest large enough for zero copy;\n"
	"                       QEMU then needs hash=on; auto: where zero copy is likely\n"
	"\n"
	"output\n"
	"      --json           one JSON document at the end, on stdout\n"
	"      --quiet          no lines while it runs but errors\n"
	"  -h, --help           this text\n"
	"  -V, --version        the version\n"
	"\n"
	"examples\n"
	"  xsk-vhost -i eth1 --socket /run/vm1.sock\n"
	"  qemu-system-x86_64 ... -m 1G \\\n"
	"    -object memory-backend-memfd,id=m,size=1G,share=on -machine memory-backend=m \\\n"
	"    -chardev socket,id=c,path=/run/vm1.sock \\\n"
	"    -netdev vhost-user,id=n,chardev=c -device virtio-net-pci,netdev=n\n"
	"  xsk-vhost --socket /run/a.sock -i eth1 --socket /run/b.sock -i eth2 --pairs 2\n"
	"\n"
	"exit   0 ended by a signal   1 failed   2 usage\n";

enum kind {
	KIND_TEXT,
	KIND_FLAG,
	KIND_U32,
	KIND_CHOICE,
	KIND_MAC,
	KIND_CPUS,
	KIND_HELP,
	KIND_VERSION,
};

/* offset is into struct device_options, of a global option into struct options. */
struct spec {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t min, max;
	const char *choices[4];
	char letter;
	bool global;
};

struct parse {
	struct device_options *into;
	char *why;
	size_t why_size;
};

#define FAIL(p, ...) (snprintf((p)->why, (p)->why_size, __VA_ARGS__), -EINVAL)
#define AT(member)   offsetof(struct device_options, member)
#define ALL(member)  .global = true, .offset = offsetof(struct options, member)

static const struct spec specs[] = {
	{.name = "socket", .kind = KIND_TEXT, .offset = AT(socket_path)},
	{.name = "interface", .letter = 'i', .kind = KIND_TEXT, .offset = AT(ifname)},
	{.name = "queue", .letter = 'q', .kind = KIND_U32, .offset = AT(first_queue), .max = 65535},
	{.name = "pairs",
	 .letter = 'n',
	 .kind = KIND_U32,
	 .offset = AT(pairs),
	 .min = 1,
	 .max = OPTIONS_PAIRS},
	{.name = "mac", .kind = KIND_MAC},
	{.name = "client", .kind = KIND_FLAG, .offset = AT(client)},
	{.name = "promiscuous", .kind = KIND_FLAG, .offset = AT(promiscuous)},
	{.name = "cpu", .kind = KIND_CPUS},
	{.name = "mode",
	 .kind = KIND_CHOICE,
	 .offset = AT(mode),
	 .choices = {"auto", "zero-copy", "copy"}},
	{.name = "attach",
	 .kind = KIND_CHOICE,
	 .offset = AT(attach),
	 .choices = {"auto", "native", "generic"}},
	{.name = "dispatcher", .kind = KIND_FLAG, .offset = AT(dispatcher)},
	{.name = "no-offloads", .kind = KIND_FLAG, .offset = AT(no_offloads)},
	{.name = "segment-here", .kind = KIND_FLAG, .offset = AT(segment_here)},
	{.name = "hash-report",
	 .kind = KIND_CHOICE,
	 .offset = AT(hash_report),
	 .choices = {"auto", "on", "off"}},
	{.name = "json", .kind = KIND_FLAG, ALL(json)},
	{.name = "quiet", .kind = KIND_FLAG, ALL(quiet)},
	{.name = "help", .letter = 'h', .kind = KIND_HELP},
	{.name = "version", .letter = 'V', .kind = KIND_VERSION},
};

#define SPECS	  (sizeof(specs) / sizeof(specs[0]))
#define LONG_BASE 256 /* getopt values above every letter */

static int set_u32(struct parse *p, const struct spec *s, const char *text, void *field)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < s->min || value > s->max)
		return FAIL(p, "--%s: '%s' is not a whole number from %u to %u", s->name, text,
			    s->min, s->max);
	memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	return 0;
}

static int set_choice(struct parse *p, const struct spec *s, const char *text, void *field)
{
	for (uint32_t i = 0; s->choices[i]; i++)
		if (!strcmp(text, s->choices[i])) {
			memcpy(field, &i, sizeof(i));
			return 0;
		}
	return FAIL(p, "--%s: '%s' is not one of %s, %s, %s", s->name, text, s->choices[0],
		    s->choices[1], s->choices[2]);
}

/* The address of one station: not a group's, and not all zeros. */
static int set_mac(struct parse *p, const struct spec *s, const char *text)
{
	uint8_t *mac = p->into->mac, bits = 0;
	const char *at = text;

	for (int i = 0; i < 6; i++, at += 2) {
		char byte[3] = "";

		if ((i && *at++ != ':') || !isxdigit((unsigned char)at[0]) ||
		    !isxdigit((unsigned char)at[1]))
			return FAIL(p, "--%s: '%s' is not a MAC address like 02:00:00:00:00:01",
				    s->name, text);
		memcpy(byte, at, 2);
		mac[i] = (uint8_t)strtoul(byte, NULL, 16);
		bits |= mac[i];
	}
	if (*at || mac[0] & 1 || !bits)
		return FAIL(p, "--%s: '%s' is not the MAC address of one station", s->name, text);
	p->into->has_mac = true;
	return 0;
}

/* "0,2-3": the CPUs of the pairs' threads, in order. */
static int set_cpus(struct parse *p, const struct spec *s, const char *text)
{
	struct device_options *d = p->into;
	const char *at = text;

	d->cpu_count = 0;
	for (;; at++) {
		char *end = NULL;
		unsigned long first = 0, last;

		if (isdigit((unsigned char)*at))
			first = strtoul(at, &end, 10);
		last = first;
		if (end && *end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (!end || (*end && *end != ',') || last < first || last >= 1024 ||
		    last - first >= OPTIONS_CPUS - d->cpu_count)
			return FAIL(p, "--%s: '%s' is not a list like 0,2-3 of at most %d CPUs",
				    s->name, text, OPTIONS_CPUS);
		for (; first <= last; first++)
			d->cpus[d->cpu_count++] = (uint32_t)first;
		if (!*end)
			return 0;
		at = end;
	}
}

static int set(struct parse *p, struct options *all, const struct spec *s, const char *text)
{
	char *field = (s->global ? (char *)all : (char *)p->into) + s->offset;

	switch (s->kind) {
	case KIND_FLAG:
		memcpy(field, &(bool){true}, sizeof(bool));
		return 0;
	case KIND_TEXT:
		if (!*text)
			return FAIL(p, "--%s: the name is empty", s->name);
		memcpy(field, &text, sizeof(text));
		return 0;
	case KIND_U32:
		return set_u32(p, s, text, field);
	case KIND_CHOICE:
		return set_choice(p, s, text, field);
	case KIND_MAC:
		return set_mac(p, s, text);
	case KIND_CPUS:
		return set_cpus(p, s, text);
	case KIND_VERSION:
		return OPTIONS_VERSION;
	case KIND_HELP:
		break;
	}
	return OPTIONS_HELP;
}

/* Rules of one device, and between it and those before it. */
static int check_device(struct parse *p, const struct options *all, uint32_t index)
{
	const struct device_options *d = &all->devices[index];
	size_t longest = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!d->ifname)
		return FAIL(p, "-i: the interface of --socket %s is missing", d->socket_path);
	if (strlen(d->socket_path) > longest)
		return FAIL(p, "--socket: a path has at most %zu bytes, this one %zu", longest,
			    strlen(d->socket_path));
	for (uint32_t i = 0; i < index; i++) {
		const struct device_options *other = &all->devices[i];

		if (!strcmp(d->socket_path, other->socket_path))
			return FAIL(p, "--socket: %s is there twice", d->socket_path);
		if (!strcmp(d->ifname, other->ifname))
			return FAIL(
				p,
				"-i: %s has a guest already; the memory of an interface's queues is one "
				"guest's: give each guest an interface of its own (a VF, an SF)",
				d->ifname);
	}
	return 0;
}

static int check(struct parse *p, const struct options *all)
{
	if (!all->device_count)
		return FAIL(p, "--socket: the path of the device's socket is missing");
	for (uint32_t i = 0; i < all->device_count; i++) {
		int rc = check_device(p, all, i);

		if (rc)
			return rc;
	}
	return 0;
}

/* getopt's table and letters, from ours. */
static void fill_getopt(struct option *longs, char *letters)
{
	*letters++ = ':'; /* a missing argument is told apart */
	for (size_t i = 0; i < SPECS; i++) {
		bool bare = specs[i].kind == KIND_FLAG || specs[i].kind >= KIND_HELP;

		longs[i] = (struct option){specs[i].name, bare ? no_argument : required_argument,
					   NULL, LONG_BASE + (int)i};
		if (!specs[i].letter)
			continue;
		*letters++ = specs[i].letter;
		if (!bare)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[SPECS] = (struct option){0};
}

static const struct spec *find_spec(int value)
{
	if (value >= LONG_BASE)
		return &specs[value - LONG_BASE];
	for (size_t i = 0; i < SPECS; i++)
		if (value && specs[i].letter == value)
			return &specs[i];
	return NULL;
}

/* A --socket begins a device: what was said in front of the first one holds for it, too. */
static int begin_device(struct parse *p, struct options *all, const struct device_options *common)
{
	if (all->device_count == OPTIONS_DEVICES)
		return FAIL(p, "--socket: at most %d devices", OPTIONS_DEVICES);
	p->into = &all->devices[all->device_count++];
	*p->into = *common;
	return 0;
}

int options_parse(int argc, char **argv, struct options *out, char *why, size_t why_size)
{
	struct device_options common = {.pairs = 1};
	struct parse p = {.into = &common, .why = why, .why_size = why_size};
	struct option longs[SPECS + 1];
	char letters[2 * SPECS + 2];
	int value, rc = 0;

	*out = (struct options){0};
	fill_getopt(longs, letters);
	opterr = 0;
	optind = 0; /* begins anew, with glibc */
	while (!rc && (value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct spec *s = find_spec(value == ':' || value == '?' ? 0 : value);

		if (value == ':')
			return FAIL(&p, "%s: the value is missing", argv[optind - 1]);
		if (!s)
			return FAIL(&p, "%s: no such option, or it takes no value",
				    argv[optind > 1 ? optind - 1 : 1]);
		if (s == &specs[0])
			rc = begin_device(&p, out, &common);
		if (!rc)
			rc = set(&p, out, s, optarg);
	}
	if (rc)
		return rc;
	if (optind < argc)
		return FAIL(&p, "'%s' is one argument too many", argv[optind]);
	return check(&p, out);
}
