#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns what `compare` measured into a table: table.py DIRECTORY ROUTER..."""
import collections
import platform
import sys
import time

import scenario

TITLES = {"none": "NAT alone", "kernel": "kernel, nf_nat_sip", "algate": "Algate"}
CHECKS = {
    "message": "INVITE and 200: the phone reads back what it wrote; a retransmission comes out the same", "folded": "folded and oddly cased header fields",
    "many_values": "several values in a field, names, IPv6", "rport": "received and rport are taken back",
    "aware": "a phone that shows its global address is left alone, and its media come",
    "unaware": "beside it, one that does not is translated", "large": "a message in fragments",
    "cut": "TCP: two segments, cut at every offset", "bytes": "TCP: one byte in a segment",
    "pipelined": "TCP: several messages and keepalives in a segment", "large_tcp": "TCP: a message of several segments",
    "foreign": "what is not SIP, on 5060/UDP, is not changed", "foreign_tcp": "what is not SIP, on 5060/TCP, is not changed",
    "attacked": "media are heard from whom the answer named, and from nobody else"}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n").split(" ", 1) for line in file]


def calls(directory, router):
    """{scenario: (carried, of)} and the first thing that went wrong: {scenario: word}"""
    carried, tried, wrong = collections.Counter(), collections.Counter(), {}
    for run, result in read(f"{directory}/{router}.calls"):
        name = run.split(".")[0]
        tried[name] += 1
        carried[name] += result == "ok"
        if result != "ok":
            wrong.setdefault(name, set()).add(result.split(":")[0])
    return {name: f"{carried[name]} of {tried[name]}" + (f" ({', '.join(sorted(wrong[name]))})" if name in wrong else "")
            for name in tried}


def main(directory, *routers):
    print(f"{time.strftime('%Y-%m-%d', time.gmtime())}, Linux {platform.release().split('-')[0]}, by tests/sip/compare.\n")
    print("| | " + " | ".join(TITLES[router] for router in routers) + " |")
    print("|---" * (len(routers) + 1) + "|")
    found = [calls(directory, router) for router in routers]
    for name in (name for name in scenario.SCENARIOS if name in found[0]):
        print(f"| {name} | " + " | ".join(one[name] for one in found) + " |")
    checks = [dict(read(f"{directory}/{router}.checks")) for router in routers]
    for name in checks[0]:
        print(f"| {CHECKS[name]} | " + " | ".join("yes" if one[name] == "ok" else "no" for one in checks) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
