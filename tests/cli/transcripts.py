#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays CLI transcripts (*.t) against a daemon without Linux, root or packets (testd).

A transcript is what a terminal showed. A line that begins with a prompt is a command; what follows is what it must
print. Notation beyond that:

    # text            a comment
    ...               any lines, or none
    COMMAND?          help, as `?` asks for it at once        COMMAND<Tab>   completion
    COMMAND^Z ^C      how the line ends, if not with Return
    QUESTION{answer}  the answer to a question; {^C} for none
    ===               a new session      === restart   a new daemon on the same state; === fresh   on none
    === as FILE       the daemon starts with FILE (lines up to the next ===) as its startup-config
    @packet           a packet passes from eth0 to eth1
    @include FILE     the lines of FILE (tests/cli/*.part, which includes nothing), as if they stood here: commands or output
    $ algate ARGS     runs the program; lines beginning with `< ` are its standard input; ends with [exit status]

--update writes what was seen back into the files. What is included is written back where it was included whole; where only
some of it differs, and it is the end of a command's output, it is written out instead. Time stamps of log lines and salts of
hashes are masked.
"""

import difflib
import itertools
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile

HELLO, LINE, ANSWER, HELP, COMPLETE = 1, 2, 3, 4, 5
OUTPUT, PROMPT, QUESTION, HELP_TEXT, COMPLETION, TERMINAL, TERM_TYPE, LOG, BYE = range(64, 73)
PROMPT_LINE = re.compile(r"^([A-Za-z0-9][\w.-]*(?:\(config[\w-]*\))?[>#])(.*)$")
ANSWER_LINE = re.compile(r"^(.*)\{([^{}]*)\}$")
STAMP = re.compile(r"^\*\w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3}: ", re.M)
HASH = re.compile(r"\$9\$[./0-9A-Za-z]{14}\$[./0-9A-Za-z]{43}")


def mask(text):
    return HASH.sub("$9$SALT$HASH", STAMP.sub("*TIME: ", text))


class Daemon:
    def __init__(self, program, directory):
        self.log = open(os.path.join(directory, "log"), "ab")
        self.process = subprocess.Popen([program, directory], stdout=subprocess.PIPE, stderr=self.log)
        if self.process.stdout.readline() != b"ready\n":
            self.stop()
            raise SystemExit("testd did not start: " + open(self.log.name, errors="replace").read())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return status


class Session:
    """Speaks the session socket's protocol as a terminal does, and keeps what the terminal would show."""

    def __init__(self, directory):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(os.path.join(directory, "algate.sock"))
        self.buffer = b""
        self.screen = ""
        self.waits = None  # "prompt", "question" or "over"
        self.send(HELLO, struct.pack(">BBHH", 1, 1, 0, 0))
        self.run()

    def send(self, kind, payload):
        self.socket.sendall(struct.pack(">B", kind) + struct.pack(">I", len(payload))[1:] + payload)

    def frame(self):
        while True:
            if len(self.buffer) >= 4:
                length = int.from_bytes(self.buffer[1:4], "big")
                if len(self.buffer) >= 4 + length:
                    kind, data = self.buffer[0], self.buffer[4:4 + length]
                    self.buffer = self.buffer[4 + length:]
                    return kind, data
            got = self.socket.recv(65536)
            if not got:
                return BYE, b"\0"
            self.buffer += got

    def fresh_line(self):
        if self.screen and not self.screen.endswith("\n"):
            self.screen += "\n"

    def run(self, until=(PROMPT, QUESTION)):
        while True:
            kind, data = self.frame()
            if kind == OUTPUT:
                self.screen += data.decode(errors="backslashreplace")
            elif kind == LOG:
                self.fresh_line()
                self.screen += data[1:].decode() + "\n"
            elif kind == BYE:
                self.waits = "over"
                return data
            elif kind in until:
                self.waits = {PROMPT: "prompt", QUESTION: "question"}.get(kind, self.waits)
                if kind == PROMPT:
                    self.fresh_line()
                    self.prompt = data[1:].decode()
                    self.screen += self.prompt
                elif kind == QUESTION:
                    self.screen += data[1:].decode()
                return data

    def help(self, text):
        self.screen += text + "?\n"
        self.send(HELP, text.encode())
        last = b"\0"
        while last[0] == 0:
            last = self.run((HELP_TEXT,))
            self.screen += last[1:].decode()
        self.fresh_line()
        self.screen += self.prompt

    def complete(self, text):
        self.send(COMPLETE, text.encode())
        self.screen += text + "<Tab>\n" + self.run((COMPLETION,)).decode() + "|\n" + self.prompt

    def command(self, text):
        if text.endswith("?"):
            self.help(text[:-1])
        elif text.endswith("<Tab>"):
            self.complete(text[:-5])
        else:
            ending = {"^Z": 1, "^C": 2}.get(text[-2:], 0)
            self.screen += text + "\n"
            self.send(LINE, bytes([ending]) + (text[:-2] if ending else text).encode())
            self.run()

    def answer(self, text):
        self.screen += "{" + text + "}\n"
        self.send(ANSWER, b"\0" if text == "^C" else b"\1" + text.encode())
        self.run()

    def close(self):
        self.socket.close()
        if self.waits == "prompt":
            self.screen = self.screen[:self.screen.rfind("\n") + 1]
        self.fresh_line()
        return self.screen


class Run:
    """One transcript: plays its inputs and writes down what was seen in the same notation."""

    def __init__(self, tools, lines):
        self.testd, self.algate = tools
        self.lines = lines
        self.seen = []
        self.status = 0
        self.session = self.daemon = None
        self.directory = tempfile.TemporaryDirectory(prefix="algate-t")

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def start(self):
        if self.daemon is None:
            self.daemon = Daemon(self.testd, self.directory.name)

    def end_session(self):
        if self.session is not None:
            self.seen += mask(self.session.close()).splitlines()
            self.session = None

    def stop(self):
        self.end_session()
        if self.daemon is not None:
            self.status |= self.daemon.stop()
            self.daemon = None

    def directive(self, words, at):
        self.end_session()
        if words[:1] in (["restart"], ["fresh"], ["as"]):
            self.stop()
        if words[:1] in (["fresh"], ["as"]) and os.path.exists(self.path("startup-config")):
            os.unlink(self.path("startup-config"))
        if words[:1] == ["as"]:
            end = at
            while not self.lines[end].startswith("==="):
                end += 1
            with open(self.path("startup-config"), "w") as file:
                file.write("".join(line + "\n" for line in self.lines[at:end]))
            self.seen += self.lines[at:end]
            return end
        return at

    def program(self, line, at):
        self.end_session()
        self.start()
        end = at
        while end < len(self.lines) and self.lines[end].startswith("< "):
            end += 1
        words = shlex.split(line[2:])
        done = subprocess.run([self.algate, "-s", self.directory.name] + words[1:],
                              input="".join(text[2:] + "\n" for text in self.lines[at:end]),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300)
        self.seen += [line] + self.lines[at:end] + mask(done.stdout).splitlines() + ["[%d]" % done.returncode]
        return end

    def type(self, text):
        self.start()
        if self.session is None or self.session.waits == "over":
            self.end_session()
            self.session = Session(self.directory.name)
        prompt = PROMPT_LINE.match(text)
        answer = ANSWER_LINE.match(text)
        if self.session.waits == "question":
            if answer and not prompt:
                self.session.answer(answer.group(2))
        elif prompt:
            self.session.command(prompt.group(2))

    def play(self):
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            at += 1
            if line.startswith(("# ", "@")):
                self.end_comment(line)
                if line == "@packet":
                    self.daemon.process.send_signal(signal.SIGUSR1)
                    self.daemon.process.stdout.readline()
            elif line.startswith("==="):
                self.end_session()
                self.seen.append(line)
                at = self.directive(line[3:].split(), at)
            elif line.startswith("$ "):
                at = self.program(line, at)
            elif PROMPT_LINE.match(line) or ANSWER_LINE.match(line):
                self.type(line)
        self.stop()
        self.directory.cleanup()
        return self.seen

    def end_comment(self, line):
        """Comments stand between commands: they are shown where the next prompt would be."""
        if self.session is None or self.session.waits == "over":
            self.end_session()
            self.seen.append(line)
        else:
            prompt = self.session.prompt
            self.session.screen = self.session.screen[:-len(prompt)] + line + "\n" + prompt


def matches(expected, seen):
    """Line by line; `...` stands for any lines."""
    if not expected:
        return not seen
    if expected[0] == "...":
        return any(matches(expected[1:], seen[i:]) for i in range(len(seen) + 1))
    return bool(seen) and expected[0] == seen[0] and matches(expected[1:], seen[1:])


def blocks(lines):
    """A transcript in pieces that begin with an input, so that `...` cannot swallow a command."""
    found = [[]]
    for line in lines:
        if PROMPT_LINE.match(line) or ANSWER_LINE.match(line) or re.match(r"===|\$ |# |@", line):
            found.append([])
        found[-1].append(line)
    return found


INCLUDE = "@include "


def lines_of(path):
    with open(path) as file:
        return file.read().splitlines()


def included(path):
    """The lines of a transcript; and for each its number among the includes, or None."""
    lines, places, n = [], [], 0
    for line in lines_of(path):
        if not line.startswith(INCLUDE):
            lines.append(line)
            places.append(None)
            continue
        try:
            more = lines_of(os.path.join(os.path.dirname(path), line[len(INCLUDE):]))
        except OSError as error:
            raise SystemExit("%s: %s: %s" % (path, line, error.strerror))
        if not more or any(text.startswith(INCLUDE) for text in more):
            raise SystemExit("%s: %s: is empty, or includes itself something" % (path, line))
        lines += more
        places += [n] * len(more)
        n += 1
    return lines, places


def renewed(old, new, places):
    """New blocks, but for what old ones matched; and each line's place, None where an include is not whole any more."""
    lines, marks, at, broken = [], [], 0, set()
    for i, block in enumerate(new):
        was = places[at:at + len(old[i])] if len(old) == len(new) else []
        at += len(was)
        if was and matches(old[i], block):
            lines += old[i]
            marks += was
        else:
            one = was[0] if was and len(set(was)) == 1 else None
            broken |= set(was) - {one}
            lines += block
            marks += [one] * len(block)
    return lines, [None if mark in broken else mark for mark in marks]


def write(path, lines, marks):
    names = [line[len(INCLUDE):] for line in lines_of(path) if line.startswith(INCLUDE)]
    text = []
    for place, group in itertools.groupby(zip(lines, marks), lambda pair: pair[1]):
        group = [line for line, _ in group]
        if place is None:
            text += group
            continue
        text.append(INCLUDE + names[place])
        with open(os.path.join(os.path.dirname(path), names[place]), "w") as file:
            file.write("".join(line + "\n" for line in group))
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in text))


def check(path, tools, update):
    lines, places = included(path)
    run = Run(tools, lines)
    seen = run.play()
    old, new = blocks(lines), blocks(seen)
    good = run.status == 0 and len(old) == len(new) and all(matches(a, b) for a, b in zip(old, new))
    if good:
        return True
    if run.status:
        print("%s: testd ended with status %d" % (path, run.status))
    if update:
        write(path, *renewed(old, new, places))
        return run.status == 0
    sys.stdout.writelines(difflib.unified_diff([l + "\n" for l in lines], [l + "\n" for l in seen],
                                               path, "seen"))
    return False


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    names = [name for name in arguments if not name.startswith("-")]
    source = os.environ.get("srcdir", ".")
    build = os.path.abspath(os.environ.get("builddir", "."))
    tools = (os.path.join(build, "tests/cli/testd"), os.path.join(build, "algate"))
    directory = os.path.join(source, "tests/cli")
    if not names:
        names = sorted(os.path.join(directory, n) for n in os.listdir(directory) if n.endswith(".t"))
    failed = [name for name in names if not check(name, tools, update)]
    print("%d transcripts, %d failed%s" % (len(names), len(failed), ": " + " ".join(failed) if failed else ""))
    if not names:
        print("no transcripts found")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
