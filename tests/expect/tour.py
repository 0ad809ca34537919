#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tour.py README DEMO [--update]: replays the README's tour.

The lines that begin with a prompt, in the code blocks of the section "A five-minute tour", are typed into scripts/demo on
a terminal; what the README shows below each must be what appears. Numbers that differ from run to run (ports above 1023,
counters, sizes) are compared as numbers only, and rows of a table in any order. --update writes what appeared into the
README instead.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PROMPT = r"Router(?:\([a-z-]+\))?[>#]"


def start(demo):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(demo, [demo])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 120, 0, 0))
    return pid, terminal


def until(terminal, pattern, seconds):
    text, end = "", time.monotonic() + seconds
    while not re.search(pattern, text):
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"not ok - no {pattern!r} after {seconds} s\n# seen: {text[-500:]!r}")
        try:
            text += os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            return text
    return text


def answer(terminal, line):
    """What appears after the line is typed, without its echo and the prompt that follows."""
    if line.endswith("?"):
        os.write(terminal, line.encode())
        # The line comes back behind a prompt, without the question mark.
        text = until(terminal, r"\n" + PROMPT + re.escape(line[:-1]) + r"$", 60)
        os.write(terminal, b"\x15")
        until(terminal, r".", 60)
        lines = text.replace("\r", "").split("\n")[1:-1]
        time.sleep(0.2)
        while select.select([terminal], [], [], 0.2)[0]:
            os.read(terminal, 65536)
        return lines
    os.write(terminal, line.encode() + b"\r")
    text = until(terminal, r"\n" + PROMPT + r"$", 60) if line != "exit" else until(terminal, r"(?!)", 60)
    return text.replace("\r", "").split("\n")[1:-1]


def sections(readme):
    """(before, [block lines], after) of the tour: a list of text pieces, blocks as lists."""
    head, tour = readme.split("## A five-minute tour", 1)
    tour, sep, tail = tour.partition("\n## ")
    pieces = []
    for number, piece in enumerate(tour.split("```")):
        pieces.append(piece.split("\n") if number % 2 and re.search("^" + PROMPT, piece, re.M) else piece)
    return head, pieces, sep + tail


def steps(block):
    """[(prompt, command, expected lines)] of a block's lines."""
    found = []
    for line in block:
        match = re.match(f"({PROMPT})(.*)$", line)
        if match:
            found.append((match.group(1), match.group(2), []))
        elif found and line.strip():
            found[-1][2].append(line)
    return found


def plain(line):
    line = re.sub(r":\d+\b" if line.startswith("icmp") else r":\d{4,5}\b", ":PORT", line)
    line = re.sub(r"^\*\w{3} +\d+ [\d:.]+: ", "*TIME: ", line)
    line = re.sub(r" \d\d:\d\d:\d\d ", " AGE ", line)
    line = re.sub(r"\b\d+(?= bytes| minutes?)", "N", line)
    line = re.sub(r"((?:Hits|Misses|refcount|translations|translated|new flow|used|Expired\w*)\D*)\d+", r"\1N", line)
    line = re.sub(r"\b\d+ (?=static|dynamic|extended)", "N ", line)
    return " ".join(line.split())


def main():
    readme_path, demo = sys.argv[1], os.path.abspath(sys.argv[2])
    update = "--update" in sys.argv
    with open(readme_path) as file:
        head, pieces, tail = sections(file.read())
    pid, terminal = start(demo)
    until(terminal, PROMPT + "$", 600)
    time.sleep(1)
    failed = 0
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            continue
        out = [piece[0]]
        for prompt, command, expected in steps(piece):
            got = answer(terminal, command)
            while got and not got[-1].strip():
                got.pop()
            out += [prompt + command] + got
            wanted, seen = [plain(line) for line in expected], {plain(line) for line in got}
            missing = [line for line in wanted if line not in seen]
            errors = [line for line in got if line.startswith("%") and plain(line) not in wanted]
            good = not missing and not errors
            if not update:
                print(("ok - " if good else "not ok - ") + f"tour: {prompt}{command}")
            if not good:
                failed = 1
                print(f"# missing: {missing}\n# errors: {errors}\n# got: {got}")
        pieces[number] = "\n".join(out) + "\n"
    os.close(terminal)
    os.waitpid(pid, 0)
    if update:
        with open(readme_path, "w") as file:
            file.write(head + "## A five-minute tour" + "```".join(pieces) + tail)
    return failed and not update


if __name__ == "__main__":
    sys.exit(main())
