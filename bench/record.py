# SPDX-License-Identifier: BSD-2-Clause
"""The result files of a run, which figures.py reads: a line per value, its columns behind tabs."""
import os
import time

FILES = ("samples", "gaps", "commands", "machine")


class Record:
    def __init__(self, folder):
        self.folder = folder
        self.begin = time.monotonic()
        self.seen = set()  # gaps and commands are written once per case
        for name in FILES:
            with open(self._path(name), "w", encoding="utf-8"):
                pass

    def _path(self, name):
        return os.path.join(self.folder, name + ".tsv")

    def _write(self, name, *columns):
        with open(self._path(name), "a", encoding="utf-8") as file:
            file.write("\t".join(map(str, columns)) + "\n")

    def _is_new(self, *key):
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new

    @property
    def seconds(self):
        return int(time.monotonic() - self.begin)

    def say(self, words):
        """A line of progress."""
        print(f"{self.seconds:5d} s  {words}", flush=True)

    def sample(self, suite, case, number, **values):
        """What round NUMBER of a case had; what is None was not to be had."""
        for metric, value in values.items():
            if value is not None:
                self._write("samples", suite, case, number, metric, value)

    def gap(self, suite, case, reason):
        """A figure that is missing, by name. Never a zero."""
        if self._is_new("gaps", suite, case):
            self._write("gaps", suite, case, reason)
            self.say(f"{suite}: {case}: left out: {reason}")

    def command(self, suite, case, text):
        """How the figure came about; for the page."""
        if self._is_new("commands", suite, case):
            self._write("commands", suite, case, text)

    def machine(self, **facts):
        """What a figure means nothing without."""
        for name, value in facts.items():
            self._write("machine", name, value)
