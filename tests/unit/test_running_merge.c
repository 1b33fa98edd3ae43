// SPDX-License-Identifier: BSD-2-Clause
/* The texts of several programs in one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "running/merge.h"

static int add(struct merge *m, const char *from, int pid)
{
	char *text = strdup(from);
	struct exposition e;
	int rc;

	cr_assert_eq(exposition_parse(&e, text, "p", pid), 0, "%s", from);
	rc = merge_add(m, &e);
	exposition_free(&e);
	free(text);
	return rc;
}

static void is_printed(const struct merge *m, const char *expected)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	merge_print(m, file);
	fclose(file);
	cr_expect_str_eq(out, expected, "%s", out);
	free(out);
}

Test(running_merge, lines_of_a_family_stand_together)
{
	struct merge m = {0};

	cr_expect_eq(
		add(&m,
		    "# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s first\na_s 1\n# TYPE b counter\nb_total 2\n# EOF\n",
		    1),
		0);
	cr_expect_eq(
		add(&m,
		    "# TYPE c info\nc_info 1\n# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s second\na_s 3\n# EOF\n",
		    2),
		0);
	is_printed(&m, "# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s first\n"
		       "a_s{program=\"p\",pid=\"1\"} 1\na_s{program=\"p\",pid=\"2\"} 3\n"
		       "# TYPE b counter\nb_total{program=\"p\",pid=\"1\"} 2\n"
		       "# TYPE c info\nc_info{program=\"p\",pid=\"2\"} 1\n");
	merge_free(&m);
}

Test(running_merge, text_that_does_not_go_with_the_others_is_left_out_whole)
{
	static const char first[] =
		"# TYPE a_s gauge\n# UNIT a_s s\na_s 1\n# TYPE b counter\nb_total 1\n# EOF\n";
	static const char *const others[] = {
		"# TYPE x gauge\nx 1\n# TYPE a_s counter\n# UNIT a_s s\na_s_total 1\n# EOF\n",
		"# TYPE x gauge\nx 1\n# TYPE a_s gauge\na_s 1\n# EOF\n",
		"# TYPE x gauge\nx 1\n# TYPE b_total gauge\nb_total 1\n# EOF\n",
		"# TYPE x gauge\nx 1\n# TYPE b_created info\nb_created_info 1\n# EOF\n",
	};
	struct merge m = {0};

	cr_expect_eq(add(&m, first, 1), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(add(&m, others[i], 2), -EINVAL, "row %zu", i);
	is_printed(&m, "# TYPE a_s gauge\n# UNIT a_s s\na_s{program=\"p\",pid=\"1\"} 1\n"
		       "# TYPE b counter\nb_total{program=\"p\",pid=\"1\"} 1\n");
	merge_free(&m);
}
