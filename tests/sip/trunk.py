#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios for many calls on one flow, and what became of their media.

    trunk.py xml A|B ADDRESS PEER PAUSE   for sipp: a call of PAUSE ms (0: none; 1: hangs up at once); each has a media port of its own
    trunk.py heard DIRECTORY CALLS        whether both parties of so many calls heard each other, by media.py's words
"""
import json
import sys

import scenario


def xml(role, address, peer, pause):
    party = scenario.Party(role, address, 5060, 20000, (peer, 5060), "udp")
    text = scenario.Script(party, scenario.opening(scenario.A1) + scenario.closing()).xml()
    print(text.replace(" 20000 RTP", " [auto_media_port] RTP").replace(f'"{scenario.PAUSE}"', f'"{pause}"'))


def heard(directory, calls):
    """Nothing heard, or heard by another call, is a failure."""
    sides = {}
    for name in ("h1", "far"):
        with open(f"{directory}/media.{name}.json", encoding="ascii") as file:
            sides[name] = json.load(file)
    bad = 0
    for name, other in (("h1", "far"), ("far", "h1")):
        said = [burst for burst in sides[name]["bursts"] if burst["kind"] == "rtp"]
        places = {tuple(burst["remote"]) for burst in said}
        counts = {}
        for one in sides[other]["heard"]:
            counts.setdefault(one["id"], set()).add((tuple(one["at"]), one["count"]))
        silent = [burst for burst in said if sum(count for _, count in counts.get(burst["id"], ())) < 5]
        crossed = [ident for ident, ears in counts.items() if len({place for place, _ in ears}) > 1]
        print(f"{name}: {len(said)} talked to {len(places)} places; {len(silent)} not heard, {len(crossed)} heard in two places")
        bad += len(said) != calls or len(places) != calls or len(silent) > 0 or len(crossed) > 0
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "xml":
        sys.exit(xml(*sys.argv[2:6]))
    sys.exit(heard(sys.argv[2], int(sys.argv[3])))
