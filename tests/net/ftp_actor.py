#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""FTP ends that do what no proper program would, and the judge of what a capture shows of FTP.

    ftp_actor.py server ADDRESS PORT [REPLY-TO-PASV]
        Greets, answers everything, and connects to whatever a line with PORT, EPRT or LPRT in it names, also to that port of the
        client's apparent address; the reply tells what came of it.
    ftp_actor.py client SOURCE LISTEN-PORT SERVER PORT CHUNK...
        Listens on SOURCE:LISTEN-PORT, connects, and sends each chunk (escapes as in Python) as a segment of its own, after
        the greeting and after an answer to the last one if that ended a line. Last line: "reached from ADDRESS" or "not reached".
        A chunk @FILE touches FILE.waits and waits for FILE. A chunk ?PORT,ADDRESS,... tries to connect to PORT, and to the port of
        the last 227, of each address.
    ftp_actor.py abort SERVER SOURCE FILE
        Breaks off the transfer of FILE (Telnet interrupt and urgent mark, then ABOR) and fetches it whole in the same session.
    ftp_actor.py open ADDRESS PORT
        "open" or "closed": what a TCP connection comes to.
    ftp_actor.py same CAPTURE CAPTURE PORT
        The control connections to PORT have the same bytes in both.
    ftp_actor.py judge [--inside] CAPTURE CONTROL-PORTS [VERB ADDRESS LEAST]...
        Reads the control connections as tshark shows their segments. Each announcement (PORT, EPRT, 227, 229) has to name the
        address that it comes from, and the other end of the control connection must have opened a connection to that very
        endpoint afterwards; of each VERB at least LEAST came from ADDRESS. Bytes sent twice must be the same, and no payload may show an inside address (but for --inside).
"""
import collections
import concurrent.futures
import ftplib
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

SHORT = re.compile(rb"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
LPRT = re.compile(rb"\b4,4,(\d+),(\d+),(\d+),(\d+),2,(\d+),(\d+)")
LONG = re.compile(rb"EPRT (.)1\1([\d.]+)\1(\d+)\1", re.I)
NUMBERS = re.compile(rb"[0-9]+(?:([.,])[0-9]+(?:\1[0-9]+)*)")


# ---- ends


def attempt(address, port, source="", seconds=5):
    try:
        with socket.create_connection((address, port), seconds, (source, 0)) as sock:
            sock.sendall(b"hello\r\n")
        return "open"
    except (OSError, OverflowError) as error:
        return "closed (%s)" % error


def attempts(endpoints, source=""):
    """What becomes of each, all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(endpoints)) as pool:
        return list(pool.map(lambda endpoint: attempt(*endpoint, source), endpoints))


def named(line):
    """What a line names: port numbers that are none as a careless server would take them."""
    match = LONG.search(line)
    if match:
        return match[2].decode(), int(match[3])
    match = LPRT.search(line) or SHORT.search(line)
    numbers = [int(number) for number in match.groups()]
    return ".".join(str(number) for number in numbers[:4]), numbers[4] * 256 + numbers[5]


def answer(line, own, apparent, passive):
    if line[:4].upper() in (b"PASV", b"LPSV"):
        return passive
    if not SHORT.search(line) and not LONG.search(line):
        return {b"USER": "331 password", b"PASS": "230 in"}.get(line[:4].upper(), "200 fine")
    address, port = named(line)
    tries = list(dict.fromkeys([(address, port)] + [(apparent, p) for p in sorted({port, port & 0xffff})]))
    return "200 " + "; ".join("%s:%d %s" % (*one, came) for one, came in zip(tries, attempts(tries, own)))


def serve_one(sock, peer, passive):
    with sock:
        sock.sendall(b"220 ready\r\n")
        for line in sock.makefile("rb"):
            print(peer, line, flush=True)
            try:
                sock.sendall(answer(line.strip(), sock.getsockname()[0], peer[0], passive).encode() + b"\r\n")
            except OSError:
                return


