// SPDX-License-Identifier: BSD-2-Clause
/* OpenMetrics of somebody else: what is taken into a text with that of others, and what is not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "running/exposition.h"
#include "running/sample.h"

#define END "# EOF\n"
#define A   "# TYPE a gauge\n"
#define C   "# TYPE c counter\n"

static char text[1 << 20];

static int parse(struct exposition *e, const char *from, const char *program)
{
	cr_assert(strlen(from) < sizeof(text));
	strcpy(text, from);
	return exposition_parse(e, text, program, 42);
}

Test(running_exposition, families_are_read_and_labels_of_the_process_are_ours)
{
	struct exposition e;

	cr_assert_eq(
		parse(&e,
		      "# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes a \\\"b\\\" \\\\ c\n"
		      "a_bytes{pid=\"1\",x=\"y,\\\"}\\\\ \\n\",program=\"z\"} 1.5\n"
		      "a_bytes -7e3\n"
		      "# HELP c \n# TYPE c counter\n"
		      "c_total{} 3\n"
		      "# TYPE i info\ni_info{q=\"\"} 1\n"
		      "# TYPE h histogram\n"
		      "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\n"
		      "# TYPE n gauge\nn NaN\n"
		      "# TYPE empty gauge\n" END,
		      "p\"\\\n\377"),
		0);
	cr_assert_eq(e.count, 6);
	cr_expect_str_eq(e.families[0].name, "a_bytes");
	cr_expect_str_eq(e.families[0].unit, "bytes");
	cr_expect_str_eq(e.families[0].help, "a \\\"b\\\" \\\\ c");
	cr_expect_str_eq(e.families[1].type->name, "counter");
	cr_expect_str_empty(e.families[1].help);
	cr_expect_eq(e.families[3].count, 4);
	cr_expect_eq(e.families[5].count, 0);
#define OURS "program=\"p\\\"\\\\\\\\x0a\\\\xff\",pid=\"42\""
	cr_expect_str_eq(e.samples,
			 "a_bytes{" OURS ",x=\"y,\\\"}\\\\ \\n\"} 1.5\n"
			 "a_bytes{" OURS "} -7e3\n"
			 "c_total{" OURS "} 3\n"
			 "i_info{" OURS ",q=\"\"} 1\n"
			 "h_bucket{" OURS ",le=\"1\"} 1\n"
			 "h_bucket{" OURS ",le=\"+Inf\"} 2\n"
			 "h_count{" OURS "} 2\n"
			 "h_sum{" OURS "} 3\n"
			 "n{" OURS "} NaN\n",
			 "%s", e.samples);
	cr_expect(!strncmp(e.samples + e.families[1].at, "c_total", 7));
	exposition_free(&e);
}

Test(running_exposition, text_that_is_not_valid_is_refused)
{
	static const char *const texts[] = {
		/* the end */
		"",
		"\n",
		"# EOF",
		A "a 1\n",
		A "a 1\n# EOF",
		END END,
		END "a 1\n",
		END "\n",
		A "a 1" END,
		/* families */
		"a 1\n" END,
		"# HELP a b\na 1\n" END,
		"# HELP a b\n" END,
		"# TYPE a summary\na 1\n" END,
		"# TYPE a\n" END,
		"# TYPE  gauge\n" END,
		"# TYPE 1a gauge\n" END,
		"# TYPE a{ gauge\n" END,
		A A "a 1\n" END,
		A "a 1\n" A END,
		A "a 1\n# HELP a b\n" END,
		A "a 1\n" C "c_total 1\n" A "a 2\n" END,
		"# TYPE a gauge\n# UNIT a bytes\na 1\n" END,
		"# UNIT a_s \n# TYPE a_s gauge\n" END,
		"# TYPE a_s gauge\n# UNIT a_s s\n# UNIT a_s s\n" END,
		"#a\n" END,
		"# a\n" END,
		"# WHAT a b\n" END,
		"# HELP a \\x\n" A END,
		A "\na 1\n" END,
		/* samples */
		C "c 1\n" END,
		C "c_total -1\n" END,
		C "c_total NaN\n" END,
		C "c_totals 1\n" END,
		C "d_total 1\n" END,
		A "b 1\n" END,
		A "a\n" END,
		A "a \n" END,
		A "a  1\n" END,
		A "a 1 \n" END,
		A "a 1 1700000000\n" END,
		A "a 1 # {} 1\n" END,
		A "a 0x1\n" END,
		A "a inf\n" END,
		A "a nan\n" END,
		A "a 1.2.3\n" END,
		A "a \t1\n" END,
		A "a 1\r\n" END,
		A "a{x=\"1\",x=\"2\"} 1\n" END,
		A "a{x=\"1\",} 1\n" END,
		A "a{,x=\"1\"} 1\n" END,
		A "a{x=\"1} 1\n" END,
		A "a{x=\"\\t\"} 1\n" END,
		A "a{x=1} 1\n" END,
		A "a{x=\"1\"\n" END,
		A "a{x=\"1\"}1\n" END,
		A "a{0=\"1\"} 1\n" END,
		A "a{x:y=\"1\"} 1\n" END,
		A "a{x=\"\\",
		A "a{x",
		A "a{",
		/* twice the same */
		A "a 1\na 2\n" END,
		A "a{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"1\"} 1\n" END,
		A "a{pid=\"1\"} 1\na{pid=\"2\"} 1\n" END,
		A "a 1\na{} 1\n" END,
		/* one's samples are another's name */
		"# TYPE c_total gauge\n" C END,
		C "# TYPE c_total gauge\n" END,
		"# TYPE c_created histogram\n" C END,
		"# TYPE a_info gauge\n# TYPE a info\n" END,
		/* what somebody's terminal obeys */
		A "a{x=\"\033[2J\"} 1\n" END,
		A "a{x=\"\302\233\"} 1\n" END,
		A "a{x=\"\377\"} 1\n" END,
		A "a{x=\"\177\"} 1\n" END,
		"# HELP a \007\n" A END,
	};
	struct exposition e;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(parse(&e, texts[i], "p"), -EINVAL, "row %zu: %s", i, texts[i]);
}

