#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A wire that loses, reorders, duplicates and chops: frames between two interfaces, by packet sockets.

    alg_relay.py INTERFACE INTERFACE SETTINGS

SETTINGS is a file of words, read at start and again on SIGUSR1: loss=5 reorder=5 duplicate=2 (per cent of the frames of
each direction), chop=21 (TCP segments from or to this port travel as segments of one byte), ports=20,21 (only TCP of
these ports suffers; all others pass), seed=1, row=1 (the same bytes, or the same acknowledgement, are lost at most so
many times in a row), handshake=1 (at most so many frames of a connection's handshake are lost; they set the clock of its
timeouts: after 7 s for the first round trip a sender waits 21 s for whatever is lost next). An empty file is a good wire.
A frame out of order comes behind the next three, or 40 ms later. Urgent segments are not chopped. On SIGUSR1 one line tells
what was done since the last one. Interfaces must not leave checksums unfinished (ethtool -K INTERFACE tx off).

What becomes of a frame depends on the seed, on which connection it is (the how manieth), on its place in it and on how often
it came, not on when it comes or what else does: so a failure can be repeated.
"""
import collections
import hashlib
import select
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
HELD_S = 0.04
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    return ~ones_sum(data) & 0xffff


class Segment:
    """A TCP segment in an Ethernet frame, not a fragment; None of it if the frame is something else."""

    def __init__(self, frame):
        self.ports = None
        if frame[12:14] != b"\x08\0" or frame[14] >> 4 != 4 or frame[23] != 6:
            return
        if struct.unpack("!H", frame[20:22])[0] & 0x3fff:
            return
        self.ip = (frame[14] & 15) * 4
        end = 14 + struct.unpack("!H", frame[16:18])[0]
        self.tcp = 14 + self.ip
        self.data = self.tcp + (frame[self.tcp + 12] >> 4) * 4
        self.frame, self.payload = frame, frame[self.data:end]
        self.ports = struct.unpack("!HH", frame[self.tcp:self.tcp + 4])

    def piece(self, at):
        """The frame of one byte of the payload."""
        frame = bytearray(self.frame[:self.data] + self.payload[at:at + 1])
        tcp = self.tcp
        struct.pack_into("!H", frame, 16, len(frame) - 14)
        struct.pack_into("!H", frame, 18, struct.unpack("!H", frame[18:20])[0] + at & 0xffff)
        struct.pack_into("!H", frame, 24, 0)
        struct.pack_into("!H", frame, 24, checksum(bytes(frame[14:tcp])))
        sequence = struct.unpack("!I", frame[tcp + 4:tcp + 8])[0] + at & 0xffffffff
        struct.pack_into("!I", frame, tcp + 4, sequence)
        if at < len(self.payload) - 1:
            frame[tcp + 13] &= ~(FIN | PSH)
        struct.pack_into("!H", frame, tcp + 16, 0)
        pseudo = bytes(frame[26:34]) + struct.pack("!HH", 6, len(frame) - tcp)
        struct.pack_into("!H", frame, tcp + 16, checksum(pseudo + bytes(frame[tcp:])))
        return bytes(frame)

    def pieces(self):
        if len(self.payload) < 2 or self.frame[self.tcp + 13] & URG:
            return [self.frame]
        return [self.piece(at) for at in range(len(self.payload))]


class Names:
    """What frames are, the same in each run: connections by the order in which they begin, bytes by their place."""

    def __init__(self):
        self.connections, self.begun, self.others = {}, 0, 0

    def connection(self, segment, source, destination, seq):
        """(its number, {end: number of its SYN})"""
        ends = frozenset((source, destination))
        found = self.connections.get(ends)
        flags = segment.frame[segment.tcp + 13] & (SYN | ACK)
        if found is None or flags == SYN and found[1].get(source, seq) != seq:
            self.begun += 1
            found = self.connections[ends] = (self.begun, {})
        if flags & SYN:
            found[1][source] = seq
        return found

    def of(self, frame, forth):
        """(name, the connection's number if it belongs to a handshake, else None)"""
        segment = Segment(frame)
        if not segment.ports:
            self.others += 1
            return (forth, "other", self.others), None
        source, destination = ((frame[26 + 4 * i:30 + 4 * i], segment.ports[i]) for i in (0, 1))
        seq, ack = struct.unpack("!II", frame[segment.tcp + 4:segment.tcp + 12])
        flags = frame[segment.tcp + 13] & (FIN | SYN | RST)
        number, first = self.connection(segment, source, destination, seq)
        place = seq - first.setdefault(source, seq) & 0xffffffff
        if segment.payload or flags:
            return (forth, number, flags & ~FIN, place), number if flags & SYN else None
        told = ack - first.get(destination, ack) & 0xffffffff
        return (forth, number, "ack", place, told), number if place == told == 1 else None


class Wire:
    def __init__(self, settings):
        self.settings = settings
        self.load()

    def load(self):
        words = open(self.settings, encoding="ascii").read().split()
        value = dict(word.split("=") for word in words)
        self.share = {name: int(value.get(name, 0)) for name in ("loss", "reorder", "duplicate")}
        self.chop = int(value.get("chop", 0))
        self.ports = [int(port) for port in value["ports"].split(",")] if "ports" in value else None
        self.row, self.handshake, self.seed = (int(value.get(name, 1)) for name in ("row", "handshake", "seed"))
        self.names, self.times, self.lost, self.shaken = Names(), collections.Counter(), {}, collections.Counter()
        self.count = dict(frames=0, loss=0, reorder=0, duplicate=0, chop=0)

    def fate(self, name):
        """Which of the three happen to a frame of that name, this time."""
        self.times[name] += 1
        bits = hashlib.blake2b(repr((self.seed, name, self.times[name])).encode(), digest_size=12).digest()
        return {what for i, what in enumerate(self.share)
                if int.from_bytes(bits[4 * i:4 * i + 4], "big") % 100 < self.share[what]}

    def is_lost(self, name, handshake):
        """What the seed says, within the bounds."""
        row, self.lost[name] = self.lost.get(name, 0), 0
        if row >= self.row or handshake is not None and self.shaken[handshake] >= self.handshake:
            return False
        self.lost[name] = row + 1
        self.shaken[handshake] += 1
        return True

    def cross_one(self, way, frame):
        self.count["frames"] += 1
        name, handshake = self.names.of(frame, way.forth)
        fate = self.fate(name)
        if "loss" in fate and self.is_lost(name, handshake):
            self.count["loss"] += 1
            return
        if "loss" not in fate:
            self.lost.pop(name, None)
        for what in fate & {"reorder", "duplicate"}:
            self.count[what] += 1
        if "duplicate" in fate:
            way.send(frame)
        if "reorder" in fate:
            way.hold(frame)
        else:
            way.send(frame)

    def cross(self, way, frame):
        segment = Segment(frame)
        if self.ports is not None and not (segment.ports and set(segment.ports) & set(self.ports)):
            way.send(frame)
            return
        frames = [frame]
        if self.chop and segment.ports and self.chop in segment.ports:
            frames = segment.pieces()
            self.count["chop"] += len(frames) - 1
        for one in frames:
            self.cross_one(way, one)


class Way:
    """One direction, with what is held back."""

    def __init__(self, sock, forth):
        self.sock, self.forth, self.held = sock, forth, []

    def send(self, frame):
        try:
            self.sock.send(frame)
        except OSError as error:
            print("not sent:", error, flush=True)
        for one in self.held:
            one[1] -= 1
        self.due()

    def hold(self, frame):
        self.held.append([time.monotonic() + HELD_S, 3, frame])

    def due(self):
        now = time.monotonic()
        ripe = [one for one in self.held if one[1] <= 0 or one[0] <= now]
        self.held = [one for one in self.held if one[1] > 0 and one[0] > now]
        for one in ripe:
            self.sock.send(one[2])


def opened(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    sock.bind((interface, 0))
    return sock


def main():
    sockets = [opened(name) for name in sys.argv[1:3]]
    ways = {sockets[0]: Way(sockets[1], True), sockets[1]: Way(sockets[0], False)}
    wire = Wire(sys.argv[3])

    def again(*_):
        print("since", *("%s=%d" % item for item in wire.count.items()), flush=True)
        wire.load()

    signal.signal(signal.SIGUSR1, again)
    print("ready", flush=True)
    while True:
        waits = any(way.held for way in ways.values())
        for sock in select.select(sockets, [], [], 0.01 if waits else None)[0]:
            wire.cross(ways[sock], sock.recv(65536))
        for way in ways.values():
            way.due()


main()
