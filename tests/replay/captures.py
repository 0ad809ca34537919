#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""algated --replay over real captures, where there are any: MANIFEST.tsv (columns file, protocol, inside) and its files in
$ALGATE_CAPTURES, or ../shared/captures beside the source. None of them is part of this tree.

Of SIP: in what leaves no field that tshark reads as an address shows the inside one, in what comes in none the router's, and all
other addresses are, field by field, those that were captured. TCP met in the middle is not read, so such captures are left out.

Of all others: no inside address leaves in a header or in a field that tshark reads, checksums are right, and apart from addresses
that gateways wrote the bytes of every conversation are those that were captured."""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.environ.get("srcdir", "."))
ALGATED = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "algated")
CAPTURES = os.environ.get("ALGATE_CAPTURES", os.path.join(TOP, "..", "shared", "captures"))
sys.path.insert(0, os.path.join(TOP, "tests", "replay"))
sys.dont_write_bytecode = True
from pcaplib import ipv4  # noqa: E402

SIP = {"sip-udp", "sip-tcp", "sip-t38"}
SIP_FIELDS = ("sip.r-uri.host", "sip.from.host", "sip.to.host", "sip.contact.host", "sip.Via.sent-by.address", "sip.Route.host",
              "sip.Record-Route.host", "sip.pai.host", "sip.ppi.host", "sdp.owner.address", "sdp.connection_info.address")
# In one of them answers go to 5065, from a port that no request came to.
SIP_CONFIG = """\
ip nat service sip udp port 5065
ip nat inside source static udp %s 5060 interface Gi1 5060
ip nat service allow-multipart
"""
PROTOCOLS = {"ftp", "dns", "tftp", "rcmd", "icmp"}
FACE = "203.0.113.1"
FIELDS = ("ftp.request.arg", "ftp.response.arg", "dns.a", "dns.qry.name")
CONFIG = """\
interface Gi0
 ip address 192.168.255.1 255.255.255.252
 ip nat inside
interface Gi1
 ip address 203.0.113.1 255.255.255.0
 ip nat outside
access-list 1 permit host %s
ip nat inside source list 1 interface Gi1 overload
ip route 0.0.0.0 0.0.0.0 203.0.113.254
"""
# What does not cross is written as it was captured, and so is an ICMP error's quote, cut or wrong.
WRONG_SUMS = "(ip.src==%s||ip.dst==%s)&&!ipv6&&!icmp&&(ip.checksum.status==0||tcp.checksum.status==0||udp.checksum.status==0)"
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAIL: {what}")


def tshark(path, *options):
    return subprocess.run(["tshark", "-r", path, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=300).stdout.decode("utf-8", "replace")


def wordings(addr):
    """How protocols write an address, longest first."""
    parts = addr.split(".")
    return [w.encode() for w in (addr, ",".join(parts), ".".join(reversed(parts)))] + [bytes(map(int, parts))]


def plainly(payload, inside):
    """With the addresses of both sides of the router written alike, lengths in DNS over TCP and text included."""
    for local, face in zip(wordings(inside), wordings(FACE)):
        payload = payload.replace(face, local)
    return payload


def conversations(packets, inside, lost=()):
    """By direction, protocol and the other end: payloads, each once (retransmissions), TCP's in the order of their numbers."""
    found = {}
    for number, packet in packets:
        if number in lost or packet.fragment:
            continue
        outward = packet.src in (inside, FACE)
        far = (packet.dst, packet.dport) if outward else (packet.src, packet.sport)
        if packet.protocol not in (6, 17):
            far = (far[0], 0)
        if packet.protocol == 1:
            continue  # identifiers and quoted addresses are the replay test's
        found.setdefault((outward, packet.protocol) + far, set()).add(plainly(packet.payload, inside))
    return found


def replay(path, inside, written, more=""):
    config = os.path.join(work, "config")
    with open(config, "w") as file:
        file.write(CONFIG % inside + more)
    return subprocess.run([ALGATED, "--replay", path, "--write", written, "-f", config, "--inside", inside],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)


def fields_of(path, address):
    """Values of fields of what leaves."""
    options = [option for field in FIELDS for option in ("-e", field)]
    return tshark(path, "-Y", f"ip.src=={address}", "-T", "fields", *options)


