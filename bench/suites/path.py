# SPDX-License-Identifier: BSD-2-Clause
"""Frames over a veth: receive, processor time, idle, send, forward. The receiver or forwarder that is measured runs on
processor 1 in B; the sender, always the same, on processor 0 in A. On a veth the sender's own processor runs the
receiving side's XDP program."""
import time

from parse import minus, ratio, share_lost
from processor import cpu_ns
from programs import WAYS, Sent, XskBench, dpdk, receiver, start
from rig import delivered

SENDERS = {"native": "--attach native", "generic": "--attach generic",
           "native-batch-256": "--attach native --batch 256"}


# ---- Receive, as fast as the sender goes --------------------------------------------------------

def receive_once(rig, case, number):
    program = start(rig, "receive", case, receiver)
    if not program:
        return
    before = cpu_ns(program.process.pid)
    sent = Sent(rig, rig.path_seconds)
    used = minus(cpu_ns(program.process.pid), before)
    program.stop()
    if program.received is None or sent.frames is None:
        rig.record.gap("receive", case, "no count: " + program.process.last_words)
        return
    rig.record.sample("receive", case, number, pps=ratio(program.received, sent.seconds),
                      lost=share_lost(sent.frames, program.received), cpu_ns=ratio(used, program.received),
                      sent_pps=sent.pps)
    if case in WAYS:
        rig.record.sample("receive", case, number, syscalls=program.totals["syscalls_per_frame"],
                          data_syscalls=ratio(program.totals["syscalls_data"], program.received))


# ---- Processor time at a fixed rate -------------------------------------------------------------

def load_once(rig, case, number):
    program = start(rig, "load", case, receiver)
    if not program:
        return
    Sent(rig, 0.3, "--rate 100k")  # caches, the receiver's first sleep
    before = cpu_ns(program.process.pid)
    sent = Sent(rig, rig.load_seconds, "--rate 100k")
    time.sleep(0.02)  # a block of TPACKET_V3 that is still open
    used = minus(cpu_ns(program.process.pid), before)
    if case == "native-epoll":
        rig.record.sample("load", case, number, sent_pps=sent.pps)
    program.stop()
    if program.received is None or sent.frames is None:
        rig.record.gap("load", case, "no count: " + program.process.last_words)
        return
    # Nanoseconds per frame are milliseconds per million frames.
    rig.record.sample("load", case, number, cpu_ms_per_million=ratio(used, sent.frames))


def idle_once(rig, case, number):
    program = start(rig, "idle", case, receiver)
    if not program:
        return
    time.sleep(0.3)
    before, begin = cpu_ns(program.process.pid), time.monotonic_ns()
    time.sleep(rig.load_seconds)
    used = minus(cpu_ns(program.process.pid), before)
    rig.record.sample("idle", case, number, percent=ratio(used, (time.monotonic_ns() - begin) / 100))
    program.stop()


# ---- Send ---------------------------------------------------------------------------------------

def sender(rig, case):
    """The other end is a plain interface: its stack drops the frames, which are for another address."""
    if case in SENDERS:
        return XskBench(rig, "tx", rig.ns_b, 1, f"tx -i b1 {SENDERS[case]} --cpu 1")
    return dpdk(rig, "tx", case, "txonly", "b1")


def send_once(rig, case, number):
    program = start(rig, "send", case, sender)
    if not program:
        return
    time.sleep(0.3)
    before, begin = delivered(rig.ns_a, "a1"), time.monotonic_ns()
    time.sleep(rig.path_seconds)
    frames = delivered(rig.ns_a, "a1") - before
    rig.record.sample("send", case, number, pps=ratio(frames * 10**9, time.monotonic_ns() - begin))
    program.stop()
    if case in SENDERS:
        rig.record.sample("send", case, number, lost=program.counter("tx_lost"),
                          syscalls=ratio(program.totals.get("syscalls_data"), program.totals.get("completed")))


# ---- Forward from b1 to b2 ----------------------------------------------------------------------

def forwarder(rig, case):
    if case in WAYS:
        return XskBench(rig, "fwd", rig.ns_b, 1, "fwd -i b1 --to b2 --cpu 1 " + WAYS[case])
    return dpdk(rig, "fwd", case, "io", "b1", "b2")


def forward_once(rig, case, number):
    program = start(rig, "forward", case, forwarder)
    if not program:
        return
    before = delivered(rig.ns_a, "a2")
    sent = Sent(rig, rig.path_seconds)
    time.sleep(0.2)
    frames = delivered(rig.ns_a, "a2") - before
    program.stop()
    if program.received is None or sent.frames is None:
        rig.record.gap("forward", case, "no count: " + program.process.last_words)
        return
    lost = program.received - frames  # taken by the forwarder and not handed over to the other end
    rig.record.sample("forward", case, number, pps=ratio(frames, sent.seconds), share=ratio(frames, sent.frames),
                      lost=lost, lost_share=ratio(lost, program.received))


# ---- All of them --------------------------------------------------------------------------------

def run(rig):
    receivers = ["native-epoll", "native-deferred-50", "native-spin", "native-spin-8192", "generic-epoll"]
    senders = [*SENDERS]
    forwarders = ["native-epoll", "native-deferred-40", "native-spin", "generic-epoll"]
    loads = ["native-epoll", "native-deferred-1000", "native-moderated-8"]
    idles = ["native-epoll"]
    if rig.with_peers:
        receivers += ["dpdk", "dpdk-tuned", "packet-v3-1", *rig.peers]
        senders += ["dpdk", "dpdk-tuned"]
        forwarders += ["dpdk", "dpdk-tuned"]
        loads += ["dpdk-tuned", "packet-v3-1", "packet-v3-8", *rig.peers]
        idles += ["dpdk-tuned", "packet-v3-1", *rig.peers]
    for suite, rest in ("receive", rig.path_seconds), ("load", f"{rig.load_seconds} --rate 100k"):
        rig.record.command(suite, "sender", f"xsk-bench tx -i a1 --cpu 0 --duration {rest}")
    rig.interleave("receive", receive_once, receivers)
    rig.interleave_more("receive", receive_once, ["native-spin-8192", "dpdk-tuned"])
    rig.interleave("load", load_once, loads)
    rig.interleave("idle", idle_once, idles)
    rig.interleave("send", send_once, senders)
    rig.interleave_more("send", send_once, ["native", "dpdk-tuned"])
    rig.interleave("forward", forward_once, forwarders)
    rig.interleave_more("forward", forward_once, ["native-spin", "dpdk-tuned"])
