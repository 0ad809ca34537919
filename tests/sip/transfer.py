#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three phones, a proxy that they register with, and a transfer: transfer.py PREFIX PROXY INSIDE1 INSIDE2.

INSIDE1 is an address in the namespace h1, INSIDE2 one in h2; two phones are outside. Each is in every role (RFC 5589): who transfers,
who is transferred, to whom; blind, and attended with Replaces (RFC 3891). After each step those who are said to be connected send RTP
and RTCP to each other: it has to be heard by that one, from where he was told, and by nobody else. Prints a line for each transfer,
"NAME ok" or "NAME what is wrong". The phones know nothing of NAT.
"""
import itertools
import re
import select
import sys
import time
import urllib.parse

sys.argv[2:2] = ["overload"]  # wirelab's: the addresses are given
import wirelab  # pylint: disable=wrong-import-position
from wirelab import PATIENCE, Wrong, header, medium_place, sdp, udp, want  # pylint: disable=wrong-import-position

PROXY = (sys.argv[3], 5060) if len(sys.argv) > 3 else ("", 0)
NUMBERS = itertools.count(1)


def values(data, name):
    """Of a field that may stand in several lines, commas between values."""
    found = re.findall(rf"(?im)^{name} *: *(.*?)\r$", data.decode("latin-1"))
    return [one.strip() for line in found for one in re.split(r",(?=\s*<)", line)]


def tag_of(value):
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


def uri_of(value):
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value


class Dialog:
    """A call as one phone sees it; media: its RTP and RTCP sockets."""

    def __init__(self, phone, call, local, remote):
        self.phone, self.call, self.local, self.remote = phone, call, local, remote
        self.local_tag, self.remote_tag, self.target, self.routes, self.number = f"t{next(NUMBERS)}", "", "", [], 0
        self.place, self.up, self.ended, self.referrer = None, False, False, None
        port = phone.next_port
        phone.next_port += 2
        self.media = [udp(phone.namespace, phone.address, port + n) for n in (0, 1)]

    def description(self):
        return sdp(self.phone.address, self.media[0].getsockname()[1])

    def request(self, method, extra=(), body="", kind="application/sdp", number=None, target=None):
        """The text of a request within it, or of the INVITE that begins it."""
        if number is None:
            self.number += 1
            number = self.number
        to = self.remote + (f";tag={self.remote_tag}" if self.remote_tag else "")
        head = [f"{method} {target or self.target} SIP/2.0",
                f"Via: SIP/2.0/UDP {self.phone.address}:5060;branch=z9hG4bK{self.phone.name}{next(NUMBERS)};rport", "Max-Forwards: 70",
                *[f"Route: {route}" for route in self.routes], f"From: {self.local};tag={self.local_tag}", f"To: {to}",
                f"Call-ID: {self.call}", f"CSeq: {number} {method}", f"Contact: <sip:{self.phone.name}@{self.phone.address}:5060>", *extra]
        if body:
            head.append(f"Content-Type: {kind}")
        return ("\r\n".join(head + [f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode()


class Phone:
    """Answers at once, does what a REFER asks for, and says how that went."""

    def __init__(self, name, namespace, address):
        self.name, self.namespace, self.address, self.next_port = name, namespace, address, 20000
        self.socket = udp(namespace, address)
        self.socket.setblocking(False)
        self.dialogs, self.waiting, self.said, self.registered, self.refused = {}, {}, {}, False, []
        self.own = f"<sip:{name}@{PROXY[0]}>"

    def fresh(self):
        """No call, and nothing that is on its way counts."""
        for dialog in self.dialogs.values():
            for one in dialog.media:
                one.close()
        self.dialogs, self.waiting, self.refused = {}, {}, []

    # ---- out

    def send(self, data, wait=True):
        """A request, again and again until it is answered."""
        key = re.search(rb"branch=(\S+?)[;\r]", data).group(1)
        self.socket.sendto(data, PROXY)
        if wait:
            self.waiting[key] = [time.monotonic() + 0.5, data]

    def again(self):
        for entry in self.waiting.values():
            if entry[0] < time.monotonic():
                self.socket.sendto(entry[1], PROXY)
                entry[0] += 0.5

    def register(self):
        dialog = Dialog(self, f"reg-{self.name}-{next(NUMBERS)}", self.own, self.own)
        self.dialogs[dialog.call] = dialog
        self.send(dialog.request("REGISTER", ["Expires: 600"], target=f"sip:{PROXY[0]}"))

    def invite(self, uri, extra=(), referrer=None):
        dialog = Dialog(self, f"call-{self.name}-{next(NUMBERS)}", self.own, f"<{uri}>")
        dialog.target, dialog.referrer = uri, referrer
        self.dialogs[dialog.call] = dialog
        self.send(dialog.request("INVITE", extra, dialog.description()))
        return dialog

    def refer(self, dialog, to):
        self.send(dialog.request("REFER", [f"Refer-To: <{to}>", f"Referred-By: {self.own}"]))

    def bye(self, dialog):
        dialog.ended = True
        self.send(dialog.request("BYE"))

    def notify(self, dialog, line):
        state = "active;expires=60" if " 1" in line else "terminated;reason=noresource"
        self.send(dialog.request("NOTIFY", ["Event: refer", f"Subscription-State: {state}"], f"{line}\r\n", "message/sipfrag;version=2.0"))

    def reply(self, request, status, dialog=None, body=""):
        lines = [line for line in request.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
                 if re.match(r"(?i)(via|from|call-id|cseq|record-route) *:", line)]
        to = header(request, "To")
        lines.append("To: " + (to if tag_of(to) or dialog is None else f"{to};tag={dialog.local_tag}"))
        lines.append(f"Contact: <sip:{self.name}@{self.address}:5060>")
        if body:
            lines.append("Content-Type: application/sdp")
        text = ("\r\n".join([f"SIP/2.0 {status}", *lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode()
        self.said[header(request, "Via"), header(request, "CSeq")] = text
        self.socket.sendto(text, PROXY)
        return text

    # ---- in

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        if data.startswith(b"SIP/2.0"):
            self.answered(data)
        elif header(data, "CSeq").endswith("ACK"):
            self.waiting.pop(header(data, "Call-ID"), None)
        elif (header(data, "Via"), header(data, "CSeq")) in self.said:
            self.socket.sendto(self.said[header(data, "Via"), header(data, "CSeq")], PROXY)
        else:
            getattr(self, "asked_" + data.split(b" ")[0].decode().lower())(data, self.dialogs.get(header(data, "Call-ID")))

    def answered(self, data):
        status, method = int(data[8:11]), header(data, "CSeq").split()[1]
        dialog = self.dialogs.get(header(data, "Call-ID"))
        if status > 100:
            self.waiting.pop(re.search(rb"branch=(\S+?)[;\r]", data).group(1), None)
        if dialog is None or status < 200:
            return
        if status >= 300:
            self.refused.append(f"{self.name}: {method} {status}")
        if method == "REGISTER":
            self.registered = status == 200
        if method == "INVITE":
            self.invited(dialog, data, status)

    def invited(self, dialog, data, status):
        number = int(header(data, "CSeq").split()[0])
        if status >= 300:
            return
        dialog.remote_tag, dialog.target = tag_of(header(data, "To")), uri_of(header(data, "Contact"))
        dialog.routes = list(reversed(values(data, "Record-Route")))
        dialog.place = medium_place(data)
        self.send(dialog.request("ACK", number=number), wait=False)
        if dialog.referrer and not dialog.up:
            self.notify(dialog.referrer, "SIP/2.0 200 OK")
        dialog.up = True

    def asked_invite(self, data, dialog):
        replaced = header(data, "Replaces")
        old = self.dialogs.get(replaced.split(";")[0]) if replaced else None
        if replaced and (old is None or not old.up or f"to-tag={old.local_tag}" not in replaced or f"from-tag={old.remote_tag}" not in replaced):
            self.reply(data, "481 Call/Transaction Does Not Exist")
            return
        dialog = Dialog(self, header(data, "Call-ID"), header(data, "To"), header(data, "From"))
        dialog.remote, dialog.remote_tag = re.sub(r";tag=[^;]*", "", header(data, "From")), tag_of(header(data, "From"))
        dialog.target, dialog.routes, dialog.place = uri_of(header(data, "Contact")), values(data, "Record-Route"), medium_place(data)
        dialog.up = True
        self.dialogs[dialog.call] = dialog
        answer = self.reply(data, "200 OK", dialog, dialog.description())
        self.waiting[dialog.call] = [time.monotonic() + 0.5, answer]  # until it is acknowledged
        if old:
            self.bye(old)

    def asked_bye(self, data, dialog):
        if dialog:
            dialog.ended = True
        self.reply(data, "200 OK" if dialog else "481 Call/Transaction Does Not Exist", dialog)

    def asked_refer(self, data, dialog):
        """The URI's header fields become the request's (RFC 3261 19.1.5)."""
        self.reply(data, "202 Accepted", dialog)
        uri, _, fields = uri_of(header(data, "Refer-To")).partition("?")
        extra = [f"{name}: {urllib.parse.unquote(value)}" for name, value in (one.split("=", 1) for one in fields.split("&") if one)]
        self.notify(dialog, "SIP/2.0 100 Trying")
        self.invite(uri, extra + [f"Referred-By: {header(data, 'Referred-By')}"], dialog)

    def asked_notify(self, data, dialog):
        self.reply(data, "200 OK", dialog)
        if dialog and not dialog.ended and b"\r\n\r\nSIP/2.0 200" in data:
            self.bye(dialog)


# ---- three of them

def until(phones, condition, what):
    """They go on until it is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        want(time.monotonic() < end, "it did not come to this:", what, "; ".join(one for phone in phones for one in phone.refused))
        for one in select.select([phone.socket for phone in phones], [], [], 0.1)[0]:
            next(phone for phone in phones if phone.socket is one).receive()
        for phone in phones:
            phone.again()


