#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends of FTP and of DNS over TCP that are patient: what they wait for may come behind a router that is started again.

    opening.py serve-ftp ADDRESS          on port 21; PORT and PASV make a data connection, which says "data"
    opening.py serve-dns ADDRESS ANSWER   on port 53; every question has this address
    opening.py ftp-active SOURCE SERVER [FILE]   prints "got data" if the server came to where PORT said, and otherwise ends badly
    opening.py ftp-passive SOURCE SERVER [FILE]  likewise by PASV
    opening.py dns SOURCE SERVER [FILE]          prints the answer's address

With FILE, PORT, PASV or the question is said when the file is there, until when FILE.waits is.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

PATIENCE = 60


def named(line):
    numbers = [int(number) for number in re.search(rb"(\d+,){5}\d+", line)[0].split(b",")]
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]


def numbers_of(address, port):
    return ",".join(address.split(".") + [str(port >> 8), str(port & 255)])


def serve(address, port, one):
    def guarded(sock):
        try:
            one(sock)
        except OSError as error:
            print("failed:", error, flush=True)
        sock.close()

    listener = socket.create_server((address, port))
    print("ready", flush=True)
    while True:
        threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()


def send_data(sock):
    with sock:
        sock.sendall(b"data\r\n")


def serve_ftp(address):
    def one(sock):
        sock.sendall(b"220 ready\r\n")
        for line in sock.makefile("rb"):
            print("told", line.decode().strip(), flush=True)
            if line.startswith(b"PORT"):
                send_data(socket.create_connection(named(line), PATIENCE, (address, 0)))
            elif line.startswith(b"PASV"):
                listener = socket.create_server((address, 0))
                listener.settimeout(PATIENCE)
                sock.sendall(b"227 (%s)\r\n" % numbers_of(*listener.getsockname()).encode())
                send_data(listener.accept()[0])
                continue
            sock.sendall(b"%d fine\r\n" % {b"USER": 331, b"PASS": 230}.get(line[:4], 200))
    serve(address, 21, one)


def take(file, size):
    data = file.read(size)
    if len(data) != size:
        raise ConnectionError("closed within a message")
    return data


def serve_dns(address, answer):
    def one(sock):
        file = sock.makefile("rb")
        while True:
            query = take(file, struct.unpack("!H", take(file, 2))[0])
            message = query[:2] + b"\x84\0" + query[4:6] + b"\0\1\0\0\0\0" + query[12:]
            message += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + socket.inet_aton(answer)
            sock.sendall(struct.pack("!H", len(message)) + message)
    serve(address, 53, one)


def wait_for(name):
    if not name:
        return
    open(name + ".waits", "wb").close()
    until = time.monotonic() + PATIENCE
    while not os.path.exists(name):
        if time.monotonic() > until:
            sys.exit("nobody made " + name)
        time.sleep(0.1)


def connect(source, server, port):
    sock = socket.create_connection((server, port), PATIENCE, (source, 0))
    print("connected", flush=True)
    return sock


def log_in(source, server):
    sock = connect(source, server, 21)
    replies = sock.makefile("rb")
    replies.readline()
    for line in b"USER anonymous\r\n", b"PASS me\r\n":
        sock.sendall(line)
        replies.readline()
    return sock, replies


def ftp_active(source, server, file=""):
    sock, _ = log_in(source, server)
    listener = socket.create_server((source, 0))
    listener.settimeout(PATIENCE)
    wait_for(file)
    sock.sendall(b"PORT %s\r\n" % numbers_of(*listener.getsockname()).encode())
    print("got", listener.accept()[0].makefile().read().strip())


def ftp_passive(source, server, file=""):
    sock, replies = log_in(source, server)
    wait_for(file)
    sock.sendall(b"PASV\r\n")
    data = socket.create_connection(named(replies.readline()), PATIENCE, (source, 0))
    print("got", data.makefile().read().strip())


def dns(source, server, file=""):
    sock = connect(source, server, 53)
    wait_for(file)
    query = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\4host\3lab\0" + struct.pack("!HH", 1, 1)
    sock.sendall(struct.pack("!H", len(query)) + query)
    replies = sock.makefile("rb")
    message = take(replies, struct.unpack("!H", take(replies, 2))[0])
    print("answer", socket.inet_ntoa(message[-4:]))


ACTIONS = {"serve-ftp": serve_ftp, "serve-dns": serve_dns, "ftp-active": ftp_active, "ftp-passive": ftp_passive, "dns": dns}
ACTIONS[sys.argv[1]](*sys.argv[2:])
