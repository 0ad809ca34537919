#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The voices of the calls that sipp sets up: media.py DIRECTORY SIDE NAME, in the namespace NAME.

Follows every log of messages DIRECTORY/RUN.SIDE.msg whose party has an address here. Who has said a description and heard one sends from the ports it said
itself to those it heard: RTP to the port of the medium, RTCP to the next one or where a=rtcp has it, or to the same where both
said a=rtcp-mux. What comes in is
counted by what was announced; the ports are open as soon as the party's scenario, DIRECTORY/RUN.SIDE.xml, is there, so that
nothing comes too early. On SIGUSR1: says "done" when all is sent. On SIGTERM: DIRECTORY/media.NAME.json, with
    bursts: [{id, run, kind, own, remote}]   what was sent: kind is rtp, rtcp or udptl
    heard: [{id, at, source, count}]         what came in, and where from
    told: {run: [place...]}                  where the other party said that its media are
Knows nothing of translation: the addresses are those of the messages.
"""
import collections
import errno
import glob
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import time

PACKETS, INTERVAL = 10, 0.08
START = re.compile(rb"^-{40,} .*\n(?:UDP|TCP|TLS) message (sent|received) [\[(](\d+)(?:\]| bytes\)).*:\n\n", re.M)


def pieces(kind, body):
    """The parts of a multipart body, heads and all, also the inner ones."""
    edge = re.match(r'(?i)multipart/[a-z]+; *boundary="?([^";]+)', kind)
    found = []
    for part in body.split("--" + edge.group(1))[1:-1] if edge else []:
        part = part[2:-2]  # the line ends that belong to the boundaries
        head, _, text = part.partition("\r\n\r\n")
        found += [part, *pieces(field(head, "Content-Type", "c"), text)]
    return found


def descriptions(kind, body):
    """The session descriptions of a body, also those of a multipart one."""
    if kind.lower().startswith("application/sdp"):
        return [body]
    parted = [part.partition("\r\n\r\n") for part in pieces(kind, body)]
    return [text for head, _, text in parted if field(head, "Content-Type", "c").lower().startswith("application/sdp")]


def field(head, name, brief):
    found = re.search(rf"(?im)^(?:{name}|{brief})[ \t]*:[ \t]*((?:.*(?:\r\n[ \t])?)*?)\r\n(?![ \t])", head + "\r\n")
    return found.group(1) if found else ""


def media_of(text):
    """A dictionary of each; port 0: closed; rtcp: its place, if it is not muxed"""
    session, found = {"c": "", "mode": "sendrecv"}, []
    for line in text.split("\r\n"):
        if line.startswith("m="):
            kind, port = line[2:].split()[:2]
            found.append(dict(session, kind=kind, port=int(port.split("/")[0]), rtcp=None, protocol=line.split()[2]))
        scope = found[-1] if found else session
        if line.startswith("c=IN IP4 "):
            scope["c"] = line.split()[2]
        elif line in ("a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv"):
            scope["mode"] = line[2:]
        elif line.startswith("a=rtcp:") and found:
            words = line[7:].split()
            scope["rtcp"] = (words[3] if len(words) > 3 else "", int(words[0]))
        elif line == "a=rtcp-mux" and found:
            scope["mux"] = True
    for one in found:
        address, port = one["rtcp"] or ("", one["port"] + 1)
        one["rtcp"] = (address or one["c"], port)
    return found


def scenario_media(path):
    """All media of a scenario of sipp's."""
    with open(path, encoding="latin-1") as file:
        text = file.read().replace("\r\n", "\n")
    bodies = re.findall(r"(?ms)^v=0\n.*?(?=\n--|\n\n|\]\]>)", text)
    return [media for body in bodies for media in media_of(body.replace("\n", "\r\n"))]


class Follower:
    """One party's log."""

    def __init__(self, path, talker):
        self.talker, self.data = talker, b""
        self.file = open(path, "rb")
        self.run = os.path.basename(path).rsplit(".", 2)[0]
        self.said, self.done = {}, set()

    def read(self):
        new = self.file.read()
        if not new:
            return
        self.data += new
        while True:
            found = START.search(self.data)
            if not found or len(self.data) < found.end() + int(found.group(2)):
                return
            message = self.data[found.end():found.end() + int(found.group(2))]
            self.data = self.data[found.end() + int(found.group(2)):]
            self.message(found.group(1) == b"sent", message.decode("latin-1"))

    def message(self, sent, text):
        head, _, body = text.partition("\r\n\r\n")
        described = descriptions(field(head, "Content-Type", "c"), body)
        if not described:
            return
        call, number = field(head, "Call-ID", "i"), field(head, "CSeq", "CSeq").split()[0]
        medias = media_of(described[0])
        mine, theirs = self.said.setdefault(call, [None, None])
        if sent:
            mine = medias
            self.talker.listen(medias)
        else:
            theirs = medias
            self.talker.told[self.run] += [place for one in medias for place in ((one["c"], one["port"]), one["rtcp"])]
        self.said[call] = [mine, theirs]
        # An answer completes an exchange; the next offer waits for its own.
        offer = not head.startswith("SIP/2.0") and not (head.startswith(("ACK", "PRACK")))
        if offer:
            self.said[call] = [mine, None] if sent else [None, theirs]
        elif mine and theirs:
            self.exchange(call, number, mine, theirs)

    def exchange(self, call, number, mine, theirs):
        key = (call, repr(mine), repr(theirs), number)
        if key in self.done:
            return
        self.done.add(key)
        for own, remote in zip(mine, theirs):
            if own["port"] == 0 or remote["port"] == 0:
                continue
            if "0.0.0.0" in (own["c"], remote["c"]):
                continue
            if own["mode"] in ("sendrecv", "sendonly") and remote["mode"] in ("sendrecv", "recvonly"):
                self.talker.talk(self.run, own, remote)


