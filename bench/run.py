# SPDX-License-Identifier: BSD-2-Clause
"""The suites, one after the other, on a rig that is gone afterwards, whatever happens."""
import os
import platform
import time

import interrupts
import parse
from processes import call, read
from rig import Rig
from suites import guests, latency, offload, path, ring, scale

SUITES = {"ring": ring, "path": path, "latency": latency, "scale": scale, "offload": offload, "guests": guests}
PARTS = ("ring", "path", "peers", "latency", "scale", "offload", "guests")  # of --only


def said(*command):
    """What a program says of itself; nothing where it is missing or fails."""
    try:
        return call(*command)[1].strip()
    except FileNotFoundError:
        return ""


def load():
    return " ".join(read("/proc/loadavg").split()[:3])


def note_machine(rig, source, command):
    model = [line.partition(": ")[2] for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    rig.record.machine(
        kernel=platform.release(),
        cpu=model[0] if model else "",
        processors=os.cpu_count(),
        memory_mib=int(parse.number_in(read("/proc/meminfo"), r"MemTotal: +(\d+)")) // 1024,
        compiler=said("cc", "--version").partition("\n")[0],
        commit=said("git", "-C", source, "describe", "--always", "--dirty", "--exclude", "*") or "unknown",
        dpdk=said("dpkg-query", "-W", "-f=${Version}", "dpdk-dev") or "none",
        load_before=load(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        rounds=rig.rounds,
        command=command)


def measure(source, built, folder, command, only=None, **asked):
    """only: one of PARTS. asked: what Rig takes besides. The result files go to the folder. Return: who says how
    far it is."""
    rig = Rig(built, folder, with_peers=only != "path", **asked)
    try:
        try:
            note_machine(rig, source, command)
            rig.make()
            wanted = {None: SUITES, "peers": ("path",)}.get(only, (only,))
            for name, suite in SUITES.items():
                if name in wanted:
                    suite.run(rig)
        finally:
            interrupts.end()
    finally:
        rig.clean_up()
    interrupts.install()
    rig.record.machine(load_after=load(), seconds=rig.record.seconds)
    return rig.record
