/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script for bash, which needs nothing of the package bash-completion. Names of interfaces are compared and
 * quoted, never expanded: whoever makes an interface chooses its name.
 */
#include <ctype.h>
#include <string.h>

#include "options.h"

static const char head[] =
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word\n"
	"\n"
	"	COMPREPLY=()\n"
	"	# --name=value comes as three words.\n"
	"	if [[ $cur == = ]]; then\n"
	"		cur=\n"
	"		[[ $prev == -* ]] || return # --rule vlan=7: a part of a value\n"
	"	elif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then\n"
	"		prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"		[[ $prev == -* ]] || return\n"
	"	fi\n"
	"	__net_xdp_offer() {\n"
	"		for word; do\n"
	"			if [[ $word == \"$cur\"* ]]; then\n"
	"				COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
	"			fi\n"
	"		done\n"
	"	}\n"
	"	__net_xdp_interfaces() {\n"
	"		local path\n"
	"		for path in /sys/class/net/*/; do\n"
	"			path=${path%/}\n"
	"			__net_xdp_offer \"${path##*/}\"\n"
	"		done\n"
	"	}\n"
	"	__net_xdp_files() {\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"	}\n";

static void print__net_xdp_offer(FILE *out, enum option_names names, const char *const *words)
{
	if (names == OPTION_NAMES_INTERFACE)
		fputs(" __net_xdp_interfaces;", out);
	else if (names == OPTION_NAMES_FILE)
		fputs(" __net_xdp_files;", out);
	if (!words[0])
		return;
	fputs(" __net_xdp_offer", out);
	for (uint32_t i = 0; i < OPTION_WORDS && words[i]; i++)
		fprintf(out, " %s", words[i]);
	fputc(';', out);
}

/* Behind an option whose value may be left out comes the next option as well. */
static void print_values(const struct option_table *table, FILE *out)
{
	fputs("	case $prev in\n", out);
	for (uint32_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (!row->value)
			continue;
		fputs("	", out);
		if (row->letter)
			fprintf(out, "-%c | ", row->letter);
		fprintf(out, "--%s)", row->name);
		print__net_xdp_offer(out, row->names, row->words);
		fprintf(out, "%s ;;\n", row->is_value ? "" : " return");
	}
	fputs("	esac\n", out);
}

/* What is offered with this table, up to the return. */
static void print_table(const struct option_table *table, FILE *out)
{
	print_values(table, out);
	fputs("	if [[ $cur == -* ]]; then\n		__net_xdp_offer", out);
	for (uint32_t i = 0; i < table->count; i++) {
		fprintf(out, " --%s", table->rows[i].name);
		if (table->rows[i].letter)
			fprintf(out, " -%c", table->rows[i].letter);
	}
	fputs("\n	else\n		:", out);
	if (table->operands[0] || table->operand_names)
		fputs(";", out);
	print__net_xdp_offer(out, table->operand_names, table->operands);
	fputs("\n	fi\n", out);
}

static void print_command(const struct option_table *table, FILE *out)
{
	if (!table->command)
		return;
	fprintf(out, "	if [[ $COMP_CWORD -ge 2 && ${COMP_WORDS[1]} == %s ]]; then\n",
		table->command);
	print_table(table->command_table, out);
	fprintf(out,
		"	return\n	fi\n	[[ $COMP_CWORD -gt 1 ]] || __net_xdp_offer %s\n",
		table->command);
}

void option_print_completion(const struct option_table *table, FILE *out)
{
	char function[64] = "_";

	snprintf(function + 1, sizeof(function) - 1, "%s", table->program);
	for (char *c = function; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	fprintf(out, "# bash completion for %s, made from its table of options\n%s()\n{\n%s",
		table->program, function, head);
	print_command(table, out);
	print_table(table, out);
	fprintf(out, "}\ncomplete -F %s %s\n", function, table->program);
}
