#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The talkers of the network tests: small servers that print "ready", and clients that exit 0 when all went well.

  serve-tcp ADDRESS PORT                 echoes
  serve-udp ADDRESS PORT [TRIGGER]       echoes; when the file TRIGGER appears, says "late" to every client so far
  tcp ADDRESS PORT [BYTES]               sends BYTES (64) and wants them back; prints its local endpoint
  udp ADDRESS PORT [LOCALPORT]           one datagram and its echo; prints the local endpoint
  udp-refused ADDRESS PORT               a datagram that must be answered by port unreachable
  udp-refused-from LOCAL PORT ADDRESS PORT   the same from a port of one's own
  udp-size ADDRESS PORT BYTES            a datagram of that size and its echo (fragments)
  udp-late ADDRESS PORT SECONDS          a datagram and its echo, then waits for "late"
  serve-burst ADDRESS PORT               answers a burst with one like it
  burst ADDRESS PORT N BYTES             N datagrams of BYTES, the last shorter, in one piece that the network cuts (UDP_SEGMENT)
  sip-burst ADDRESS PORT N               likewise N requests of SIP; N answers have to come
  many ADDRESS PORT N                    N connections open at the same time, each echoes
  steady ADDRESS PORT SECONDS            one line every 50 ms for that long, all of which must come back
  peername ADDRESS PORT                  as serve-tcp, but sends each client its own address and port as seen here
  tell-peername ADDRESS PORT             prints what peername said
  punch-udp LOCAL PORT ADDRESS PORT SECONDS   a datagram every 300 ms, each way; prints who was heard, fails if nobody was
  punch-tcp LOCAL PORT ADDRESS PORT SECONDS   connects again and again (both may); prints whom it reached
  damaged FILE                           a capture of one packet whose TCP checksum is wrong
  fragments SOURCE ADDRESS PORT          a UDP datagram in two fragments, and one TCP fragment, over a raw socket
"""
import hashlib
import os
import socket
import struct
import sys
import threading
import time

UDP_SEGMENT = 103  # linux/udp.h
PATIENCE = float(os.environ.get("PATIENCE", 30))  # s, for what has to come


def connect(address, port, kind=socket.SOCK_STREAM, timeout=PATIENCE):
    sock = socket.socket(socket.AF_INET, kind)
    sock.settimeout(timeout)
    sock.connect((address, int(port)))
    return sock


def receive(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(min(65536, size - len(data)))
        if not part:
            raise ConnectionError(f"closed after {len(data)} of {size} bytes")
        data += part
    return data


def echo(sock):
    try:
        while data := sock.recv(65536):
            sock.sendall(data)
    except OSError:
        pass
    sock.close()


def listen(address, port, handler):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, int(port)))
    server.listen(1024)
    print("ready", flush=True)
    while True:
        sock, _ = server.accept()
        threading.Thread(target=handler, args=(sock,), daemon=True).start()


def serve_tcp(address, port):
    listen(address, port, echo)


def peername(address, port):
    def tell(sock):
        sock.sendall(("%s %d\n" % sock.getpeername()).encode())
        sock.close()
    listen(address, port, tell)


def tell_peername(address, port):
    with connect(address, port) as sock:
        print(sock.makefile().readline().strip())


def serve_udp(address, port, trigger=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    sock.settimeout(0.1)
    clients = []
    print("ready", flush=True)
    while True:
        try:
            data, client = sock.recvfrom(65536)
            sock.sendto(data, client)
            if client not in clients:
                clients.append(client)
        except OSError:
            pass
        if trigger and os.path.exists(trigger):
            for client in clients:
                sock.sendto(b"late", client)
            trigger = None


def tcp(address, port, size="64"):
    data = os.urandom(int(size))
    with connect(address, port) as sock:
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        back = receive(sock, len(data))
        sender.join()
        print("%s %d" % sock.getsockname())
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest(), "the echo differs"


def udp(address, port, local="0", size="32"):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", int(local)))
    sock.connect((address, int(port)))
    data = os.urandom(int(size))
    sock.settimeout(PATIENCE)
    sock.send(data)
    assert sock.recv(65536) == data, "the echo differs"
    print("%s %d" % sock.getsockname())
    return sock


def udp_size(address, port, size):
    udp(address, port, "0", size)


def udp_refused(address, port):
    with connect(address, port, socket.SOCK_DGRAM) as sock:
        sock.send(b"anyone?")
        try:
            sock.recv(100)
        except ConnectionRefusedError:
            return
        raise AssertionError("an answer where an error should be")


def udp_late(address, port, seconds):
    sock = udp(address, port)
    print("heard", flush=True)
    sock.settimeout(float(seconds))
    assert sock.recv(100) == b"late"


def send_burst(sock, datagrams):
    """One piece for the kernel's segmentation offload, as senders of HTTP/3 make them."""
    sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(datagrams[0]))
    sock.send(b"".join(datagrams))


