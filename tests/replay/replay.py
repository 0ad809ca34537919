#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""algated --replay over the captures of tests/replay/captures. What is proved stands at each test; the captures as they came are
the negative control of each look at the result. Needs nothing but python3 and the program."""
import os
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.environ.get("srcdir", "."))
ALGATED = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "algated")
HERE = os.path.join(TOP, "tests", "replay")
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
from pcaplib import (COOKED, COOKED2, ETHERNET, NULL, RAW, Packet, ipv4, packets, read_pcap, stream,  # noqa: E402
                     write_pcap)

HOST, OTHER, SERVER, FACE, GLOBAL = "10.0.0.5", "10.0.0.7", "198.51.100.1", "203.0.113.1", "203.0.113.7"
CONFIG = """\
interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
interface GigabitEthernet0/1
 ip address 203.0.113.1 255.255.255.0
 ip nat outside
access-list 1 permit 10.0.0.0 0.0.0.255
ip nat inside source list 1 interface GigabitEthernet0/1 overload
ip nat inside source static 10.0.0.7 203.0.113.7
ip route 0.0.0.0 0.0.0.0 203.0.113.254
"""
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAIL: {what}")


def captured(name):
    return os.path.join(HERE, "captures", f"{name}.pcap")


class Run:
    """One replay. A path or the name of a committed capture; config: text."""

    def __init__(self, name, *options, config=CONFIG, write=True):
        self.read = name if os.sep in name else captured(name)
        self.write = os.path.join(work, "out.pcap")
        if os.path.exists(self.write):
            os.unlink(self.write)
        path = os.path.join(work, "config")
        with open(path, "w") as file:
            file.write(config)
        done = subprocess.run([ALGATED, "--replay", self.read, "-f", path, *(["--write", self.write] if write else []),
                               *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.status, self.said, self.error = done.returncode, done.stdout.decode(), done.stderr.decode()

    def lines(self, word):
        return [line for line in self.said.splitlines() if word in line]

    def result(self):
        return ipv4(self.write)


def sound(run, name):
    """Of every result: the program was content, sums are right, nothing inside shows where packets leave."""
    check(run.status == 0, f"{name}: status {run.status}: {run.error}")
    result = run.result()
    check(all(packet.sums_are_good() for packet in result), f"{name}: wrong checksums")
    check(all(packet.src != HOST or packet.dst.startswith("10.") for packet in result), f"{name}: inside address left")
    return result


def test_plain():
    """UDP, ping, ICMP errors, fragments, TCP cross both ways; the rest is left alone; time, link headers and bytes stay."""
    before, run = packets(captured("plain")), Run("plain")
    after = sound(run, "plain")
    check(any(not packet.sums_are_good() for packet in before if packet.ip), "control: one checksum was wrong")
    check(run.lines("Checksums: 1 "), "plain: the wrong checksum is not counted")
    by_time = {packet.ns: packet for packet in packets(run.write)}
    for packet in before:
        if packet.ip is None or packet.fragment or packet.payload in (b"nobody", b"too late"):
            continue
        now = by_time.get(packet.ns)
        check(now is not None and now.link == packet.link, f"plain: {packet.src} -> {packet.dst} is not there as it was")
        if packet.protocol in (6, 17) and now is not None:
            local = packet.dst == OTHER
            check((now.src, now.dst) == (FACE if packet.src == HOST and not local else packet.src, packet.dst) and
                  now.payload == packet.payload, f"plain: {packet.src} -> {packet.dst} became {now.src} -> {now.dst}")
    errors = [packet for packet in after if packet.protocol == 1 and packet.l4[0] == 11]
    check(len(errors) == 1 and errors[0].dst == HOST and errors[0].l4[20:24] == bytes((10, 0, 0, 5)), "plain: ICMP error")
    check(len(run.lines("dropped NO_WAY_IN")) == 2 and "#6 " in run.lines("NO_WAY_IN")[0], "plain: packets to nobody")
    check(run.lines("no IPv4") and any(packet.ip is None for packet in packets(run.write)), "plain: ARP is gone")
    check(sum(len(packet.l4) for packet in after if packet.fragment and packet.src == FACE) == 2008, "plain: fragments")
    check(b"y" * 2000 in [packet.payload for packet in after if packet.dst == HOST], "plain: reassembled datagram")


def test_outside_view():
    """What was turned back is what the outside sent, and both directions belong together."""
    result = sound(Run("plain", "--view", "outside"), "outside view")
    check(result and all(FACE in (packet.src, packet.dst) for packet in result), "outside view: other addresses")
    quoted = [packet.l4[20:24] for packet in result if packet.protocol == 1 and packet.l4[0] == 11]
    check(quoted == [bytes((203, 0, 113, 1))], "outside view: quoted packet")
    inside = ipv4(Run("plain", "--view", "inside").write)
    check(inside and all(HOST in (packet.src, packet.dst) for packet in inside), "inside view: other addresses")


def test_ftp_active():
    """PORT is rewritten, whole or in five pieces; both data connections come; acknowledgements follow the longer stream."""
    port = b"PORT 203,0,113,1,19,%d\r\n"
    run = Run("ftp-active", "--view", "outside")
    result = sound(run, "ftp active")
    was = stream(ipv4(captured("ftp-active")), HOST, 4021, SERVER, 21)
    now = stream(result, FACE, 4021, SERVER, 21)
    check(was is not None and b"PORT 10,0,0,5,19,137" in was, "control: ftp active as captured")
    check(now == was.replace(b"PORT 10,0,0,5,", b"PORT 203,0,113,1,"), f"ftp active: {now}")
    check(now is not None and port % 137 in now and port % 138 in now, "ftp active: ports")
    for data in (5001, 5002):
        check(stream(result, SERVER, 20, FACE, data) == b"a file of 10.0.0.5\r\n", f"ftp active: data to {data}")
    acks = [packet.ack for packet in result if packet.src == SERVER and packet.sport == 21 and packet.flags & 16]
    check(acks == sorted(acks) and acks[-1] == 1001 + len(now) + 1, f"ftp active: acknowledgements {acks}")
    check(len(run.lines("changed listen 10.0.0.5:5001 -> 203.0.113.1:5001")) == 1 and
          len(run.lines("expects at")) == 2 and len(run.lines(" came to ")) == 2, "ftp active: report")
    check(run.lines("  ftp ") and "2 rewritten" in run.lines("  ftp ")[0], "ftp active: sums")
    inside = stream(ipv4(Run("ftp-active", "--view", "inside").write), SERVER, 21, HOST, 4021)
    check(inside is not None and inside.endswith(b"221 bye\r\n"), "ftp active: inside view")


def test_ftp_port_taken():
    """Where another host has the port already, PORT names another one, and what comes there is for the host that listens."""
    frames = read_pcap(captured("ftp-active"))[1]
    syn = bytearray(frames[0][1])
    syn[29], syn[34:36], syn[36:38] = 6, (5001).to_bytes(2, "big"), (80).to_bytes(2, "big")
    path = os.path.join(work, "taken.pcap")
    write_pcap(path, ETHERNET, [(frames[0][0], bytes(syn))] + frames)
    run = Run(path)
    result = sound(run, "port taken")
    check(run.lines("changed listen 10.0.0.5:5001 -> ") and not run.lines("-> 203.0.113.1:5001"), "port taken: the same port")
    check(stream(result, SERVER, 20, HOST, 5001) == b"a file of 10.0.0.5\r\n", "port taken: data")
    check(not run.lines("dropped "), "port taken: lost packets")


def test_ftp_other_port():
    """Where no gateway reads, not a byte of payload changes, and the data connection has no way in."""
    frames = [(ns, data.replace(b"\x00\x15", b"\x00\x16")) for ns, data in read_pcap(captured("ftp-active"))[1]]
    path = os.path.join(work, "other-port.pcap")
    write_pcap(path, ETHERNET, frames)
    run = Run(path, "--view", "outside")
    check(stream(sound(run, "ftp on 22"), FACE, 4021, SERVER, 22) == stream(ipv4(path), HOST, 4021, SERVER, 22),
          "ftp on another port: changed")
    check(not run.lines("  ftp ") and run.lines("dropped "), "ftp on another port: a gateway read it")


def test_ftp_passive():
    run = Run("ftp-passive")
    result = sound(run, "ftp passive")
    check(stream(result, SERVER, 21, HOST, 4021) == stream(ipv4(captured("ftp-passive")), SERVER, 21, HOST, 4021) and
          stream(result, SERVER, 20000, HOST, 4022) == b"a file\r\n", "ftp passive: from the server")


def test_ftp_server():
    """An inside server's 227 names its global address; the inside is shown nothing else than before."""
    run = Run("ftp-server", "--view", "outside")
    said = stream(sound(run, "ftp server"), GLOBAL, 21, SERVER, 6021)
    check(said is not None and b"227 Entering Passive Mode (203,0,113,7,78,32).\r\n" in said, f"ftp server: {said}")
    check(stream(run.result(), GLOBAL, 20000, SERVER, 6022) == b"a file\r\n", "ftp server: data")


