# SPDX-License-Identifier: BSD-2-Clause
"""What is measured and compared: how each program is started on an interface, and how it says what it did. Each is made
running, or raises NotStarted; command is for the page; received, after stop(), counts the frames that it says it has
received, None when it did not say."""
import contextlib
import os
import shutil
import subprocess
import time

import parse
from processes import NotStarted, Process

WAYS = {  # ours, by attach mode and how they wait
    "native-epoll": "--attach native --wait epoll",
    "native-deferred-40": "--attach native --wait epoll --napi-defer 2 --napi-flush 40",
    "native-deferred-50": "--attach native --wait epoll --napi-defer 2 --napi-flush 50",
    "native-deferred-1000": "--attach native --wait epoll --napi-defer 2 --napi-flush 1000",
    "native-moderated-8": "--attach native --wait epoll --moderate 8000",
    "native-spin": "--attach native --wait spin",
    "native-spin-8192": "--attach native --wait spin --ring 8192",
    "generic-epoll": "--attach generic --wait epoll",
}


class Program:
    received = None

    def started(self, process, words):
        self.process = process
        if not process.says(words):
            self.fail()

    def fail(self):
        self.process.end()
        raise NotStarted("did not start: " + self.process.last_words)

    def stop(self):
        self.process.end()
        self.received = self.process.document.get("received")


class XskBench(Program):
    """arguments: as on the page. It runs until it is stopped; totals are its document's, after that."""

    def __init__(self, rig, name, namespace, cpu, arguments):
        self.command = "xsk-bench " + arguments
        self.totals = {}
        self.started(rig.start(name, namespace, cpu, [rig.program("tools/xsk-bench"), *arguments.split(),
                                                      "--duration", 0, "--json"]), "is running")

    def stop(self):
        self.process.end()
        self.totals = self.process.document.get("totals", {})
        self.received = self.totals.get("received")

    def counter(self, name):
        """Of all queues."""
        found = [queue["counters"][name] for interface in self.process.document.get("interfaces", ())
                 for queue in interface["queues"]]
        return sum(found) if found else None


class Packet(Program):
    """AF_PACKET with TPACKET_V3, whose blocks are handed over after so long."""

    def __init__(self, rig, name, namespace, cpu, arguments):
        self.command = "peer-packet " + arguments
        self.started(rig.start(name, namespace, cpu, [rig.program("bench/peer-packet"), *arguments.split()]), "running")


class Peer(Program):
    """One of --peer. It does not say that it is ready."""

    def __init__(self, rig, name, namespace, cpu, interface, command):
        self.command = command
        self.process = rig.start(name, namespace, cpu, ["bash", "-c", "exec " + command],
                                 env={**os.environ, "IF": interface, "CPU": str(cpu)})
        time.sleep(1)
        if not self.process.is_alive():
            self.fail()

    def stop(self):
        self.process.end()
        self.received = parse.peer_count(self.process.out)


class Testpmd(Program):
    """DPDK's drivers, in the program that DPDK measures itself with. Processor 1 forwards; processor 0 holds the thread
    that waits for us to say stop. arguments: EAL's, "--", testpmd's."""

    def __init__(self, rig, name, namespace, mib, arguments):
        if not shutil.which("dpdk-testpmd"):
            raise NotStarted("dpdk-testpmd is not installed (dpdk-dev)")
        eal = ["--no-huge", "-m", mib, "--no-pci", "-l", "0,1", "--main-lcore", 0]
        self.command = " ".join(map(str, ["dpdk-testpmd", *eal, *arguments]))
        # Line by line: it would keep its words in a buffer until it ends.
        self.process = Process(rig, name, [
            "stdbuf", "-oL", "ip", "netns", "exec", namespace, "dpdk-testpmd", *eal, "--no-telemetry",
            f"--file-prefix={rig.dpdk_prefix}{name}", *arguments], stdin=subprocess.PIPE)
        if not self.process.says("Press enter to exit", path=self.process.out_path):
            self.stop()
            raise NotStarted("dpdk-testpmd did not start: " + self.process.last_words)
        time.sleep(0.2)

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.popen.stdin.write(b"\n")
            self.process.popen.stdin.close()
        self.process.wait(self.process.patience)
        self.received = parse.testpmd_count(self.process.out, "RX-packets")


def dpdk(rig, name, case, mode, *interfaces):
    """Its own poll-mode driver for AF_XDP. "dpdk-tuned" is without the busy polling that it does by default, which
    costs a system call per look and which a veth cannot do."""
    tuning = ",busy_budget=0" if case == "dpdk-tuned" else ""
    arguments = []
    for number, interface in enumerate(interfaces):
        arguments += ["--vdev", f"net_af_xdp{number},iface={interface}{tuning}"]
    arguments += ["--", "--total-num-mbufs=16384", "--forward-mode=" + mode]
    if mode == "txonly":
        arguments.append("--txpkts=60")
    return Testpmd(rig, name, rig.ns_b, 256, arguments)


def start(rig, suite, case, make, *arguments):
    """MAKE's program for the case, noted for the page; None when it is not there: the gap is noted."""
    try:
        program = make(rig, case, *arguments)
    except NotStarted as why:
        rig.record.gap(suite, case, why)
        return None
    rig.record.command(suite, case, program.command)
    return program


def receiver(rig, case):
    """On b1, processor 1."""
    if case in WAYS:
        return XskBench(rig, "receiver", rig.ns_b, 1, "rx -i b1 --cpu 1 " + WAYS[case])
    if case.startswith("dpdk"):
        return dpdk(rig, "receiver", case, "rxonly", "b1")
    if case.startswith("packet-v3-"):
        return Packet(rig, "receiver", rig.ns_b, 1, "b1 " + case.removeprefix("packet-v3-"))
    return Peer(rig, "receiver", rig.ns_b, 1, "b1", rig.peers[case])


class Sent:
    """What the sender of all suites did, on a1 and processor 0: frames, None when it failed, and seconds."""

    def __init__(self, rig, seconds, options=""):
        process = rig.start("sender", rig.ns_a, 0, [rig.program("tools/xsk-bench"), "tx", "-i", "a1", "--cpu", 0,
                                                    "--duration", seconds, "--json", *options.split()])
        process.wait()
        totals = process.document.get("totals", {})
        self.frames, self.seconds = totals.get("completed"), totals.get("seconds")
        self.pps = parse.ratio(self.frames, self.seconds)
