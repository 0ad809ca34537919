#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/requirements.md names tests that exist, and leaves no requirement out. Prints one line per offence; exit status 1 if
there is any. First tried on a sample that must fail (the negative control).
"""
import os
import re
import sys

TOP = os.environ.get("srcdir", ".")
PAGE = "docs/requirements.md"
# How many of them each RFC has; of the others, the sections that concern a NAT.
NUMBERED = {"4787": 14, "5382": 10, "5508": 11, "6888": 15}
EXPECTED = [f"{rfc} REQ-{number}" for rfc, count in NUMBERED.items() for number in range(1, count + 1)] + \
    ["7857 2.1", "7857 2.2"] + [f"7857 {number}" for number in range(3, 13)] + \
    ["5961 3", "5961 4", "5961 5", "6056 3", "791 3.2", "1858 3", "5722 3", "1812 4.2.2", "1812 4.3", "1812 5.3.1", "3022 4.1"]
REFERENCE = re.compile(r"`((?:unit|net|fuzz|cli|expect|replay)/[\w.-]+)(?::([^`]+))?`")
EXCUSE = re.compile(r"\*\*Missing\*\*|does not apply|see above")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def names_of(path):
    """The tests in a file; None if there is no such file."""
    try:
        text = read(os.path.join("tests", path))
    except OSError:
        return None
    if path.endswith(".c"):
        return set(re.findall(r"START_TEST\((\w+)\)", text))
    return set(re.findall(r'^\s*check(?:_not)? "((?:[^"\\$]|\\.)*)"', text, re.M))


def rows_of(page):
    for number, line in enumerate(page.split("\n"), 1):
        if line.startswith("|") and not line.startswith(("|---", "| requirement |")):
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def offences(page):
    seen = {}
    for number, cells in rows_of(page):
        place = f"{PAGE}:{number}"
        if len(cells) != 4:
            yield f"{place}: {len(cells)} cells, not 4"
            continue
        if seen.setdefault(cells[0], number) != number:
            yield f"{place}: {cells[0]} comes twice"
        shown = REFERENCE.findall(cells[2])
        if not shown and not EXCUSE.search(cells[1] + cells[2]):
            yield f"{place}: no test, and no word why"
        if shown and not REFERENCE.findall(cells[3]) and cells[3] != "same":
            yield f"{place}: no control"
        for path, name in shown + REFERENCE.findall(cells[3]):
            names = names_of(path)
            if names is None:
                yield f"{place}: there is no tests/{path}"
            elif name and name not in names:
                yield f"{place}: tests/{path} has no test \"{name}\""
            elif not name and not path.startswith("fuzz/"):
                yield f"{place}: which test of tests/{path}?"
    for name in EXPECTED:
        if name not in seen:
            yield f"{PAGE}: {name} is left out"


BAD = """| 4787 REQ-1 | x | `net/nowhere.sh:echo` | `net/judges.sh:nobody says this` |
| 4787 REQ-2 | x | | |
| 4787 REQ-2 | x | `unit/test_port.c:no_such_test` | |
| 4787 REQ-3 | x | `unit/test_port.c` | same | and more |
| 4787 REQ-4 | x | `unit/test_port.c` | same |
"""
BAD_WORDS = ("there is no tests/net/nowhere.sh", 'has no test "nobody says this"', "no test, and no word why", "comes twice",
             'has no test "no_such_test"', "no control", "5 cells", "which test of", "5961 4 is left out")


def main():
    control = list(offences(BAD))
    for words in BAD_WORDS:
        if not any(words in offence for offence in control):
            print(f"negative control: nothing said \"{words}\"")
            return 1
    found = list(offences(read(PAGE)))
    print("\n".join(found) if found else f"{len(EXPECTED)} requirements and our own: every test named exists")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
