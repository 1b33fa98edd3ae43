/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_ERROR_H
#define NET_XDP_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_backend.h"

/*
 * Fill *err (may be NULL) with the step, the code and one sentence, and return the code, so that a
 * failing call reads `return error_set(err, -EINVAL, "config", "chunk_bytes %u: ...", n)`.
 */
int error_set(struct net_error *err, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Of several attempts the last one's sentence counts, and none when it worked: hand why to the caller's error if
 * rc is one. Return: rc. */
static inline int error_pass(struct net_error *err, int rc, const struct net_error *why)
{
	if (rc && err)
		*err = *why;
	return rc;
}

/* ---- What to do about an errno ---------------------------------------------------------------- */

/* Which call failed. The call decides which capabilities the kernel asks for. */
enum error_call {
	CALL_OTHER,   /* a call that needs no capability */
	CALL_NETLINK, /* socket(AF_NETLINK) and requests over it */
	CALL_SOCKET,  /* socket(AF_XDP) */
	CALL_OPTION,  /* setsockopt() and mmap() of an AF_XDP socket */
	CALL_BUSY_POLL,
	CALL_PROGRAM,	 /* bpf(): maps, programs, BTF */
	CALL_ATTACH,	 /* bpf(): the link */
	CALL_SETTING,	 /* whatever changes an interface */
	CALL_DISPATCHER, /* bpf(): programs that extend others, through libxdp */
};

struct error_hint {
	char text[224]; /* "", or a text that starts with "; " */
};

/* What to do about a call of this process that failed with this code: `..., error_hint(rc,
 * CALL_SOCKET).text`. Leaves errno as it was. */
struct error_hint error_hint(int code, enum error_call call);

/* Does this process certainly lack a capability that such a call needs? */
bool error_lacks(enum error_call call);

/* ---- The rule behind error_hint(), which asks the system nothing -------------------------------- */

enum error_namespace {
	USER_NAMESPACE_UNKNOWN, /* no /proc */
	USER_NAMESPACE_INITIAL,
	USER_NAMESPACE_OTHER,
};

/* What a process may do. */
struct error_privileges {
	bool known; /* effective is what capget() answered */
	uint64_t effective;
	bool is_root; /* effective uid 0 */
	enum error_namespace user_namespace;
};

struct error_hint error_explain(int code, enum error_call call,
				const struct error_privileges *have);

#endif
