#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Media that are no plain RTP, with real connections through a router: TCP (RFC 4145), MSRP (RFC 4975), ICE (RFC 8445; the agents are
aioice's). See wirelab.py for how it is run."""
import asyncio
import errno
import itertools
import re
import select
import socket
import time

import msrp
import wirelab
from wirelab import (INSIDE, INSIDE_NET, PATIENCE, SERVER, WAY, answer, exact, fields, header, medium_place, message, phone_address,
                     phone_socket, take, take_all, udp, want, within)

PHONE_NUMBER, PHONE_PORT, SERVER_PORT = 6, 42000, 43000
NUMBERS = itertools.count(1)


class Signalling:
    """A phone that has registered, and its server, which are each other's party in every call."""

    def __init__(self, number=PHONE_NUMBER):
        self.address = phone_address(number)
        self.phone, self.server = phone_socket(number), udp("far", SERVER)
        self.phone.sendto(self.request("REGISTER", f"sip:{SERVER}", "reg", 1, extra=["Expires: 600"]), (SERVER, 5060))
        got, source = take(self.server)
        want(got, "no REGISTER came")
        self.server.sendto(answer(got, contact=header(got, "Contact") + ";expires=600"), source)
        take(self.phone)
        found = re.search(r"sip:a@([0-9.]+)(?::(\d+))?", header(got, "Contact"))
        self.place = (found.group(1), int(found.group(2) or 5060))

    def request(self, method, uri, call, number, body="", extra=(), own=None):
        return message(f"{method} {uri} SIP/2.0", fields(own or self.address, call, method, number=number) + list(extra), body)

    def exchange(self, caller, offer, answered, call=None, number=1):
        """Calls; (call, offer as it came, answer as it came). `answered` makes the answer of the offer that came."""
        call = call or f"tcp{next(NUMBERS)}x{time.monotonic_ns()}"
        sender, receiver = (self.phone, self.server) if caller == "in" else (self.server, self.phone)
        own, contact = ((self.address, f"<sip:b@{SERVER}:5060>") if caller == "in" else (SERVER, f"<sip:a@{self.address}:5060>"))
        to = (SERVER, 5060) if caller == "in" else self.place
        sender.sendto(self.request("INVITE", f"sip:x@{to[0]}:{to[1]}", call, number, offer, own=own), to)
        invited, source = take(receiver)
        want(invited, "no INVITE came")
        receiver.sendto(answer(invited, body=answered(invited), contact=contact), source)
        answers, _ = take(sender)
        want(answers, "no answer came")
        sender.sendto(self.request("ACK", f"sip:x@{to[0]}:{to[1]}", call, number, own=own), to)
        take(receiver)
        if caller == "in":
            exact(invited)
        else:
            exact(answers)
        return call, invited, answers

    def end(self, call):
        self.phone.sendto(self.request("BYE", f"sip:x@{SERVER}", call, 2), (SERVER, 5060))
        got, source = take(self.server)
        self.server.sendto(answer(got), source)
        take(self.phone)


# ---- TCP media

KINDS = {"application": "TCP/BFCP *", "image": "TCP t38", "audio": "TCP/RTP/AVP 0", "message": "TCP/MSRP *"}


def tcp_sdp(kind, address, port, setup, transport=None):
    """setup: as of RFC 4145, or "" for MSRP's own rule. Who only connects receives nowhere."""
    text = f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    text += f"m={kind} {9 if setup == 'active' else port} {transport or KINDS[kind]}\r\n"
    if kind == "message":
        own = 9 if setup == "active" else port
        text += f"a=accept-types:*\r\na=path:msrp://{address}:{own}/s{port};tcp\r\n"
    if setup:
        text += f"a=setup:{setup}\r\na=connection:new\r\n"
    return text


def path_of(data):
    found = re.search(rb"a=path:(msrp://[0-9.]+:\d+/s\d+;tcp)\r\n", data)
    want(found, "no path in", data)
    return found.group(1).decode()


def path_place(data):
    address, port = path_of(data)[7:].split("/")[0].split(":")
    return (address, int(port))


def listening(namespace, place):
    one = wirelab.sock(namespace, socket.SOCK_STREAM, *place)
    one.listen(5)
    return one


def connecting(namespace, own, to):
    """A connection that may still be on its way."""
    one = wirelab.sock(namespace, socket.SOCK_STREAM, *own)
    one.setblocking(False)
    status = one.connect_ex(to)
    want(status in (0, errno.EINPROGRESS), "connect:", status)
    return one


