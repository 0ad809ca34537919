#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""telnet_clients.py PORT: what programs and attackers send. hostname R1, password vtypass, enable secret s3cret."""
import os
import random
import re
import socket
import sys
import time

IAC, DONT, DO, WONT, WILL, SB, SE, NOP, AYT = 255, 254, 253, 252, 251, 250, 240, 241, 246
ECHO, SGA, TTYPE, NAWS, LINEMODE, ENVIRON = 1, 3, 24, 31, 34, 39
PORT = int(sys.argv[1])
FAILED = 0


def report(good, text, seen=b""):
    global FAILED
    print(("ok - " if good else "not ok - ") + text, flush=True)
    if not good:
        FAILED += 1
        print(f"# seen: {seen[-300:]!r}", flush=True)


class Client:
    """Answers every request, as careless libraries do: with refusals, unless told otherwise."""

    def __init__(self, accept=(), answer=True):
        self.sock = socket.create_connection(("127.0.0.1", PORT), timeout=30)
        self.text, self.raw, self.accept, self.answer = b"", b"", accept, answer
        self.options = []

    def feed(self, data):
        self.raw += data
        while True:
            at = self.raw.find(bytes([IAC]))
            if at < 0:
                self.text, self.raw = self.text + self.raw, b""
                return
            self.text, self.raw = self.text + self.raw[:at], self.raw[at:]
            if len(self.raw) < 2:
                return
            command = self.raw[1]
            if command in (DO, DONT, WILL, WONT):
                if len(self.raw) < 3:
                    return
                self.option(command, self.raw[2])
                self.raw = self.raw[3:]
            elif command == SB:
                end = self.raw.find(bytes([IAC, SE]))
                if end < 0:
                    return
                self.raw = self.raw[end + 2:]
            else:
                self.text += b"\xff" if command == IAC else b""
                self.raw = self.raw[2:]

    def option(self, command, option):
        self.options.append((command, option))
        if not self.answer:
            return
        if command in (DO, DONT):
            reply = WILL if command == DO and option in self.accept else WONT
        else:
            reply = DO if command == WILL and option in self.accept else DONT
        self.sock.sendall(bytes([IAC, reply, option]))

    def until(self, pattern, seconds=30):
        """Reads until the text so far matches; returns it and forgets it."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text, re.S):
            self.sock.settimeout(max(0.05, end - time.monotonic()))
            try:
                data = self.sock.recv(4096)
            except OSError:
                break
            if not data:
                break
            self.feed(data)
            if time.monotonic() > end:
                break
        text, self.text = self.text, b""
        return text

    def quiet(self, seconds=0.5):
        return self.until(rb"(?!)", seconds)

    def send(self, data):
        self.sock.sendall(data)

    def login(self, end=b"\r\n"):
        self.until(rb"Password: $")
        self.send(b"vtypass" + end)
        return self.until(rb"R1>$")

    def close(self):
        self.sock.close()


def admitted():
    """A client that is in, when those before have gone: there are five lines. None: it never gets in."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            client = Client()
            if client.login().endswith(b"R1>"):
                return client
            client.close()
        except OSError:
            pass
        time.sleep(0.5)
    return None


def served():
    """A well-behaved client gets in."""
    client = admitted()
    if client is None:
        return False
    client.send(b"exit\r\n")
    client.quiet(0.3)
    client.close()
    return True


