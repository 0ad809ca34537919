#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages of SIP, byte by byte, at both ends of a router, and what is none of SIP's: see wirelab.py for how it is run."""
import random
import re
import socket
import time

import wirelab
from wirelab import (INSIDE_NET, PHONE, SERVER, Wrong, answer, connected, exact, fields, header, invite, medium_place, message,
                     phone_address, phone_socket, sdp, take, take_all, udp, want, whole)


# ---- datagrams that are none of SIP's

def foreign():
    random.seed(5060)
    inside = PHONE.encode()
    yield "an empty line", b"\r\n"
    yield "a keepalive of RFC 5626", b"\r\n\r\n"
    yield "one NUL", b"\0"
    yield "four NULs", b"\0" * 4
    yield "a STUN request", bytes.fromhex("000100002112a442") + bytes(range(12))
    yield "a STUN answer", bytes.fromhex("0101000c2112a442") + bytes(range(12)) + bytes.fromhex("002000080001a147e112a643")
    yield "RTP", bytes.fromhex("80000001000000a000000001") + bytes(160)
    yield "HTTP", b"POST / HTTP/1.1\r\nHost: " + inside + b":5060\r\nContent-Length: 0\r\n\r\n"
    yield "a file of lines", b"INVITE\r\nContact: <sip:a@" + inside + b":5060>\r\n\r\n"
    yield "almost SIP", b"INVITE sip:b@" + inside + b" SIP/3.0\r\nContact: <sip:a@" + inside + b">\r\n\r\n"
    yield "a status of two digits", b"SIP/2.0 20 OK\r\nContact: <sip:a@" + inside + b">\r\n\r\n"
    yield "SIP that begins with a space", b" " + invite(PHONE, "space")
    yield "SIP behind a NUL", b"\0" + invite(PHONE, "nul")
    yield "half a head", invite(PHONE, "half")[:100]
    yield "SDP alone", sdp(PHONE).encode()
    yield "a long line", b"A" * 1400
    for length in (1, 7, 64, 500, 1400):
        yield f"{length} bytes by chance", random.randbytes(length)


def check_foreign():
    """Both ways, on 5060 at both ends."""
    phone, server = phone_socket(), udp("far", SERVER)
    wrong = []
    for name, data in foreign():
        phone.sendto(data, (SERVER, 5060))
        got, source = take(server)
        if got != data:
            wrong.append(f"out: {name}: {got}")
            continue
        server.sendto(data, source)
        got, _ = take(phone)
        if got != data:
            wrong.append(f"in: {name}: {got}")
    want(not wrong, "\n".join(wrong))


def check_foreign_tcp():
    """A stream that is not SIP, and one that is no more."""
    for data in (b"GET / HTTP/1.1\r\nHost: " + PHONE.encode() + b":5060\r\n\r\n" + invite(PHONE, "posted", "TCP"),
                 b"\x16\x03\x01\x00\x05hello" + invite(PHONE, "tls", "TCP"), random.randbytes(5000)):
        client, server = connected()
        client.sendall(data)
        got = take_all(server, len(data))
        want(got == data, "out:", got[:200], "for", data[:40])
        server.sendall(data[::-1])
        want(take_all(client, len(data)) == data[::-1], "in:", data[:40])


def check_untouched():
    """Every message as it is: the gateway is off."""
    phone, server = phone_socket(), udp("far", SERVER)
    for data in (invite(PHONE, "off"), message(f"REGISTER sip:{SERVER} SIP/2.0", fields(PHONE, "offr", "REGISTER"))):
        phone.sendto(data, (SERVER, 5060))
        got, source = take(server)
        want(got == data, "out:", got)
        back = answer(got, body=sdp(SERVER), extra=[f"Warning: 399 {source[0]}:{source[1]} \"x\""])
        server.sendto(back, source)
        got, _ = take(phone)
        want(got == back, "in:", got)
    client, server = connected()
    data = invite(PHONE, "offtcp", "TCP")
    client.sendall(data)
    want(take_all(server, len(data)) == data, "TCP")


# ---- what a message becomes

def check_message():
    """INVITE and 200 over UDP: the far end reads nothing of inside, the phone reads what it wrote."""
    phone, server = phone_socket(), udp("far", SERVER)
    sent = invite(PHONE, f"msg{time.monotonic_ns()}")
    phone.sendto(sent, (SERVER, 5060))
    got, source = take(server)
    want(got, "nothing came")
    exact(got)
    want(f"<sip:a@{source[0]}:{source[1]}>" in header(got, "Contact") or source[1] == 5060, "Contact", header(got, "Contact"))
    back = answer(got, body=sdp(SERVER))
    server.sendto(back, source)
    read, _ = take(phone)
    for name in ("Via", "From", "Call-ID", "CSeq"):
        want(header(read, name) == header(sent, name), name, header(read, name))
    # the same again is the same
    phone.sendto(sent, (SERVER, 5060))
    again, _ = take(server)
    want(again == got, "a retransmission differs:", again, got)


