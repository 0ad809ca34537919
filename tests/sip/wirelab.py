#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What wire.py and its like stand on: sockets at both ends of a router in one process, messages, and how checks are run.

    wire*.py PREFIX WAY CHECK [ARGUMENT...]

Sockets are made in the namespaces named PREFIX h1, h2 and far. WAY is how the phone's address is translated: overload, pool (an
address of its own), crowd (a pool that is shared) or static. Each function whose name begins with check_ is a CHECK: it prints
what is wrong and fails, or is silent.
"""
import contextlib
import ctypes
import inspect
import os
import re
import socket
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PREFIX, WAY = (sys.argv[1:3] + ["", "overload"])[:2] if len(sys.argv) > 2 else ("", "overload")
# Where phones of that way are, as lib.sh has it: namespace, network, the first number.
INSIDE, NETWORK, FIRST = {"overload": ("h1", "10.77.1.", 20), "pool": ("h1", "10.77.1.", 140), "crowd": ("h1", "10.77.1.", 200),
                          "static": ("h2", "10.77.2.", 20)}[WAY]
SERVER = "203.0.113.200"
INSIDE_NET = "10.77."
PATIENCE = float(os.environ.get("PATIENCE", "30"))  # s, for what has to come


class Wrong(Exception):
    """What a check found."""


def phone_address(number=0):
    return NETWORK + str(FIRST + number)


PHONE = phone_address()


@contextlib.contextmanager
def within(namespace):
    """Sockets that are made meanwhile are that namespace's."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{PREFIX}{namespace}", os.O_RDONLY)
    try:
        if LIBC.setns(there, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        LIBC.setns(home, 0x40000000)
        os.close(home)
        os.close(there)


def sock(namespace, kind, address, port=0):
    """A socket of that namespace, bound."""
    with within(namespace):
        one = socket.socket(socket.AF_INET, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, port))
    one.settimeout(PATIENCE)
    return one


def udp(namespace, address, port=5060):
    return sock(namespace, socket.SOCK_DGRAM, address, port)


def phone_socket(number=0, port=5060):
    return udp(INSIDE, phone_address(number), port)


def connected(address=PHONE, port=0, server=SERVER, server_port=5060):
    """(client, server's side) of a new connection from inside."""
    listener = sock("far", socket.SOCK_STREAM, server, server_port)
    listener.listen(5)
    client = sock(INSIDE, socket.SOCK_STREAM, address, port)
    client.connect((server, server_port))
    accepted, _ = listener.accept()
    accepted.settimeout(PATIENCE)
    listener.close()
    for one in (client, accepted):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client, accepted


def take(one):
    """A datagram, or None."""
    try:
        return one.recvfrom(65536)
    except socket.timeout:
        return None, None


def take_all(one, length=None, until=None):
    """What a stream brings until that much is there, or `until` says that it is enough; by default a whole SIP message."""
    enough = until or (whole if length is None else lambda data: len(data) >= length)
    data, end = b"", time.monotonic() + PATIENCE
    one.settimeout(0.2)
    while time.monotonic() < end and not enough(data):
        try:
            got = one.recv(65536)
        except socket.timeout:
            continue
        if not got:
            break
        data += got
    return data


def whole(data):
    head, edge, body = data.partition(b"\r\n\r\n")
    if not edge:
        return False
    found = re.search(rb"(?im)^(?:content-length|l) *: *(\d+)", head)
    return len(body) >= int(found.group(1) if found else 0)


def want(good, *what):
    if not good:
        raise Wrong(" ".join(str(one) for one in what))


# ---- messages

def message(first, fields, body=""):
    lines = [first] + fields + ([f"Content-Type: application/sdp"] if body else [])
    return ("\r\n".join(lines + [f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode()


def sdp(address, port=20000):
    return f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


def fields(address, call, method, transport="UDP", port=5060, number=1, to_tag="", user="a"):
    return [f"Via: SIP/2.0/{transport} {address}:{port};branch=z9hG4bK{call}{number};rport", "Max-Forwards: 70",
            f"From: <sip:{user}@{address}>;tag=f{call}", f"To: <sip:b@{SERVER}>{to_tag}", f"Call-ID: {call}@phone.example",
            f"CSeq: {number} {method}", f"Contact: <sip:a@{address}:{port}>"]


def invite(address, call, transport="UDP", port=5060, media=20000):
    return message(f"INVITE sip:b@{SERVER} SIP/2.0", fields(address, call, "INVITE", transport, port), sdp(address, media))


def answer(request, status="200 OK", body="", contact=f"<sip:b@{SERVER}:5060>", extra=()):
    """As its receiver writes it: Via, From, To, Call-ID and CSeq as they came."""
    head = request.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    copied = [line for line in head if re.match(r"(?i)(via|from|to|call-id|cseq) *:", line)]
    copied = [line + ";tag=t1" if line.startswith("To:") and "tag=" not in line else line for line in copied]
    return message(f"SIP/2.0 {status}", copied + ([f"Contact: {contact}"] if contact else []) + list(extra), body)


def header(data, name):
    found = re.search(rf"(?im)^{name} *: *(.*?)\r$", data.decode("latin-1"))
    return found.group(1) if found else ""


def medium_place(data):
    """Where the first medium is, if the c= line of all is its own."""
    return (re.search(rb"c=IN IP4 ([0-9.]+)", data).group(1).decode(), int(re.search(rb"m=[a-z]+ (\d+)", data).group(1)))


def exact(data):
    head, _, body = data.partition(b"\r\n\r\n")
    want(int(header(data, "Content-Length")) == len(body), "Content-Length is", header(data, "Content-Length"), "of", len(body))
    want(INSIDE_NET.encode() not in data, "an inside address:", data)


def run(names):
    """The check that the command line names, of those in a module's globals()."""
    checks = {name[6:]: value for name, value in names.items() if name.startswith("check_") and inspect.isfunction(value)}
    if len(sys.argv) < 4 or sys.argv[3] not in checks:
        sys.exit("PREFIX WAY " + "|".join(sorted(checks)))
    try:
        checks[sys.argv[3]](*sys.argv[4:])
    except Wrong as wrong:
        sys.exit(str(wrong))