def receive_burst(sock):
    """Begins with how many there are. In order, for nothing else is under way."""
    first = sock.recv(65536)
    return [first] + [sock.recv(65536) for _ in range(int(first[:8]) - 1)]


def serve_burst(address, port):
    print("ready", flush=True)
    while True:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, int(port)))
        client = sock.recvfrom(1, socket.MSG_PEEK)[1]
        sock.connect(client)
        send_burst(sock, receive_burst(sock))
        sock.close()


def sip_burst(address, port, count):
    """Requests of one length, in one piece; all are echoed."""
    with connect(address, port, socket.SOCK_DGRAM, PATIENCE) as sock:
        local = "%s:%d" % sock.getsockname()
        datagrams = [(f"OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{i:04}\r\n"
                      f"From: <sip:a@{local}>;tag={i:04}\r\nTo: <sip:{address}>\r\nCall-ID: {i:04}\r\nCSeq: 1 OPTIONS\r\n"
                      "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode() for i in range(int(count))]
        send_burst(sock, datagrams)
        for _ in datagrams:
            sock.recv(65536)


def burst(address, port, count, size):
    datagrams = [b"%8d" % int(count) + os.urandom(int(size) - 8) for _ in range(int(count))]
    datagrams[-1] = datagrams[-1][:int(size) // 2]
    with connect(address, port, socket.SOCK_DGRAM) as sock:
        send_burst(sock, datagrams)
        assert receive_burst(sock) == datagrams, "what came back differs"


def many(address, port, count):
    socks, good = [], 0
    for _ in range(int(count)):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((address, int(port)))
        socks.append(sock)
    for number, sock in enumerate(socks):
        data = b"client %d" % number
        try:
            sock.settimeout(PATIENCE)
            sock.sendall(data)
            good += receive(sock, len(data)) == data
        except OSError as error:
            print(f"client {number}: {error}")
    print(f"{good} of {count}")
    assert good == int(count)


def steady(address, port, seconds):
    with connect(address, port) as sock:
        print("connected", flush=True)
        lines = sock.makefile("rb")
        end = time.monotonic() + float(seconds)
        sent = 0

        def read():
            for number in range(10 ** 9):
                line = lines.readline()
                if line == b"end\n" or not line:
                    state["read"] = number if line else -1
                    return
                if line != b"line %d\n" % number:
                    state["read"] = -2
                    return
        state = {}
        reader = threading.Thread(target=read)
        sock.settimeout(None)
        reader.start()
        while time.monotonic() < end:
            sock.sendall(b"line %d\n" % sent)
            sent += 1
            time.sleep(0.05)
        sock.sendall(b"end\n")
        reader.join(30)
        print(f"sent {sent}, back {state.get('read')}", flush=True)
        os._exit(0 if state.get("read") == sent else 1)


def ip_header(source, address, protocol, length, ident, offset):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, ident, offset, 64, protocol, 0,
                         socket.inet_aton(source), socket.inet_aton(address))
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return header[:10] + struct.pack("!H", ~total & 0xffff) + header[12:]


def udp_refused_from(local, local_port, address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((local, int(local_port)))
        sock.settimeout(PATIENCE)
        sock.connect((address, int(port)))
        sock.send(b"anyone?")
        try:
            sock.recv(100)
        except ConnectionRefusedError:
            return
        raise AssertionError("an answer where an error should be")


def punch_udp(local, local_port, address, port, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((local, int(local_port)))
    sock.settimeout(0.3)
    end, heard = time.monotonic() + float(seconds), set()
    while time.monotonic() < end:
        sock.sendto(b"punch", (address, int(port)))
        try:
            heard.add("%s %d" % sock.recvfrom(100)[1])
        except TimeoutError:
            pass
    for name in sorted(heard):
        print(name)
    assert heard, "nobody was heard"


def punch_tcp(local, local_port, address, port, seconds):
    end = time.monotonic() + float(seconds)
    while True:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((local, int(local_port)))
        sock.settimeout(max(0.1, end - time.monotonic()))
        try:
            sock.connect((address, int(port)))
            sock.sendall(b"punch")
            assert receive(sock, 5) == b"punch"
            print("%s %d" % sock.getpeername())
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def damaged(path):
    segment = struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x50, 0x10, 100, 0xdead, 0) + b"hello"
    packet = b"\2" * 12 + b"\x08\0" + ip_header("192.0.2.1", "192.0.2.2", 6, len(segment), 1, 0) + segment
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


def fragments(source, address, port):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    datagram = struct.pack("!HHHH", 40000, int(port), 8 + 64, 0) + b"f" * 64
    for ident, protocol in ((1, 17), (2, 6)):
        for offset, flags in ((0, 0x2000), (40, 0)):
            part = datagram[offset:offset + 40]
            raw.sendto(ip_header(source, address, protocol, len(part), ident, flags | offset // 8) + part, (address, 0))


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        globals()[command.replace("-", "_")](*arguments)
    except (OSError, AssertionError, ConnectionError) as error:
        print(f"{command} {' '.join(arguments)}: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