def check_folded():
    phone, server = phone_socket(), udp("far", SERVER)
    plain = invite(PHONE, f"folded{time.monotonic_ns()}").decode()
    for fold in ("\r\n ", "\r\n\t", "\r\n   "):
        text = plain.replace("Via: ", "Via:" + fold).replace(";rport", ";" + fold + "rport").replace("Contact: <", "Contact:" + fold + "<")
        text = text.replace("Call-ID", "CALL-id").replace("Contact", "cOnTaCt").replace("From: ", "f :" + fold)
        phone.sendto(text.encode(), (SERVER, 5060))
        got, _ = take(server)
        want(got, "nothing came")
        exact(got)
        want(got.count(fold.encode()) == text.count(fold), "folds are gone:", got)


def check_many_values():
    """Several Via and Contact in a line, IPv6 and names beside addresses."""
    phone, server = phone_socket(), udp("far", SERVER)
    text = invite(PHONE, f"many{time.monotonic_ns()}").decode()
    text = text.replace(";rport\r\n", f";rport, SIP/2.0/UDP host.example:5070;branch=z9hG4bKx\r\nVia: SIP/2.0/UDP [2001:db8::1]:5060\r\n")
    text = text.replace(f"Contact: <sip:a@{PHONE}:5060>",
                        f"Contact: \"A, <b>\" <sip:a@{PHONE}:5060;transport=udp;ob>;q=0.5, <sip:a@host.example>, <sip:a@[2001:db8::1]>")
    phone.sendto(text.encode(), (SERVER, 5060))
    got, _ = take(server)
    want(got, "nothing came")
    exact(got)
    for part in ("host.example:5070;branch=z9hG4bKx", "[2001:db8::1]:5060", '"A, <b>" <sip:a@', ";transport=udp;ob>;q=0.5, <sip:a@host.example>, "
                 "<sip:a@[2001:db8::1]>"):
        want(part.encode() in got, "gone:", part, "from", got)


def check_rport():
    """What the far end puts into Via is taken out again, so the phone learns of no other address."""
    phone, server = phone_socket(), udp("far", SERVER)
    sent = message(f"OPTIONS sip:{SERVER} SIP/2.0", fields(PHONE, f"rp{time.monotonic_ns()}", "OPTIONS"))
    phone.sendto(sent, (SERVER, 5060))
    got, source = take(server)
    back = answer(got).decode().replace(";rport", f";received={source[0]};rport={source[1]}")
    server.sendto(back.encode(), source)
    read, _ = take(phone)
    want(f"received={PHONE}" in header(read, "Via") and "rport=5060" in header(read, "Via"), header(read, "Via"))
    want(source[0] not in read.decode(), "a global address:", read)


def own_place(phone, server, number):
    """The phone's global endpoint, as a server would tell it: by a message that names nobody."""
    probe = message(f"OPTIONS sip:{SERVER} SIP/2.0", [f"Via: SIP/2.0/UDP phone.example:5060;branch=z9hG4bKaw{number};rport",
                    "From: <sip:a@phone.example>;tag=1", "To: <sip:b@phone.example>", f"Call-ID: probe{number}{time.monotonic_ns()}",
                    "CSeq: 1 OPTIONS"])
    phone.sendto(probe, (SERVER, 5060))
    got, source = take(server)
    want(got == probe, "the probe:", got)
    return source


def told_back(server, source, got, body=""):
    """The answer, with where its request came from (RFC 3581)."""
    contact = f"{header(got, 'Contact')};expires=60" if got.startswith(b"REGISTER") else f"<sip:b@{SERVER}:5060>"
    back = answer(got, body=body, contact=contact).decode().replace(";rport", f";received={source[0]};rport={source[1]}").encode()
    server.sendto(back, source)
    return back


