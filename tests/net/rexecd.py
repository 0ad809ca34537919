#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rexec, both ends, for a network where no package has it; and rsh with one segment for each byte.

  serve [PORT]             rexec (512): runs the command by sh, standard error on the second connection; prints "ready"
  rexec [-p PORT] [-o] ADDRESS COMMAND    prints what came: "out ..." and "err ..." lines; PORT: where it awaits
                           the second connection (any), 0: none; -o sends one byte a segment
  rsh [-s PORT] [-p PORT] [-o] [-n] ADDRESS COMMAND   the same of rsh (514), from the reserved port -s (1023) and with -p
                           reserved; -n: says nothing behind the announcement
  hold LOCAL ADDRESS PORT  connections to ADDRESS PORT from all reserved ports of LOCAL, until killed; prints how many stand

A command's output and its errors each end when the connection does. The exit status is 0 if the server agreed.
"""
import getopt
import socket
import struct
import subprocess
import sys
import threading
import time

TIMEOUT = 60


def text_of(sock):
    """Bytes up to a zero, which is left out."""
    text = b""
    while (byte := sock.recv(1)) != b"\0":
        if not byte:
            raise ConnectionError("closed within the announcement")
        text += byte
    return text.decode()


def answer(sock):
    peer = sock.getpeername()
    port = text_of(sock)
    errors = None
    if port not in ("", "0"):
        errors = socket.create_connection((peer[0], int(port)), TIMEOUT)
    user, password, command = text_of(sock), text_of(sock), text_of(sock)
    print(f"asked by {peer[0]} {peer[1]}, errors to {port or '-'}: {command}", flush=True)
    if (user, password) != ("user", "secret"):
        sock.sendall(b"\1Login incorrect.\n")
    else:
        sock.sendall(b"\0")
        subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=sock,
                       stderr=errors or sock, check=False)
    for one in (sock, errors):
        if one:
            one.close()


def serve(port):
    def guarded(sock):
        sock.settimeout(TIMEOUT)
        try:
            answer(sock)
        except OSError as error:
            print("failed:", error, flush=True)
            sock.close()

    server = socket.create_server(("0.0.0.0", port))
    print("ready", flush=True)
    while True:
        sock, _ = server.accept()
        sock.setblocking(True)
        threading.Thread(target=guarded, args=(sock,), daemon=True).start()


def await_errors(listener, result):
    try:
        sock, peer = listener.accept()
        result["peer"] = peer
        sock.settimeout(TIMEOUT)
        while data := sock.recv(65536):
            result["data"] += data
    except OSError as error:
        result["failed"] = error


def send(sock, data, slowly):
    if not slowly:
        sock.sendall(data)
        return
    for byte in data:
        sock.sendall(bytes([byte]))
        time.sleep(0.005)


def listen_reserved(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(1)
    listener.settimeout(TIMEOUT)
    return listener


def show(word, data):
    for line in data.decode().splitlines():
        print(word, line)


def call(address, port, source, errors, slowly, words, command):
    """Announces the port of errors (None: no), then the words and the command."""
    listener = result = thread = None
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind(("0.0.0.0", source))
    sock.settimeout(TIMEOUT)
    announced = b"0"
    if errors is not None:
        listener = listen_reserved(errors)
        announced = b"%d" % listener.getsockname()[1]
        result = {"data": b""}
        thread = threading.Thread(target=await_errors, args=(listener, result), daemon=True)
        thread.start()
    sock.connect((address, port))
    send(sock, b"\0".join([announced] + words + ([command.encode()] if command else [])) + b"\0", slowly)
    if not command:
        sock.shutdown(socket.SHUT_WR)
    verdict = sock.recv(1)
    data = b""
    while part := sock.recv(65536):
        data += part
    sock.close()
    show("out", data)
    if thread:
        thread.join(TIMEOUT)
        show("err", result["data"])
        print("errors by", *result.get("peer", ["nobody", result.get("failed", "")]))
    if verdict != b"\0":
        sys.exit("refused")


def hold(local, address, port):
    socks = []
    for source in range(512, 1024):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)) # its ports are free at once
        sock.settimeout(30)
        try:
            sock.bind((local, source))
            sock.connect((address, port))
            socks.append(sock)
        except OSError as error:
            print(source, error)
    print("stand", len(socks), flush=True)
    while True:
        time.sleep(60)


def main():
    options, words = getopt.getopt(sys.argv[2:], "s:p:on")
    options = dict(options)
    given = int(options["-p"]) if "-p" in options else None
    slowly, alone = "-o" in options, "-n" in options
    what = sys.argv[1]
    if what == "serve":
        serve(int(words[0]) if words else 512)
    elif what == "rexec":
        call(words[0], 512, 0, None if given == 0 else given or 0, slowly, [b"user", b"secret"], words[1])
    elif what == "rsh":
        call(words[0], 514, int(options.get("-s", 1023)), None if given == 0 else given or 1022, slowly,
             [] if alone else [b"root", b"root"], None if alone else words[1])
    elif what == "hold":
        hold(words[0], words[1], int(words[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
