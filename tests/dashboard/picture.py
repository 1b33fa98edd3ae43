# SPDX-License-Identifier: BSD-2-Clause
"""The dashboard as a picture: its panels in its grid, with what Prometheus answered. In the style of bench/svg.py."""
import math

from svg import SERIES, SMALL, TEXT, TITLE, Picture, text_width, wrap

WIDTH, PAD, GAP = 760, 14, 12
COLUMNS = 24  # of Grafana's grid
ROW = 11  # height of a row of the grid, of which a panel's curves have so many
AXIS = 44  # the numbers at the left of the curves
SWATCH = 20  # what a name in the legend has before it
LEGENDS = 8  # lines; what is more is counted
TICKS = 3
COLORS = {"green": "good", "yellow": "fair", "red": "bad"}
UNITS = {"pps": "per second", "bps": "bits per second", "ops": "per second"}


def round_up(value):
    """A number with at most two digits that are not 0, at least value."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)
    return power * next(step for step in steps if value <= step * power * 1.000001)


def number(value, unit):
    if unit == "percentunit":
        return "{:.0f} %".format(value * 100)
    if unit == "s" and value >= 1:
        return "{:g} s".format(value)
    for least, word in ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ")):
        if value >= least * 0.999999:
            return "{:.4g} {}{}".format(value / least, word, "s" if unit == "s" else "").strip()
    return "0"


def stretches(points):
    """The parts of a curve between its gaps."""
    parts, before = [], None
    for at, value in points:
        if math.isnan(value):
            continue
        if before is None or at - before > 1.5:
            parts.append([])
        parts[-1].append((at, value))
        before = at
    return parts


class Frame:
    """Where a panel lies, and what its curves share."""

    def __init__(self, x, y, width, height, seconds):
        self.x, self.y, self.width, self.height, self.seconds = x, y, width, height, seconds


def legend_columns(panel, width):
    widest = max((text_width(name, SMALL) for name, _ in panel.series), default=width)
    return max(1, int((width + GAP) / (SWATCH + widest + GAP)))


def legend_height(panel, width):
    columns = legend_columns(panel, width)
    lines = math.ceil(len(panel.series) / columns)
    return (min(lines, LEGENDS) + (lines > LEGENDS)) * (SMALL + 4) + 6


def draw_legend(picture, panel, frame, y):
    columns = legend_columns(panel, frame.width)
    shown = panel.series[:columns * LEGENDS]
    for i, (name, _) in enumerate(shown):
        x, line = frame.x + i % columns * (frame.width + GAP) / columns, y + (i // columns + 1) * (SMALL + 4)
        picture.path("M{:.1f} {:.1f}h14".format(x, line - 4), look(i))
        picture.text(x + SWATCH, line, name, "small")
    if len(panel.series) > len(shown):
        picture.text(frame.x + SWATCH, y + (LEGENDS + 1) * (SMALL + 4),
                     "and {} more".format(len(panel.series) - len(shown)), "small")


def look(i):
    return "line s{}{}".format(i % SERIES, " dashed" if i // SERIES % 2 else "")


def draw_curves(picture, panel, frame):
    values = [v for _, points in panel.series for _, v in points if not math.isnan(v)]
    highest = max(values, default=0)
    top = panel.top or (round_up(highest) if highest > 0 else 1)
    left, right, bottom = frame.x + AXIS, frame.x + frame.width, frame.y + frame.height
    for tick in range(TICKS):
        y = bottom - frame.height * tick / (TICKS - 1)
        picture.path("M{:.1f} {:.1f}H{:.1f}".format(left, y, right), "edge")
        picture.text(left - 6, y + 4, number(top * tick / (TICKS - 1), panel.unit), "small", "end")
    for at, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        picture.text(left + (right - left) * at, bottom + SMALL + 4, "{:.0f} s".format(frame.seconds * at), "small",
                     anchor)
    for i, (_, points) in enumerate(panel.series):
        for part in stretches(points):
            if len(part) == 1:  # a point of a line is not seen
                part = [(part[0][0] - 0.3, part[0][1]), (part[0][0] + 0.3, part[0][1])]
            picture.polyline([(left + (right - left) * min(max(at / frame.seconds, 0), 1),
                               bottom - frame.height * min(value / top, 1)) for at, value in part], look(i))
    draw_legend(picture, panel, frame, bottom + SMALL + 8)


def draw_stats(picture, panel, frame):
    """The last value of each series, as the words that the panel has for it."""
    y = frame.y
    for name, points in panel.series:
        words, color = panel.words[points[-1][1]]
        height = 2 * SMALL + 14
        picture.rect(frame.x, y, frame.width, height, COLORS[color], 4)
        picture.text(frame.x + 8, y + SMALL + 4, words, "head ontile")
        picture.text(frame.x + 8, y + 2 * SMALL + 8, name, "small ontile")
        y += height + 4


def heights(band, width):
    """Of the curves and of all of the band that panels beside each other make."""
    curves = max(panel.grid["h"] for panel in band) * ROW
    whole = curves
    for panel in band:
        if panel.type == "stat":
            whole = max(whole, len(panel.series) * (2 * SMALL + 18))
        else:
            whole = max(whole, curves + SMALL + 8 + legend_height(panel, width(panel)))
    return curves, whole


def draw_panel(picture, panel, frame, title_y):
    unit = UNITS.get(panel.unit, "")
    picture.text(frame.x, title_y, panel.title, "head")
    if unit:
        picture.text(frame.x + text_width(panel.title, TEXT, True) + 8, title_y, unit, "small")
    if panel.type == "stat":
        draw_stats(picture, panel, frame)
    elif panel.series:
        draw_curves(picture, panel, frame)


def draw(dashboard, seconds, said):
    """The picture's text. said: by whom it is drawn, and of what."""
    picture = Picture(WIDTH, "The dashboard " + dashboard.title, said)
    column = (WIDTH - 2 * PAD + GAP) / COLUMNS

    def width(panel):
        return panel.grid["w"] * column - GAP

    y = PAD + TITLE
    picture.text(PAD, y, dashboard.title, "title")
    for line in wrap(said, WIDTH - 2 * PAD, SMALL):
        y += SMALL + 4
        picture.text(PAD, y, line, "small")
    for top in sorted({panel.grid["y"] for panel in dashboard.panels}):
        band = [panel for panel in dashboard.panels if panel.grid["y"] == top]
        y += TEXT + 16
        curves, whole = heights(band, width)
        for panel in band:
            draw_panel(picture, panel, Frame(PAD + panel.grid["x"] * column, y + 12, width(panel), curves, seconds), y)
        y += 12 + whole
    return picture.svg(y + PAD)
