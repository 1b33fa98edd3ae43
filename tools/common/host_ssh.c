/* SPDX-License-Identifier: BSD-2-Clause */
/* By which interface frames go back to whoever is logged in by SSH. */
#include "host_ssh.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ANCESTORS 64

/* ---- Routes to one address -------------------------------------------------------------------- */

/* How the kernel would send to an address. */
struct way_to {
	uint32_t ifindex; /* 0: not at all */
	bool local;	  /* it is an address of this network namespace */
};

static int on_way_attribute(const struct nlattr *attr, void *data)
{
	struct way_to *way = data;

	if (mnl_attr_get_type(attr) == RTA_OIF)
		way->ifindex = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_way(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(header);
	struct way_to *way = data;

	way->local = body->rtm_type == RTN_LOCAL;
	mnl_attr_parse(header, sizeof(*body), on_way_attribute, way);
	return MNL_CB_STOP;
}

/* address: as SSH_CONNECTION has it. */
static struct way_to way_to(struct rtnl *r, const char *address)
{
	char request[128] = {0};
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct rtmsg *body = mnl_nlmsg_put_extra_header(header, sizeof(*body));
	const char *scope = strchr(address, '%');
	struct way_to way = {0};
	uint8_t bytes[16];

	if (scope) { /* fe80::1%eth0: the interface is named */
		way.ifindex = if_nametoindex(scope + 1);
		return way;
	}
	header->nlmsg_type = RTM_GETROUTE;
	body->rtm_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	body->rtm_dst_len = body->rtm_family == AF_INET6 ? 128 : 32;
	if (inet_pton(body->rtm_family, address, bytes) != 1)
		return way;
	mnl_attr_put(header, RTA_DST, body->rtm_dst_len / 8, bytes);
	rtnl_ask(r, header, on_way, &way); /* an error: there is no way */
	return way;
}

/* ---- The SSH client --------------------------------------------------------------------------- */

/* "CLIENT PORT SERVER PORT" */
struct connection {
	char client[64];
	char server[64];
	uint16_t port; /* the server's; 0: not said */
};

static bool parse_connection(struct connection *c, const char *text)
{
	*c = (struct connection){0};
	return sscanf(text, "%63s %*s %63s %hu", c->client, c->server, &c->port) >= 1;
}

/* Parent of a process. Its name, in brackets, may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char path[64], stat[512], *rest;
	FILE *f;
	size_t n;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[n] = 0;
	rest = strrchr(stat, ')');
	return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool find_connection(struct connection *c, pid_t pid)
{
	static const char name[] = "SSH_CONNECTION=";
	char path[64], *entry = NULL;
	bool found = false;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && getdelim(&entry, &size, 0, f) > 0)
		found = !strncmp(entry, name, sizeof(name) - 1) &&
			parse_connection(c, entry + sizeof(name) - 1);
	free(entry);
	fclose(f);
	return found;
}

/* sudo takes the variable away from its child; the shell in front of it still has it. That one may
 * be of another network namespace, where the connection ends. */
static bool find_ssh_client(struct rtnl *r, struct connection *c)
{
	const char *text = getenv("SSH_CONNECTION");
	pid_t pid = getppid();

	if (text)
		return parse_connection(c, text);
	for (int i = 0; i < MAX_ANCESTORS && pid > 1; i++) {
		if (find_connection(c, pid))
			return way_to(r, c->server).local;
		pid = parent_of(pid);
	}
	return false;
}

void host_ssh_read(struct rtnl *r, struct host_net *net)
{
	struct connection c;

	if (!find_ssh_client(r, &c))
		return;
	snprintf(net->ssh_client, sizeof(net->ssh_client), "%s", c.client);
	net->ssh_port = c.port;
	net->ssh_exit = way_to(r, c.client).ifindex;
}