def ready(one, event):
    poll = select.poll()
    poll.register(one, event)
    want(poll.poll(PATIENCE * 1000), "no connection")


def pair(listener, client):
    """(the listener's end, where it comes from), when both are there."""
    ready(client, select.POLLOUT)
    status = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    want(status == 0, "connect:", errno.errorcode.get(status, status))
    ready(listener, select.POLLIN)
    return listener.accept()


def chat(one, other):
    """Bytes both ways, which nobody reads on the way: more than a segment, and the text of MSRP (RFC 4975 7)."""
    send = f"MSRP t1 SEND\r\nTo-Path: msrp://{SERVER}:1/a;tcp\r\nFrom-Path: msrp://{phone_address()}:2/b;tcp\r\n\r\nhello\r\n-------t1$\r\n"
    for sender, receiver in ((one, other), (other, one)):
        data = send.encode() + bytes(range(256)) * 20
        sender.setblocking(True)
        sender.sendall(data)
        want(take_all(receiver, len(data)) == data, "bytes were lost or changed")


# ---- MSRP

def said(one, other, *arguments, status="200", **more):
    """One asks, the other answers; the request as it came."""
    one.request(*arguments, **more)
    asked, answered = other.next(), one.next()
    want(answered.verb == status, answered.start, "to", asked.start, asked.fields)
    return asked


def deceptive(other):
    """A body with all that ends a chunk, but its own end."""
    return (f"\r\n-------zzz$\r\nMSRP zzz 200 OK\r\nTo-Path: {other.own}\r\nFrom-Path: {other.other}\r\n-------zzz$\r\n\r\n\r\n-------".encode()
            + bytes(range(256)) * 8)


def talk(one, other):
    """Both compare the paths of all that comes with what the descriptions said. Bodies come as they were sent."""
    fields = ["Message-ID: 12339sdqwer", "Byte-Range: 1-16/16"]
    for sender, receiver in ((one, other), (other, one)):
        want(said(sender, receiver, "SEND").body is None, "a body out of nothing")
        for body in (b"", b"hello", deceptive(sender), deceptive(receiver), bytes(range(256)) * 200):
            asked = said(sender, receiver, "SEND", fields, body)
            want(asked.body == body, "a body was changed:", len(body), asked.body[:200])
            want(asked.fields["byte-range"] == "1-16/16", "fields were changed:", asked.fields)
        want(said(sender, receiver, "SEND", fields, deceptive(sender)[:400], piece=1).body == deceptive(sender)[:400], "by bytes: changed")
        for flag in "+#$":
            want(said(sender, receiver, "SEND", fields, b"part\r\n", flag, "same").flag == flag, "another flag than", flag)
        several(sender, receiver)


def several(sender, receiver):
    """One behind the other in a segment, and a report, which nobody answers."""
    wanted = [b"one", b"two", b"\r\n", None, b"three"]
    data = [msrp.chunk("REPORT" if body is None else "SEND", sender.other, sender.own, ["Status: 000 200 OK"], body) for body in wanted]
    sender.send(b"".join(data))
    want([receiver.next().body for _ in wanted] == wanted, "not as they were sent")
    want([sender.next().verb for _ in range(4)] == ["200"] * 4, "not all of them were taken")
    want(receiver.got[-2].fields["to-path"] == receiver.own, "a report for", receiver.got[-2].fields)


def ends(near, far, texts, told, read):
    """The two ends of a session, by what was told and read: inside, outside."""
    inside = msrp.Endpoint(near, path_of(texts["in"].encode()), path_of(read), PATIENCE)
    return inside, msrp.Endpoint(far, path_of(texts["out"].encode()), path_of(told), PATIENCE)


def messages(near, far, texts, told, read):
    inside, outside = ends(near, far, texts, told, read)
    try:
        talk(inside, outside)
    except (msrp.Ended, OSError) as error:
        raise wirelab.Wrong(error) from error
    want(not any(INSIDE_NET in str(one.fields) for one in outside.got), "an inside address in the fields of a message")


def unread(near, far, texts, told, read):
    """The control: nobody has read this medium, so that each answers that it is not meant, or that it does not know the other."""
    inside, outside = ends(near, far, texts, told, read)
    said(outside, inside, "SEND", status="481")
    said(inside, outside, "SEND", status="403")