def test_dns():
    """An answer from inside: the address of a static entry is the global one outside, another stays."""
    answer = sound(Run("dns-router"), "dns")[-1].payload
    control = ipv4(captured("dns-router"))[-1].payload
    check(bytes((10, 0, 0, 7)) in control, "control: dns as captured")
    check(bytes((10, 0, 0, 7)) not in answer and bytes((203, 0, 113, 7)) in answer and
          bytes((198, 51, 100, 1)) in answer, "dns: addresses")


def test_tftp():
    run = Run("tftp")
    check([(p.src, p.dst) for p in sound(run, "tftp")] == [(FACE, SERVER), (SERVER, HOST), (FACE, SERVER)], "tftp")
    check(run.lines(" came to "), "tftp: the answer from another port was not announced")


def test_rsh():
    run = Run("rsh")
    result = sound(run, "rsh")
    check(stream(result, SERVER, 1000, HOST, 1022) == b"warning\n", "rsh: second connection")
    check(run.lines("rsh rsh ") and run.lines(" came to "), "rsh: report")


def test_hairpin():
    result = sound(Run("hairpin"), "hairpin")
    check(len(result) == 1 and (result[0].src, result[0].dst) == (FACE, OTHER), "hairpin")


def test_links():
    """The same conversation below other link headers."""
    frames = [frame for frame in read_pcap(captured("ftp-active"))[1]]
    whole = stream(ipv4(Run("ftp-active", "--view", "outside").write), FACE, 4021, SERVER, 21)
    headers = {
        "vlan": (ETHERNET, lambda f: f[:12] + b"\x81\x00\x00\x05" + f[12:14]),
        "two tags": (ETHERNET, lambda f: f[:12] + b"\x88\xa8\x00\x09\x81\x00\x00\x05" + f[12:14]),
        "raw": (RAW, lambda f: b""),
        "null": (NULL, lambda f: b"\x02\0\0\0"),
        "cooked": (COOKED, lambda f: b"\0\0\0\1\0\6" + f[6:12] + b"\0\0\x08\0"),
        "cooked 2": (COOKED2, lambda f: b"\x08\0\0\0\0\0\0\1\0\1\0\6" + f[6:12] + b"\0\0"),
    }
    for name, (link, header) in headers.items():
        path = os.path.join(work, "link.pcap")
        write_pcap(path, link, [(ns, header(f) + f[14:]) for ns, f in frames])
        run = Run(path, "--view", "outside")
        check(run.status == 0, f"{name}: {run.error}")
        got, result = read_pcap(run.write)
        size = len(header(frames[0][1]))
        result = [Packet(ns, b"\0" * 12 + b"\x08\0" + data[size:]) for ns, data in result]
        check(got == link and stream(result, FACE, 4021, SERVER, 21) == whole, f"{name}: other result")


