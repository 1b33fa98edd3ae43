/* SPDX-License-Identifier: BSD-2-Clause */
/* libxdp's dispatcher: our program beside other people's. */
#ifndef NET_XDP_DISPATCHER_H
#define NET_XDP_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct xdp_program;

/*
 * Attach the named program of an object that is not loaded yet. libxdp 1.3.1 attaches a lone program
 * without a dispatcher when the kernel refuses one, and says so only in its log; here that is
 * -EPERM, and nothing stays attached.
 */
int dispatcher_attach(struct bpf_object *object, const char *name, const char *ifname,
		      uint32_t ifindex, bool native, struct xdp_program **out);
/* Does this dispatcher of the interface call program_id? Return: 1, 0; -ENOENT when the interface, as seen
 * in this network namespace, runs another one; -errno. */
int dispatcher_calls(uint32_t ifindex, uint32_t dispatcher_id, uint32_t program_id);
/* Detach and close, or only close: the program stays attached. */
void dispatcher_detach(struct xdp_program *program, uint32_t ifindex, bool native);
void dispatcher_close(struct xdp_program *program);

#endif
