#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An MSRP endpoint (RFC 4975) that believes nothing: its own URI has to stand in To-Path, and in From-Path that of the party it was
told of, letter by letter. Else it answers 481, or 403."""
import itertools
import re
import socket
import time

IDENTS = itertools.count(1)


class Ended(Exception):
    """The connection did, or nothing came."""


class Chunk:
    """As it came: start, fields by lower-case name, body (None: there was none), flag."""

    def __init__(self, start, fields, body, flag):
        self.start, self.fields, self.body, self.flag = start, fields, body, flag
        self.ident, self.verb = start.split(" ")[1:3]

    def is_answer(self):
        return self.verb.isdigit()


def chunk(verb, to, own, fields=(), body=None, flag="$", ident=None):
    """Bytes of one."""
    ident = ident or f"i{next(IDENTS)}d"
    lines = [f"MSRP {ident} {verb}", f"To-Path: {to}", f"From-Path: {own}", *fields]
    head = "\r\n".join(lines).encode() + b"\r\n"
    if body is not None:
        head += b"Content-Type: application/octet-stream\r\n\r\n" + body + b"\r\n"
    return head + f"-------{ident}{flag}\r\n".encode()


def cut(data):
    """(chunk, rest) of what has come; None: it is not whole."""
    start, edge, rest = data.partition(b"\r\n")
    if not edge:
        return None
    found = re.fullmatch(rb"MSRP ([A-Za-z0-9.+%=-]+) (\w+)( .*)?", start)
    if not found:
        raise Ended(f"no MSRP: {data[:200]}")
    end = re.search(rb"(?:^|\r\n)-------" + re.escape(found.group(1)) + rb"([$+#])\r\n", rest)
    if not end:
        return None
    head, empty, body = rest[:end.start()].partition(b"\r\n\r\n")
    fields = dict(line.split(b":", 1) for line in head.split(b"\r\n"))
    fields = {name.decode().lower(): value.decode().strip() for name, value in fields.items()}
    return Chunk(start.decode(), fields, body if empty else None, end.group(1).decode()), rest[end.end():]


class Endpoint:
    """One end of a session: own is the URI that it announced, other what it read in the description that came."""

    def __init__(self, connection, own, other, patience):
        self.connection, self.own, self.other, self.patience = connection, own, other, patience
        self.data, self.got = b"", []
        connection.setblocking(True)
        connection.settimeout(patience)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data, piece=None):
        for at in range(0, len(data), piece or len(data)):
            self.connection.sendall(data[at:at + (piece or len(data))])

    def request(self, *arguments, piece=None, **more):
        self.send(chunk(arguments[0], self.other, self.own, *arguments[1:], **more), piece)

    def next(self):
        """The next chunk, answered if it is a request that wants it."""
        end = time.monotonic() + self.patience
        while True:
            found = cut(self.data) if self.data else None
            if found:
                break
            more = self.connection.recv(65536) if time.monotonic() < end else b""
            if not more:
                raise Ended(f"{self.own}: nothing more behind {self.data[-200:]}")
            self.data += more
        one, self.data = found
        self.got.append(one)
        if not one.is_answer() and one.verb != "REPORT":
            self.send(chunk(self.judge(one), one.fields["from-path"].split(" ")[0], self.own, ident=one.ident))
        return one

    def judge(self, one):
        """RFC 4975 7.3, 10.6, 10.4."""
        if one.fields["to-path"] != self.own:
            return "481 No such session"
        return "200 OK" if one.fields["from-path"] == self.other else "403 Somebody else"
