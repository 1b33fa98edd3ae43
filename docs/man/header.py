# SPDX-License-Identifier: BSD-2-Clause
"""What a public header says: its functions, their comments, its structs, and the theory at its top."""
import re
import textwrap

LABELS = "Return|Errors|Owner|Units|Threads|Blocks|Syscalls|Cost|Source|sync"


class Function:
    def __init__(self, name, prototype, comment, is_inline):
        self.name = name
        self.prototype = prototype
        self.comment = comment  # lines without their stars
        self.is_inline = is_inline


def bare_comment(lines):
    """Take the comment's stars away; keep what is indented behind them."""
    text = "\n".join(lines)
    text = re.sub(r"^/\*\s?|\s*\*/$", "", text)
    return [re.sub(r"^ \* ?", "", line).rstrip() for line in text.split("\n")]


class Header:
    """One pass over the lines: at column 0 stand comments, functions, and everything else."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.theory = None  # the comment that begins with the file's name
        self.functions = {}
        self.definitions = {}  # struct or enum name -> (comment, its lines)
        self.lists = {}  # X-macro -> (name, what it is, meaning) of each entry
        self.at = 0
        self.comment = []  # of what follows it directly
        while self.at < len(self.lines):
            self.step()

    def until(self, end):
        """The lines from here to the one that matches, included; stands behind it then."""
        first = self.at
        while not re.search(end, self.lines[self.at]):
            self.at += 1
        self.at += 1
        return self.lines[first : self.at]

    def step(self):
        line = self.lines[self.at]
        if line.startswith("/*"):
            self.comment = bare_comment(self.until(r"\*/"))
            if self.theory is None and re.match(r"\w+\.h - ", "".join(self.comment[:2])):
                self.theory = self.comment
            return
        if line.startswith("NET_PUBLIC "):
            self.function(self.until(r";$"), False)
        elif line.startswith("static inline "):
            head = self.until(r"^\{$")[:-1]
            self.until(r"^\}$")
            self.function(head, True)
        elif re.match(r"#define \w+_LIST\(X\)", line):
            name = re.match(r"#define (\w+)\(", line).group(1)
            self.lists[name] = list_entries(self.until(r"[^\\]$"))
            self.comment = []
        elif re.match(r"(struct|enum) \w+ \{$", line):
            name = line.split()[1]
            self.definitions[name] = (self.comment, self.until(r"^\};$"))
            self.comment = []
        else:
            self.at += 1
            self.comment = []

    def function(self, lines, is_inline):
        text = " ".join(part.strip() for part in lines)
        text = re.sub(r"^(NET_PUBLIC|static inline) ", "", text).rstrip(";") + ";"
        name = re.search(r"\b(net_\w+)\(", text).group(1)
        self.functions[name] = Function(name, text, self.comment, is_inline)


def list_entries(lines):
    """The entries X(SYMBOL[, CLASS, "unit"], "name", "meaning") of a list."""
    text = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    entries = []
    for entry in re.split(r"\bX\((?=[A-Z])", text)[1:]:
        *unit, name, meaning = re.findall(r'"([^"]*)"', entry)
        value_class = re.match(r"\w+, ([A-Z_]+),", entry)
        kind = value_class.group(1).lower().replace("_", " ") + ", " + unit[0] if unit else ""
        entries.append((name, kind, meaning))
    return entries


def wrapped_prototype(text, columns=66):
    """Break a prototype at its commas."""
    if len(text) <= columns:
        return text
    head, rest = text.split("(", 1)
    lines, line = [], head + "("
    indent = " " * len(line) if len(line) < 36 else " " * 8
    if indent == " " * 8:
        lines, line = [line], indent
    for part in re.split(r"(?<=,) ", rest):
        if len(line) + len(part) > columns and line.strip() and not line.endswith("("):
            lines.append(line.rstrip())
            line = indent
        line += part + " "
    return "\n".join(lines + [line.rstrip()])


def escaped(text):
    """Plain text for pandoc. *Word* stays emphasis."""
    text = re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~^$@&=:'\"])", r"\\\1", text)
    return re.sub(r"\\\*(\w[\w ]*)\\\*", r"*\1*", text)


def as_code(text):
    return f"```\n{text}\n```"


def prose(lines):
    """A comment as markdown. A label begins a paragraph, and so does a list item; what is indented below one of
    them goes on with it, and below other text it is shown as it is."""
    out, literal, begun = [], [], None

    def end_literal():
        out.extend(["", as_code(textwrap.dedent("\n".join(literal))), ""])
        literal.clear()

    for line in lines + [""]:
        if line.startswith("  ") and begun in (None, "text", "literal"):
            literal.append(line.expandtabs(8))
            begun = "literal"
            continue
        if literal:
            end_literal()
            begun = None
        line = line.strip()
        label = re.match(rf"({LABELS}): +", line)
        if label:
            out += ["", f"**{label.group(1)}:** " + escaped(line[label.end() :])]
            begun = "label"
        elif line.startswith("- "):
            out += ["", "- " + escaped(line[2:])]
            begun = "item"
        else:
            out.append(escaped(line))
            begun = (begun or "text") if line else None
    return "\n".join(out).strip("\n")