class Talker:
    def __init__(self, name):
        self.name, self.sockets, self.poll = name, {}, select.epoll()
        self.queue, self.bursts, self.heard = collections.deque(), [], collections.Counter()
        self.numbers = {}
        self.told = collections.defaultdict(list)

    def open(self, place):
        if place in self.sockets or place[1] == 0 or place[0] in ("", "0.0.0.0"):
            return
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        new.setblocking(False)
        try:
            new.bind(place)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:  # the other namespace's party
                print(f"{place}: {error}", file=sys.stderr, flush=True)
            return
        self.sockets[place] = new
        self.numbers[new.fileno()] = (place, new)
        self.poll.register(new.fileno(), select.EPOLLIN)

    def listen(self, medias):
        for media in medias:
            if media["port"]:
                self.open((media["c"], media["port"]))
                if media["kind"] != "image":
                    self.open(media["rtcp"])

    def talk(self, run, own, remote):
        if own["kind"] == "image":
            ways = [("udptl", (own["c"], own["port"]), (remote["c"], remote["port"]), 1)]
        else:
            near, far = (own["c"], own["port"]), (remote["c"], remote["port"])
            mux = own.get("mux") and remote.get("mux")
            ways = [("rtp", near, far, 1), ("rtcp", near if mux else own["rtcp"], far if mux else remote["rtcp"], 5)]
        if ways[0][1] not in self.sockets:
            return  # the other namespace's party
        now = time.monotonic()
        for kind, near, far, every in ways:
            identity = f"{self.name}:{len(self.bursts)}"
            self.bursts.append({"id": identity, "run": run, "kind": kind, "own": near, "remote": far})
            for count in range(0, PACKETS, every):
                self.queue.append((now + 0.3 + count * INTERVAL, kind, near, far, identity, count))
        self.queue = collections.deque(sorted(self.queue))

    def send(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, kind, near, far, identity, count = self.queue.popleft()
            if kind == "rtp":
                head = struct.pack("!BBHII", 0x80, 0, count, count * 160, 1)
            elif kind == "rtcp":  # an empty receiver report
                head = struct.pack("!BBHI", 0x80, 201, 1, 1)
            else:
                head = struct.pack("!HBB", count, 0, 0)
            try:
                self.sockets[near].sendto(head + f"<{identity}>".encode().ljust(32, b"."), far)
            except (OSError, KeyError) as error:
                print(f"{near} to {far}: {error!r}", file=sys.stderr, flush=True)

    def receive(self, wait):
        """False: nothing came."""
        came = self.poll.poll(wait)
        for number, _ in came:
            place, one = self.numbers[number]
            for _ in range(100):
                try:
                    data, source = one.recvfrom(2048)
                except (BlockingIOError, ConnectionError):
                    break
                found = re.search(rb"<(\w+:\d+)>", data)
                self.heard[(found.group(1).decode() if found else "?", place, source)] += 1
        return bool(came)


def main(directory, side, name):
    talker, followers, scenarios, asked, ending = Talker(name), {}, set(), [], []
    signal.signal(signal.SIGUSR1, lambda *_: asked.append(1))
    signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
    print("ready", flush=True)
    look = 0
    while not ending:
        last = bool(asked)
        if time.monotonic() >= look or last:
            look = time.monotonic() + 0.05
            for path in set(glob.glob(f"{directory}/*.{side}.xml")) - scenarios:
                scenarios.add(path)
                talker.listen(scenario_media(path))
            for path in glob.glob(f"{directory}/*.{side}.msg"):
                if path not in followers:
                    followers[path] = Follower(path, talker)
            for follower in followers.values():
                follower.read()
        talker.send()
        talker.receive(0.005)
        if last and not talker.queue:
            print("done", flush=True)
            asked.clear()
    while talker.receive(0):
        pass
    with open(f"{directory}/media.{name}.json", "w", encoding="ascii") as file:
        heard = [{"id": key[0], "at": key[1], "source": key[2], "count": count} for key, count in talker.heard.items()]
        json.dump({"bursts": talker.bursts, "heard": heard, "told": talker.told}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