def manners():
    client = Client()
    client.login()
    client.send(b"show privilege\r\n")
    text = client.until(rb"R1>$")
    report(text.startswith(b"show privilege\r\nCurrent privilege level is 1\r\n"),
           "a client that says DONT ECHO is echoed all the same, byte for byte", text)
    client.quiet()
    report(len(client.options) < 30, f"no loop of answers ({len(client.options)} options seen)")
    for name, end in (("CR LF", b"\r\n"), ("CR NUL", b"\r\0"), ("LF", b"\n"), ("CR", b"\r")):
        client.send(b"show privilege" + end)
        text = client.until(rb"R1>$") + client.quiet(0.3)
        report(text.count(b"R1>") == 1 and b"level is 1" in text, f"{name} ends one line", text)
    client.send(b"show privilege\r")
    text = client.until(rb"R1>$")
    client.send(b"\n")
    text += client.quiet(0.4)
    report(text.count(b"R1>") == 1, "CR and LF in two packets end one line", text)
    client.send(b"show\0 privilege\r\n")
    report(b"level is 1" in client.until(rb"R1>$"), "NUL in a line is skipped")
    client.send(bytes([IAC, NOP] * 3))
    report(client.quiet(0.3) == b"", "NOP is silent")
    client.send(bytes([IAC, AYT]))
    report(client.until(rb".") != b"", "AYT is answered")
    client.send(b"exit\r\n")
    client.quiet()
    client.close()

    client = Client(answer=False)
    client.quiet(0.5)
    client.options = []
    client.send(bytes([IAC, WILL, LINEMODE, IAC, WILL, ENVIRON]))
    client.quiet()
    report((DO, LINEMODE) not in client.options, "LINEMODE is refused")
    report((DO, ENVIRON) not in client.options, "NEW-ENVIRON is refused")
    client.close()

    client = Client(accept=(ECHO, SGA, NAWS, TTYPE))
    client.until(rb"Password: $")
    client.send(bytes([IAC, SB, NAWS, 0, 80, 0, 8, IAC, SE]))
    client.send(b"vtypass\r\nenable\r\ns3cret\r\nshow running-config\r\n")
    text = client.until(rb" --More-- $")
    report(text.endswith(b" --More-- "), "everything sent ahead runs, NAWS sets the page", text)
    page = text[text.rfind(b"show running-config"):].count(b"\n")
    report(6 <= page <= 9, f"of 8 rows ({page} lines)", text)
    client.send(b"q")
    client.until(rb"R1#$")
    client.send(bytes([IAC, SB, NAWS, 0, 0, 0, 0, IAC, SE]) + b"terminal length 0\r\nshow running-config\r\n")
    text = client.until(rb"\nend\r\n.*R1#$")
    report(b"--More--" not in text and b"\nend\r\n" in text, "a window of 0x0 hurts nothing", text)
    client.close()


def hostile():
    noise = random.Random(int(os.environ.get("SEED", "7")))
    print(f"# SEED={os.environ.get('SEED', '7')}")
    attacks = {
        "a subnegotiation without end": bytes([IAC, SB, NAWS]) + b"x" * 1000000,
        "NAWS of wrong lengths": b"".join(bytes([IAC, SB, NAWS] + [1] * n + [IAC, SE]) for n in range(20)),
        "LINEMODE SLC of a thousand triplets": bytes([IAC, SB, LINEMODE, 3] + [1, 2, 3] * 1000 + [IAC, SE]),
        "an environment with -f root": bytes([IAC, SB, ENVIRON, 0, 0]) + b"USER\x01-f root" + bytes([IAC, SE]),
        "fifty thousand options": bytes([IAC, DO, ECHO, IAC, DONT, ECHO, IAC, WILL, NAWS, IAC, WONT, NAWS] * 12500),
        "every option number": b"".join(bytes([IAC, v, o]) for o in range(255) for v in (WILL, WONT, DO, DONT)),
        "a line of a million characters": b"a" * 1000000 + b"\r\n",
        "IAC and nothing more": bytes([IAC]),
        "half an option": bytes([IAC, DO]),
        "noise": bytes(noise.randrange(256) for _ in range(100000)),
        "control characters": bytes(range(1, 32)) * 200,
        "escape sequences": b"\033[A\033[1;1H\033]0;x\007\033P" * 500,
    }
    for name, data in attacks.items():
        try:
            for logged_in in (False, True):
                client = Client(answer=False)
                if logged_in:
                    client.login()
                client.sock.settimeout(3)
                try:
                    client.send(data)
                except OSError:
                    pass  # cut off, or not read any further: both are fine
                client.quiet(0.2)
                client.close()
        except OSError as error:
            report(False, f"{name}: {error}")
            continue
        report(served(), f"served after {name}")


def crowd():
    clients = [admitted() for _ in range(5)]
    if None in clients:
        report(False, "five sessions at once")
        return
    try:
        extra = Client()
        text = extra.until(rb"Password: $", 3)
        refused = b"Password: " not in text
        extra.close()
    except OSError:
        text, refused = b"", True
    report(refused, "a sixth session is refused", text)
    clients[0].send(b"show privilege\r\n")
    report(b"level is 1" in clients[0].until(rb"R1>$"), "the five go on")
    # A reader that never reads holds up nobody else.
    for client in clients:
        client.close()
    report(served(), "served after they left")
    slow = admitted()
    slow.send(b"enable\r\ns3cret\r\nterminal length 0\r\n" + b"show running-config\r\n" * 200)
    report(served(), "served while a session never reads")
    slow.close()


def main():
    manners()
    hostile()
    crowd()
    return FAILED > 0


if __name__ == "__main__":
    sys.exit(main())
