/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_way.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/host_net.h"
#include "common/say.h"
#include "xsk_bench/pair.h"

/* This machine's end of the connection. */
struct local {
	char text[INET6_ADDRSTRLEN];
	bool ipv6;
	uint32_t ifindex; /* of a link-local address; else 0 */
};

/* Return: false: it is no address of IP. */
static bool read_local(int fd, struct local *out)
{
	struct sockaddr_storage address = {0};
	const struct sockaddr_in *v4 = (const void *)&address;
	const struct sockaddr_in6 *v6 = (const void *)&address;
	socklen_t bytes = sizeof(address);

	*out = (struct local){.ipv6 = false};
	if (getsockname(fd, (struct sockaddr *)&address, &bytes))
		return false;
	if (address.ss_family == AF_INET)
		return inet_ntop(AF_INET, &v4->sin_addr, out->text, sizeof(out->text));
	if (address.ss_family != AF_INET6)
		return false;
	/* A socket of [::] serves IPv4, too. */
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out->text, sizeof(out->text));
	out->ipv6 = true;
	if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		out->ifindex = v6->sin6_scope_id;
	return inet_ntop(AF_INET6, &v6->sin6_addr, out->text, sizeof(out->text));
}

/* Return: 0: nobody has the address. */
static uint32_t owner_of(const struct host_net *net, const struct local *local)
{
	size_t length = strlen(local->text);

	if (local->ifindex)
		return local->ifindex;
	for (uint32_t i = 0; i < net->address_count; i++)
		if (!strncmp(net->addresses[i].text, local->text, length) &&
		    net->addresses[i].text[length] == '/')
			return net->addresses[i].ifindex;
	return 0;
}

static bool comes_through(const struct local *local, uint32_t ifindex)
{
	struct host_net net;
	uint32_t owner;
	bool through;

	if (!ifindex || host_net_read(&net))
		return false;
	owner = owner_of(&net, local);
	through = owner && host_net_lies_on(&net, owner, ifindex);
	host_net_free(&net);
	return through;
}

/* The server's port: its own, or that of the other end. Return: 0: not known. */
static uint16_t server_port(int fd, bool is_server)
{
	struct sockaddr_storage address = {0};
	socklen_t bytes = sizeof(address);
	int rc = is_server ? getsockname(fd, (struct sockaddr *)&address, &bytes)
			   : getpeername(fd, (struct sockaddr *)&address, &bytes);

	/* sin_port and sin6_port lie at the same place. */
	return rc ? 0 : ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

int control_way_keep(struct options *o, int fd, bool is_server, char *why, size_t why_size)
{
	const struct option_row *row = option_named(&bench_options, "keep", strlen("keep"));
	struct option_parse p = {.table = &bench_options,
				 .into = o,
				 .why = why,
				 .why_size = why_size,
				 .typed = "--keep"};
	char words[40];
	struct local local;
	const char *netns;

	pair_split(o->ifname, &netns);
	/* Frames to other MACs than the host's leave it its own. */
	if (!options_receive(o) || netns || (o->take_mac_count && !o->take_own_mac) ||
	    !read_local(fd, &local) || !comes_through(&local, if_nametoindex(o->ifname)))
		return 0;
	snprintf(words, sizeof(words), "%s,%s:%u", local.ipv6 ? "nd" : "arp",
		 is_server ? "tcp" : "tcp-from", server_port(fd, is_server));
	say("the control connection comes through %s: the host keeps %s of its frames, as --keep does",
	    o->ifname, words);
	return row->set(&p, row, words);
}