def check_aware(name="aware", before="no"):
    """A phone that shows its global endpoint by itself: what it says leaves as it is, and what it is told, too. Its call is NAMEcall, its
    registration NAMEreg. before: whether media are to come before it has sent any, as if the gateway had announced them."""
    phone, server = phone_socket(1), udp("far", SERVER)
    source = own_place(phone, server, 1)
    media = phone_socket(1, 20100)
    media.sendto(b"\0" * 20, (SERVER, 5060))
    _, place = take(server)
    register = message(f"REGISTER sip:{SERVER} SIP/2.0",
                       fields(source[0], f"{name}reg", "REGISTER", port=source[1], user=name) + ["Expires: 60"])
    call = message(f"INVITE sip:b@{SERVER} SIP/2.0", fields(source[0], f"{name}call", "INVITE", port=source[1]), sdp(*place))
    for sent, body in ((register, ""), (call, sdp(SERVER))):
        phone.sendto(sent, (SERVER, 5060))
        got, source = take(server)
        want(got == sent, "out:", got)
        back = told_back(server, source, got, body)
        got, _ = take(phone)
        want(got == back, "in:", got)
    peer = udp("far", SERVER, 20000)
    if before == "no":
        media.sendto(b"first", (SERVER, 20000))
        want(take(peer) == (b"first", place), "its media come from elsewhere than it showed")
    peer.sendto(b"media", place)
    want(take(media)[0] == b"media", "media to the endpoint that it showed are not heard")


def check_unaware(name="unaware"):
    """The control: one that shows its local endpoint is translated, as it registers and as it calls."""
    phone, server = phone_socket(2), udp("far", SERVER)
    address = phone_address(2)
    register = message(f"REGISTER sip:{SERVER} SIP/2.0", fields(address, f"{name}reg", "REGISTER", user=name) + ["Expires: 60"])
    for sent, body in ((register, ""), (invite(address, f"{name}call"), sdp(SERVER))):
        phone.sendto(sent, (SERVER, 5060))
        got, source = take(server)
        exact(got)
        want(got != sent, "left as it was:", got)
        told_back(server, source, got, body)
        got, _ = take(phone)
        want(address in header(got, "Via"), "in:", got)


def check_elsewhere(port, read):
    """A message to another port; read: whether it is translated."""
    phone, server = phone_socket(0, 5080), udp("far", SERVER, int(port))
    sent = invite(PHONE, f"port{time.monotonic_ns()}", port=5080)
    phone.sendto(sent, (SERVER, int(port)))
    got, _ = take(server)
    if read == "yes":
        exact(got)
    else:
        want(got == sent, "changed:", got)


def check_large():
    """Fragments inside and outside."""
    phone, server = phone_socket(), udp("far", SERVER)
    text = invite(PHONE, f"large{time.monotonic_ns()}").decode()
    padding = "".join(f"X-Padding-{n}: {'x' * 70}\r\n" for n in range(60))
    phone.sendto(text.replace("Max-Forwards", padding + "Max-Forwards").encode(), (SERVER, 5060))
    got, _ = take(server)
    want(got, "nothing came")
    exact(got)
    want(got.count(b"X-Padding") == 60, "padding is gone")


# ---- streams

def exchange(client, server, chop, request, response_of):
    """A request out and its answer in, each sent as chop says; (request as it came, answer as it came)."""
    for part in chop(request):
        client.sendall(part)
        time.sleep(0.003)
    got = take_all(server)
    want(whole(got), "not whole:", got)
    for part in chop(response_of(got)):
        server.sendall(part)
        time.sleep(0.003)
    return got, take_all(client)


def check_cut(step="1"):
    """INVITE and 200 in two segments, cut at every offset of either: the same as uncut."""
    call = f"cut{time.monotonic_ns()}"
    request = invite(PHONE, call, "TCP")
    respond = lambda got: answer(got, body=sdp(SERVER))
    client, server = connected()
    reference = exchange(client, server, lambda data: [data], request, respond)
    exact(reference[0])
    want(PHONE.encode() in reference[1], "the answer:", reference[1])
    wrong = []
    for offset in range(1, max(len(request), len(respond(reference[0]))), int(step)):
        try:
            got = exchange(client, server, lambda data: [part for part in (data[:offset], data[offset:]) if part], request, respond)
            if got != reference:
                wrong.append(f"{offset}: {got} instead of {reference}")
        except (Wrong, OSError) as error:
            wrong.append(f"{offset}: {error}")
        if len(wrong) > 3:
            break
    want(not wrong, "\n".join(wrong))


def check_bytes():
    """One byte in a segment."""
    request = invite(PHONE, f"byte{time.monotonic_ns()}", "TCP")
    client, server = connected()
    got, back = exchange(client, server, lambda data: [data[at:at + 1] for at in range(len(data))], request,
                         lambda got: answer(got, body=sdp(SERVER)))
    exact(got)
    want(PHONE.encode() in back, back)


