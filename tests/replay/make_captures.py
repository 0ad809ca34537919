#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the captures of tests/replay/captures with scapy: make_captures.py DIRECTORY. All of them as an inside host sees them,
unless their name says "router": those show what the router receives on both sides."""
import sys

from scapy.all import (ARP, DNS, DNSQR, DNSRR, ICMP, IP, TCP, TFTP, TFTP_ACK, TFTP_DATA, TFTP_RRQ, UDP, Ether, Raw, fragment,
                       wrpcap)

HOST, OTHER, SERVER, HOP = "10.0.0.5", "10.0.0.7", "198.51.100.1", "192.0.2.9"
FACE, GLOBAL = "203.0.113.1", "203.0.113.7"
OUT = Ether(src="02:00:00:00:00:05", dst="02:00:00:00:00:01")
IN = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:05")


class Capture:
    def __init__(self):
        self.packets, self.time = [], 1700000000.0

    def add(self, packet, after=0.01):
        packet.time = self.time = round(self.time + after, 6)
        self.packets.append(packet)

    def send(self, name):
        wrpcap(f"{sys.argv[1]}/{name}.pcap", self.packets)


class Connection:
    """TCP between a client and a server; inward: the client is the one outside."""

    def __init__(self, capture, client, server, inward=False):
        self.capture, self.ends = capture, (client, server)
        self.link = (IN, OUT) if inward else (OUT, IN)
        self.next = [1000, 0xfffffff0]
        self.segment(0, "S")
        self.segment(1, "SA")
        self.segment(0, "A")

    def segment(self, side, flags, data=b""):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if "A" in flags else 0
        packet = self.link[side] / IP(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags, seq=self.next[side],
                                                              ack=ack)
        self.capture.add(packet / Raw(data) if data else packet)
        self.next[side] = (self.next[side] + len(data) + ("S" in flags or "F" in flags)) & 0xffffffff

    def say(self, side, data, pieces=1):
        step = (len(data) + pieces - 1) // pieces
        for at in range(0, len(data), step):
            self.segment(side, "PA", data[at:at + step])
        self.segment(1 - side, "A")

    def say_cut(self, side, data, at):
        for part in data[:at], data[at:]:
            self.segment(side, "PA", part)
        self.segment(1 - side, "A")

    def close(self):
        self.segment(0, "FA")
        self.segment(1, "FA")
        self.segment(0, "A")


def plain():
    c = Capture()
    c.add(OUT / IP(src=HOST, dst=SERVER) / UDP(sport=4000, dport=9999) / b"hello")
    c.add(IN / IP(src=SERVER, dst=HOST) / UDP(sport=9999, dport=4000) / b"reply")
    c.add(OUT / IP(src=HOST, dst=SERVER) / ICMP(id=77) / b"ping")
    c.add(IN / IP(src=SERVER, dst=HOST) / ICMP(type=0, id=77) / b"ping")
    c.add(IN / IP(src=HOP, dst=HOST) / ICMP(type=11) / IP(src=HOST, dst=SERVER) / UDP(sport=4000, dport=9999) / b"hello")
    c.add(IN / IP(src=SERVER, dst="10.0.0.9") / UDP(sport=1, dport=2) / b"nobody")
    c.add(OUT / ARP(psrc=HOST, pdst="10.0.0.1"))
    c.add(OUT / IP(src=HOST, dst=OTHER) / UDP(sport=1, dport=2) / b"local")
    wrong = OUT / IP(src=HOST, dst=SERVER) / UDP(sport=4000, dport=9999) / b"offload"
    wrong[UDP].chksum = 0x1111
    c.add(wrong)
    for piece in fragment(OUT / IP(src=HOST, dst=SERVER, id=9) / UDP(sport=4001, dport=9999) / (b"x" * 2000), 800):
        c.add(piece)
    for piece in fragment(IN / IP(src=SERVER, dst=HOST, id=10) / UDP(sport=9999, dport=4001) / (b"y" * 2000), 800):
        c.add(piece)
    web = Connection(c, (HOST, 5000), (SERVER, 80))
    web.say(0, b"GET / HTTP/1.0\r\n\r\n")
    web.say(1, b"HTTP/1.0 200 OK\r\n\r\n10.0.0.5")
    web.close()
    c.add(IN / IP(src=SERVER, dst=HOST) / UDP(sport=9999, dport=4000) / b"too late", 400)
    c.send("plain")


def ftp_login(control):
    control.say(1, b"220 ready\r\n")
    control.say(0, b"USER anonymous\r\n")
    control.say(1, b"331 password\r\n")
    control.say(0, b"PASS x\r\n")
    control.say(1, b"230-hello\r\n230 in\r\n")


def ftp_active():
    c = Capture()
    control = Connection(c, (HOST, 4021), (SERVER, 21))
    ftp_login(control)
    for turn, pieces in enumerate((1, 5)):
        control.say(0, b"PORT 10,0,0,5,19,%d\r\n" % (137 + turn), pieces)
        control.say(1, b"200 ok\r\n")
        control.say(0, b"LIST\r\n")
        control.say(1, b"150 here\r\n")
        data = Connection(c, (SERVER, 20), (HOST, 19 * 256 + 137 + turn), inward=True)
        data.say(0, b"a file of 10.0.0.5\r\n")
        data.close()
        control.say(1, b"226 done\r\n")
    control.say(0, b"QUIT\r\n")
    control.say(1, b"221 bye\r\n")
    control.close()
    c.send("ftp-active")


def ftp_passive():
    c = Capture()
    control = Connection(c, (HOST, 4021), (SERVER, 21))
    ftp_login(control)
    control.say(0, b"PASV\r\n")
    control.say(1, b"227 Entering Passive Mode (198,51,100,1,78,32).\r\n")
    data = Connection(c, (HOST, 4022), (SERVER, 20000))
    control.say(0, b"RETR x\r\n")
    control.say(1, b"150 here\r\n")
    data.say(1, b"a file\r\n")
    data.close()
    control.say(1, b"226 done\r\n")
    control.close()
    c.send("ftp-passive")


def ftp_server():
    """The server is inside, behind a static entry; its answer names its inside address."""
    c = Capture()
    control = Connection(c, (SERVER, 6021), (OTHER, 21), inward=True)
    ftp_login(control)
    control.say(0, b"PASV\r\n")
    control.say(1, b"227 Entering Passive Mode (10,0,0,7,78,32).\r\n")
    data = Connection(c, (SERVER, 6022), (OTHER, 20000), inward=True)
    control.say(0, b"RETR x\r\n")
    data.say(1, b"a file\r\n")
    data.close()
    control.say(1, b"226 done\r\n")
    control.close()
    c.send("ftp-server")


def ftp_cut():
    """PORT cut into two segments, once at each byte; then a 227 of the inside server likewise."""
    c = Capture()
    control = Connection(c, (HOST, 4021), (SERVER, 21))
    ftp_login(control)
    for at in range(1, len(b"PORT 10,0,0,5,19,137\r\n")):
        control.say_cut(0, b"PORT 10,0,0,5,19,%d\r\n" % (136 + at), at)
        control.say(1, b"200 ok\r\n")
    control.close()
    control = Connection(c, (SERVER, 6021), (OTHER, 21), inward=True)
    ftp_login(control)
    for at in range(1, len(b"227 it (10,0,0,7,78,32)\r\n")):
        control.say(0, b"PASV\r\n")
        control.say_cut(1, b"227 it (10,0,0,7,78,%d)\r\n" % (31 + at), at)
    control.close()
    c.send("ftp-cut")


def dns_cut():
    """An inside name server is asked over TCP; its answer is cut into two segments, once at each byte: in the length, in names."""
    c = Capture()
    asked = Connection(c, (SERVER, 6053), (OTHER, 53), inward=True)
    query = bytes(DNS(id=7, qd=DNSQR(qname="host.example")))
    answer = bytes(DNS(id=7, qr=1, aa=1, qd=DNSQR(qname="host.example"),
                       an=DNSRR(rrname="host.example", rdata=OTHER, ttl=300)))
    for at in range(1, 2 + len(answer)):
        asked.say(0, len(query).to_bytes(2, "big") + query)
        asked.say_cut(1, len(answer).to_bytes(2, "big") + answer, at)
    asked.close()
    c.send("dns-cut")


def sip_message(first, host, port, transport, call, cseq, contact, media=None):
    """From alice inside to bob outside, or its answer: Via and From are alice's in both."""
    body = b""
    if media:
        body = ("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\n"
                % (media[0], media[0], media[1])).encode()
    lines = [first, "Via: SIP/2.0/%s %s:%d;branch=z9hG4bK%s%s" % (transport, host, port, call, cseq.split()[0]),
             "Max-Forwards: 70", "From: <sip:alice@example.org>;tag=1", "To: <sip:bob@example.org>%s" %
             (";tag=2" if first.startswith("SIP") else ""), "Call-ID: " + call, "CSeq: " + cseq, "Contact: <sip:%s>%s" % (contact, ";expires=60" if "REGISTER" in cseq else "")]
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join(lines + ["Content-Length: %d" % len(body), "", ""]).encode() + body


