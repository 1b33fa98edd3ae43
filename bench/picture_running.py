#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/running.svg: what `xsk-info --running --watch` shows of programs that run while it is drawn.

usage: sudo bench/picture_running.py [BUILD-DIRECTORY] > docs/running.svg

Makes a network namespace with three veth pairs and a folder of its own for control sockets, runs xsk-bench at
fixed rates for seven seconds, and draws the last table as it was printed, byte by byte."""
import os
import platform
import re
import signal
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True # not as root into the source tree
from svg import TEXT, Picture

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
TOOLS = os.path.join(os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build/release")),
                     "tools")
COMMAND = "xsk-info --running --watch"
COLUMN, LINE, MARGIN = 7.83, 18, 16  # of a monospace font of that size; the text is stretched to fit


def start(*words):
    return subprocess.Popen([os.path.join(TOOLS, words[0]), *words[1:]], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def enter():
    """A namespace of one's own, entered by running this script again inside."""
    if os.environ.get("PICTURE_INSIDE"):
        return
    os.environ["PICTURE_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])


def watch(seconds):
    """What the command writes on a terminal of 24 lines and 80 columns."""
    ours, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    command = subprocess.Popen([os.path.join(TOOLS, word) if word == "xsk-info" else word for word in COMMAND.split()],
                               stdout=terminal, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    os.close(terminal)
    time.sleep(seconds)
    command.send_signal(signal.SIGINT)
    command.wait()
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # EIO: nobody has the other end any more
        pass
    return shown.decode()


def table():
    """The last table that was printed on a terminal of 80 columns, as lines."""
    os.makedirs("/run/net_xdp", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "none", "/run/net_xdp"], check=True)
    for pair in range(3):
        subprocess.run(f"ip link add eth{pair} type veth peer name far{pair} && "
                       f"ip link set eth{pair} up && ip link set far{pair} up", shell=True, check=True)
    programs = [
        start("xsk-bench", "rx", "-i", "eth0", "-t", "9"),
        start("xsk-bench", "fwd", "-i", "eth1", "-t", "9"),
        start("xsk-bench", "rx", "-i", "eth2", "-t", "9", "--attach", "generic"),
    ]
    time.sleep(0.7)
    programs += [
        start("xsk-bench", "tx", "-i", "far0", "-t", "7", "--rate", "200k"),
        start("xsk-bench", "latency", "-i", "far1", "-t", "7", "--rate", "10k"),
        start("xsk-bench", "tx", "-i", "far2", "-t", "7", "--rate", "20k"),
    ]
    time.sleep(1.5)
    shown = watch(4)
    for program in programs:
        program.wait()
    # Each table begins where the one before is erased.
    last = re.split(r"\x1b\[\d+A\r\x1b\[J", shown)[-1]
    return [line.rstrip() for line in last.replace("\r", "").splitlines() if line.strip()]


def draw(lines):
    said = f"xsk-bench on veth pairs, copy mode, Linux {platform.release()}, drawn by bench/picture_running.py"
    picture = Picture(2 * MARGIN + 80 * COLUMN, COMMAND, said)
    for number, line in enumerate([f"# {COMMAND}", *lines]):
        kind = ["mono quiet", "mono head"][number] if number < 2 else "mono"
        picture.text(MARGIN, MARGIN + number * LINE + TEXT, line, kind,
                     more=f' textLength="{len(line) * COLUMN:.1f}" xml:space="preserve"')
    print(picture.svg(2 * MARGIN + (len(lines) + 1) * LINE), end="")


enter()
draw(table())