def between(phones, one, other, what):
    """The dialog that each of the two has with the other, up."""
    def found(phone, peer):
        return [dialog for dialog in phone.dialogs.values() if dialog.up and not dialog.ended and dialog.call in peer.dialogs]

    until(phones, lambda: len(found(one, other)) == 1 and len(found(other, one)) == 1, what)
    return found(one, other)[0], found(other, one)[0]


def talk(phones, pair, what):
    """RTP and RTCP both ways, heard where they should be and nowhere else."""
    everywhere = [media for phone in phones for dialog in phone.dialogs.values() for media in dialog.media]
    for sender, receiver in (pair, pair[::-1]):
        for which, kind in ((0, b"\x80\x00"), (1, b"\x80\xc9")):
            mark = kind + f"{what} {next(NUMBERS)}".encode()
            ear, told = receiver.media[which], (receiver.place[0], receiver.place[1] + which)
            sender.media[which].sendto(mark, (sender.place[0], sender.place[1] + which))
            want(select.select(everywhere, [], [], PATIENCE)[0] == [ear], what, f"{sender.phone.name} is not heard by {receiver.phone.name}:",
                 "sent to", sender.place)
            got, source = ear.recvfrom(2048)
            want(got == mark and source == told, what, "heard", got, "from", source, "instead of", told)