def check_pipelined():
    """Messages and keepalives in one segment."""
    client, server = connected()
    call = f"pipe{time.monotonic_ns()}"
    messages = [invite(PHONE, f"{call}{n}", "TCP", media=21000 + 4 * n) for n in range(5)]
    client.sendall(b"\r\n\r\n" + b"\r\n\r\n".join(messages) + b"\r\n\r\n")
    got = take_all(server, until=lambda data: data.count(b"m=audio") == 5 and data.endswith(b"\r\n\r\n\r\n"))
    want(INSIDE_NET.encode() not in got, "an inside address:", got)
    want(got.startswith(b"\r\n\r\nINVITE") and got.endswith(b"\r\n\r\n"), "keepalives", got[:20], got[-20:])
    found = [part for part in re.split(rb"(?=INVITE sip:)", got) if part.startswith(b"INVITE")]
    want(len(found) == 5, len(found), "messages")
    for part in found:
        head, _, body = part.partition(b"\r\n\r\n")
        want(int(header(part, "Content-Length")) == len(body) - 4, "Content-Length", part)
    server.sendall(b"\r\n")
    want(take_all(client, 2) == b"\r\n", "pong")


def check_large_tcp():
    """More than a segment, and more than a window of small segments."""
    client, server = connected()
    text = invite(PHONE, f"ltcp{time.monotonic_ns()}", "TCP").decode()
    padding = "".join(f"X-Padding-{n}: {'x' * 70}\r\n" for n in range(150))
    client.sendall(text.replace("Max-Forwards", padding + "Max-Forwards").encode())
    got = take_all(server)
    exact(got)
    want(got.count(b"X-Padding") == 150, "padding is gone")


# ---- registrations

def registered(number, expires, call=None, other="", registrar=SERVER):
    """(phone, registrar, where the registrar finds the phone)"""
    phone, server, address = phone_socket(number), udp("far", registrar), phone_address(number)
    call = call or f"reg{time.monotonic_ns()}"
    lines = fields(address, call, "REGISTER")
    phone.sendto(message(f"REGISTER sip:{registrar} SIP/2.0", lines + ["Expires: 3600"]), (registrar, 5060))
    got, source = take(server)
    want(got, "no REGISTER came")
    exact(got)
    contact = header(got, "Contact")
    server.sendto(answer(got, contact=f"{contact};expires={expires}{other}"), source)
    read, _ = take(phone)
    want(f"<sip:a@{address}:5060>" in header(read, "Contact"), "the phone reads", header(read, "Contact"))
    found = re.search(r"@([0-9.]+)(?::(\d+))?", contact)
    return phone, server, (found.group(1), int(found.group(2) or 5060))


def call_in(server, place, call):
    text = message(f"INVITE sip:a@{place[0]}:{place[1]} SIP/2.0", fields(SERVER, call, "INVITE"), sdp(SERVER))
    server.sendto(text, place)


def check_registered(pause, expires="60", reached="yes", number="3"):
    """A registered phone is called when that much time has gone by in silence; reached: whether it hears it."""
    other = ', <sip:a@203.0.113.99:5060>;expires=7200'  # of another device
    phone, server, place = registered(int(number), expires, other=other)
    time.sleep(float(pause))
    call_in(server, place, f"late{time.monotonic_ns()}")
    if reached != "yes":
        phone.settimeout(2)
    got, _ = take(phone)
    want((got is not None) == (reached == "yes"), "heard:", got)
    if got:
        want(got.startswith(f"INVITE sip:a@{phone_address(int(number))}:5060 SIP".encode()), got)


def check_registered_many(count, expires):
    """As many phones at one endpoint, each with a registration of its own."""
    phone, server, address = phone_socket(7), udp("far", SERVER), phone_address(7)
    for number in range(int(count)):
        call = f"many{number}x{time.monotonic_ns()}"
        phone.sendto(message(f"REGISTER sip:{SERVER} SIP/2.0", fields(address, call, "REGISTER", user=f"u{number}") + ["Expires: 3600"]),
                     (SERVER, 5060))
        got, source = take(server)
        want(got, "no REGISTER came")
        exact(got)
        server.sendto(answer(got, contact=f"{header(got, 'Contact')};expires={expires}"), source)
        want(take(phone)[0], "no answer came")


def check_unregistered(pause):
    """Taken back by expires=0, the path goes when no retransmission can come any more. With a registrar of its own."""
    call, registrar = f"un{time.monotonic_ns()}", "203.0.113.202"
    phone, server, place = registered(4, 60, call, registrar=registrar)
    lines = fields(phone_address(4), call, "REGISTER", number=2)
    lines[-1] += ";expires=0"
    phone.sendto(message(f"REGISTER sip:{registrar} SIP/2.0", lines), (registrar, 5060))
    got, source = take(server)
    server.sendto(answer(got, contact=""), source)
    take(phone)
    time.sleep(float(pause))
    call_in(server, place, f"gone{time.monotonic_ns()}")
    phone.settimeout(2)
    got, _ = take(phone)
    want(got is None, "heard:", got)


