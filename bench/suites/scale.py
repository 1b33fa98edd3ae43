# SPDX-License-Identifier: BSD-2-Clause
"""What grows with queues and with the region."""
from parse import number_in, ratio
from processes import NotStarted, read
from programs import Sent, XskBench

REGION_METRICS = ("open_ms", "queues_ms", "close_ms", "kernel_mib", "unevictable_mib", "cpu_ns_per_frame")
FILL_SECONDS = 120  # filling gigabytes takes longer than anything else here


def queues_once(rig, case, number):
    sender = f"tx -i a4 -n {case} --cpu 0 --duration {rig.path_seconds}"
    try:
        receiver = XskBench(rig, "receiver", rig.ns_b, 1, f"rx -i b4 -n {case} --cpu 1")
    except NotStarted as why:
        rig.record.gap("queues", case, why)
        return
    rig.record.command("queues", case, f"{receiver.command}; xsk-bench {sender}")
    process = rig.start("sender", rig.ns_a, 0, [rig.program("tools/xsk-bench"), *sender.split(), "--json"])
    process.wait()
    receiver.stop()
    seconds = process.document.get("totals", {}).get("seconds")
    if receiver.received is None or seconds is None:
        rig.record.gap("queues", case, "did not run: " + receiver.process.last_words)
        return
    rig.record.sample("queues", case, number, pps=ratio(receiver.received, seconds),
                      cpu_ns=receiver.totals["cpu_ns_per_frame"])


def fits(mib):
    """The region is in memory once, and the kernel wants up to a sixth on top."""
    return number_in(read("/proc/meminfo"), r"MemAvailable: +(\d+)") / 1024 * 2 / 3 > mib


def region_once(rig, case, number):
    if not fits(int(case)):
        rig.record.gap("region", case, "does not fit into this machine")
        return
    rig.record.command("region", case, f"region-bench b1 {case} 1; xsk-bench tx -i a1 --cpu 0 --rate 100k")
    process = rig.start("region", rig.ns_b, 1, [rig.program("bench/region-bench"), "b1", case, 1])
    if not process.says("running", FILL_SECONDS):
        process.end()
        rig.record.gap("region", case, "did not run: " + process.last_words)
        return
    Sent(rig, 0.8, "--rate 100k")
    process.wait()
    measured = process.document
    if not measured:
        rig.record.gap("region", case, "no figures: " + process.last_words)
        return
    rig.record.sample("region", case, number, **{name: measured[name] for name in REGION_METRICS})


def run(rig):
    rig.interleave("queues", queues_once, ["1", "2", "4"])
    rig.interleave("region", region_once, ["64", "1024"] if rig.quick else ["64", "256", "1024", "4096", "8192"])