def server(address, port, passive="502 no"):
    listener = socket.create_server((address, int(port)))
    print("ready", flush=True)
    while True:
        sock, peer = listener.accept()
        threading.Thread(target=serve_one, args=(sock, peer, passive), daemon=True).start()


def read_line(sock, seconds):
    sock.settimeout(seconds)
    line = b""
    try:
        while not line.endswith(b"\n"):
            byte = sock.recv(1)
            if not byte:
                break
            line += byte
    except TimeoutError:
        pass
    print("<", line.decode(errors="replace").strip())
    return line


def client(source, listen, host, port, *chunks):
    listener = socket.create_server((source, int(listen)))
    sock = socket.create_connection((host, int(port)), 30, (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reply = read_line(sock, 30)
    for chunk in chunks:
        if chunk.startswith("@"):
            wait_for_file(chunk[1:])
            continue
        if chunk.startswith("?"):
            probe(*chunk[1:].split(","), told=reply)
            continue
        data = chunk.encode().decode("unicode_escape").encode("latin-1")
        print(">", data)
        sock.sendall(data)
        time.sleep(0.1)
        for _ in range(data.count(b"\n") if data.endswith(b"\n") else 0):
            reply = read_line(sock, 30)
    listener.settimeout(0.5)
    try:
        print("reached from", listener.accept()[1][0])
    except TimeoutError:
        print("not reached")


def probe(port, *addresses, told):
    ports = {int(port)} | ({named(told)[1]} if SHORT.search(told) else set())
    tries = [(address, one) for address in addresses for one in ports]
    for one, came in zip(tries, attempts(tries)):
        print("probe %s:%d" % one, came)


def wait_for_file(name):
    open(name + ".waits", "wb").close()
    for _ in range(900):
        if os.path.exists(name):
            return
        time.sleep(0.1)
    sys.exit("nobody made " + name)


def abort(host, source, name):
    ftp = ftplib.FTP(timeout=30)
    ftp.connect(host, 21, source_address=(source, 0))
    ftp.login()
    ftp.set_pasv(False)
    data = ftp.transfercmd("RETR " + name)
    data.recv(1000)
    ftp.sock.sendall(b"\xff\xf4\xff")
    ftp.sock.send(b"\xf2", socket.MSG_OOB)
    ftp.sock.sendall(b"ABOR\r\n")
    while data.recv(65536):
        pass
    data.close()
    print(ftp.getmultiline())
    print(ftp.getmultiline())
    digest = hashlib.sha256()
    print(ftp.retrbinary("RETR " + name, digest.update))
    print(digest.hexdigest())
    print(ftp.quit())


# ---- judge


def shows_inside(text):
    """Whether an inside address stands there. In a row of numbers that is where the row begins (an address, or an address and the two
    halves of a port), in LPRT behind the family and the length: 203,0,113,10,77,33 shows none."""
    for match in NUMBERS.finditer(text):
        row = [int(number) for number in match[0].split(match[1])]
        if match[1] == b"," and row[:2] == [4, 4]:
            row = row[2:]
        if len(row) >= 3 and row[:2] == [10, 77]:
            return True
    return False


def segments(capture):
    fields = "tcp.stream ip.src tcp.srcport ip.dst tcp.dstport tcp.seq_raw tcp.flags.syn tcp.flags.ack tcp.payload"
    command = ["tshark", "-n", "-r", capture, "-Y", "tcp && !icmp", "-T", "fields"]
    for field in fields.split():
        command += ["-e", field]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for number, line in enumerate(text.splitlines()):
        stream, src, sport, dst, dport, seq, syn, ack, payload = line.split("\t")
        flags = [value in ("1", "True") for value in (syn, ack)]
        yield (number, stream, (src, int(sport)), (dst, int(dport)), int(seq), *flags, bytes.fromhex(payload))


class Direction:
    """The bytes of one direction of a connection, from its SYN on, and when each was first seen."""

    def __init__(self, src, dst):
        self.src, self.dst, self.first, self.bytes, self.differ = src, dst, None, {}, 0

    def add(self, number, seq, syn, payload):
        if syn:
            self.first = seq + 1
        if self.first is None:
            self.first = seq
        for i, byte in enumerate(payload):
            at = (seq + syn + i - self.first) & 0xffffffff
            if self.bytes.setdefault(at, (byte, number))[0] != byte:
                self.differ += 1

    def runs(self):
        """What was captured of it without a gap."""
        run, last = bytearray(), None
        for at in sorted(self.bytes):
            if last is not None and at != last + 1:
                yield bytes(run)
                run.clear()
            run.append(self.bytes[at][0])
            last = at
        yield bytes(run)

    def lines(self):
        at = 0
        while True:
            line = bytearray()
            while at in self.bytes and not line.endswith(b"\n"):
                line.append(self.bytes[at][0])
                at += 1
            if not line:
                return
            yield self.bytes[at - 1][1], bytes(line)


def announcement(line, src):
    """(verb, address, port) or None."""
    word = line[:4].upper()
    if word in (b"PORT", b"EPRT", b"LPRT") or line[:4] in (b"227 ", b"228 "):
        return (word.strip().decode(), *named(line))
    match = re.match(rb"229 .*\(\|\|\|(\d+)\|\)", line)
    return ("229", src[0], int(match[1])) if match else None


def read(capture, control, inside=False):
    directions, opens, answers, complaints = {}, collections.defaultdict(list), set(), []
    for number, stream, src, dst, seq, syn, ack, payload in segments(capture):
        if syn and not ack:
            opens[src[0], dst].append(number)
        if syn and ack:
            answers.add(src)
        if {src[1], dst[1]} & control:
            directions.setdefault((stream, src), Direction(src, dst)).add(number, seq, syn, payload)
        elif not inside and shows_inside(payload):
            complaints.append("inside address in a payload of %s: %r" % (src, payload[:200]))
    for direction in directions.values():
        if direction.differ:
            complaints.append("%s: %d bytes were sent again with other values" % (direction.src, direction.differ))
        # A segment may begin anywhere, so what was sent is looked at as a whole.
        complaints += ["inside address sent by %s: %r" % (direction.src, line) for run in direction.runs()
                       for line in run.split(b"\n") if not inside and shows_inside(line)]
    return directions.values(), opens, answers, complaints


def same(left, right, port):
    texts = []
    for capture in left, right:
        directions = read(capture, {int(port)}, True)[0]
        texts.append(sorted((d.dst[1] == int(port), b"".join(line for _, line in d.lines())) for d in directions))
    print(*texts, sep="\n")
    return 0 if texts[0] == texts[1] and texts[0] and all(text for _, text in texts[0]) else 1


def judge(capture, ports, *wants):
    inside = capture == "--inside"
    if inside:
        capture, ports, *wants = ports, *wants
    directions, opens, answers, complaints = read(capture, {int(port) for port in ports.split(",")}, inside)
    found = collections.defaultdict(list)
    print("control sessions:", len(directions) // 2)
    for direction in directions:
        for number, line in direction.lines():
            told = announcement(line, direction.src)
            if told is None:
                continue
            verb, *endpoint = told
            opened = [at for at in opens[direction.dst[0], tuple(endpoint)] if at > number]
            found[verb, endpoint[0]].append(endpoint)
            if not opened or tuple(endpoint) not in answers:
                complaints.append("%s: nobody opened it: %r" % (direction.src, line))
            if endpoint[0] != direction.src[0]:
                complaints.append("%s: another address: %r" % (direction.src, line))
    for verb, address, least in zip(wants[::3], wants[1::3], wants[2::3]):
        endpoints = found[verb, address]
        print(verb, address, len(endpoints), "of", least, "first ones:", endpoints[:3])
        if len(endpoints) < int(least):
            complaints.append("only %d of %s" % (len(endpoints), verb))
    print("\n".join(complaints[:20]))
    return 1 if complaints else 0


ACTIONS = dict(server=server, client=client, abort=abort, judge=judge, same=same,
               open=lambda address, port: print(attempt(address, int(port))))
sys.exit(ACTIONS[sys.argv[1]](*sys.argv[2:]))
