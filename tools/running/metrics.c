// SPDX-License-Identifier: BSD-2-Clause
#include "metrics.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/error.h"
#include "common/listen.h"
#include "common/say.h"
#include "http.h"
#include "look.h"
#include "merge.h"

/* Families of this name are ours alone. */
#define OWN_PREFIX "net_xdp_scrape_"

/* ---- The text --------------------------------------------------------------------------------- */

static enum scrape_error error_of(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return SCRAPE_TIMEOUT;
	case -EFBIG:
		return SCRAPE_TOO_LONG;
	case -EINVAL:
	case -ENODATA:
		return SCRAPE_INVALID;
	default:
		return SCRAPE_REFUSED;
	}
}

static bool has_own(const struct exposition *e)
{
	for (uint32_t i = 0; i < e->count; i++)
		if (!strncmp(e->families[i].name, OWN_PREFIX, strlen(OWN_PREFIX)))
			return true;
	return false;
}

static int add_peer(struct merge *all, struct peer *peer)
{
	struct exposition e;
	int rc = peer->error;

	/* A NUL would hide what is behind it. */
	if (!rc && strlen(peer->answer) != peer->bytes)
		rc = -EINVAL;
	if (!rc)
		rc = exposition_parse(&e, peer->answer, peer->name, peer->pid);
	if (rc)
		return rc;
	rc = has_own(&e) ? -EINVAL : merge_add(all, &e);
	exposition_free(&e);
	return rc;
}

static void print_own(FILE *out, const struct metrics *m, uint32_t programs, uint64_t duration_ns)
{
	static const char *const reasons[SCRAPE_ERRORS] = {
		[SCRAPE_TIMEOUT] = "timeout",
		[SCRAPE_REFUSED] = "refused",
		[SCRAPE_INVALID] = "invalid",
		[SCRAPE_TOO_LONG] = "too_long",
	};

	fputs("# TYPE " OWN_PREFIX "programs gauge\n"
	      "# UNIT " OWN_PREFIX "programs programs\n"
	      "# HELP " OWN_PREFIX "programs whose endpoints are in this text\n",
	      out);
	fprintf(out, OWN_PREFIX "programs %u\n", programs);
	fputs("# TYPE " OWN_PREFIX "duration_seconds gauge\n"
	      "# UNIT " OWN_PREFIX "duration_seconds seconds\n"
	      "# HELP " OWN_PREFIX "duration_seconds from the first question to the last answer\n",
	      out);
	fprintf(out, OWN_PREFIX "duration_seconds %llu.%09llu\n",
		(unsigned long long)(duration_ns / 1000000000u),
		(unsigned long long)(duration_ns % 1000000000u));
	fputs("# TYPE " OWN_PREFIX "errors counter\n"
	      "# HELP " OWN_PREFIX "errors programs left out of a text, by reason\n",
	      out);
	for (int i = 0; i < SCRAPE_ERRORS; i++)
		fprintf(out, OWN_PREFIX "errors_total{reason=\"%s\"} %llu\n", reasons[i],
			(unsigned long long)m->errors[i]);
	fputs("# EOF\n", out);
}

int metrics_write(struct metrics *m, FILE *out, bool say_why, struct net_error *err)
{
	const uint64_t begin_ns = running_now_ns();
	struct merge all = {0};
	struct peers peers;
	uint32_t programs = 0;
	char trouble[80];
	int rc = peers_list(&peers, m->folder, 0, err);

	if (rc < 0)
		return rc;
	peers_ask(&peers, m->folder, "openmetrics\n", PEERS_TIMEOUT_MS);
	for (uint32_t i = 0; i < peers.count; i++) {
		struct peer *peer = &peers.list[i];

		peer->error = add_peer(&all, peer);
		programs += !peer->error;
		if (!peer->error)
			continue;
		m->errors[error_of(peer->error)]++;
		if (say_why)
			say("%s %d %s", peer->name, (int)peer->pid,
			    look_trouble(peer, trouble, sizeof(trouble)));
	}
	merge_print(&all, out);
	print_own(out, m, programs, running_now_ns() - begin_ns);
	merge_free(&all);
	peers_free(&peers);
	return 0;
}

/* ---- Served ----------------------------------------------------------------------------------- */

static char *make_body(void *context, size_t *bytes)
{
	struct net_error err;
	char *body = NULL;
	FILE *out = open_memstream(&body, bytes);
	int rc;

	if (!out)
		return NULL;
	rc = metrics_write(context, out, false, &err);
	if (fclose(out) || rc < 0) {
		free(body);
		return NULL;
	}
	return body;
}

/* Who may not look into the folder would serve errors only. */
static int check_folder(const struct metrics *m, struct net_error *err)
{
	struct peers peers;
	int rc = peers_list(&peers, m->folder, 0, err);

	peers_free(&peers);
	return rc;
}

int metrics_serve(struct metrics *m, const char *address, struct net_error *err)
{
	struct listen_address where;
	int rc, listener, signals;
	char name[80];
	sigset_t set;

	if (listen_parse(&where, address) < 0)
		return error_fill(err, -EINVAL, "listen", "%s is no address to listen on", address);
	rc = check_folder(m, err);
	if (rc < 0)
		return rc;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return error_errno(err, -errno, "listen", "signalfd");
	listener = listen_open(&where, err);
	rc = listener;
	if (rc < 0)
		error_errno(err, rc, "listen", address);
	if (rc >= 0) {
		say("http://%s/metrics", listen_name(listener, name, sizeof(name)));
		rc = http_serve(listener, signals, make_body, m);
		if (rc < 0)
			error_errno(err, rc, "listen", "poll");
		close(listener);
	}
	close(signals);
	return rc;
}