def tcp_call(signalling, kind, caller, offer, answer_setup, transport=None):
    """One call whose offer and answer say so; who connects then follows, and does."""
    inside, outside = (signalling.address, PHONE_PORT + next(NUMBERS)), (SERVER, SERVER_PORT + next(NUMBERS))
    setups = {"in": offer, "out": answer_setup} if caller == "in" else {"in": answer_setup, "out": offer}
    texts = {"in": tcp_sdp(kind, *inside, setups["in"], transport), "out": tcp_sdp(kind, *outside, setups["out"], transport)}
    other = "out" if caller == "in" else "in"
    call, invited, answers = signalling.exchange(caller, texts[caller], lambda _: texts[other])
    told, read = (invited, answers) if caller == "in" else (answers, invited)
    want(texts["out"].encode() in read, "the phone reads another description:", read)
    if kind == "message" and setups["in"] != "active":
        want(path_place(told) == medium_place(told), "the path is not where the medium is:", told)
    connector = caller if answer_setup in ("", "passive") else other
    stranger = None
    if connector == "in":
        listener = listening("far", outside)
        # One who may be connected to, too, does it from there; RFC 4145 has others use any port.
        own = (inside[0], inside[1] if setups["in"] == "actpass" else 0)
        near = connecting(INSIDE, own, outside)
        far, source = pair(listener, near)
        want(source[0] == medium_place(told)[0], "comes from", source, "though", medium_place(told), "was told")
        want(own[1] == 0 or source == medium_place(told), "comes from", source, "though", medium_place(told), "was told")
    else:
        listener = listening(INSIDE, inside)
        if WAY != "static":
            stranger = connecting("far", ("203.0.113.201", 0), medium_place(told))
        far = connecting("far", (SERVER, 0), medium_place(told))
        near, source = pair(listener, far)
        want(source == far.getsockname(), "comes from", source, "instead of", far.getsockname())
    if kind == "message":
        (unread if transport else messages)(near, far, texts, told, read)
    else:
        chat(near, far)
    if stranger:
        want(stranger.connect_ex(medium_place(told)) != errno.EISCONN, "a stranger is let in")
        stranger.close()
    for one in (near, far, listener):
        one.close()
    signalling.end(call)


def check_tcp(kind):
    """Every role on both sides, the caller inside and outside."""
    signalling, wrong = Signalling(), []
    roles = [("actpass", "active"), ("actpass", "passive"), ("active", "passive"), ("passive", "active")]
    for caller in ("in", "out"):
        for offer, answered in roles + ([("", "")] if kind == "message" else []):
            try:
                tcp_call(signalling, kind, caller, offer, answered)
            except (wirelab.Wrong, OSError) as error:
                wrong.append(f"caller {caller}, {offer or 'nothing'}/{answered or 'nothing'}: {error}")
    want(not wrong, "\n".join(wrong))


def check_msrp_unread():
    """What is said to be encrypted is not read, so that strict endpoints fail where they are behind a shared address or not."""
    signalling = Signalling()
    for caller in ("in", "out"):
        tcp_call(signalling, "message", caller, "", "", "TCP/TLS/MSRP *")
        tcp_call(signalling, "message", caller, "actpass", "active", "TCP/TLS/MSRP *")
    # Beside it, one that is read.
    tcp_call(signalling, "message", "in", "", "")


# ---- ICE

def ice_sdp(address, agent):
    """One component: RTP and RTCP on one port (RFC 8835 4)."""
    default = next(one for one in agent.local_candidates if one.type == "host")
    lines = ["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {default.host}", "t=0 0", f"m=audio {default.port} RTP/AVP 0", "a=rtcp-mux",
             f"a=ice-ufrag:{agent.local_username}", f"a=ice-pwd:{agent.local_password}"]
    lines += ["a=candidate:" + one.to_sdp() for one in agent.local_candidates]
    return "".join(line + "\r\n" for line in lines)


def candidates(data):
    import aioice  # pylint: disable=import-outside-toplevel
    return [aioice.Candidate.from_sdp(one.decode()) for one in re.findall(rb"a=candidate:(.*)\r\n", data)]


async def gathered(namespace, address, controlling, stun=None):
    import aioice  # pylint: disable=import-outside-toplevel
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    agent = aioice.Connection(ice_controlling=controlling, components=1, stun_server=stun)
    with within(namespace):
        await agent.gather_candidates()
    return agent


