#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs calls through a router: calls.py DIRECTORY PREFIX PLAN..., from outside all namespaces.

A PLAN is SCENARIO:NAT:CALLER:TRANSPORT, each several by commas or "all": NAT is overload, pool, crowd (a shared pool) or static,
CALLER in or out, TRANSPORT udp or tcp. Each run is two sipps with addresses of their own, all on port 5060 and with the same media port, so
that what shares an address must get another one. A phone behind a shared address or a pool registers before it is called,
and is called where its registrar was told. Prints "RUN ok" or "RUN what is wrong: ..." for each, and leaves the logs of
sipp in DIRECTORY.
"""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
import time

import media
import scenario

HERE = os.path.dirname(os.path.abspath(__file__))
PORT, MEDIA = 5060, 20000
# Namespace, network, first number, how many; as lib.sh has it.
NATS = {"overload": ("h1", "10.77.1.", 10, 90), "pool": ("h1", "10.77.1.", 130, 60), "crowd": ("h1", "10.77.1.", 194, 56),
        "static": ("h2", "10.77.2.", 10, 90)}
OUTSIDE, FIRST_OUTSIDE = "203.0.113.", 11

Run = collections.namedtuple("Run", "name scenario nat caller transport space inside outside known")


def plan(words, static_global):
    """Runs, each with addresses of its own as long as there are any."""
    runs, used = [], collections.Counter()
    for word in words:
        names, nats, callers, transports = word.split(":")
        for name in scenario.SCENARIOS if names == "all" else names.split(","):
            for nat in nats.split(","):
                for caller in callers.split(","):
                    for transport in transports.split(","):
                        space, prefix, first, width = NATS[nat]
                        number = first + used[nat] % width
                        used[nat] += 1
                        used["outside"] += 1
                        outside = OUTSIDE + str(FIRST_OUTSIDE + used["outside"] % 230)
                        known = (static_global or prefix) + str(number) if nat == "static" or static_global == "" else None
                        runs.append(Run(f"{name}.{nat}.{caller}.{transport}", name, nat, caller, transport, space,
                                        prefix + str(number), outside, known))
    return runs


class Sipp:
    """One program: a party of a run, or of the registration before it (act)."""

    def __init__(self, options, run, side, role, xml, act, target=None):
        self.path = os.path.join(options.directory, run.name + (".register" if act == "register" else ""))
        self.side = side
        own = run.inside if side == "in" else run.outside
        file = f"{self.path}.{side}.xml"
        with open(file + ".new", "w", encoding="latin-1") as output:
            output.write(xml)
        os.rename(file + ".new", file)  # media.py reads it at once
        self.messages = f"{self.path}.{side}.{'msg' if act == 'call' else 'log'}"
        space = run.space if side == "in" else "far"
        self.place = (space, run.transport, f"{own}:{PORT}")
        words = ["ip", "netns", "exec", options.prefix + space, "timeout",
                 str(options.patience), "sipp", *([f"{target[0]}:{target[1]}"] if role == "A" else []), "-sf", file,
                 "-i", own, "-p", str(PORT), "-m", "1", "-t", "t1" if run.transport == "tcp" else "u1", "-nostdin",
                 "-default_behaviors", "none",  # a retransmission is no reason to hang up
                 "-cid_str", "%u-%p-" + run.name, "-trace_msg", "-message_file", self.messages,
                 "-message_overwrite", "true", "-trace_err", "-error_file", f"{self.path}.{side}.err"]
        with open(f"{self.path}.{side}.out", "w", encoding="ascii") as output:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def wait(self):
        return self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()

    def why(self):
        try:
            with open(f"{self.path}.{self.side}.err", encoding="latin-1") as file:
                lines = [line for line in file.read().split("\n") if line]
        except OSError:
            return "no error file"
        return re.sub(r"[^ -~]+", " ", " ".join(lines[1:3]))[:300]


class Wave:
    """Runs at the same time."""

    def __init__(self, options, runs):
        self.options, self.runs, self.results = options, runs, {}

    def party(self, run, side, role, peer):
        return scenario.Party(role, run.inside if side == "in" else run.outside, PORT, MEDIA, peer, run.transport)

    def start(self, run, side, role, act, target=None):
        """target: who is called"""
        party = self.party(run, side, role, target or ("0.0.0.0", PORT))
        xml = scenario.register_xml(party) if act == "register" else scenario.xml(run.scenario, party)
        return Sipp(self.options, run, side, role, xml, act, target)

    def until_bound(self, places):
        """Until who waits can be called; a program that ended has said so."""
        until = time.monotonic() + self.options.patience
        while places and time.monotonic() < until:
            time.sleep(0.1)
            for space in {space for space, *_ in places}:
                words = ["ip", "netns", "exec", self.options.prefix + space, "ss", "-Hlntu"]
                for line in subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\n"):
                    found = line.split()
                    if len(found) > 4:
                        places = places - {(space, found[0], found[4])}

    def pairs(self, runs, act, caller_side, target):
        """Starts the parties that wait, then those that begin; (run, beginner, other) for each."""
        other = {"in": "out", "out": "in"}
        waiting = {run: self.start(run, other[caller_side(run)], "B", act) for run in runs}
        self.until_bound({sipp.place for sipp in waiting.values()})
        return [(run, self.start(run, caller_side(run), "A", act, target(run)), waiting[run]) for run in runs]

    def registered(self):
        """Where each phone can be called."""
        runs = [run for run in self.runs if run.caller == "out" and not run.known]
        contacts = {run: (run.known, PORT) for run in self.runs if run.known}
        for run, phone, registrar in self.pairs(runs, "register", lambda run: "in", lambda run: (run.outside, PORT)):
            if phone.wait() == 0 and registrar.wait() == 0:
                with open(registrar.messages, encoding="latin-1") as file:
                    found = re.search(r"Contact: *<sip:[^@>]*@([0-9.]+)(?::(\d+))?", file.read())
                contacts[run] = (found.group(1), int(found.group(2) or 5060))
            else:
                self.results[run] = f"registration: {phone.why()} | {registrar.why()}"
                registrar.stop()
                registrar.wait()
        return contacts

    def run(self):
        contacts = self.registered()
        runs = [run for run in self.runs if run not in self.results]
        target = lambda run: (run.outside, PORT) if run.caller == "in" else contacts[run]
        for run, caller, callee in self.pairs(runs, "call", lambda run: run.caller, target):
            status = caller.wait()
            if status != 0:
                time.sleep(0.2)
                callee.stop()
            answered = callee.wait()
            if status != 0 or answered != 0:
                self.results[run] = f"signalling: caller {status} {caller.why()} | callee {answered} {callee.why()}"


class Voices:
    """What both sides' media.py say at their end."""

    def __init__(self, options):
        self.options, self.children = options, []

    def start(self, spaces):
        for space, side in spaces:
            log = open(os.path.join(self.options.directory, f"media.{space}.log"), "w", encoding="ascii")
            child = subprocess.Popen(["ip", "netns", "exec", self.options.prefix + space, sys.executable,
                                      os.path.join(HERE, "media.py"), self.options.directory, side, space],
                                     stdout=subprocess.PIPE, stderr=log)
            child.stdout.readline()
            self.children.append((child, space, side))

    def end(self):
        bursts, heard, told = [], [], {}
        for child, *_ in self.children:
            child.send_signal(signal.SIGUSR1)
        for child, *_ in self.children:
            child.stdout.readline()
        time.sleep(2)  # what is under way
        for child, space, side in self.children:
            child.send_signal(signal.SIGTERM)
            child.wait()
            with open(os.path.join(self.options.directory, f"media.{space}.json"), encoding="ascii") as file:
                said = json.load(file)
            bursts += [dict(burst, side=side) for burst in said["bursts"]]
            heard += said["heard"]
            told.update({(run, side): {tuple(place) for place in places} for run, places in said["told"].items()})
        return bursts, heard, told


