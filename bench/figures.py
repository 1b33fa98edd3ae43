# SPDX-License-Identifier: BSD-2-Clause
"""The samples of tools/bench, what is computed from them, and a table of Markdown."""
import os
import statistics

NOISY = 0.25  # spread (max - min) / median above which a figure is marked
AGREE = 0.9  # share of the rounds that a verdict takes


def read_tsv(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if line.strip()]


class Results:
    def __init__(self, directory):
        self.values = {}  # (suite, case, metric) -> {round: value}
        for suite, case, rnd, metric, value in read_tsv(os.path.join(directory, "samples.tsv")):
            if value:
                rounds = self.values.setdefault((suite, case, metric), {})
                rounds[int(rnd)] = float(value)
        self.gaps = {(s, c): why for s, c, why in read_tsv(os.path.join(directory, "gaps.tsv"))}
        self.commands = {(s, c): cmd for s, c, cmd in
                         read_tsv(os.path.join(directory, "commands.tsv"))}
        self.machine = dict(read_tsv(os.path.join(directory, "machine.tsv")))

    def rounds(self, suite, case, metric):
        return self.values.get((suite, case, metric), {})

    def figure(self, suite, case, metric):
        return Figure(self.rounds(suite, case, metric).values())

    def quotient(self, suite, a, b, metric):
        """a / b, round by round: both were measured within seconds of each other."""
        x, y = self.rounds(suite, a, metric), self.rounds(suite, b, metric)
        return Figure(x[r] / y[r] for r in sorted(x) if r in y and y[r])

    def cases(self, suite):
        seen = []
        for s, c, _ in self.values:
            if s == suite and c not in seen:
                seen.append(c)
        return seen + [c for s, c in self.gaps if s == suite and c not in seen]


class Figure:
    """Median of the rounds and how far apart they are."""

    def __init__(self, values):
        self.values = list(values)

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def spread(self):
        if not self.values or not self.median:
            return 0.0
        return (max(self.values) - min(self.values)) / abs(self.median)

    @property
    def noisy(self):
        return len(self.values) > 1 and self.spread > NOISY

    def text(self, form="{:.3g}", scale=1.0):
        if not self.values:
            return "—"
        text = form.format(self.median * scale)
        if len(self.values) > 1:
            text += " ±{:.0f} %".format(self.spread * 50)
        return text

    def cell(self, form="{:.3g}", scale=1.0):
        """Of a table: in italics where it is noisy."""
        return "*{}*".format(self.text(form, scale)) if self.noisy else self.text(form, scale)


class Target:
    """A row of the table. holds(value) is the target; figure is what was measured; tried is for the page, where the
    target is not met."""

    def __init__(self, what, aim, figure, holds, form="{:.2f}", why_missing="not measured", tried=""):
        self.what, self.aim, self.figure, self.holds = what, aim, figure, holds
        self.form, self.why_missing, self.tried = form, why_missing, tried

    @property
    def verdict(self):
        """Of nearly all rounds, not of their median: where the rounds disagree another run would
        too. With 5 rounds all of them, with 11 all but one."""
        if not self.figure:
            return "MISSING: " + self.why_missing
        met = [bool(self.holds(v)) for v in self.figure.values]
        if sum(met) >= AGREE * len(met):
            return "met"
        if sum(met) <= (1 - AGREE) * len(met):
            return "not met"
        return "undecided: {} of {} rounds met".format(sum(met), len(met))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def targets_table(rows):
    cells = []
    for t in rows:
        cells.append([t.what, t.aim, t.figure.cell(t.form), "**{}**".format(t.verdict)])
    return table(["what", "target", "measured", "verdict"], cells)