async def joined(agent, data):
    """Told what the message says, it looks for a way."""
    agent.remote_username = re.search(rb"a=ice-ufrag:(\S+)", data).group(1).decode()
    agent.remote_password = re.search(rb"a=ice-pwd:(\S+)", data).group(1).decode()
    for one in candidates(data):
        await agent.add_remote_candidate(one)
    await agent.add_remote_candidate(None)
    await agent.connect()


async def talked(one, other):
    """Datagrams both ways, RTP and RTCP in the same port."""
    for sender, receiver in ((one, other), (other, one)):
        for kind in (b"\x80\x00 rtp", b"\x80\xc9 rtcp"):
            await sender.sendto(kind, 1)
            got, _ = await asyncio.wait_for(receiver.recvfrom(), PATIENCE)
            want(got == kind, "heard", got)


async def ice_call(signalling, caller, translated, stun=None):
    inside = await gathered(INSIDE, signalling.address, caller == "in", stun)
    outside = await gathered("far", SERVER, caller == "out")
    texts = {"in": ice_sdp(signalling.address, inside), "out": ice_sdp(SERVER, outside)}
    other = "out" if caller == "in" else "in"
    if translated:
        call, invited, answers = signalling.exchange(caller, texts[caller], lambda _: texts[other])
    else:
        exact_before, wirelab.INSIDE_NET = wirelab.INSIDE_NET, "nothing is inside"
        call, invited, answers = signalling.exchange(caller, texts[caller], lambda _: texts[other])
        wirelab.INSIDE_NET = exact_before
    told, read = (invited, answers) if caller == "in" else (answers, invited)
    want(texts["out"].encode() in read, "the phone reads another description:", read)
    want((texts["in"].encode() in told) != translated, "told:", told)
    await asyncio.wait_for(asyncio.gather(joined(inside, told_of(texts["out"])), joined(outside, told)), PATIENCE)
    await talked(inside, outside)
    chosen = outside._nominated[1].remote_candidate  # pylint: disable=protected-access
    if translated:
        want(medium_place(told) in [(one.host, one.port) for one in candidates(told)], "the default is no candidate (ice-mismatch):", told)
        want(chosen.type == "host" and (chosen.host, chosen.port) == medium_place(told), "found by chance, not where it was told:", chosen)
    else:
        want(chosen.type == "prflx", "the control: what was told cannot have been right:", chosen)
    await inside.close()
    await outside.close()
    return call, told, texts


def told_of(text):
    return text.encode()


def check_ice():
    """Two agents, the caller inside and outside: each pair is of candidates as they were told."""
    signalling = Signalling()
    for caller in ("in", "out"):
        call, told, texts = asyncio.run(ice_call(signalling, caller, True))
        if caller == "out":
            remote_candidates(signalling, call, told, texts)
        signalling.end(call)


def remote_candidates(signalling, call, told, texts):
    """The controlling agent, outside, says which pair it took (RFC 8839 5.2): the phone reads its own candidate there."""
    place, local = medium_place(told), medium_place(texts["in"].encode())
    lines = texts["out"] + f"a=remote-candidates:1 {place[0]} {place[1]}\r\n"
    _, invited, _ = signalling.exchange("out", lines, lambda _: texts["in"], call, 2)
    want(f"a=remote-candidates:1 {local[0]} {local[1]}\r\n".encode() in invited, "the phone reads", invited)


def check_ice_stun(server):
    """The inside agent knows its global address by STUN, too: that candidate stays, and names nothing of inside."""
    signalling = Signalling()
    call, told, texts = asyncio.run(ice_call(signalling, "in", True, (server, 3478)))
    kinds = {one.type for one in candidates(told)}
    want(kinds == {"host", "srflx"}, "candidates of", kinds)
    want("typ srflx" in texts["in"], "nothing learned by STUN")
    want(len({(one.host, one.port) for one in candidates(told)}) == 1, "two mappings of one endpoint:", told)
    signalling.end(call)


def check_ice_left():
    """The control: bodies with ICE are left as they are, and the agents find each other by their checks alone."""
    signalling = Signalling()
    for caller in ("in", "out"):
        call, _, _ = asyncio.run(ice_call(signalling, caller, False))
        signalling.end(call)


if __name__ == "__main__":
    wirelab.run(globals())
