# SPDX-License-Identifier: BSD-2-Clause
"""What programs print, as numbers. Pure: text in, values out; None is what was not said."""
import json
import re


def ratio(a, b):
    """a / b with six digits; None where one of them is missing or b is 0."""
    if a is None or not b:
        return None
    return float(f"{a / b:.6g}")


def minus(a, b):
    """a - b; None where one of them is missing."""
    return None if a is None or b is None else a - b


def share_lost(sent, received):
    """Of what was sent; a receiver may have counted frames that the sender had not yet."""
    return ratio(max(sent - received, 0), sent) if sent else 0


def document(text):
    """A JSON document; an empty one when the program did not write it to its end."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def last_line(*texts):
    """The last line of the first text that has one: what a program had to say."""
    for text in texts:
        lines = [line for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1].replace("\t", " ").strip()
    return ""


def number_in(text, pattern):
    """The number that a pattern's group has matched first."""
    match = re.search(pattern, text)
    return float(match[1]) if match else None


def testpmd_count(text, which):
    """RX-packets or TX-packets of all its ports."""
    total = text.partition("Accumulated forward")[2]
    match = re.search(which + r": *(\d+)", total)
    return int(match[1]) if match else None


def peer_count(text):
    """Of a program of --peer: a line that is a number, or xdpsock's "rx PPS PACKETS"; the last one."""
    found = re.findall(r"^(?:rx[ \t]+[\d.,]+[ \t]+)?([\d,]+)[ \t]*$", text, re.M)
    return int(found[-1].replace(",", "")) if found else None


def tcp_run(text):
    """stress_tcp's line of a run."""
    match = re.search(r"([\d.]+) Gbit/s, sender ([\d.]+) ns/byte \(user ([\d.]+),.*?receiver ([\d.]+);", text)
    names = ("gbps", "sender_ns", "user_ns", "receiver_ns")
    return dict(zip(names, map(float, match.groups()))) if match else {}


def tcp_fault(text):
    """Why a run of stress_tcp was not good."""
    match = re.search(r"(?:FAILED|FAULTS).*", text)
    return match[0] if match else last_line(text)


def figures(text):
    """guest-net's NAME=VALUE words; those that are numbers."""
    found = {}
    for name, value in re.findall(r"(?:^|\s)(\w+)=(\S+)", text):
        try:
            found[name] = float(value)
        except ValueError:
            pass  # "yes", and the name of the mode
    return found


def perf_shares(text, pid, arrived):
    """Of "perf script -F comm,pid,ip": the process's user space as a share of all of its samples; and of these and of
    the host's end of an exchange, softirqs included, as far as its frames arrived. None where it ran too little."""
    process = user = host = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3:
            continue
        if words[-2] == str(pid):
            process += 1
            user += len(words[-1]) < 16  # the kernel's addresses are of the upper half
        if words[0] == "guest-net" or words[0].startswith("ksoftirqd"):
            host += 1
    if process < 100:
        return None, None
    return ratio(user, process), ratio(user, process + host * arrived)