def check_attacked():
    """Whom nobody named does not reach a phone's medium; whom the answer named does."""
    phone, server = phone_socket(5), udp("far", SERVER)
    media = phone_socket(5, 20000)
    phone.sendto(invite(phone_address(5), f"att{time.monotonic_ns()}"), (SERVER, 5060))
    got, source = take(server)
    want(got, "no INVITE came")
    place = medium_place(got)
    server.sendto(answer(got, body=sdp(SERVER, 31000)), source)
    take(phone)
    named, stranger = udp("far", SERVER, 31000), udp("far", "203.0.113.201", 31000)
    stranger.sendto(b"stranger", place)
    named.sendto(b"named", place)
    got, _ = take(media)
    want(got != b"stranger", "a stranger is heard:", got)
    want(got == b"named", "the other party is not heard:", got)
    media.settimeout(1)
    got, _ = take(media)
    want(got is None, "a stranger is heard:", got)


# ---- calls that go on


def check_talks(call, who, number):
    """A call from inside that is answered; then who speaks ("both", or "inside" alone) does so, RTCP too, until the process is ended."""
    number = int(number)
    address, far = phone_address(number), f"203.0.113.{210 + number}"
    phone, server = phone_socket(number), udp("far", far)
    voices = [(phone_socket(number, 20000 + n), udp("far", far, 31000 + n)) for n in (0, 1)]
    phone.sendto(invite(address, call), (far, 5060))
    got, source = take(server)
    want(got, "no INVITE came")
    exact(got)
    place = medium_place(got)
    server.sendto(answer(got, body=sdp(far, 31000), contact=f"<sip:b@{far}:5060>"), source)
    want(take(phone)[0], "no answer came")
    phone.sendto(message(f"ACK sip:b@{far}:5060 SIP/2.0", fields(address, call, "ACK", to_tag=";tag=t1")), (far, 5060))
    want(take(server)[0], "no ACK came")
    while True:
        for n, (inside, outside) in enumerate(voices):
            data = bytes.fromhex("80c90001" if n else "80000001") + bytes(8 if n else 168)
            inside.sendto(data, (far, 31000 + n))
            if who == "both":
                outside.sendto(data, (place[0], place[1] + n))
        time.sleep(0.1)


# ---- connections

def check_reused():
    """A phone that is registered by a connection is called by the same (RFC 5626 5.3), and hung up there."""
    far = "203.0.113.209"
    client, server = connected(phone_address(8), server=far)
    local, own = client.getsockname()[1], phone_address(8)
    text = message(f"REGISTER sip:{far} SIP/2.0", fields(own, "reused", "REGISTER", "TCP", local)[:-1] +
                   [f"Contact: <sip:a@{own}:{local};transport=tcp;ob>;expires=600"])
    client.sendall(text)
    got = take_all(server)
    exact(got)
    server.sendall(answer(got, contact=header(got, "Contact")))
    read = take_all(client)
    want(header(read, "Contact") == header(text, "Contact"), "Contact", header(read, "Contact"))
    target = re.search("<(.*)>", header(got, "Contact")).group(1)
    server.sendall(b"\r\n\r\n" + message(f"INVITE {target} SIP/2.0", fields(far, "reusedcall", "INVITE", "TCP"), sdp(far, 31000)))
    read = take_all(client, until=lambda data: data.startswith(b"\r\n\r\n") and whole(data[4:]))[4:]
    want(read.startswith(f"INVITE sip:a@{own}:{local};transport=tcp;ob SIP/2.0".encode()), read)
    client.sendall(answer(read, body=sdp(own, 20000), contact=f"<sip:a@{own}:{local};transport=tcp;ob>"))
    got = take_all(server)
    exact(got)
    media, named = phone_socket(8, 20000), udp("far", far, 31000)
    named.sendto(b"named", medium_place(got))
    want(take(media)[0] == b"named", "the caller is not heard")
    server.sendall(message(f"BYE {target} SIP/2.0", fields(far, "reusedcall", "BYE", "TCP", number=2, to_tag=";tag=t1")))
    want(take_all(client).startswith(f"BYE sip:a@{own}:{local};".encode()), "no BYE")


if __name__ == "__main__":
    wirelab.run(globals())
