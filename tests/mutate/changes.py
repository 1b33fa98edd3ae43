# SPDX-License-Identifier: BSD-2-Clause
"""What may be changed in the sources, and which changes are known to change nothing."""
import collections
import pathlib
import random
import re
import subprocess

# What is searched for, and what it becomes. Each match is a candidate.
OPERATORS = [
    (r" == ", " != "),
    (r" != ", " == "),
    (r" < ", " <= "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" >= ", " > "),
    (r" && ", " || "),
    (r" \|\| ", " && "),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r" & ", " | "),
    (r" \| ", " & "),
    (r" \+= ", " -= "),
    (r" -= ", " += "),
    (r"\+\+", "--"),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"\bif \((?!unlikely|likely)", "if (!("),
    (r"\breturn 0;", "return 1;"),
    (r"\breturn -E", "return E"),
    (r"(?<=[ (])1(?=[;) ,u])", "2"),
    (r"(?<=[ (])0(?=[;) ,u])", "1"),
    (r"\bcontinue;", ";"),
    (r"\bbreak;", ";"),
]
STATEMENT = re.compile(r"^\t+[a-zA-Z_*(][^=]*\(.*\);$|^\t+[a-zA-Z_>\-\.\[\]*]+ [+\-|&]?= .*;$|^\t+[a-z_>\-\.\[\]]+(\+\+|--);$")

Mutant = collections.namedtuple("Mutant", "file line old new change")


def candidates(tree, file):
    """Yield each change of a file."""
    in_comment = in_macro = False
    for number, line in enumerate((tree / file).read_text().split("\n"), 1):
        bare = line.strip()
        if in_macro or bare.startswith("#"):
            in_macro = bare.endswith("\\")
            continue
        if in_comment or bare.startswith("/*"):
            in_comment = "*/" not in bare
            continue
        if not line.startswith("\t"):
            continue  # declarations and heads of functions
        code = re.sub(r'"(\\.|[^"\\])*"', lambda m: "\0" * len(m.group()), line.split("/*")[0])
        for pattern, becomes in OPERATORS:
            for nth, m in enumerate(re.finditer(pattern, code), 1):
                new = line[: m.start()] + becomes + line[m.end():]
                if becomes == "if (!(":
                    if not code.rstrip().endswith((")", "{")) or code.count("(") != code.count(")"):
                        continue
                    end = code.rstrip().rstrip("{").rstrip()
                    new = new[: len(end) + 2] + ")" + new[len(end) + 2:]
                change = f"{m.group().strip()} becomes {becomes.strip()}" + f" (no. {nth})" * (nth > 1)
                yield Mutant(file, number, line, new, change)
        if STATEMENT.match(line) and not bare.startswith(("return", "goto", "case")):
            yield Mutant(file, number, line, "", "deleted")


def draw(args, tree):
    """Return all changes that the arguments allow, in the order of the seed."""
    files = args.files or sorted(subprocess.check_output(["git", "ls-files", "src/*.c", "src/*.h"], cwd=tree,
                                                         text=True).split())
    if args.only:
        files = sorted({only.split(":")[0] for only in args.only})
    found = [mutant for file in files for mutant in candidates(tree, file)]
    random.Random(args.seed).shuffle(found)
    if args.only:
        found = [m for m in found if f"{m.file}:{m.line}:{m.change}" in args.only]
    return found


def read_equivalent():
    """Return: (file, change, line without blanks around it) -> why the change changes nothing."""
    text = (pathlib.Path(__file__).parent / "equivalent.txt").read_text()
    why_of = {}
    for block in text.strip().split("\n\n")[1:]:
        head, line, why = block.split("\n", 2)
        file, change = head.split(": ", 1)
        why_of[file, change, line.strip()] = " ".join(why.split())
    return why_of
