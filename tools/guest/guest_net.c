// SPDX-License-Identifier: BSD-2-Clause
/* Traffic between a guest and its host whose bytes are checked. The same program at both ends. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modes.h"

#define LIMIT_S 60

static const char usage[] =
	"usage: guest-net [--limit SECONDS] MODE\n"
	"\n"
	"  tcp-send ADDRESS PORT BYTES     a stream; tcp-receive checks each byte\n"
	"  tcp-receive PORT\n"
	"  udp-send ADDRESS PORT SECONDS   frames of 60 bytes, as fast as they go\n"
	"  udp-receive PORT\n"
	"  round-trip ADDRESS PORT COUNT   one packet at a time, to echo and back\n"
	"  echo PORT\n"
	"\n"
	"Prints one line of name=value. Ends after 60 s, or those of --limit.\n"
	"\n"
	"exit   0 all that came was right   1 not, or something failed   2 usage\n"
	"       142 the limit was reached\n";

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || *text < '1' || *text > '9' || value > most) {
		fprintf(stderr, "guest-net: '%s' is not a whole number from 1 to %" PRIu64 "\n",
			text, most);
		exit(2);
	}
	return value;
}

static int run_mode(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*send)(const char *address, uint16_t port, uint64_t amount);
		int (*receive)(uint16_t port);
		uint64_t most;
	} modes[] = {
		{"tcp-send", tcp_send, NULL, UINT64_C(1) << 40},
		{"tcp-receive", NULL, tcp_receive, 0},
		{"udp-send", udp_send, NULL, 60},
		{"udp-receive", NULL, udp_receive, 0},
		{"round-trip", round_trip, NULL, 1000000},
		{"echo", NULL, echo, 0},
	};

	for (unsigned i = 0; argc > 0 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(argv[0], modes[i].name) != 0)
			continue;
		if (modes[i].send && argc == 4)
			return modes[i].send(argv[1], (uint16_t)number(argv[2], UINT16_MAX),
					     number(argv[3], modes[i].most));
		if (modes[i].receive && argc == 2)
			return modes[i].receive((uint16_t)number(argv[1], UINT16_MAX));
	}
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned int limit_s = LIMIT_S;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 2 && strcmp(argv[1], "--limit") == 0) {
		limit_s = (unsigned int)number(argv[2], 3600);
		argv += 2;
		argc -= 2;
	}
	alarm(limit_s); /* SIGALRM ends the program */
	return run_mode(argc - 1, argv + 1);
}
