# SPDX-License-Identifier: BSD-2-Clause
"""What all pictures of the pages have in common: one palette, one font, light and dark, and how wide a text is."""
from xml.sax.saxutils import escape

TEXT, TITLE, SMALL = 13, 15, 12  # pixels of the drawing
FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
MONO = "ui-monospace,'DejaVu Sans Mono',monospace"

# Told apart with any colour vision (after Okabe and Ito), each at least 3:1 against its page and texts 4.5:1. A page of
# its own is below each picture: an image in a forge's page may not have the colours of that page.
LIGHT = {"page": "#ffffff", "edge": "#d0d7de", "text": "#1f2328", "quiet": "#59636e",
         "ours": "#0072b2", "other": "#8c959f",
         "series": ("#0072b2", "#d55e00", "#008a64", "#b5548a", "#946200", "#59636e"),
         "good": "#1a7f37", "fair": "#8a6100", "bad": "#cf222e", "tile_text": "#ffffff"}
DARK = {"page": "#0d1117", "edge": "#3d444d", "text": "#f0f6fc", "quiet": "#9198a1",
        "ours": "#2b86c8", "other": "#6e7681",
        "series": ("#56b4e9", "#ff8a3d", "#2fbf94", "#e08fbd", "#e6a800", "#9198a1"),
        "good": "#238636", "fair": "#8a6100", "bad": "#cf222e", "tile_text": "#ffffff"}
SERIES = len(LIGHT["series"])


def _colors(palette):
    rules = [".page{{fill:{page};stroke:{edge}}}.edge{{stroke:{edge};fill:none}}text{{fill:{text}}}"
             ".quiet,.small{{fill:{quiet}}}.ours{{fill:{ours}}}.other{{fill:{other}}}"
             ".spread{{stroke:{text};stroke-width:1.5;fill:none}}.good{{fill:{good}}}.fair{{fill:{fair}}}"
             ".bad{{fill:{bad}}}.ontile{{fill:{tile_text}}}".format(**palette)]
    rules += [".s{0}{{stroke:{1}}}.f{0}{{fill:{1}}}".format(i, color) for i, color in enumerate(palette["series"])]
    return "".join(rules)


STYLE = ("text{{font-family:{};font-size:{}px}}.title{{font-size:{}px;font-weight:600}}.head{{font-weight:600}}"
         ".small{{font-size:{}px}}.mono{{font-family:{};white-space:pre}}.line{{fill:none;stroke-width:1.8}}"
         ".dashed{{stroke-dasharray:5 3}}".format(FONTS, TEXT, TITLE, SMALL, MONO) + _colors(LIGHT) +
         "@media(prefers-color-scheme:dark){" + _colors(DARK) + "}")

# Width of a character in parts of the size, rather too much: that of DejaVu Sans, which is wider than the other fonts.
NARROW, WIDE = set("iljtfrI.,:;|'!()[]/ -"), set("mwMW%@–→≥≤±")


def text_width(words, size=TEXT, bold=False):
    parts = sum(0.42 if c in NARROW else 0.98 if c in WIDE else 0.72 if c.isupper() else 0.64 for c in words)
    return parts * size * (1.1 if bold else 1)


def wrap(words, width, size=TEXT, bold=False):
    """Lines of at most that width; a word that is longer has its own."""
    lines = []
    for word in words.split():
        longer = lines[-1] + " " + word if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Picture:
    """Shapes in the order in which they are drawn; classes are those of STYLE."""

    def __init__(self, width, title, description):
        self.width, self.title, self.description = width, title, description
        self.shapes = []

    def text(self, x, y, words, kind="", anchor="start", more=""):
        self.shapes.append('<text{} x="{:.1f}" y="{:.1f}"{}{}>{}</text>'.format(
            ' class="{}"'.format(kind) if kind else "", x, y,
            ' text-anchor="{}"'.format(anchor) if anchor != "start" else "", more, escape(words)))

    def rect(self, x, y, width, height, kind, round_px=0):
        self.shapes.append('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"{}/>'.format(
            kind, x, y, width, height, ' rx="{}"'.format(round_px) if round_px else ""))

    def path(self, d, kind):
        self.shapes.append('<path class="{}" d="{}"/>'.format(kind, d))

    def polyline(self, points, kind):
        self.shapes.append('<polyline class="{}" points="{}"/>'.format(
            kind, " ".join("{:.1f},{:.1f}".format(x, y) for x, y in points)))

    def svg(self, height):
        size = "{:.0f} {:.0f}".format(self.width, height)
        return "\n".join([
            '<svg xmlns="http://www.w3.org/2000/svg" width="{:.0f}" height="{:.0f}" viewBox="0 0 {}">'.format(
                self.width, height, size),
            "<title>{}</title>".format(escape(self.title)), "<desc>{}</desc>".format(escape(self.description)),
            "<style>{}</style>".format(STYLE),
            '<rect class="page" x="0.5" y="0.5" width="{:.0f}" height="{:.0f}" rx="6"/>'.format(
                self.width - 1, height - 1),
            *self.shapes, "</svg>", ""])
