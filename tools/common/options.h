/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of a program is a table: a row per option. From it come the parser, --help, the OPTIONS
 * section of the man page and the completion of bash, so that none of them can miss an option.
 *
 * Parsing is pure: it prints nothing and ends nothing, so that every rule can be tested; the program turns the
 * answer into output and an exit code. A fault is one sentence, "OPTION VALUE: must be ...", with the option as
 * it was typed.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What parsing returns when there is nothing to run: what option_show() is to print. */
enum {
	OPTIONS_HELP = 1,
	OPTIONS_VERSION,
	OPTIONS_COMPLETION, /* --completion, in no table and not in --help */
	OPTIONS_MARKDOWN,   /* --help-markdown, likewise */
};

enum { OPTION_OPERANDS = 4, OPTION_WORDS = 6 };

/* What completion offers for a value that is not one of a list of words. */
enum option_names {
	OPTION_NAMES_NONE,
	OPTION_NAMES_INTERFACE,
	OPTION_NAMES_FILE,
};

struct option_parse;
struct option_row;

/* text is NULL where there is none. Return: 0; what option_show() is to print; -EINVAL, see option_refuse(). */
typedef int option_setter(struct option_parse *p, const struct option_row *row, const char *text);

struct option_row {
	const char *group; /* the heading that stands in front of this row; NULL: none */
	const char *name;  /* without the hyphens */
	const char *value; /* as --help calls it; NULL: the option takes none */
	const char *help;
	option_setter *set;
	/* The value may be left out. Is the next word meant as one? Behind '=' it is in any case. NULL: it may not. */
	bool (*is_value)(const char *text);
	size_t offset; /* of what is set */
	uint64_t min, max;
	const char *words
		[OPTION_WORDS]; /* the list of option_word(), in the order of its enum; else for completion */
	enum option_names names;
	char letter;
	bool power_of_two;
	bool whole; /* offset is into option_parse.whole */
};

struct option_table {
	const char *program;
	const char *front; /* of --help: what stands in front of the options, and behind them */
	const char *back;
	const struct option_row *rows;
	uint32_t count;
	/* For completion: a first word that has a table of its own. Behind it nothing of this table holds. */
	const char *command;
	const struct option_table *command_table;
	/* Of operands, for completion. */
	const char *operands[OPTION_WORDS];
	enum option_names operand_names;
};

/* Zeroed but for the first five. */
struct option_parse {
	const struct option_table *table;
	void *into;  /* what rows set; a setter may change it in the middle of the line */
	void *whole; /* what rows marked so set; NULL where no row is */
	char *why;
	size_t why_size;

	char typed[40]; /* the option at hand, as it was typed */
	const char *operands[OPTION_OPERANDS];
	uint32_t operand_count;
};

/* Options and operands may be mixed, "--" ends the options, a beginning of a name that fits one option alone is
 * that option. Return: 0 and operands filled; what option_show() is to print; -EINVAL and one sentence in why. What
 * was set before the fault stays. */
int option_parse(struct option_parse *p, int argc, char **argv);

/* Print what option_parse() returned. */
void option_show(const struct option_table *table, int what, FILE *out);

/* The one row with this name, or with this letter. Return: NULL there is none. */
const struct option_row *option_named(const struct option_table *table, const char *name,
				      size_t length);
const struct option_row *option_lettered(const struct option_table *table, char letter);

/* For rules between options: a sentence that begins with the option. */
#define OPTION_FAIL(p, ...) (snprintf((p)->why, (p)->why_size, __VA_ARGS__), -EINVAL)

/* A setter's refusal: "OPTION TEXT: sentence". Return: -EINVAL. */
int option_refuse(struct option_parse *p, const char *text, const char *sentence, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- Setters (options_value.c) ------------------------------------------------------------------ */

/* What the row sets. */
void *option_field(const struct option_parse *p, const struct option_row *row);

option_setter option_flag; /* bool */
option_setter option_text; /* const char *: not empty */
option_setter
	option_number; /* uint32_t from min to max, with k, M or G behind it for thousands and so on */
option_setter option_number64;	/* likewise uint64_t */
option_setter option_word;	/* uint32_t: which of words */
option_setter option_seconds;	/* uint64_t of nanoseconds; 0 only if 0 was typed */
option_setter option_mac;	/* uint8_t[6] */
option_setter option_ipv4;	/* uint32_t, host byte order */
option_setter option_interface; /* const char *: the only one, NULL before */
option_setter option_help;
option_setter option_version;

/* "0,2-3": CPUs, in order; at most max of them. Return: how many; 0: text is no such list. */
uint32_t option_read_cpus(const char *text, uint32_t *cpus, uint32_t max);
int option_refuse_cpus(struct option_parse *p, const char *text, uint32_t max);
/* One MAC address at the front of text. Return: what follows it, NULL when there is none. */
const char *option_read_mac(const char *text, uint8_t out[6]);
/* A whole number with k, M or G. Return: false on anything else. */
bool option_read_number(const char *text, uint64_t *out);

/* ---- Rows that several programs have, but for what they set -------------------------------------- */

#define OPTION_INTERFACE                                                                           \
	.name = "interface", .letter = 'i', .value = "IF", .names = OPTION_NAMES_INTERFACE
/* An operand is the value of that row, too. Return: as a setter. */
int option_take_interface(struct option_parse *p, const char *operand);
#define OPTION_FIRST_QUEUE                                                                         \
	.name = "queue", .letter = 'q', .value = "FIRST", .help = "first hardware queue (0)",      \
	.set = option_number, .max = 65535
#define OPTION_MODE                                                                                \
	.name = "mode", .value = "MODE", .help = "auto, zero-copy (or fail), copy (auto)",         \
	.set = option_word, .words = {"auto", "zero-copy", "copy"}
#define OPTION_ATTACH                                                                              \
	.name = "attach", .value = "HOW", .help = "auto, native, generic (auto)",                  \
	.set = option_word, .words = {"auto", "native", "generic"}
#define OPTION_DISPATCHER                                                                          \
	.name = "dispatcher", .help = "libxdp's dispatcher: beside other XDP programs",            \
	.set = option_flag
#define OPTION_CPUS_ROW(setter)                                                                    \
	{                                                                                          \
		.name = "cpu", .value = "LIST",                                                    \
		.help = "pin the threads, e.g. 0,2-3; a short list starts over", .set = (setter)   \
	}
#define OPTION_CONTROL                                                                             \
	.name = "control", .value = "PATH",                                                        \
	.help = "a socket at which others look into it while it runs, or off (in "                 \
		"/run/net_xdp/control)",                                                           \
	.set = option_text, .names = OPTION_NAMES_FILE
/* The last rows of each program. */
#define OPTION_HELP_ROW                                                                            \
	{                                                                                          \
		.name = "help", .letter = 'h', .help = "this text", .set = option_help             \
	}
#define OPTION_VERSION_ROW                                                                         \
	{                                                                                          \
		.name = "version", .letter = 'V', .help = "the version", .set = option_version     \
	}

/* ---- Printers ----------------------------------------------------------------------------------- */

/* --help: lines of at most 80 columns. (options_help.c) */
void option_print_help(const struct option_table *table, FILE *out);
/* The options as markdown: per group a heading of the second level and a definition list. (options_help.c) */
void option_print_markdown(const struct option_table *table, FILE *out);
/* A script that bash reads. (options_completion.c) */
void option_print_completion(const struct option_table *table, FILE *out);

#endif
