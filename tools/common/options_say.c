/* SPDX-License-Identifier: BSD-2-Clause */
/* The library's sentences in the words of the command line. */
#include "options_say.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

/* Longer ones first where one begins with another. */
static const struct {
	const char *library;
	const char *option;
} words[] = {
	{"ifname", "-i"},
	{"first_queue", "-q"},
	{"max_queues", "-n"},
	{"max_frame_bytes", "--frame-bytes"},
	{"chunk_bytes", "--chunk"},
	{"4096-byte chunks", "--chunk 4096"},
	{"register less memory", "take a smaller --ring"},
	{"set unaligned", "leave out --aligned"},
	{"sealed", "--sealed"},
	{"rx_ring_frames", "--ring"},
	{"tx_ring_frames", "--ring"},
	{"fill_ring_frames", "--ring"},
	{"completion_ring_frames", "--ring"},
	{"rx_id_limit", "--ring"},
	{"private_rx_chunks", "--ring"},
	{"mode auto", "--mode auto"},
	{"mode zero-copy", "--mode zero-copy"},
	{"mode copy", "--mode copy"},
	{"attach auto", "--attach auto"},
	{"attach native", "--attach native"},
	{"attach generic", "--attach generic"},
	{"program dispatcher", "--dispatcher"},
	{"use program link", "leave out --dispatcher"},
	{"program link", "no --dispatcher"},
	{"take_mac_count", "--mac"},
	{"take_macs", "--mac"},
	{"rule of keep", "rule of --keep"},
	{"busy_poll_us", "--busy-poll"},
	{"busy_poll_budget", "its budget"},
	{"napi_defer_hard_irqs", "--napi-defer"},
	{"gro_flush_timeout_ns", "--napi-flush"},
	/* What no option asks for. */
	{"use rx_vlan, or:", "use"},
	{"rx_vlan", "--vlan"},
	{"tx_checksum", "--sums"},
	{"tx_segment_here", "--segment-here"},
	{"allow bpf(), or post initial_rx", "allow bpf()"},
	{"destroy all queues, then call get_queues", "start again"},
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Does the program have the option that is said? "--chunk 4096", "leave out --aligned", "-n", or none at all. */
static bool is_known(const struct option_table *program, const char *said)
{
	const char *at = strchr(said, '-');

	if (!at)
		return true;
	if (at[1] != '-')
		return option_lettered(program, at[1]);
	return option_named(program, at + 2, strcspn(at + 2, " "));
}

/* The whole words at text that are in the table, and whose option the program has. Return: their row, -1 none. */
static int find(const struct option_table *program, const char *text, char before)
{
	for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++) {
		size_t length = strlen(words[i].library);

		if (!is_word(before) && !strncmp(text, words[i].library, length) &&
		    !is_word(text[length]) && is_known(program, words[i].option))
			return i;
	}
	return -1;
}

/* How long is the number behind at, with the space in front of it? 0 there is none. */
static size_t number_behind(const char *at)
{
	size_t digits = *at == ' ' ? strspn(at + 1, "0123456789") : 0;

	return digits ? digits + 1 : 0;
}

static void say(const struct option_table *program, char *text, size_t size, bool fields)
{
	char said[1024];
	size_t used = 0;

	for (const char *at = text; *at && used + 1 < sizeof(said);) {
		int row = find(program, at, at > text ? at[-1] : ' ');
		const char *field;
		size_t number;

		if (row < 0) {
			said[used++] = *at++;
			continue;
		}
		field = words[row].library;
		at += strlen(field);
		number = fields && strchr(field, '_') ? number_behind(at) : 0;
		used += (size_t)snprintf(said + used, sizeof(said) - used, "%s%.*s",
					 words[row].option, (int)number, at);
		at += number;
		if (fields && strchr(field, '_') && used < sizeof(said))
			used += (size_t)snprintf(said + used, sizeof(said) - used, " (%s)", field);
	}
	snprintf(text, size, "%.*s", (int)(used < sizeof(said) ? used : sizeof(said) - 1), said);
}

void options_say(const struct option_table *program, char *text, size_t size)
{
	say(program, text, size, false);
}

void options_say_fields(const struct option_table *program, char *text, size_t size)
{
	say(program, text, size, true);
}