def sip_messages(transport):
    """A call and a registration: (from inside, message). What comes in names the router where it answers."""
    port, here, there = 5060, HOST, SERVER
    way = ";transport=tcp" if transport == "TCP" else ""
    mine, theirs = f"alice@{here}:{port}{way}", f"bob@{there}:5060{way}"
    return [
        (True, sip_message(f"REGISTER sip:{there} SIP/2.0", here, port, transport, "reg", "1 REGISTER", mine)),
        (False, sip_message("SIP/2.0 200 OK", here, port, transport, "reg", "1 REGISTER", mine)),
        (True, sip_message(f"INVITE sip:{theirs} SIP/2.0", here, port, transport, "call", "1 INVITE", mine, (here, 4000))),
        (False, sip_message("SIP/2.0 200 OK", here, port, transport, "call", "1 INVITE", theirs, (there, 7000))),
        (True, sip_message(f"ACK sip:{theirs} SIP/2.0", here, port, transport, "call", "1 ACK", mine)),
        (True, sip_message(f"BYE sip:{theirs} SIP/2.0", here, port, transport, "call", "2 BYE", mine)),
        (False, sip_message("SIP/2.0 200 OK", here, port, transport, "call", "2 BYE", theirs)),
    ]


def sip_udp():
    c = Capture()
    for outward, message in sip_messages("UDP"):
        ends = (HOST, SERVER) if outward else (SERVER, HOST)
        c.add((OUT if outward else IN) / IP(src=ends[0], dst=ends[1]) / UDP(sport=5060, dport=5060) / message)
        if b"ACK sip" in message:
            c.add(OUT / IP(src=HOST, dst=SERVER) / UDP(sport=4000, dport=7000) / (b"\x80\0" + b"r" * 20))
            c.add(IN / IP(src=SERVER, dst=HOST) / UDP(sport=7000, dport=4000) / (b"\x80\0" + b"r" * 20))
    c.send("sip-udp")