def look_at(name, inside):
    path, written = os.path.join(CAPTURES, name), os.path.join(work, "out.pcap")
    plain = os.path.join(work, "in.pcap")
    done = replay(path, inside, written)
    check(done.returncode == 0, f"{name}: {done.stderr.decode()}")
    if done.returncode != 0:
        return
    subprocess.run(["tshark", "-r", path, "-F", "pcap", "-w", plain], stderr=subprocess.DEVNULL, timeout=300)
    said = done.stdout.decode()
    after = ipv4(written)
    check(any(packet.src == FACE for packet in after), f"{name}: nothing left")
    check(not any(packet.src == inside for packet in after), f"{name}: an inside address left")
    sums = tshark(written, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
                  "-Y", WRONG_SUMS % (FACE, inside))
    check(not sums, f"{name}: wrong checksums: {sums[:300]}")
    shown = [wording.decode() for wording in wordings(inside)[:2] if wording.decode() in fields_of(written, FACE)]
    check(not shown, f"{name}: shows {shown}")
    lost = {int(number) for number in re.findall(r"^\S+ #(\d+) dropped", said, re.M)}
    before = conversations([(i, p) for i, p in numbered(plain)], inside, lost)
    check(conversations(enumerate(after), inside) == before or "held" in said, f"{name}: other bytes")
    print(f"ok: {name}: {len(after)} packets, {len(lost)} dropped, "
          f"{len(re.findall(' changed ', said))} fields changed")


def sip_addresses(path, which, ends):
    """Of each message that is selected: by field the addresses; `ends` all written alike."""
    options = [option for field in SIP_FIELDS for option in ("-e", field)]
    lines = tshark(path, "-n", "-Y", f"sip && ({which})", "-T", "fields", "-E", "separator=/t", *options).splitlines()
    return sorted(tuple(tuple("end" if value in ends else value for value in cell.split(",")) for cell in line.split("\t"))
                  for line in lines)


def look_at_sip(name, inside):
    path, written = os.path.join(CAPTURES, name), os.path.join(work, "out.pcap")
    kept = os.path.join(work, "in.pcap")
    done = replay(path, inside, written, SIP_CONFIG % inside)
    check(done.returncode == 0, f"{name}: {done.stderr.decode()}")
    if done.returncode != 0:
        return
    said = done.stdout.decode()
    lost = re.findall(r"^\S+ #(\d+) dropped", said, re.M)
    subprocess.run(["tshark", "-r", path, "-F", "pcap", "-Y", "!(frame.number in {%s})" % ",".join(lost or ["0"]), "-w", kept],
                   stderr=subprocess.DEVNULL, timeout=300)
    leaving, coming = sip_addresses(written, f"ip.src=={FACE}", ()), sip_addresses(written, f"ip.dst=={inside}", ())
    shown = [message for message in leaving if any(inside in cell for cell in message)]
    check(not shown, f"{name}: leaves with inside addresses: {shown[:2]}")
    shown = [message for message in coming if any(FACE in cell for cell in message)]
    check(not shown, f"{name}: comes with global addresses: {shown[:2]}")
    ends = (inside, FACE)
    for before, after in ((f"ip.src=={inside}", f"ip.src=={FACE}"), (f"ip.dst=={inside}", f"ip.dst=={inside}")):
        check(sip_addresses(kept, before, ends) == sip_addresses(written, after, ends), f"{name}: other addresses ({before})")
    changed = len(re.findall(" changed ", said))
    mentions = sum(inside in cell for message in sip_addresses(path, f"ip.src=={inside}", ()) for cell in message)
    check(changed > 0 or mentions == 0 or not leaving, f"{name}: the capture shows inside addresses, and nothing was changed")
    print(f"ok: {name}: {len(leaving)} messages left, {len(coming)} came, {len(lost)} packets dropped, {changed} fields changed")


def without_sip(name, inside):
    """The negative control: with the gateway off this capture shows its inside address."""
    written = os.path.join(work, "out.pcap")
    replay(os.path.join(CAPTURES, name), inside, written, SIP_CONFIG % inside + "no ip nat service sip udp port 5060\n")
    shown = any(inside in cell for message in sip_addresses(written, f"ip.src=={FACE}", ()) for cell in message)
    check(shown, f"{name}: no inside address leaves although the gateway is off")


def numbered(path):
    from pcaplib import packets
    return [(i, packet) for i, packet in enumerate(packets(path), 1) if packet.ip is not None]


def main():
    manifest = os.path.join(CAPTURES, "MANIFEST.tsv")
    if not os.path.exists(manifest) or shutil.which("tshark") is None:
        print("SKIP: no captures, or no tshark")
        return 77
    with open(manifest, newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["protocol"] in PROTOCOLS | SIP]
    check(rows, "the manifest names no capture of these protocols")
    for row in rows:
        inside = row["inside"].split()[0]
        if inside.startswith("127.") or (row["protocol"] == "sip-tcp" and "SYN:none" in row["physical"]):
            continue
        if row["protocol"] in SIP:
            look_at_sip(row["file"], inside)
            if "sip_register" in row["file"]:
                without_sip(row["file"], inside)
        else:
            look_at(row["file"], inside)
    return bool(failures)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        status = main()
    sys.exit(status)
