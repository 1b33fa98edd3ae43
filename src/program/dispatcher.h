/* SPDX-License-Identifier: BSD-2-Clause */
/* libxdp's dispatcher: our program beside other people's. */
#ifndef NET_XDP_DISPATCHER_H
#define NET_XDP_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct xdp_program;

/*
 * Attach the named program of an object that is not loaded yet. When the kernel refuses a dispatcher,
 * libxdp 1.3.1 attaches a lone program without one and says so only in its log. This call returns
 * -EPERM then, and nothing stays attached.
 */
int dispatcher_attach(struct bpf_object *object, const char *name, const char *ifname,
		      uint32_t ifindex, bool native, struct xdp_program **out);
/* Return: 1 if this dispatcher of the interface calls program_id, 0 if not; -ENOENT if the
 * interface, as this network namespace sees it, runs another program; -errno. */
int dispatcher_calls(uint32_t ifindex, uint32_t dispatcher_id, uint32_t program_id);
/* Detach the program and close it; or only close it, and it stays attached. */
void dispatcher_detach(struct xdp_program *program, uint32_t ifindex, bool native);
void dispatcher_close(struct xdp_program *program);

#endif
