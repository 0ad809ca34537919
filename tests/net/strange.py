#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that no stack would send, by scapy, and TCP actors that no program would be.

  protocols SOURCE ADDRESS             SCTP GRE ESP AH, an unknown protocol, ICMP extended echo
  options SOURCE ADDRESS PORT          UDP with IP options: one passes (router alert), the others say addresses or lie
  lies SOURCE ADDRESS PORT             truncated and lying IP, TCP and UDP headers
  damaged SOURCE SPORT ADDRESS PORT    one UDP datagram with a wrong checksum
  quotes SOURCE ADDRESS                ICMP errors that quote anything, and redirects
  errors SOURCE ADDRESS PORT PORT      ICMP errors of every kind about a TCP segment from ADDRESS PORT to SOURCE PORT
  syn SOURCE SPORT ADDRESS PORT        one SYN
  segment SOURCE SPORT ADDRESS PORT FLAGS SEQ ACK    one TCP segment
  simultaneous ADDRESS PORT LOCALPORT  connects from LOCALPORT, again while refused, says hello and hears it
  idle ADDRESS PORT LOCALPORT FILE     connects, says "connected", when FILE appears sends a line and wants it back
  reopen ADDRESS PORT LOCALPORT        connects, forgets the connection without a word, connects again from LOCALPORT
  half ADDRESS PORT SECONDS            ends its side at once, and wants "late" from the other side
  serve-half ADDRESS PORT SECONDS      waits for the end of what comes, that long more, and says "late"
