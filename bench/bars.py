# SPDX-License-Identifier: BSD-2-Clause
"""The one kind of figure that the performance page has: bars, one below the other.

A bar begins at 0 and is the median; the line on it goes from the lowest round to the highest. What a bar is stands to
its left, its value to its right. A line that would dwarf the bars is cut, and its end written. Drawn for a phone held
upright: 400 wide, so that its texts are legible at 360."""
from svg import SMALL, TEXT, TITLE, Picture, text_width, wrap

WIDTH, PAD = 400, 14
ROW, BAR = 20, 12  # heights
GAP = 6  # between a bar and its texts
CUT = 1.6  # times the longest bar of its panel: where a line is cut


class Row:
    """figure: of figures.py; ours: drawn in the colour of net_xdp."""

    def __init__(self, label, figure, ours):
        self.label, self.figure, self.ours = label, figure, ours


def three_digits(value):
    form = "{:,.0f}" if value >= 100 else "{:.1f}" if value >= 10 else "{:.2f}"
    return form.format(value)


class Panel:
    """Bars on one scale. factor: from what was sampled to the unit of the title."""

    def __init__(self, head, rows, factor=1.0):
        self.head, self.rows, self.factor = head, rows, factor

    def write(self, value):
        return three_digits(value * self.factor)

    def limit(self):
        """The largest value that is drawn."""
        medians = [row.figure.median for row in self.rows if row.figure]
        return CUT * max(medians, default=0)

    def end(self, row):
        """How far bar and line of a row go."""
        return min(max(row.figure.values), self.limit()) if row.figure else 0

    def is_cut(self, row):
        return bool(row.figure) and max(row.figure.values) > self.limit()

    def value(self, row):
        if not row.figure:
            return "not measured"
        text = self.write(row.figure.median)
        return text + ", up to " + self.write(max(row.figure.values)) if self.is_cut(row) else text

    def scale(self, room):
        """Pixels per unit, so that each bar has its value beside it within the room."""
        scales = [(room - GAP - text_width(self.value(row))) / self.end(row) for row in self.rows if self.end(row)]
        return max(min(scales, default=0), 0)


def draw_spread(picture, panel, row, x, y, scale):
    """The line from the lowest round to the highest; an arrow's head where it goes on."""
    if len(row.figure.values) < 2:
        return
    low, high = x + min(row.figure.values) * scale, x + panel.end(row) * scale
    end = "M{0:.1f} {1:.1f}l-4 -3m4 3l-4 3" if panel.is_cut(row) else "M{0:.1f} {2:.1f}v6"
    picture.path("M{:.1f} {:.1f}v6M{:.1f} {:.1f}H{:.1f}".format(low, y - 3, low, y, high) +
                 end.format(high, y, y - 3), "spread")


def draw_panel(picture, panel, x, y, scale):
    """x: where bars begin. Return: the y below the panel."""
    for line in wrap(panel.head, WIDTH - 2 * PAD, TEXT, True):
        y += TEXT + 5
        picture.text(PAD, y, line, "head")
    y += 7
    top = y
    for row in panel.rows:
        middle = y + ROW / 2
        picture.text(x - GAP, middle + 4.5, row.label, anchor="end")
        if row.figure:
            picture.rect(x, middle - BAR / 2, max(row.figure.median * scale, 0.5), BAR,
                         "ours" if row.ours else "other")
            draw_spread(picture, panel, row, x, middle, scale)
        picture.text(x + panel.end(row) * scale + GAP, middle + 4.5, panel.value(row),
                     "" if row.figure else "quiet")
        y += ROW
    picture.path("M{:.1f} {:.1f}V{:.1f}".format(x, top, y), "edge")
    return y + 6


def draw(title, panels, source, one_scale):
    """title: with the unit. source: how it was measured, below the bars. one_scale: bars of all panels compare.
    Return: the picture's text."""
    picture = Picture(WIDTH, title, source)
    x = PAD + GAP + max(text_width(row.label) for panel in panels for row in panel.rows)
    y = PAD - 4
    for line in wrap(title, WIDTH - 2 * PAD, TITLE, True):
        y += TITLE + 4
        picture.text(PAD, y, line, "title")
    y += 4
    scales = [panel.scale(WIDTH - PAD - x) for panel in panels]
    for panel, scale in zip(panels, scales):
        y = draw_panel(picture, panel, x, y, min(filter(None, scales), default=0) if one_scale else scale)
    spread = any(len(row.figure.values) > 1 for panel in panels for row in panel.rows)
    words = ("Bar: median, line: lowest to highest round. " if spread else "") + source
    y += 4
    for line in wrap(words, WIDTH - 2 * PAD, SMALL):
        y += SMALL + 4
        picture.text(PAD, y, line, "small")
    return picture.svg(y + PAD)
