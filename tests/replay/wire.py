#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark reads in the results of algated --replay: messages that were cut at every byte, SIP calls and registrations over UDP and
TCP. With the gateways off the same captures show inside addresses: the negative control of every look."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.environ.get("srcdir", "."))
ALGATED = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "algated")
HERE = os.path.join(TOP, "tests", "replay")
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
from pcaplib import ipv4, stream  # noqa: E402

HOST, OTHER, SERVER, FACE, GLOBAL = "10.0.0.5", "10.0.0.7", "198.51.100.1", "203.0.113.1", "203.0.113.7"
CONFIG = """\
interface Gi0
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
interface Gi1
 ip address 203.0.113.1 255.255.255.0
 ip nat outside
access-list 1 permit 10.0.0.0 0.0.0.255
ip nat inside source list 1 interface Gi1 overload
ip nat inside source static 10.0.0.7 203.0.113.7
ip route 0.0.0.0 0.0.0.0 203.0.113.254
"""
OFF = "no ip nat service all-algs\n"
SIP = ("sip.Via.sent-by.address", "sip.contact.host", "sdp.connection_info.address", "sdp.owner.address")
WRONG = "_ws.malformed || ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0"
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAIL: {what}")


def replayed(name, *options, more=""):
    """The file that was written."""
    config, written = os.path.join(work, "config"), os.path.join(work, f"{name}{len(more)}.pcap")
    with open(config, "w") as file:
        file.write(CONFIG + more)
    done = subprocess.run([ALGATED, "--replay", os.path.join(HERE, "captures", name + ".pcap"), "--write", written, "-f", config,
                           *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    check(done.returncode == 0, f"{name}: {done.stderr.decode()}")
    check("dropped" not in done.stdout.decode() or more, f"{name}: {done.stdout.decode()[:500]}")
    wrong = read(written, WRONG, "frame.number")
    check(not wrong, f"{name}: malformed, or wrong checksums: {wrong}")
    return written


def read(path, which, *fields):
    """Of each packet that is selected the values of the fields, as tshark reads them."""
    options = [option for field in fields for option in ("-e", field)]
    done = subprocess.run(["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o",
                           "udp.check_checksum:TRUE", "-Y", which, "-T", "fields", "-E", "separator=/t", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    return [tuple(line.split("\t")) for line in done.stdout.decode().splitlines()]


def test_ftp_cut():
    result = replayed("ftp-cut", "--view", "outside")
    ports = [arg for arg, in read(result, f'ip.src=={FACE} && ftp.request.command=="PORT"', "ftp.request.arg")]
    check(ports == ["203,0,113,1,19,%d" % (136 + at) for at in range(1, 22)], f"PORT cut: {ports}")
    told = read(result, f"ip.src=={GLOBAL} && ftp.response.code==227", "ftp.passive.ip", "ftp.passive.port")
    check(told == [(GLOBAL, str(78 * 256 + 31 + at)) for at in range(1, 25)], f"227 cut: {told}")
    off = ipv4(replayed("ftp-cut", "--view", "outside", more=OFF))
    was = ipv4(os.path.join(HERE, "captures", "ftp-cut.pcap"))
    check(stream(off, FACE, 4021, SERVER, 21) == stream(was, HOST, 4021, SERVER, 21), "control: PORT cut, gateways off")
    check(stream(off, GLOBAL, 21, SERVER, 6021) == stream(was, OTHER, 21, SERVER, 6021), "control: 227 cut, gateways off")


def test_dns_cut():
    which = "dns.flags.response==1 && ip.dst==" + SERVER
    result = read(replayed("dns-cut", "--view", "outside"), which, "dns.qry.name", "dns.a", "dns.resp.ttl")
    was = read(os.path.join(HERE, "captures", "dns-cut.pcap"), which, "dns.a")
    check(len(was) > 50 and len(result) == len(was), f"dns cut: {len(result)} answers of {len(was)}")
    check(set(result) == {("host.example", GLOBAL, "0")}, f"dns cut: {set(result)}")
    off = read(replayed("dns-cut", "--view", "outside", more=OFF), which, "dns.a")
    check(off == was and set(off) == {(OTHER,)}, "control: dns cut, gateways off")


def lengths_fit(path, name):
    """Content-Length as tshark reads it, and what is behind the header."""
    found = read(path, "sip", "sip.Content-Length", "sip.msg_body", "tcp.payload", "udp.payload")
    check(len(found) == 7, f"{name}: {len(found)} messages")
    for length, _, *payloads in found:
        text = bytes.fromhex("".join(payloads).replace(":", "")).decode()
        check(int(length) == len(text.partition("\r\n\r\n")[2]), f"{name}: Content-Length {length} of {text!r}")


def look_at_sip(name, transport):
    """Outside all is the router's; inside it is again what the phone wrote; the medium goes through where the descriptions say."""
    outside = replayed(name, "--view", "outside")
    leaving = read(outside, f"sip && ip.src=={FACE}", "sip.Method", *SIP, "sdp.media.port")
    check([method for method, *_ in leaving] == ["REGISTER", "INVITE", "ACK", "BYE"], f"{name}: {leaving}")
    for method, *values, port in leaving:
        check(set(values) - {""} == {FACE}, f"{name}: {method} shows {values}")
        check(port == ("4000" if method == "INVITE" else ""), f"{name}: {method}: medium {port}")
    lengths_fit(outside, name)
    inside = replayed(name, "--view", "inside")
    coming = read(inside, f"sip && ip.dst=={HOST}", *SIP)
    check([via for via, *_ in coming] == [HOST] * 3, f"{name}: Via {coming}")
    check([contact for _, contact, *_ in coming] == [HOST, SERVER, SERVER], f"{name}: Contact {coming}")
    lengths_fit(inside, name)
    off = read(replayed(name, "--view", "outside", more=OFF), f"sip && ip.src=={FACE}", *SIP)
    check(off and all(set(values) - {""} == {HOST} for values in off), f"control: {name}, gateways off: {off}")
    print(f"ok: {name} over {transport}")


def test_sip_udp():
    look_at_sip("sip-udp", "UDP")
    media = read(replayed("sip-udp", "--view", "outside"), "udp.port==7000", "ip.src", "udp.srcport", "ip.dst", "udp.dstport")
    check(media == [(FACE, "4000", SERVER, "7000"), (SERVER, "7000", FACE, "4000")], f"sip-udp: media {media}")


def test_sip_tcp():
    look_at_sip("sip-tcp", "TCP")


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("SKIP: no tshark")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        for _, test in sorted((name, test) for name, test in globals().items() if re.match("test_", name)):
            test()
    print(f"wire: {len(failures)} failed" if failures else "wire: passed")
    sys.exit(bool(failures))