def judged(run, bursts, heard, told):
    """What is wrong with a run's media, or None."""
    wanted = scenario.SCENARIOS[run.scenario][0]
    wrong = []
    for side, other, there in (("in", "out", run.outside), ("out", "in", run.inside)):
        said = [burst for burst in bursts if burst["run"] == run.name and burst["side"] == side]
        if len({burst["id"] for burst in said if burst["kind"] != "rtcp"}) < wanted:
            wrong.append(f"{side} talked {len(said)} times only")
        for burst in said:
            ears = [ear for ear in heard if ear["id"] == burst["id"]]
            count = sum(ear["count"] for ear in ears)
            where = f"{burst['kind']} {side}->{other} to {burst['remote'][0]}:{burst['remote'][1]}"
            if count < (1 if burst["kind"] == "rtcp" else 5):
                wrong.append(f"{where}: heard {count}")
            elif any(ear["at"][0] != there for ear in ears):
                wrong.append(f"{where}: heard by another one")
            elif any(tuple(ear["source"]) not in told.get((run.name, other), ()) for ear in ears):
                wrong.append(f"{where}: comes from {ears[0]['source']}, which nobody was told")
    return "media: " + "; ".join(wrong) if wrong else None


def received(path):
    """The messages that one party was sent, as sipp logged them."""
    with open(path, "rb") as file:
        data = file.read()
    return [data[found.end():found.end() + int(found.group(2))].decode("latin-1")
            for found in media.START.finditer(data) if found.group(1) == b"received"]


