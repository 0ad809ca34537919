#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What CONVENTIONS.md says and a machine can check. Prints one line per offence; exit status 1 if there is any.

  arrows     a source file includes only from its own floor or below
  sizes      functions: median at most 16 lines per floor, none over 80; files under 700 lines; lines to 132 columns
  spdx       the licence line comes first
  banned     functions that cannot be used safely, and shells
  paths      nothing of the machine it was written on
  sources    every source file is in Makefile.am
  golden     the generated list of command forms is the one in git

Each check is first tried on a sample that must fail (the negative control).
"""
import os
import re
import statistics
import sys

TOP = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")

# May include from: itself and everything in the set. The tables stand beside lib.
BELOW = {"lib": set(), "alg": {"lib"}, "nat": {"lib", "alg"}}
BELOW["config"] = BELOW["nat"] | {"nat"}
BELOW["show"] = BELOW["config"] | {"config"}
BELOW["net"] = BELOW["config"] | {"config"}
BELOW["cli"] = BELOW["config"] | {"config", "show", "net"}
BELOW["replay"] = BELOW["cli"] | {"cli"}
PROGRAMS = BELOW["replay"] | {"replay"}

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|tmpnam|mktemp)\s*\(")
BANNED_BUT = re.compile(r"\b\w+(->|\.)system\s*\(")
# Home and work directories; a test of the programs speaks of /tmp and /run only.
MACHINE = re.compile(r"(?<![\w.$}])/(?:home|work|root|Users|mnt)/[\w.-]+")
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"
NO_SPDX = {"COPYING", ".gitignore", ".clang-format", ".gitattributes"}
TEXT_SUFFIXES = (".md", ".lst", ".t", ".part", ".txt", ".hex", ".expected", ".in", ".out", ".cfg", ".json")
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES, COLUMNS = 700, 80, 16, 132


def strip(text):
    """C without comments, string and character contents; line numbers stay."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] * 2
        return "\n" * found.count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(text):
    """(name, first line, number of lines between the braces) of each function."""
    found, name, start = [], None, 0
    lines = strip(text).split("\n")
    for number, line in enumerate(lines, 1):
        if line == "{" and start == 0:
            head = " ".join(lines[max(0, number - 8):number - 1])
            names = re.findall(r"(\w+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)[^;{}]*$", head)
            name, start = names[-1] if names else "?", number
        elif line.startswith("}") and start:
            if not line.startswith("};"):
                found.append((name, start, number - start - 1))
            start = 0
    return found


def check_arrows(path, text):
    parts = path.split("/")
    if parts[0] != "src":
        return
    floor = parts[1] if len(parts) > 2 else None
    allowed = BELOW.get(floor, set()) | {floor} if floor else PROGRAMS
    if floor and floor not in BELOW:
        yield "unknown floor"
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match or match.group(1) in ("gram_tables.h", "config.h"):
            continue
        target = match.group(1).split("/")[0] if "/" in match.group(1) else None
        if target is None:
            yield f"{number}: include without a floor: {match.group(1)}"
        elif target not in allowed:
            yield f"{number}: {floor or 'program'} may not include from {target}"


