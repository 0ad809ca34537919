#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.py BUILD SOURCE [--short] [--rounds N] [--only NAME]... : the measuring part of scripts/bench.

Plain routing, the kernel's masquerade, the do-nothing NFQUEUE program and Algate take turns within each round, each in
fresh namespaces; the table shows medians, and medians of each round's ratio. Exit status 1 when a measurement could not
be taken; nothing is said about whether a number is good.
"""
import argparse
import datetime
import os
import platform
import signal
import statistics
import subprocess
import sys
from lab import Failure, Lab, Missing, Programs, room_for_flows
from measure import ALONE, DERIVED, PAIRED, Scale

KINDS = ("plain", "kernel", "null", "algate")


def note(text):
    print(text, file=sys.stderr, flush=True)


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"


class Bench:
    def __init__(self, programs, scale, rounds):
        self.programs, self.scale, self.rounds = programs, scale, rounds
        self.failed = []

    def try_it(self, name, function, *arguments):
        """None when it failed; one retry, for what a busy machine disturbs."""
        for attempt in (1, 2):
            try:
                return function(*arguments)
            except (Failure, OSError, ValueError, LookupError, StopIteration, subprocess.SubprocessError) as failure:
                note(f"{name}, attempt {attempt}: {failure or type(failure)}")
        self.failed.append(name)
        return None

    def once(self, kind, measure, options):
        """{row: value}; an empty one when this machine's kernel cannot do it."""
        try:
            with Lab(self.programs, kind, **options) as lab:
                return measure(lab, self.scale)
        except Missing as missing:
            note(missing)
            return {}

    def round_of(self, name, turn):
        """{kind: {row: value}}, or None when one kind's could not be taken."""
        _, measure, options = PAIRED[name]
        result = {}
        for step in range(len(KINDS)):
            # Nobody always comes first.
            kind = KINDS[(turn + step) % len(KINDS)]
            result[kind] = self.try_it(f"{name} ({kind})", self.once, kind, measure, options)
        note(f"{name} {turn + 1}/{self.rounds}: " + "  ".join(
            f"{kind} {' '.join(map(number, result[kind].values())) if result[kind] else '-'}" for kind in KINDS))
        return None if None in result.values() else result

    def paired(self, names):
        """Rows of the table. A round is all measurements, one after the other, so that two of them may be compared."""
        results = {name: [] for name in names}
        for turn in range(self.rounds):
            for name in names:
                results[name].append(self.round_of(name, turn))
        rows = []
        for name in names:
            rounds = [result for result in results[name] if result]
            for unit in rounds[0]["algate"] if rounds else ():
                values = [{kind: result[kind].get(unit) for kind in KINDS} for result in rounds]
                rows.append(self.row(PAIRED[name][0], unit, values))
        return rows + self.derived(results)

    def derived(self, results):
        rows = []
        for title, unit, (above, row_above), (below, row_below) in DERIVED:
            pairs = [pair for pair in zip(results.get(above, ()), results.get(below, ())) if all(pair)]
            if pairs:
                rows.append(self.row(title, unit, [{kind: one[kind][row_above] / other[kind][row_below] for kind in KINDS}
                                                   for one, other in pairs]))
        return rows

    def row(self, title, unit, values):
        """Of each round's {kind: value or None}."""
        def median(kind, peer=None, show=number):
            if any(value[one] is None for value in values for one in (kind, peer or kind)):
                return "-"
            return show(statistics.median(value[kind] / (value[peer] if peer else 1) for value in values))

        title = title.format(**{key: f"{value:,}" for key, value in vars(self.scale).items()})
        return ([title, unit] + [median(kind) for kind in KINDS] +
                [median("algate", peer, "{:.2f}".format) for peer in ("kernel", "null")])

    def alone(self, name):
        rounds = [self.try_it(name, ALONE[name], self.programs, self.scale) for _ in range(self.rounds)]
        rounds = [rows for rows in rounds if rows]
        if not rounds:
            return []
        note(f"{name}: " + ", ".join(f"{text} {number(value)} {unit}".strip() for text, value, unit in rounds[-1]))
        return [[text, unit, number(statistics.median(rows[i][1] for rows in rounds))]
                for i, (text, _, unit) in enumerate(rounds[0])]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/loadavg", encoding="ascii") as file:
        load = file.read().split()[0]
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), Linux {platform.release()}, load {load}"


def buckets():
    try:
        with open("/proc/sys/net/netfilter/nf_conntrack_buckets", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def on_signal(signum, frame):
    """An exception, so that every open lab is closed."""
    raise SystemExit(128 + signum)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures Algate against plain routing, the kernel's "
                                     "masquerade and a do-nothing NFQUEUE program.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("source", help=argparse.SUPPRESS)
    parser.add_argument("--short", action="store_true", help="seconds: small tables, one round; says little about speed")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each measurement (5; 1 with --short)")
    parser.add_argument("--only", action="append", metavar="NAME", choices=[*PAIRED, *ALONE],
                        help="only this one (repeatable): " + ", ".join([*PAIRED, *ALONE]))
    options = parser.parse_args()
    for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(one, on_signal)
    scale = Scale(options.short)
    bench = Bench(Programs(options.build, options.source), scale, options.rounds or (1 if options.short else 5))
    names = options.only or [*PAIRED, *ALONE]
    head = f"{datetime.date.today()}, {machine()}; {bench.rounds} round(s), nf_conntrack_buckets {buckets()}"
    with room_for_flows(scale.most):
        paired = bench.paired([name for name in PAIRED if name in names])
    alone = [row for name in names if name in ALONE for row in bench.alone(name)]
    print(f"Measured {head}.\n")
    if paired:
        print(table(["measurement", "unit", "plain", "kernel", "null", "Algate", "Algate / kernel", "Algate / null"], paired))
    if alone:
        print(table(["Algate alone", "unit", "value"], alone))
    if bench.failed:
        note("could not be taken: " + ", ".join(sorted(set(bench.failed))))
    return bool(bench.failed)


if __name__ == "__main__":
    sys.exit(main())