"""
import logging
import os
import socket
import sys
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)


def scapy():
    from scapy.all import conf
    import scapy.all
    conf.verb = 0
    return scapy.all


def emit(packets):
    scapy().send(packets)
    print(len(packets), "sent")


def protocols(source, address):
    s = scapy()
    ip = dict(src=source, dst=address)
    chunk = s.SCTPChunkInit(init_tag=7, a_rwnd=65535, n_out_streams=1, n_in_streams=1, init_tsn=1)
    emit([s.IP(**ip) / s.SCTP(sport=5000, dport=5001) / chunk,
          s.IP(proto=47, **ip) / s.Raw(b"\0\0\x08\0" + b"inner" * 4),
          s.IP(proto=50, **ip) / s.Raw(b"\x12\x34\x56\x78\0\0\0\x01" + b"e" * 24),
          s.IP(proto=51, **ip) / s.Raw(b"\x3b\x04\0\0\x12\x34\x56\x78\0\0\0\x01" + b"a" * 12),
          s.IP(proto=253, **ip) / s.Raw(b"who knows"),
          s.IP(**ip) / s.ICMP(type=42, code=0, id=9, seq=1) / s.Raw(b"x" * 8)])


def options(source, address, port):
    s = scapy()
    gateway = s.conf.route.route(address)[2]
    ether = s.Ether(dst=s.getmacbyip(gateway), type=0x800)

    # scapy would read the options to write them, and these do not want to be read.
    def udp(raw, marker):
        plain = bytes(s.IP(src=source, dst=address) / s.UDP(sport=4100, dport=int(port)) / s.Raw(marker))
        raw += b"\0" * (-len(raw) % 4)
        header = bytearray(plain[:20] + raw)
        header[0] = 0x40 | len(header) // 4
        header[2:4] = (len(plain) + len(raw)).to_bytes(2, "big")
        header[10:12] = b"\0\0"
        header[10:12] = s.checksum(bytes(header)).to_bytes(2, "big")
        return ether / s.Raw(bytes(header) + plain[20:])
    s.sendp([udp(b"\x94\x04\0\0", b"alert"),
             udp(b"\x07\x0b\x04" + b"\0" * 8, b"record"),
             udp(b"\x44\x0c\x05\x01" + b"\0" * 8, b"timestamp"),
             udp(b"\x83\x07\x04\x0a\x4d\x01\x01", b"loose"),
             udp(b"\x89\x07\x04\x0a\x4d\x01\x01", b"strict"),
             udp(b"\x07\x27\x04\0", b"overlong"),
             udp(b"\x07\0\x04\0", b"endless")], iface="eth0")


def lies(source, address, port):
    s = scapy()
    ip = dict(src=source, dst=address)
    udp, tcp = s.UDP(sport=4200, dport=int(port)), dict(sport=4200, dport=int(port), flags="S")
    emit([s.IP(len=2000, **ip) / udp / s.Raw(b"long"),
          s.IP(len=24, **ip) / udp / s.Raw(b"short"),
          s.IP(ihl=15, **ip) / udp / s.Raw(b"header"),
          s.IP(**ip) / s.UDP(sport=4200, dport=int(port), len=500) / s.Raw(b"datagram"),
          s.IP(**ip) / s.UDP(sport=4200, dport=int(port), len=3) / s.Raw(b"datagram"),
          s.IP(**ip) / s.TCP(dataofs=15, **tcp),
          s.IP(**ip) / s.TCP(dataofs=2, **tcp),
          s.IP(proto=6, **ip) / s.Raw(b"\x10\x68\x1b\x59"),
          s.IP(proto=17, **ip) / s.Raw(b"\x10\x68"),
          s.IP(proto=1, **ip) / s.Raw(b"\x08\0"),
          s.IP(chksum=0xbad, **ip) / udp / s.Raw(b"checksum"),
          s.IP(**ip) / s.TCP(chksum=0xbad, **tcp)])


def damaged(source, sport, address, port):
    s = scapy()
    emit([s.IP(src=source, dst=address) / s.UDP(sport=int(sport), dport=int(port), chksum=0xbad) / s.Raw(b"damaged")])


def quotes(source, address):
    s = scapy()
    ip = dict(src=source, dst=address)
    inner = [s.IP(src=address, dst=source) / s.UDP(sport=1, dport=2) / s.Raw(b"q" * 20),
             s.IP(src=source, dst=address) / s.UDP(sport=2, dport=1) / s.Raw(b"q" * 20),
             s.IP(src=address, dst=source, proto=132) / s.Raw(b"s" * 20),
             s.IP(src=address, dst=source, frag=100) / s.Raw(b"f" * 20),
             s.IP(src=address, dst=source) / s.ICMP(type=3) / s.IP(src=source, dst=address) / s.UDP()]
    packets = []
    for kind in (3, 4, 5, 11, 12):
        for quoted in inner:
            data = bytes(quoted)
            for length in (0, 4, 19, 20, 24, 27, 28, len(data)):
                packets.append(s.IP(**ip) / s.ICMP(type=kind, gw=source) / s.Raw(data[:length]))
        packets.append(s.IP(**ip) / s.ICMP(type=kind) / s.Raw(b"\x40" + data[1:]))
        packets.append(s.IP(**ip) / s.ICMP(type=kind) / s.Raw(b"\x4f" + data[1:]))
    emit(packets)


def errors(source, address, port, remote):
    s = scapy()
    quoted = bytes(s.IP(src=address, dst=source) / s.TCP(sport=int(port), dport=int(remote), seq=1, flags="A"))[:28]
    kinds = [(3, code) for code in range(16) if code != 4] + [(4, 0), (11, 0), (11, 1), (12, 0)]
    emit([s.IP(src=source, dst=address) / s.ICMP(type=kind, code=code) / s.Raw(quoted) for kind, code in kinds])


def segment(source, sport, address, port, flags, seq, ack):
    s = scapy()
    emit([s.IP(src=source, dst=address) / s.TCP(sport=int(sport), dport=int(port), flags=flags, window=1000,
                                                seq=int(seq) & 0xffffffff, ack=int(ack) & 0xffffffff)])


def syn(source, sport, address, port):
    segment(source, sport, address, port, "S", 1000, 0)


def connected(address, port, local):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", int(local)))
    sock.settimeout(20)
    sock.connect((address, int(port)))
    return sock


def simultaneous(address, port, local):
    end = time.monotonic() + 20
    while True:
        try:
            sock = connected(address, port, local)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
    sock.sendall(b"hello")
    assert sock.recv(5) == b"hello"
    print("hello", flush=True)
    time.sleep(1)


def idle(address, port, local, path):
    with connected(address, port, local) as sock:
        print("connected", flush=True)
        while not os.path.exists(path):
            time.sleep(0.1)
        sock.sendall(b"still there?")
        assert sock.recv(100) == b"still there?"
        print("still there", flush=True)
        time.sleep(100)


def reopen(address, port, local):
    repair = 19  # TCP_REPAIR: what is closed in it says nothing
    with connected(address, port, local) as sock:
        sock.sendall(b"before")
        assert sock.recv(100) == b"before"
        sock.setsockopt(socket.IPPROTO_TCP, repair, 1)
    with connected(address, port, local) as sock:
        sock.sendall(b"after")
        assert sock.recv(100) == b"after"
    print("again")


def half(address, port, seconds):
    with socket.create_connection((address, int(port)), 20) as sock:
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(float(seconds))
        assert sock.recv(100) == b"late"
        print("late")


def serve_half(address, port, seconds):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, int(port)))
    server.listen()
    print("ready", flush=True)
    while True:
        sock, _ = server.accept()
        while sock.recv(100):
            pass
        time.sleep(float(seconds))
        sock.sendall(b"late")
        sock.close()


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