def sip_tcp():
    """Each message in two segments, cut in the middle."""
    c = Capture()
    connection = Connection(c, (HOST, 5060), (SERVER, 5060))
    for outward, message in sip_messages("TCP"):
        connection.say_cut(0 if outward else 1, message, len(message) // 2)
    connection.close()
    c.send("sip-tcp")


def dns():
    """An inside name server is asked from outside; seen by the router: asked at its global address."""
    c = Capture()
    query = DNS(id=7, qd=DNSQR(qname="host.example"))
    c.add(IN / IP(src=SERVER, dst=GLOBAL) / UDP(sport=5353, dport=53) / query)
    answer = DNS(id=7, qr=1, aa=1, qd=DNSQR(qname="host.example"),
                 an=DNSRR(rrname="host.example", rdata=OTHER, ttl=300) / DNSRR(rrname="host.example", rdata=SERVER, ttl=300))
    c.add(OUT / IP(src=OTHER, dst=SERVER) / UDP(sport=53, dport=5353) / answer)
    c.send("dns-router")


def tftp():
    c = Capture()
    c.add(OUT / IP(src=HOST, dst=SERVER) / UDP(sport=3000, dport=69) / TFTP() / TFTP_RRQ(filename="boot"))
    c.add(IN / IP(src=SERVER, dst=HOST) / UDP(sport=40000, dport=3000) / TFTP() / TFTP_DATA(block=1) / Raw(b"kernel"))
    c.add(OUT / IP(src=HOST, dst=SERVER) / UDP(sport=3000, dport=40000) / TFTP() / TFTP_ACK(block=1))
    c.send("tftp")


def rsh():
    c = Capture()
    shell = Connection(c, (HOST, 1023), (SERVER, 514))
    shell.say(0, b"1022\0")
    errors = Connection(c, (SERVER, 1000), (HOST, 1022), inward=True)
    shell.say(0, b"me\0you\0date\0")
    shell.say(1, b"\0today\n")
    errors.say(0, b"warning\n")
    errors.close()
    shell.close()
    c.send("rsh")


def hairpin():
    c = Capture()
    c.add(OUT / IP(src=HOST, dst=GLOBAL) / UDP(sport=4000, dport=53) / b"over the router")
    c.send("hairpin")


def outside():
    """As somebody outside sees it."""
    c = Capture()
    c.add(OUT / IP(src=FACE, dst=SERVER) / UDP(sport=4000, dport=9999) / b"hello")
    c.send("outside")


if __name__ == "__main__":
    for make in (plain, ftp_active, ftp_passive, ftp_server, ftp_cut, dns, dns_cut, tftp, rsh, sip_udp, sip_tcp, hairpin, outside):
        make()