def blind(phones, who, whom, target):
    whom_calls = whom.invite(f"sip:{who.name}@{PROXY[0]}")
    pair = between(phones, who, whom, "the first call")
    talk(phones, pair, "before")
    who.refer(pair[0], f"sip:{target.name}@{PROXY[0]}")
    return [whom_calls]


def attended(phones, who, whom, target):
    """Who transfers has called the target meanwhile; that call is the one to be replaced."""
    first = whom.invite(f"sip:{who.name}@{PROXY[0]}")
    pair = between(phones, who, whom, "the first call")
    talk(phones, pair, "before")
    second = who.invite(f"sip:{target.name}@{PROXY[0]}")
    asked = between(phones, who, target, "the call that asks")
    talk(phones, asked, "asking")
    replaces = urllib.parse.quote(f"{second.call};to-tag={second.remote_tag};from-tag={second.local_tag}", safe="")
    who.refer(pair[0], f"sip:{target.name}@{PROXY[0]}?Replaces={replaces}")
    return [first, second]


def transfer(kind, who, whom, target):
    phones = (who, whom, target)
    for phone in phones:
        phone.fresh()
        phone.register()
    until(phones, lambda: all(phone.registered for phone in phones), "all registered")
    gone = kind(phones, who, whom, target)
    pair = between(phones, whom, target, "who was transferred and the target are connected")
    until(phones, lambda: all(dialog.ended for dialog in gone), "the calls before have ended")
    until(phones, lambda: not any(phone.waiting for phone in phones), "all requests are answered")
    want(not any(dialog.up and not dialog.ended for dialog in who.dialogs.values()), "who transferred has a call left")
    talk(phones, pair, "after")
    whom.bye(pair[0])
    until(phones, lambda: pair[1].ended and not any(phone.waiting for phone in phones), "the last call has ended")


def main(inside, also_inside):
    # The proxy remembers phones of another run, and would ring them, too.
    run = inside.split(".")[-1]
    ann, cid = Phone("ann" + run, "h1", inside), Phone("cid" + run, "h2", also_inside)
    bob, dan = Phone("bob" + run, "far", "203.0.113.12"), Phone("dan" + run, "far", "203.0.113.13")
    for phones in ((ann, cid, bob), (ann, bob, dan)):
        for roles in itertools.permutations(phones):
            for kind in (blind, attended):
                name = f"{kind.__name__}.{'.'.join(phone.name[:3] for phone in roles)}"
                try:
                    transfer(kind, *roles)
                    print(name, "ok", flush=True)
                except Wrong as wrong:
                    print(name, wrong, flush=True)


if __name__ == "__main__":
    main(*sys.argv[4:])
