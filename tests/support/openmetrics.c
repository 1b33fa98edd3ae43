// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/openmetrics.h"
#include "support/scratch.h"

static const char script[] =
	"import sys\n"
	"from prometheus_client.openmetrics.parser import text_string_to_metric_families\n"
	"text = open(sys.argv[1], encoding=\"utf-8\", newline=\"\").read()\n"
	"seen, names = set(), set()\n"
	"for family in text_string_to_metric_families(text):\n"
	"    assert family.name not in names, \"twice: \" + family.name\n"
	"    names.add(family.name)\n"
	"    for s in family.samples:\n"
	"        key = (s.name, tuple(sorted(s.labels.items())))\n"
	"        assert key not in seen, \"twice: %s\" % (key,)\n"
	"        seen.add(key)\n"
	"print(len(seen))\n";

unsigned int openmetrics_check(const char *text)
{
	char command[2048], said[4096] = "", path[64];
	FILE *file;
	int rc;

	scratch_path(path, sizeof(path), "openmetrics.txt");
	file = fopen(path, "we");
	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	snprintf(command, sizeof(command), "/usr/bin/python3 -c '%s' %s 2>&1", script, path);
	file = popen(command, "r");
	cr_assert(file != NULL);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	rc = pclose(file);
	unlink(path);
	cr_assert(rc == 0, "the parser (python3-prometheus-client) says: %s\n%s", said, text);
	return (unsigned int)strtoul(said, NULL, 10);
}
