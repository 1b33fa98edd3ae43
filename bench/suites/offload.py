# SPDX-License-Identifier: BSD-2-Clause
"""A TCP stream to the kernel's stack behind a veth, sent in single packets and in packets of up to 64 KiB, by each way
that these have. The sender is the same: a small TCP over the public calls, on processor 0. On a veth its system calls
run the receiver's stack too."""
import parse
from processes import Process

CASES = {
    "single": "",
    "split": "--segmented --here --sealed",
    "copied": "--segmented --here",
    "whole": "--segmented",
}


def once(rig, case, number):
    arguments = f"--mib {128 if rig.quick else 1024} --cpus 0,1 {CASES[case]}".strip()
    process = Process(rig, "offload", [rig.program("tests/stress_tcp"), *arguments.split()])
    if process.wait(120):
        rig.record.gap("offload", case, parse.tcp_fault(process.out) or process.last_words)
        return
    rig.record.sample("offload", case, number, **parse.tcp_run(process.out))
    rig.record.command("offload", case, "stress_tcp " + arguments)


def run(rig):
    rig.interleave("offload", once, [*CASES])
