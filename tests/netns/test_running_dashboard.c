// SPDX-License-Identifier: BSD-2-Clause
/* docs/dashboard.json asks for what programs tell, and shows all that is lost. */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/netns.h"
#include "support/tool.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"

static struct tool info, forward, latency;

/* Is there a sample of this name, with this label (NULL: whatever its labels)? */
static bool has_sample(const char *text, const char *name, size_t bytes, const char *label)
{
	char looked_for[64];

	snprintf(looked_for, sizeof(looked_for), "%s=\"", label ? label : "");
	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		const char *end = strchr(line, '\n');
		const char *found;

		if (!end || strncmp(line, name, bytes) ||
		    (line[bytes] != '{' && line[bytes] != ' '))
			continue;
		found = label ? memmem(line, (size_t)(end - line), looked_for, strlen(looked_for))
			      : line;
		/* A label begins behind a brace or a comma. */
		if (found && (!label || found[-1] == '{' || found[-1] == ','))
			return true;
	}
	return false;
}

/* Each metric of a query is told, and has each label of the legend. Return: how many there are. */
static int check_query(const char *text, const char *query, const char *legend)
{
	int count = 0;

	for (const char *at = query; (at = strstr(at, "net_xdp_")); count++) {
		size_t bytes = strspn(at, NAME_LETTERS);

		cr_expect(has_sample(text, at, bytes, NULL), "nobody tells %.*s", (int)bytes, at);
		for (const char *l = legend; (l = strstr(l, "{{")); l += 2) {
			char label[32];

			snprintf(label, sizeof(label), "%.*s", (int)strcspn(l + 2, "}"), l + 2);
			cr_expect(has_sample(text, at, bytes, label), "%.*s has no label %s",
				  (int)bytes, at, label);
		}
		at += bytes;
	}
	return count;
}

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *found = NULL;

	cr_assert(json_object_object_get_ex(o, key, &found), "no %s", key);
	return found;
}

static int check_panels(const char *text, struct json_object *dashboard)
{
	struct json_object *panels = get(dashboard, "panels");
	int count = 0;

	for (size_t i = 0; i < json_object_array_length(panels); i++) {
		struct json_object *panel = json_object_array_get_idx(panels, i);
		struct json_object *targets = get(panel, "targets");

		cr_expect_gt(json_object_array_length(targets), 0);
		for (size_t k = 0; k < json_object_array_length(targets); k++) {
			struct json_object *target = json_object_array_get_idx(targets, k);
			int names =
				check_query(text, json_object_get_string(get(target, "expr")),
					    json_object_get_string(get(target, "legendFormat")));

			cr_expect_gt(names, 0, "%s", json_object_get_string(get(panel, "title")));
			count += names;
		}
	}
	return count;
}

static void check_variables(const char *text, struct json_object *dashboard)
{
	struct json_object *list = get(get(dashboard, "templating"), "list"), *query;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		query = get(json_object_array_get_idx(list, i), "query");
		if (!json_object_is_type(query, json_type_object))
			continue;
		cr_expect_eq(check_query(text, json_object_get_string(get(query, "query")), ""), 1);
	}
}

/* Each family whose class says that it counts losses stands in some query. */
static int check_losses(const char *text, const char *dashboard)
{
	int count = 0;

	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		size_t line_bytes = strcspn(line, "\n"), bytes = strspn(line, NAME_LETTERS);
		char name[128];

		if (!memmem(line, line_bytes, "_lost\"", 6) ||
		    !memmem(line, line_bytes, "class=\"", 7))
			continue;
		count++;
		snprintf(name, sizeof(name), "%.*s{", (int)bytes, line);
		cr_expect_not_null(strstr(dashboard, name), "no panel shows %s", name);
	}
	return count;
}

Test(running_dashboard, every_metric_of_its_queries_is_told_and_every_loss_is_shown, .timeout = 60)
{
	struct json_object *dashboard = json_object_from_file(DASHBOARD);

	cr_assert_not_null(dashboard, "%s", json_util_get_last_err());
	netns_enter();
	netns_run("mkdir -p /run/net_xdp && mount -t tmpfs -o mode=700 none /run/net_xdp");
	netns_veth("v0", "v1", 1, 1500);
	tool_start(&forward, XSK_BENCH " fwd -i v0 -t 60");
	tool_await(&forward, "is running");
	tool_start(&latency, XSK_BENCH " latency -i v1 -t 60 --rate 1k");
	tool_await(&latency, "is running");
	TOOL_RUN(&info, XSK_INFO, "--metrics");
	cr_assert_eq(info.status, 0, "%s", info.err);
	cr_expect_gt(check_panels(info.out, dashboard), 20);
	check_variables(info.out, dashboard);
	cr_expect_gt(check_losses(info.out, json_object_to_json_string_ext(
						    dashboard, JSON_C_TO_STRING_NOSLASHESCAPE)),
		     10);
	json_object_put(dashboard);
	tool_end(&latency, SIGINT);
	tool_end(&forward, SIGINT);
}
