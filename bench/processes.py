# SPDX-License-Identifier: BSD-2-Clause
"""Programs that are started, waited for and ended, and what they say."""
import contextlib
import os
import signal
import subprocess
import time

import interrupts
import parse

LIMIT_SECONDS = 60  # of what ends by itself within some seconds


class NotStarted(Exception):
    """Its text is for the page, as a gap's."""


class Process:
    """In the background and in a session of its own, so that Ctrl-C is ours to pass on. What it says goes to the files
    NAME.out and NAME.err, or to a pipe that the caller names."""

    def __init__(self, rig, name, arguments, patience=5, **options):
        self.rig, self.patience = rig, patience
        self.out_path = os.path.join(rig.tmp, name + ".out")
        self.err_path = os.path.join(rig.tmp, name + ".err")
        options = {"stdin": subprocess.DEVNULL, **options}
        with open(self.out_path, "w") as out, open(self.err_path, "w") as err, interrupts.held():
            options.setdefault("stdout", out)
            self.popen = subprocess.Popen([str(a) for a in arguments], stderr=err, start_new_session=True, **options)
            self.pid = self.popen.pid
            rig.processes.append(self)

    @property
    def out(self):
        return read(self.out_path)

    @property
    def err(self):
        return read(self.err_path)

    @property
    def document(self):
        return parse.document(self.out)

    @property
    def last_words(self):
        return parse.last_line(self.err, self.out) or f"it said nothing, exit status {self.popen.poll()}"

    def is_alive(self):
        return self.popen.poll() is None

    def says(self, words, seconds=10, path=None):
        """Wait until it has. False when it has ended before, or not said it in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if words in read(path or self.err_path):
                return True
            if not self.is_alive():
                return False
            time.sleep(0.05)
        return False

    def send(self, number):
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def wait(self, seconds=LIMIT_SECONDS):
        """For its end, and insist after so long. Return: its exit status."""
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.popen.wait()
        if self in self.rig.processes:
            self.rig.processes.remove(self)
        return self.popen.returncode

    def end(self, number=signal.SIGTERM):
        """Ask it to end. Return: its exit status."""
        self.send(number)
        return self.wait(self.patience)


def read(path):
    """What is in a file so far; nothing when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def call(*arguments, **options):
    """A command to its end. Return: exit status, what it printed, what it complained of."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    child = None
    try:
        with interrupts.held():
            child = subprocess.Popen(list(map(str, arguments)), text=True, start_new_session=True, **options)
        out, err = child.communicate()
    except BaseException:
        if child and child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
        raise
    return child.returncode, out, err


def run(*arguments):
    """A command that has to succeed. Return: what it printed."""
    status, out, err = call(*arguments)
    if status:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {parse.last_line(err, out) or status}")
    return out
