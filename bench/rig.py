# SPDX-License-Identifier: BSD-2-Clause
"""What the suites measure on: network namespaces, programs on processors of their own, rounds. All that a rig has made,
clean_up() takes away."""
import os
import secrets
import shutil
import signal
import tempfile

import interrupts
from processes import Process, run
from record import Record

DPDK_FOLDER = "/run/dpdk"  # a folder per process, which stays


class Rig:
    """Has nothing before make(). rounds, quick, with_peers and peers (the commands of --peer, by name) are what the
    user has asked for."""

    def __init__(self, built, folder, rounds=5, quick=False, with_peers=True, peers=None):
        self.rounds, self.quick, self.with_peers, self.peers = rounds, quick, with_peers, peers or {}
        self.path_seconds = 0.5 if quick else 1.2
        self.load_seconds = 0.7 if quick else 2
        self.built = built
        self.record = Record(folder)
        self.processes = []
        self.ns_a, self.ns_b = (f"nx-bench-{os.getpid()}-{end}" for end in "ab")
        self.dpdk_prefix = f"nxb{os.getpid()}-"
        with interrupts.held():  # a file is made to see where it may, and removed
            folder = tempfile.gettempdir()
        self.tmp = os.path.join(folder, f"nx-bench-{os.getpid()}-{secrets.token_hex(4)}")

    def program(self, path):
        return os.path.join(self.built, path)

    # ---- Network --------------------------------------------------------------------------------

    def make(self):
        """A folder, and the network: A sends and B receives; two plain pairs and one with four queues. The stack's own
        frames (neighbour discovery) would be counted with ours."""
        os.mkdir(self.tmp, 0o700)
        for namespace in (self.ns_a, self.ns_b):
            run("ip", "netns", "add", namespace)
            run("ip", "netns", "exec", namespace, "sh", "-c",
                "[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        for number, queues in (1, ()), (2, ()), (4, ("numrxqueues", 4, "numtxqueues", 4)):
            a, b = f"a{number}", f"b{number}"
            run("ip", "link", "add", a, *queues, "netns", self.ns_a, "type", "veth",
                "peer", "name", b, *queues, "netns", self.ns_b)
            run("ip", "-n", self.ns_a, "link", "set", a, "up")
            run("ip", "-n", self.ns_b, "link", "set", b, "up")
        run("ip", "-n", self.ns_a, "addr", "add", "198.18.7.1/24", "dev", "a1")
        run("ip", "-n", self.ns_b, "addr", "add", "198.18.7.2/24", "dev", "b1")

    # ---- Programs -------------------------------------------------------------------------------

    def start(self, name, namespace, cpu, arguments, **options):
        """On one processor."""
        return Process(self, name, ["ip", "netns", "exec", namespace, "taskset", "-c", cpu, *arguments], **options)

    def interleave(self, suite, once, cases, numbers=None):
        """Every case once, then again: what the machine does besides meets all of them."""
        numbers = numbers or range(1, self.rounds + 1)
        for number in numbers:
            self.record.say(f"{suite}: round {number} of {numbers[-1]}: {' '.join(cases)}")
            for case in cases:
                once(self, case, number)

    def interleave_more(self, suite, once, cases):
        """Rounds on top for two that a target compares, and that are so close that the usual number of rounds would
        not tell them apart."""
        if self.with_peers:
            self.interleave(suite, once, cases, range(self.rounds + 1, 2 * self.rounds + 2))

    def clean_up(self):
        """Our own processes only, by their ids; then what we made, by its name. One that stands still has to go on to
        end. Asked once: a second signal would disturb what they take away."""
        for process in self.processes:
            process.send(signal.SIGTERM)
            process.send(signal.SIGCONT)
        while self.processes:
            self.processes[-1].wait(self.processes[-1].patience)
        shutil.rmtree(self.tmp, ignore_errors=True)
        for folder in os.listdir(DPDK_FOLDER) if os.path.isdir(DPDK_FOLDER) else ():
            if folder.startswith(self.dpdk_prefix):
                shutil.rmtree(os.path.join(DPDK_FOLDER, folder), ignore_errors=True)
        for namespace in (self.ns_a, self.ns_b):
            if os.path.exists("/run/netns/" + namespace):
                run("ip", "netns", "del", namespace)


def delivered(namespace, interface):
    """Frames that it took over from its peer, whatever became of them."""
    return int(run("ip", "netns", "exec", namespace, "cat", f"/sys/class/net/{interface}/statistics/rx_packets"))
