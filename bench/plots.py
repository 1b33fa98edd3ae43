# SPDX-License-Identifier: BSD-2-Clause
"""The figures of the performance page, from the samples."""
import collections
import os

from bars import Panel, Row, draw

COUNTED = "Counted by callgrind, the same in each run"
COLORS = "blue is net_xdp, grey are others."
VETH = "60-byte frames on a veth, copy mode"
PROGRAMS = ("xsk-bench", "ring-bench", "region-bench")

# title has the unit; one_scale: the bars of all panels compare.
Plot = collections.namedtuple("Plot", "title panels source one_scale", defaults=(False,))


def row(r, suite, case, metric, label=None, ours=None):
    """ours: by default what is measured with a program of ours."""
    is_ours = r.commands.get((suite, case), "").startswith(PROGRAMS) if ours is None else ours
    return Row(label or case, r.figure(suite, case, metric), is_ours)


def rows(r, suite, metric):
    return [row(r, suite, case, metric) for case in r.cases(suite)]


def batch(r):
    panels = []
    for n in (1, 4, 16, 64, 256):
        each = []
        for call in ("rx", "tx"):
            each.append(row(r, "ring", "{}-batch-{}".format(call, n), "instructions", call))
            each.append(row(r, "ring", "{}-floor-batch-{}".format(call, n), "instructions",
                            call + ", bare loop", False))
        panels.append(Panel("1 frame per call" if n == 1 else "{} frames per call".format(n), each))
    return Plot("Instructions per frame, by batch", panels, COUNTED + "; no kernel, rings and a stand-in for it.", True)


def buffers(r):
    def case(call, n):
        return "{}-batch-64".format(call) if n == 4096 else "{}-buffers-{}".format(call, n)

    panels = [Panel(call, [row(r, "ring", case(call, n), "instructions", "{:,} buffers".format(n))
                           for n in (256, 1024, 4096, 16384, 65536)]) for call in ("rx", "tx")]
    return Plot("Instructions per frame, by buffers", panels, COUNTED + "; batch 64, no kernel.", True)


def rates(r):
    panels = [Panel(head, rows(r, suite, "pps"), 1e-6) for head, suite in (
        ("Receive", "receive"), ("Send", "send"), ("Forward from one interface to another", "forward"))]
    return Plot("Frames per second, millions", panels, VETH + "; " + COLORS, True)


def load(r):
    panels = [Panel("100,000 frames per second", rows(r, "load", "cpu_ms_per_million"))]
    return Plot("CPU ms to receive a million frames", panels, VETH + "; " + COLORS)


def latency(r):
    panels = [Panel(head, rows(r, "latency", metric), 1e-3)
              for head, metric in (("Median", "p50"), ("99th percentile", "p99"))]
    return Plot("Round trip at 10,000 per second, µs", panels, VETH + "; blue is net_xdp, grey a UDP socket.")


def region(r):
    cases = sorted((c for c in r.cases("region") if c.isdigit()), key=int)
    panels = [Panel(head, [row(r, "region", c, metric, "{:,} MiB".format(int(c))) for c in cases])
              for head, metric in (("A queue is set up, ms", "queues_ms"), ("Kernel's memory, MiB", "kernel_mib"))]
    return Plot("What a region costs, by its size", panels, "One queue with 4,096 buffers on a veth, copy mode.")


def guests(r):
    panels = []
    for guest, name, peer in (("uml", "UML", "tap"), ("qemu", "QEMU", "dpdk")):
        for metric, words in (("tcp_out", "TCP from the guest, Gbit/s"), ("tcp_in", "TCP to the guest, Gbit/s"),
                              ("udp_out", "60 bytes from the guest, kpps"),
                              ("udp_in", "60 bytes to the guest, kpps")):
            panels.append(Panel("{}: {}".format(name, words), [
                row(r, "guests", guest + "-vhost", metric, "xsk-vhost", True),
                row(r, "guests", "{}-{}".format(guest, peer), metric, peer, False)], 1e-3))
    return Plot("What guests send and get", panels,
                "User-Mode Linux, and QEMU without KVM. xsk-vhost and DPDK are on a veth in copy mode, tap is on a "
                "bridge and has its offloads.")


FIGURES = {"batch": batch, "buffers": buffers, "rates": rates, "load": load, "latency": latency, "region": region,
           "guests": guests}


def source(r):
    """The line below each figure."""
    return "{command} at {commit}, {date}, {cpu}, Linux {kernel}.".format(
        **{name: r.machine.get(name, "unknown") for name in ("command", "commit", "date", "cpu", "kernel")})


def plots(r, directory):
    for name, make in FIGURES.items():
        p = make(r)
        panels = [panel for panel in p.panels if panel.rows]
        if panels:
            with open(os.path.join(directory, "performance-{}.svg".format(name)), "w", encoding="utf-8") as f:
                f.write(draw(p.title, panels, p.source + " " + source(r), p.one_scale))