Test(running_exposition, each_beginning_of_a_text_is_refused_and_the_whole_is_not)
{
	static const char whole[] = "# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes b\n"
				    "a_bytes{x=\"\\\\\",y=\"\"} 1\n" C "c_total 0\n" END;
	char part[sizeof(whole)];
	struct exposition e;

	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		memcpy(part, whole, i);
		part[i] = '\0';
		cr_expect_eq(parse(&e, part, "p"), -EINVAL, "%zu", i);
	}
	cr_expect_eq(parse(&e, whole, "p"), 0);
	exposition_free(&e);
}

Test(running_exposition, more_families_or_labels_than_anybody_has_are_refused)
{
	char *at = text + sprintf(text, A "a{");
	struct exposition e;
	static char copy[sizeof(text)];

	for (int i = 0; i < 65; i++)
		at += sprintf(at, "%sx%d=\"\"", i ? "," : "", i);
	sprintf(at, "} 1\n" END);
	strcpy(copy, text);
	cr_expect_eq(parse(&e, copy, "p"), -EINVAL);
	at = copy;
	for (int i = 0; i < 2049; i++)
		at += sprintf(at, "# TYPE a%d gauge\n", i);
	strcpy(at, END);
	cr_expect_eq(parse(&e, copy, "p"), -EINVAL);
	cr_expect_eq(parse(&e, strchr(copy, '\n') + 1, "p"), 0);
	exposition_free(&e);
}

/* Each sample gets the name of the program, of which each byte may become four. */
Test(running_exposition, a_text_that_grows_without_measure_is_refused)
{
	static char copy[sizeof(text)];
	char *at = copy + sprintf(copy, "%s", A);
	struct exposition e;
	char name[251] = "";

	memset(name, '\001', sizeof(name) - 1);
	for (int i = 0; i < 20000; i++)
		at += sprintf(at, "a{x=\"%d\"} 1\n", i);
	strcpy(at, END);
	cr_expect_eq(parse(&e, copy, name), -EFBIG);
	cr_assert_eq(parse(&e, copy, "p"), 0);
	exposition_free(&e);
}