def test_same_again():
    """A replay is a function of capture and configuration."""
    results = []
    for _ in range(2):
        run = Run("plain")
        with open(run.write, "rb") as file:
            results.append((run.said, file.read()))
    check(results[0] == results[1], "a second run differs")


def test_time():
    """Captured time is the engine's: an answer within the timeout comes in, after it none does."""
    frames = read_pcap(captured("plain"))[1][:2]
    path = os.path.join(work, "time.pcap")
    for seconds, lost in ((299, False), (301, True)):
        write_pcap(path, ETHERNET, [frames[0], (frames[0][0] + seconds * 10 ** 9, frames[1][1])])
        run = Run(path)
        check(bool(run.lines("dropped ")) == lost, f"an answer after {seconds} s: {run.said}")


def refused(what, run, *words, status=1):
    check(run.status == status and all(word in run.error for word in words), f"{what}: {run.status} {run.error!r}")


def test_errors():
    good = captured("plain")
    short = os.path.join(work, "short.pcap")
    with open(good, "rb") as file:
        data = file.read()
    with open(short, "wb") as file:
        file.write(data[:-7])
    refused("a capture that ends early", Run(short), "truncated")
    check(len(Run(short).result()) > 20, "a capture that ends early: what was there")
    with open(short, "wb") as file:
        file.write(b"not a capture at all, just text\n")
    refused("no capture", Run(short), "short.pcap")
    refused("an absent capture", Run(os.path.join(work, "absent")), "absent", "No such file")
    write_pcap(short, 105, read_pcap(good)[1])
    refused("another link type", Run(short), "link type")
    write_pcap(short, ETHERNET, [])
    refused("an empty capture", Run(short), "no packets")
    write_pcap(short, ETHERNET, [(ns, frame[:40]) for ns, frame in read_pcap(good)[1][:1]], whole=60)
    check(Run(short).lines("dropped CUT"), "a packet that is cut short")
    refused("a capture from outside", Run("outside"), "no packet comes from inside")
    refused("a bad line", Run("plain", config=CONFIG + "ip nut\n"))
    refused("no address", Run("plain", config=CONFIG.replace(" ip address 10.0.0.1 255.255.255.0\n", "")),
            "GigabitEthernet0/0", "no address")
    refused("no address to translate to", Run("plain", config=CONFIG.replace(" ip address 203.0.113.1 255.255.255.0\n", "")),
            "GigabitEthernet0/1", "no address")
    check(Run("plain", "--inside", "10.0.0.0/24",
              config=CONFIG.replace(" ip address 10.0.0.1 255.255.255.0\n", "")).status == 0, "--inside for an address")
    refused("no inside", Run("plain", config=CONFIG.replace(" ip nat inside\n", "")), "ip nat inside")
    for bad in ("10.0.0.0/33", "10.0.0.1/24", "10.0.0", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", ""):
        refused(f"--inside {bad!r}", Run("plain", "--inside", bad), "--inside", status=2)
    refused("--view", Run("plain", "--view", "above"), "--view", status=2)
    path = os.path.join(work, "itself.pcap")
    write_pcap(path, *read_pcap(good))
    refused("onto itself", Run(path, "--write", path, write=False), "over itself")
    check(read_pcap(path) == read_pcap(good), "onto itself: the capture was touched")
    refused("a full disk", Run("plain", "--write", "/dev/full", write=False), "/dev/full")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        for name, test in sorted(globals().items()):
            if name.startswith("test_"):
                test()
    print(f"replay: {len(failures)} failed" if failures else "replay: passed")
    sys.exit(bool(failures))
