// SPDX-License-Identifier: BSD-2-Clause
/* The socket's thread, and what it may look at. The lock is held while an answer is made, and not while it is sent:
 * who takes an endpoint out waits for a walk, never for a client. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"
#include "control/control.h"

enum { STACK_BYTES = 262144 };

struct net_control {
	pthread_mutex_t lock;
	struct document document; /* under the lock */
	bool is_ending;		  /* likewise */
	struct place place;
	int wake_fd;
	pthread_t thread;
	pid_t maker; /* a forked child has neither thread nor socket */
};

static bool is_ours(const struct net_control *c)
{
	return c && c->maker == getpid();
}

static void answer(void *context, const char *line, struct text *out)
{
	struct net_control *c = context;

	pthread_mutex_lock(&c->lock);
	document_answer(&c->document, line, out);
	pthread_mutex_unlock(&c->lock);
}

static int tick(void *context)
{
	struct net_control *c = context;
	int sleep;

	pthread_mutex_lock(&c->lock);
	sleep = c->is_ending ? SERVER_STOP : document_look(&c->document, clock_ms());
	pthread_mutex_unlock(&c->lock);
	return sleep;
}

static void *control_main(void *arg)
{
	static const struct server_ops ops = {answer, tick};
	struct net_control *c = arg;

	server_run(c->place.fd, c->wake_fd, &ops, c);
	return NULL;
}

static int start(struct net_control *c)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = -pthread_create(&c->thread, &attr, control_main, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (!rc)
		pthread_setname_np(c->thread, "net-control");
	return rc;
}

int net_control_open(const struct net_control_config *config, struct net_control **out,
		     struct net_error *err)
{
	struct net_control_config given = {0};
	struct net_control *c;
	int rc;

	if (config)
		memcpy(&given, config,
		       config->size_bytes < sizeof(given) ? config->size_bytes : sizeof(given));
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_set(err, -ENOMEM, CONTROL_STEP, "out of memory");
	c->maker = getpid();
	c->document.pid = (uint32_t)c->maker;
	snprintf(c->document.program, sizeof(c->document.program), "%s",
		 given.name ? given.name : program_invocation_short_name);
	c->wake_fd = -1;
	rc = place_open(&c->place, given.path, c->document.program, err);
	if (rc) {
		free(c);
		return rc;
	}
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = c->wake_fd < 0 ? -errno : 0;
	pthread_mutex_init(&c->lock, NULL);
	if (!rc)
		rc = start(c);
	if (!rc) {
		*out = c;
		return 0;
	}
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	place_close(&c->place, true);
	pthread_mutex_destroy(&c->lock);
	free(c);
	return error_set(err, rc, CONTROL_STEP, "a thread for the control socket: %s",
			 strerror(-rc));
}

/* Where the pointer to the subject of this name is, or the last one. */
static struct subject **find(struct document *d, const char *name)
{
	struct subject **at = &d->subjects;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

static struct subject *new_subject(const char *name, struct net_endpoint *ep,
				   struct net_queue *const *queues, uint32_t count)
{
	size_t bytes = count * sizeof(*queues);
	struct subject *s = calloc(1, sizeof(*s) + bytes + count * sizeof(*s->stalls));

	if (!s)
		return NULL;
	s->queues = (struct net_queue **)(s + 1);
	s->stalls = (struct stall *)(s->queues + count);
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->ep = ep;
	s->count = count;
	if (bytes)
		memcpy(s->queues, queues, bytes);
	return s;
}

int net_control_set(struct net_control *c, const char *name, struct net_endpoint *ep,
		    struct net_queue *const *queues, uint32_t count)
{
	struct subject *fresh = NULL, *old, **at;

	if (!is_ours(c))
		return 0;
	if (!name || strlen(name) >= CONTROL_NAME_BYTES)
		return -EINVAL;
	if (ep)
		fresh = new_subject(name, ep, queues, count);
	pthread_mutex_lock(&c->lock);
	at = find(&c->document, name);
	old = *at;
	if (old)
		*at = old->next;
	if (fresh) {
		fresh->next = *at;
		*at = fresh;
		c->document.looks_at_ms = 0;
	}
	pthread_mutex_unlock(&c->lock);
	/* The thread may sleep without an end. */
	if (fresh)
		eventfd_write(c->wake_fd, 1);
	free(old);
	return ep && !fresh ? -ENOMEM : 0;
}

void net_control_tell(struct net_control *c, net_tell_fn *tell, void *context)
{
	if (!is_ours(c))
		return;
	pthread_mutex_lock(&c->lock);
	c->document.tell = tell;
	c->document.context = context;
	pthread_mutex_unlock(&c->lock);
}

const char *net_control_path(const struct net_control *c)
{
	return c ? c->place.address.sun_path : "";
}

void net_control_close(struct net_control *c)
{
	bool ours = is_ours(c);

	if (!c)
		return;
	if (ours) {
		pthread_mutex_lock(&c->lock);
		c->is_ending = true;
		pthread_mutex_unlock(&c->lock);
		eventfd_write(c->wake_fd, 1);
		pthread_join(c->thread, NULL);
		pthread_mutex_destroy(&c->lock);
	}
	close(c->wake_fd);
	place_close(&c->place, ours);
	for (struct subject *s = c->document.subjects, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	free(c);
}
