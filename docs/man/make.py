#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make the manual of its sources: docs/man/NAME.SECTION.md, with what the headers and programs say put in.

A source begins with `@name NAMES... - DESCRIPTION`, and may have lines
    @functions HEADER NAME...   the functions of this page, a name of it each; net_queue_* will do
    @describe                   what the header says of each of them
    @theory HEADER              the comment at the header's top
    @definition HEADER NAME     a struct or an enum as it stands there
    @list HEADER NAME           the entries of a list of names and meanings, NAME(X)
    @options PROGRAM WORD...    what the program says of its options; words may stand in front of them
    @help PROGRAM WORD          the paragraph of its --help that begins so
"""
import argparse
import fnmatch
import pathlib
import re
import subprocess
import sys
import textwrap

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import header  # noqa: E402

SECTIONS = {"1": "User Commands", "3": "Library Functions", "8": "System Administration"}
HEADERS = {}


def read_header(name):
    if name not in HEADERS:
        HEADERS[name] = header.Header(ROOT / "include" / name)
    return HEADERS[name]


class Page:
    def __init__(self, path, programs):
        self.name, self.section = re.match(r"(.*)\.(\d)\.md$", path.name).groups()
        self.programs = programs
        self.aliases = []  # all names of the page but its own
        self.parts = []  # (header, its functions)
        self.text = "\n".join(self.expand(line) for line in path.read_text().split("\n"))

    def expand(self, line):
        words = line.split()
        if not words or not words[0].startswith("@"):
            return line
        return getattr(self, "put_" + words[0][1:])(line, *words[1:])

    def put_name(self, line, *_):
        names, meaning = line[len("@name ") :].split(" - ", 1)
        self.names = names.split()
        return "# NAME\n\n@NAMES@ - " + meaning

    def put_functions(self, _, name, *functions):
        known = read_header(name).functions
        unknown = [f for f in functions if not fnmatch.filter(known, f)]
        if unknown:
            sys.exit(f"{self.name}.{self.section}.md: {name} declares no {', '.join(unknown)}")
        # Those for other languages are named behind the others.
        functions = [f for f in known if any(fnmatch.fnmatch(f, g) for g in functions)
                     and not (f.endswith("_sized") and f.removesuffix("_sized") in known)]
        self.parts.append((name, functions))
        self.aliases += [f for f in functions if f != self.name]
        self.aliases += [f + "_sized" for f in functions if f + "_sized" in known]
        code = [f"#include <{name}>", ""]
        code += [header.wrapped_prototype(known[f].prototype) for f in functions]
        return header.as_code("\n".join(code))

    def put_describe(self, _):
        out, last = [], None
        for name, functions in self.parts:
            known = read_header(name).functions
            for f in functions:
                if last is not None and known[f].comment is last and last:
                    out[-2] += f", {f}()"
                    continue
                last = known[f].comment
                if last:
                    out += [f"## {f}()", header.prose(last)]
        return "\n\n".join(out)

    def put_theory(self, _, name):
        return header.prose(read_header(name).theory[2:])

    def put_definition(self, _, name, what):
        comment, lines = read_header(name).definitions[what]
        return f"## {what}\n\n{header.prose(comment)}\n\n" + header.as_code("\n".join(lines).expandtabs(4))

    def put_list(self, _, name, what):
        entries = [f"**{header.escaped(word)}**" + (f" ({kind})" if kind else "") + "\n: " +
                   header.escaped(meaning) for word, kind, meaning in read_header(name).lists[what]]
        return "\n\n".join(entries)

    def told(self, program, *words):
        done = subprocess.run([self.programs / program, *words], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{program} {' '.join(words)} failed: {done.stderr}")
        return done.stdout.strip("\n")

    def put_options(self, _, program, *words):
        return self.told(program, *words, "--help-markdown")

    def put_help(self, _, program, word):
        for paragraph in re.split(r"\n\n+", self.told(program, "--help")):
            if paragraph.split()[0] == word:
                text = re.sub(rf"^{word}\n", "", paragraph)
                return header.as_code(textwrap.dedent(text))
        sys.exit(f"{self.name}.{self.section}.md: {program} --help has no paragraph that begins with {word}")

    def finished(self):
        names = self.names + [a for a in self.aliases if a not in self.names and not a.endswith("_sized")]
        return self.text.replace("@NAMES@", ", ".join(names).replace("_", "\\_"))


def pandoc(page, to, version, date):
    command = ["pandoc", "-s", "-f", "markdown-smart", "-t", to]
    for key, value in (("title", page.name.upper()), ("section", page.section), ("date", date),
                       ("footer", f"net_xdp {version}"), ("header", SECTIONS[page.section]),
                       ("pagetitle", f"{page.name}({page.section})")):
        command += ["-M", f"{key}={value}"]
    return subprocess.run(command, input=page.finished(), capture_output=True, text=True, check=True).stdout


def clean_man(text):
    """Away go fonts that not every formatter has and macros without effect, of which formatters warn. A minus in
    what may be typed stays one: elsewhere it becomes a hyphen."""
    text = re.sub(r"\.\\\"\n\.\\\" Define V font.*?\n\.\\\}\n\.el .*?\n\.\\\}\n", "", text, flags=re.S)
    text = text.replace("\\f[C]\n", "").replace("\n\\f[R]\n.fi", "\n.fi").replace("\\f[V]", "\\f[B]")
    text = re.sub(r"(?s)(?<=\n\.nf\n).*?(?=\n\.fi\n)|\\f\[B\].*?\\f\[R\]",
                  lambda typed: re.sub(r"(?<!\\)-", r"\\-", typed.group()), text)
    return re.sub(r"(\n\.S[HS] .*)\n\.PP(?=\n)", r"\1", text)


def write_page(page, arguments, date):
    folder = arguments.out / f"man{page.section}"
    folder.mkdir(parents=True, exist_ok=True)
    file = f"{page.name}.{page.section}"
    (folder / file).write_text(clean_man(pandoc(page, "man", arguments.version, date)))
    for alias in page.aliases:
        (folder / f"{alias}.{page.section}").write_text(f".so man{page.section}/{file}\n")
    if arguments.html:
        arguments.html.mkdir(parents=True, exist_ok=True)
        (arguments.html / f"{file}.html").write_text(pandoc(page, "html5", arguments.version, date))


def main():
    parser = argparse.ArgumentParser(description="Make the manual's pages of their sources.")
    parser.add_argument("out", type=pathlib.Path, help="folder that gets man1, man3 and man8")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.add_argument("--version", required=True)
    parser.add_argument("--html", type=pathlib.Path, help="web pages too, in this folder")
    arguments = parser.parse_args()
    changes = (ROOT / "docs" / "changes.md").read_text()
    date = re.search(rf"^## {re.escape(arguments.version)} \((.*)\)$", changes, re.M).group(1)
    owner = {}  # of each name
    for path in sorted(HERE.glob("*.[138].md")):
        page = Page(path, arguments.programs.resolve())
        for name in [page.name] + page.aliases:
            if name in owner:
                sys.exit(f"{name} is in two pages: {owner[name]} and {page.name}")
            owner[name] = page.name
        write_page(page, arguments, date)


main()