def check_sizes(path, text):
    lines = text.count("\n")
    if lines >= FILE_LINES:
        yield f"{lines} lines, the limit is {FILE_LINES}"
    for number, line in enumerate(text.split("\n"), 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield f"{number}: {len(line.expandtabs(8))} columns"
    for name, start, size in functions(text):
        if size > FUNCTION_LINES:
            yield f"{start}: {name}() has {size} lines, the limit is {FUNCTION_LINES}"


def check_spdx(path, text):
    first = text.split("\n", 2)[:2]
    if not any(SPDX in line for line in (first if text.startswith("#!") else first[:1])):
        yield "the licence line is not the first"


def check_banned(path, text):
    for number, line in enumerate(strip(text).split("\n"), 1):
        for match in BANNED.finditer(BANNED_BUT.sub("", line)):
            yield f"{number}: {match.group(1)}() is banned"


def check_paths(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        match = MACHINE.search(line)
        if match:
            yield f"{number}: machine path {match.group(0)}"


def check_listed(path, makefile):
    # A test program may stand there by its own name only.
    name = re.escape(path[:-2]) + r"(\.c)?" if path.startswith("tests/") and path.endswith(".c") else re.escape(path)
    if not re.search(r"(?<![\w/.-])" + name + r"(?![\w.-])", makefile):
        yield "not in Makefile.am"


def tree():
    for base, dirs, names in os.walk(TOP):
        here = os.path.relpath(base, TOP)
        dirs[:] = sorted(d for d in dirs if not d.startswith(".git") and d not in (
            "autom4te.cache", "build-aux", "build", "__pycache__", ".deps", "corpus") and
            not os.path.exists(os.path.join(base, d, "config.status")) and not d.startswith("algate-"))
        for name in sorted(names):
            yield os.path.normpath(os.path.join(here, name))


def generated(path):
    return os.path.basename(path) in ("aclocal.m4", "configure", "Makefile.in", "Makefile", "config.status",
                                      "config.log", "gram_tables.c", "gram_tables.h", "commands.mdoc")


def is_source(path):
    return path.endswith((".c", ".h")) and path.startswith(("src/", "grammar/", "tests/"))


def is_text_program(path, text):
    return path.endswith((".py", ".sh", ".exp", ".cli", ".ac", ".am", ".c", ".h")) or text.startswith("#!")


def main():
    offences = []
    floors = {}
    with open(os.path.join(TOP, "Makefile.am")) as file:
        makefile = file.read()

    def note(path, found):
        offences.extend(f"{path}:{what}" if what[0].isdigit() else f"{path}: {what}" for what in found)

    for path in tree():
        if generated(path) or path.startswith(".ci/") and not os.path.isfile(os.path.join(TOP, path)):
            continue
        with open(os.path.join(TOP, path), "rb") as file:
            data = file.read()
        if b"\0" in data or path.endswith((".o", ".a", ".log", ".trs", "~")):
            continue
        text = data.decode("utf-8", "replace")
        if not path.startswith("tests/lint/"):
            note(path, check_paths(path, text))
        if path not in NO_SPDX and is_text_program(path, text):
            note(path, check_spdx(path, text))
        if is_source(path):
            note(path, check_arrows(path, text))
            note(path, check_sizes(path, text))
            note(path, check_banned(path, text))
            note(path, check_listed(path, makefile))
            if path.startswith(("src/", "grammar/")):
                floor = path.split("/")[1] if path.count("/") > 1 else path.split("/")[0]
                floors.setdefault(floor, []).extend(size for _, _, size in functions(text))
    for floor, all_sizes in floors.items():
        if all_sizes and statistics.median(all_sizes) > MEDIAN_LINES:
            offences.append(f"{floor}: functions have {statistics.median(all_sizes)} lines in the median, "
                            f"the limit is {MEDIAN_LINES}")
    offences.extend(golden())
    print("\n".join(offences) if offences else "lint: nothing to say")
    return bool(offences)


def golden():
    made = os.path.join(BUILD, "grammar", "grammar.lst")
    kept = os.path.join(TOP, "tests", "cli", "grammar.lst")
    if not os.path.exists(made) or not os.path.exists(kept):
        return [f"golden: {path} is missing" for path in (made, kept) if not os.path.exists(path)]
    with open(made) as one, open(kept) as other:
        new, old = one.read().splitlines(), other.read().splitlines()
    lines = [f"golden: new form: {line}" for line in new if line not in set(old)]
    lines += [f"golden: form gone: {line}" for line in old if line not in set(new)]
    if new != old and not lines:
        lines.append("golden: the order of forms changed")
    return lines + ["golden: `make update-grammar` takes the new list over"] * bool(lines)


def controls():
    """Each check must find its own sample, and leave a good one alone."""
    long_function = "static int f(void)\n{\n" + "\tx();\n" * 81 + "}\n"
    bad = [
        (check_arrows, "src/nat/a.c", '#include "net/net.h"\n'),
        (check_arrows, "src/lib/a.c", '#include "err.h"\n'),
        (check_arrows, "src/show/a.c", '#include "net/net.h"\n'),
        (check_sizes, "src/lib/a.c", "\n" * 700),
        (check_sizes, "src/lib/a.c", long_function),
        (check_sizes, "src/lib/a.c", "\t" * 20 + "\n"),
        (check_spdx, "src/lib/a.c", "#include <stdio.h>\n"),
        (check_banned, "src/lib/a.c", "\tstrcpy(a, b);\n"),
        (check_banned, "src/lib/a.c", "\treturn system(x);\n"),
        (check_paths, "README.md", "see /ho" + "me/someone/x\n"),
        (check_listed, "src/lib/zz.c", makefile_sample()),
        (check_listed, "tests/unit/test_z.c", makefile_sample()),
    ]
    good = [
        (check_arrows, "src/cli/a.c", '#include "net/net.h"\n#include "lib/err.h"\n#include "gram_tables.h"\n'),
        (check_sizes, "src/lib/a.c", long_function.replace("\tx();\n", "", 1)),
        (check_spdx, "scripts/a", "#!/bin/sh\n# " + SPDX + "\n"),
        (check_banned, "src/lib/a.c", '/* strcpy(a) */ snprintf(a, "system(1)"); plan->system(x); ecosystem(y);\n'),
        (check_paths, "README.md", "/var/lib/algate and $root/work/x and build/root/x\n"),
        (check_listed, "src/lib/z.c", makefile_sample()),
        (check_listed, "tests/unit/test_zz.c", makefile_sample()),
    ]
    for check, path, text in bad:
        if not list(check(path, text)):
            sys.exit(f"lint: {check.__name__} misses its negative control: {text[:60]!r}")
    for check, path, text in good:
        found = list(check(path, text))
        if found:
            sys.exit(f"lint: {check.__name__} refuses a good sample: {found}")


def makefile_sample():
    return "lib_sources = \\\n\tsrc/lib/z.c \\\n\tsrc/lib/zz.cc\nunit_tests = tests/unit/test_zz\n"


if __name__ == "__main__":
    controls()
    sys.exit(main())
