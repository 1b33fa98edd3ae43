// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "net_xdp.h"
#include "program/dispatcher.h"

static enum xdp_attach_mode attach_mode(bool native)
{
	return native ? XDP_MODE_NATIVE : XDP_MODE_SKB;
}

/* libxdp's dispatcher calls its programs as extensions of itself (BPF_PROG_TYPE_EXT). Try to load an
 * extension that extends nothing. A kernel that has extensions finds that fault; a locked-down
 * kernel refuses the type before it looks. Return: true if it refuses. */
static bool kernel_refuses_extensions(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_EXT, "probe", "GPL", pass, 2, NULL);

	if (fd >= 0)
		close(fd);
	return fd == -EPERM;
}

static bool is_dispatched(const char *ifname)
{
	struct net_xdp_device device;

	return net_xdp_device_query(ifname, &device, NULL) == 0 &&
	       strcmp(device.program_mode, "dispatcher") == 0;
}

int dispatcher_attach(struct bpf_object *object, const char *name, const char *ifname,
		      uint32_t ifindex, bool native, struct xdp_program **out)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = object, .prog_name = name);
	struct xdp_program *program;
	int rc;

	if (kernel_refuses_extensions())
		return -EPERM;
	program = xdp_program__create(&options);
	rc = (int)libxdp_get_error(program);
	if (rc)
		return rc;
	rc = xdp_program__attach(program, (int)ifindex, attach_mode(native), 0);
	if (rc) {
		xdp_program__close(program);
		return rc;
	}
	if (!is_dispatched(ifname)) {
		dispatcher_detach(program, ifindex, native);
		return -EPERM;
	}
	*out = program;
	return 0;
}

int dispatcher_calls(uint32_t ifindex, uint32_t dispatcher_id, uint32_t program_id)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex((int)ifindex);
	struct xdp_program *program = NULL;
	int rc = (int)libxdp_get_error(all);

	if (rc)
		return rc;
	program = xdp_multiprog__main_prog(all);
	if (!program || xdp_program__id(program) != dispatcher_id)
		rc = -ENOENT;
	else if (!xdp_multiprog__is_legacy(all))
		for (program = NULL; !rc && (program = xdp_multiprog__next_prog(program, all));)
			rc = xdp_program__id(program) == program_id;
	xdp_multiprog__close(all);
	return rc;
}

void dispatcher_detach(struct xdp_program *program, uint32_t ifindex, bool native)
{
	xdp_program__detach(program, (int)ifindex, attach_mode(native), 0);
	dispatcher_close(program);
}

void dispatcher_close(struct xdp_program *program)
{
	xdp_program__close(program);
}