# What looks like an address and is none of SIP's: it must come out as it went in.
OPAQUE = re.compile(r"Not an address of SIP: ([0-9.]+)|Replaces=other%40([0-9.]+)%3B")


def named(run, options):
    """What is wrong with what the parties read, or None: addresses of the other side of the router, lengths of parts."""
    wrong = []
    for side, other, foreign in (("out", run.inside, ("10.77.",)), ("in", run.outside, ("192.0.2.", "198.51.100."))):
        for text in received(os.path.join(options.directory, f"{run.name}.{side}.msg")):
            first = text.split("\r\n")[0]
            for found in OPAQUE.finditer(text):
                if other not in found.groups():
                    wrong.append(f"{side}: {first}: changed what is no address: {found.group()}")
            text = OPAQUE.sub("", text)
            wrong += [f"{side}: {first}: {line}" for line in text.split("\r\n") if any(net in line for net in foreign)]
            kind = media.field(text, "Content-Type", "c")
            for part in media.pieces(kind, text.partition("\r\n\r\n")[2]):
                head, _, body = part.partition("\r\n\r\n")
                if int(media.field(head, "Content-Length", "l") or -1) != len(body):
                    wrong.append(f"{side}: {first}: the length of a part")
    return "messages: " + "; ".join(wrong[:4]) if wrong else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("prefix")
    parser.add_argument("plan", nargs="+")
    parser.add_argument("--static", default="192.0.2.", help="global network of the static hosts; empty: nothing is translated")
    parser.add_argument("--width", type=int, default=30, help="runs at the same time")
    parser.add_argument("--patience", type=int, default=60, help="seconds for one program")
    options = parser.parse_args()
    os.makedirs(options.directory, exist_ok=True)
    runs, results = plan(options.plan, options.static), {}
    if len({run.name for run in runs}) != len(runs):
        sys.exit("a run is there twice")
    voices = Voices(options)
    voices.start([("h1", "in"), ("h2", "in"), ("far", "out")])
    for first in range(0, len(runs), options.width):
        wave = Wave(options, runs[first:first + options.width])
        wave.run()
        results.update(wave.results)
    bursts, heard, told = voices.end()
    for run in runs:
        wrong = (results.get(run) or judged(run, bursts, heard, told) or
                 (named(run, options) if options.static else None))
        print(run.name, wrong or "ok")


if __name__ == "__main__":
    main()
