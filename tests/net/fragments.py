#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fragments as no stack would send them, over raw sockets, and a name server with large answers.

  send SOURCE SPORT ADDRESS DPORT ID HOW   one UDP datagram of 3000 bytes in three fragments, HOW:
                                           order reverse duplicate overlap same-overlap tiny short beyond
                                           first (only that one)
  ask SOURCE ADDRESS DPORT ID HOW          the same from a bound port, then waits for the echo: exit 0 when it came whole
  flood SOURCE ADDRESS DPORT COUNT         first fragments that nothing follows; SOURCE "*": from everywhere
  serve-dns ADDRESS PORT                   answers each question with 3500 bytes of text
"""
import os
import socket
import struct
import sys

SIZE = 3000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def fragment(source, address, ident, payload, offset, size, more, protocol=17):
    part = payload[offset:offset + size]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), ident, (0x2000 if more else 0) | offset // 8, 64,
                         protocol, 0, socket.inet_aton(source), socket.inet_aton(address))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + part


def datagram(source, sport, address, dport):
    data = bytes((i * 7 + i // 251 + sport) & 255 for i in range(SIZE - 8))
    udp = struct.pack("!HHHH", sport, dport, SIZE, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(address) + struct.pack("!BBH", 0, 17, SIZE)
    return udp[:6] + struct.pack("!H", checksum(pseudo + udp + data) or 0xffff) + data


def pieces(source, address, ident, payload, how):
    def cut(offset, size, more, data=payload):
        return fragment(source, address, ident, data, offset, size, more)
    one, two, three = cut(0, 1480, True), cut(1480, 1480, True), cut(2960, SIZE, False)
    other = payload[:1480] + bytes(SIZE - 1480)
    return {
        "order": [one, two, three],
        "reverse": [three, two, one],
        "duplicate": [one, one, three, three, one, two],
        "overlap": [one, cut(1480, 800, True, other), three, two],
        "same-overlap": [one, cut(1472, 1488, True), two, three],
        "tiny": [fragment(source, address, ident, payload, 0, 16, True, 6), fragment(source, address, ident, payload, 16, 1480, False, 6)],
        "short": [one, cut(1480, 1001, True), two, three],
        "beyond": [one, two, fragment(source, address, ident, payload + bytes(70000), 2960, 1480, True),
                   struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1020, ident, 65528 // 8, 64, 17, 0, socket.inet_aton(source),
                               socket.inet_aton(address)) + bytes(1000)],
        "first": [one],
    }[how]


def raw():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def send(source, sport, address, dport, ident, how):
    payload = datagram(source, int(sport), address, int(dport))
    sock = raw()
    for part in pieces(source, address, int(ident), payload, how):
        sock.sendto(part, (address, 0))
    return payload


def ask(source, address, dport, ident, how):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.settimeout(float(os.environ.get("PATIENCE", 30)))
    payload = send(source, sock.getsockname()[1], address, dport, ident, how)
    assert sock.recv(65536) == payload[8:], "the echo differs"


def flood(source, address, dport, count):
    sock = raw()
    for number in range(int(count)):
        sender = source if source != "*" else "100.%d.%d.%d" % (64 + number % 60, number >> 8 & 255, number & 255)
        payload = struct.pack("!HHHH", 1000 + number % 60000, int(dport), SIZE, 0) + bytes(1472)
        try:
            sock.sendto(fragment(sender, address, number & 0xffff, payload, 0, 1480, True), (address, 0))
        except BlockingIOError:
            pass


def serve_dns(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    print("ready", flush=True)
    text = b"".join(b"\xfa" + bytes([97 + i]) * 250 for i in range(14))
    while True:
        query, client = sock.recvfrom(4096)
        end = query.index(b"\0", 12) + 5
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 0, len(text)) + text
        sock.sendto(query[:2] + b"\x84\0" + struct.pack("!HHHH", 1, 1, 0, 0) + query[12:end] + answer, client)


def main():
    try:
        globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
    except (OSError, AssertionError) as error:
        print(f"{' '.join(sys.argv[1:])}: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
