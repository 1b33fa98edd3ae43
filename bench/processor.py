# SPDX-License-Identifier: BSD-2-Clause
"""Who has used how much processor time so far."""
import os

import parse
from processes import NotStarted, read

TICK_NS = 10_000_000  # of /proc/stat and /proc/PID/stat


def of_threads(pid, file):
    """What the kernel tells of each thread of a process."""
    try:
        texts = [read(f"/proc/{pid}/task/{task}/{file}") for task in os.listdir(f"/proc/{pid}/task")]
    except FileNotFoundError:
        return []
    return [text for text in texts if text]


def cpu_ns(pid):
    """Of all threads of a process so far, user and kernel, as the scheduler counts it; None when it has ended."""
    threads = of_threads(pid, "schedstat")
    return sum(int(text.split()[0]) for text in threads) if threads else None


def wake_ups(pid):
    """How often its threads have slept; None when it has ended."""
    threads = of_threads(pid, "status")
    pattern = r"\nvoluntary_ctxt_switches:\s+(\d+)"
    return sum(parse.number_in(text, pattern) for text in threads) if threads else None


def stat_fields(pid):
    """/proc/PID/stat from the state on: a name may hold spaces and brackets."""
    return read(f"/proc/{pid}/stat").rpartition(") ")[2].split()


def user_and_all_ticks(pid):
    fields = stat_fields(pid)
    if not fields:
        raise NotStarted("it has ended")
    return int(fields[11]), int(fields[11]) + int(fields[12])


def session_ns(session):
    """Of all processes in a session, with those that have ended."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = stat_fields(pid)
        if fields and (int(pid) == session or int(fields[3]) == session):
            ticks += sum(map(int, fields[11:15]))
    return ticks * TICK_NS


def machine_ns():
    """Of the whole machine: softirqs and the bridge are in no process."""
    user, nice, system, _, _, irq, softirq = map(int, read("/proc/stat").split()[1:8])
    return (user + nice + system + irq + softirq) * TICK_NS
