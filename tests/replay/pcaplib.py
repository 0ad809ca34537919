# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading captures and what is in them, without a dissector: the tests of algated --replay trust nothing of the engine's."""
import struct

ETHERNET, RAW, NULL, COOKED, COOKED2 = 1, 101, 0, 113, 276


def read_pcap(path):
    """(link type, [(nanoseconds, bytes)]); pcap only."""
    with open(path, "rb") as file:
        data = file.read()
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    link, at, frames = struct.unpack(order + "I", data[20:24])[0] & 0xffff, 24, []
    while at < len(data):
        seconds, part, size, _ = struct.unpack(order + "IIII", data[at:at + 16])
        frames.append((seconds * 10 ** 9 + part * unit, data[at + 16:at + 16 + size]))
        at += 16 + size
    return link, frames


def write_pcap(path, link, frames, whole=0):
    """whole: how much longer each packet was than what is kept of it."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, link))
        for ns, data in frames:
            file.write(struct.pack("<IIII", ns // 10 ** 9, ns % 10 ** 9, len(data), len(data) + whole) + data)


def ones(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Packet:
    """An IPv4 packet in an Ethernet frame; `ip` is None of anything else."""

    def __init__(self, ns, frame):
        self.ns, self.link, self.ip = ns, frame[:14], None
        at = 12
        while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        if frame[at:at + 2] == b"\x08\x00":
            self.parse(frame[at + 2:])

    def parse(self, data):
        self.ip = data = data[:struct.unpack("!H", data[2:4])[0]]
        header = (data[0] & 15) * 4
        self.src, self.dst = (".".join(map(str, data[i:i + 4])) for i in (12, 16))
        self.protocol, self.l4 = data[9], data[header:]
        self.fragment = struct.unpack("!H", data[6:8])[0] & 0x3fff != 0
        self.sport = self.dport = 0
        self.payload = self.l4
        if self.protocol in (6, 17) and not self.fragment:
            self.sport, self.dport = struct.unpack("!HH", self.l4[:4])
            self.payload = self.l4[(self.l4[12] >> 4) * 4 if self.protocol == 6 else 8:]
        if self.protocol == 6 and not self.fragment:
            self.seq, self.ack = struct.unpack("!II", self.l4[4:12])
            self.flags = self.l4[13]

    def sums_are_good(self):
        if ones(self.ip[:(self.ip[0] & 15) * 4]) != 0xffff:
            return False
        if self.fragment or (self.protocol == 17 and self.l4[6:8] == b"\0\0"):
            return True
        pseudo = self.ip[12:20] + struct.pack("!BBH", 0, self.protocol, len(self.l4))
        return self.protocol not in (1, 6, 17) or ones((pseudo if self.protocol != 1 else b"") + self.l4) == 0xffff


def packets(path):
    return [Packet(*frame) for frame in read_pcap(path)[1]]


def ipv4(path):
    return [packet for packet in packets(path) if packet.ip is not None]


def stream(parts, src, sport, dst, dport):
    """What one side of a TCP connection said, by sequence numbers; None where bytes are missing or differ."""
    said, first = {}, None
    for p in parts:
        if p.protocol != 6 or p.fragment or (p.src, p.sport, p.dst, p.dport) != (src, sport, dst, dport):
            continue
        if p.flags & 2:
            first = (p.seq + 1) & 0xffffffff
        for i, byte in enumerate(p.payload):
            at = (p.seq + i - (first if first is not None else p.seq)) & 0xffffffff
            if said.setdefault(at, byte) != byte:
                return None
    return bytes(said[i] for i in range(len(said))) if sorted(said) == list(range(len(said))) else None
