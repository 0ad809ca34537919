# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls as lists of steps, and what sipp is to do of them on either side.

A step is (who, what, options): who is "A", the caller, or "B"; what is a method or a status. Media are said as lists of
Media; whoever has said and heard a description talks (media.py does that, reading what sipp logs), so a call's BURSTS are the
exchanges of descriptions after which both talk. SCENARIOS holds them all; xml() is what one side's sipp reads.
"""
import collections

REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 486: "Busy Here",
           487: "Request Terminated", 491: "Request Pending", 404: "Not Found"}

# offset: of the party's first media port; mode: a=; address: instead of the party's; more: further lines
Media = collections.namedtuple("Media", "kind offset protocol formats mode address more")
Step = collections.namedtuple("Step", "who what options")


def audio(offset=0, mode="", address="", more=()):
    return Media("audio", offset, "RTP/AVP", "0", mode, address, more)


def video(offset=4, mode="", address="", more=()):
    return Media("video", offset, "RTP/AVP", "96", mode, address, more)


def fax(offset=0):
    return Media("image", offset, "udptl", "t38", "", "", ("a=T38FaxVersion:0", "a=T38MaxBitRate:14400"))


def closed(media):
    return media._replace(offset=None)


def step(who, what, *media, **options):
    return Step(who, what, dict(options, media=media))


def opening(*media, answer=None, before=(), **options):
    """Offer, answer, acknowledged."""
    answer = media if answer is None else answer
    return [step("A", "INVITE", *media, **options), *before, step("B", 180),
            step("B", 200, *answer, of="INVITE", **options), step("A", "ACK", pause=PAUSE)]


def again(who, *media, answer=None, method="INVITE", **options):
    """Another offer within the call."""
    other = "B" if who == "A" else "A"
    answer = media if answer is None else answer
    steps = [step(who, method, *media, **options), step(other, 200, *answer, of=method, **options)]
    if method == "INVITE":
        steps.append(step(who, "ACK"))
    steps[-1].options["pause"] = PAUSE
    return steps


def closing(who="A"):
    return [step(who, "BYE"), step("B" if who == "A" else "A", 200, of="BYE")]


PAUSE = 1800
A1, A2 = audio(), audio(10)
RELIABLE = {"headers": ("Require: 100rel", "RSeq: 1")}


def refer(refer_to):
    return [step("A", "REFER", headers=("Refer-To: " + refer_to, "Referred-By: <sip:alice@[own]:[ownport]>")),
            step("B", 202, of="REFER"),
            step("B", "NOTIFY", headers=("Event: refer", "Subscription-State: active;expires=60"),
                 body=("message/sipfrag", "SIP/2.0 100 Trying\r\nContact: <sip:carol@[own]:[ownport]>")),
            step("A", 200, of="NOTIFY")]


def calls():
    hold = [audio(mode="sendonly"), audio(mode="recvonly")]
    zero = [audio(address="0.0.0.0"), audio()]
    fork = {"tag": "c"}
    yield "basic", 1, opening(A1) + closing()
    yield "callee-ends", 1, opening(A1) + closing("B")
    yield "early-media", 1, [
        step("A", "INVITE", A1), step("B", 183, A1, of="INVITE", pause=PAUSE), step("B", 200, A1, of="INVITE"), step("A", "ACK")
    ] + closing()
    yield "hold-sendonly", 2, (opening(A1) + again("A", hold[0], answer=[hold[1]]) + again("A", A1) + closing())
    yield "hold-by-callee", 2, (opening(A1) + again("B", hold[0], answer=[hold[1]]) + again("B", A1) + closing("B"))
    yield "hold-zero", 2, (opening(A1) + again("A", zero[0], answer=[zero[1]]) + again("A", A1) + closing())
    yield "new-port", 2, opening(A1) + again("A", A2) + closing()
    yield "new-port-by-callee", 2, opening(A1) + again("B", A2) + closing()
    yield "session-timers", 2, (
        opening(A1, headers=("Supported: timer", "Session-Expires: 90;refresher=uac", "Min-SE: 90"))
        + again("A", method="UPDATE", headers=("Session-Expires: 90;refresher=uac",))
        + again("A", A1, headers=("Session-Expires: 90;refresher=uac",)) + closing())
    yield "update-early", 2, [
        step("A", "INVITE", A1, headers=("Supported: 100rel",)), step("B", 183, A1, of="INVITE", **RELIABLE),
        step("A", "PRACK", headers=("RAck: 1 1 INVITE",)), step("B", 200, of="PRACK", pause=PAUSE),
        *again("A", A2, method="UPDATE"),
        step("B", 200, of="INVITE", cseq=1, branch=True), step("A", "ACK", cseq=1)] + closing()
    yield "prack-answer", 1, [
        step("A", "INVITE", headers=("Supported: 100rel",)), step("B", 183, A1, of="INVITE", **RELIABLE),
        step("A", "PRACK", A1, headers=("RAck: 1 1 INVITE",)), step("B", 200, of="PRACK", pause=PAUSE),
        step("B", 200, of="INVITE", cseq=1, branch=True), step("A", "ACK", cseq=1)] + closing()
    yield "offer-in-200", 1, [
        step("A", "INVITE"), step("B", 180), step("B", 200, A1, of="INVITE"), step("A", "ACK", A1, pause=PAUSE)] + closing()
    yield "cancel", 0, [
        step("A", "INVITE", A1), step("B", 180, pause=100), step("A", "CANCEL"), step("B", 200, of="CANCEL"),
        step("B", 487, of="INVITE", cseq=1, branch=True), step("A", "ACK", cseq=1, same_branch=True)]
    yield "busy", 0, [step("A", "INVITE", A1), step("B", 486, of="INVITE"), step("A", "ACK", same_branch=True)]
    yield "forked-early", 2, [
        step("A", "INVITE", A1), step("B", 183, A1, of="INVITE"), step("B", 183, A2, of="INVITE", pause=PAUSE, **fork),
        step("B", 200, A2, of="INVITE", **fork), step("A", "ACK", **fork),
        step("A", "BYE", **fork), step("B", 200, of="BYE")]
    yield "forked-two-200", 2, [
        step("A", "INVITE", A1), step("B", 200, A1, of="INVITE"), step("A", "ACK"),
        step("B", 200, A2, of="INVITE", cseq=1, branch=True, pause=PAUSE, **fork), step("A", "ACK", cseq=1, **fork),
        step("A", "BYE", **fork), step("B", 200, of="BYE", pause=200)] + again("A", A1, pause=0) + closing()
    yield "fax-same-port", 2, opening(A1) + again("A", fax()) + closing()
    yield "fax-new-port", 2, opening(A1) + again("B", closed(A1), fax(10)) + closing("B")
    yield "fax-both-lines", 2, opening(A1) + again("A", closed(A1), fax(0)) + closing()
    yield "two-media", 1, opening(audio(), video()) + closing()
    yield "rtcp-elsewhere", 1, opening(audio(more=("a=rtcp:[rtcp7]",))) + closing()
    yield "rtcp-address", 1, opening(audio(more=("a=rtcp:[rtcp7] IN IP4 [own]",))) + closing()
    yield "rtcp-mux", 1, opening(audio(more=("a=rtcp-mux",))) + closing()
    yield "mux-declined", 1, opening(audio(more=("a=rtcp-mux",)), answer=(A1,)) + closing()
    yield "video-declined", 1, opening(audio(), video(), answer=(audio(), closed(video()))) + closing()
    yield "odd-port", 1, opening(audio(1)) + closing()
    yield "media-address", 1, opening(audio(address="here"), video(address="here"), session=False) + closing()
    yield "refer-blind", 1, opening(A1) + refer("<sip:carol@[own]:[ownport]>") + closing("B")
    yield "refer-attended", 1, opening(A1) + refer(
        "<sip:carol@[own]:[ownport]?Replaces=other%40[own]%3Bto-tag%3D1%3Bfrom-tag%3D2>") + closing("B")
    yield "compact", 1, opening(A1, compact=True) + closing()
    yield "multipart", 1, opening(A1, multipart=True) + closing()
    yield "multipart-nested", 1, opening(A1, multipart=2) + closing()
    yield "large", 1, opening(audio(more=tuple(f"a=x-padding-{n}:{'0123456789' * 8}" for n in range(24)))) + closing()
    yield "extensions", 1, opening(A1, before=(
        step("B", 100),), headers=("P-Asserted-Identity: <sip:alice@[own]:[ownport]>", "Remote-Party-ID: <sip:alice@[own]>",
                                   "Route: <sip:[peer]:5060;lr>", "Alert-Info: <http://www.example/ring>")) + [
        step("A", "INFO", body=("application/dtmf-relay", "Signal=5\r\nDuration=160")), step("B", 200, of="INFO"),
        step("B", "OPTIONS"), step("A", 200, of="OPTIONS"),
        step("A", "MESSAGE", body=("text/plain", "Not an address of SIP: [own]")), step("B", 200, of="MESSAGE")] + closing()


SCENARIOS = {name: (bursts, steps) for name, bursts, steps in calls()}


# ---- one side's view

class Party:
    """own: address; port: of signalling; media: first media port; peer: (address, port) that is called"""

    def __init__(self, role, own, port, media, peer, transport):
        self.role, self.own, self.port, self.media, self.peer, self.transport = role, own, port, media, peer, transport

    def fill(self, text):
        for name, value in (("[own]", self.own), ("[ownport]", self.port), ("[peer]", self.peer[0]),
                            ("[rtcp7]", self.media + 7)):
            text = text.replace(name, str(value))
        return text

    def port_of(self, media):
        return 0 if media.offset is None else self.media + media.offset

    def description(self, medias, session=True, **_):
        lines = ["v=0", f"o={self.role} 5{self.media} 1 IN IP4 {self.own}", "s=call"]
        address = next((media.address for media in medias if media.address not in ("", "here")), self.own)
        if session:
            lines.append(f"c=IN IP4 {address}")
        lines.append("t=0 0")
        for media in medias:
            lines.append(f"m={media.kind} {self.port_of(media)} {media.protocol} {media.formats}")
            if media.address == "here":
                lines.append(f"c=IN IP4 {self.own}")
            lines.extend(media.more)
            if media.mode:
                lines.append("a=" + media.mode)
        return self.fill("".join(line + "\r\n" for line in lines))

    def body(self, options):
        """(Content-Type, text)"""
        if "body" in options:
            kind, text = options["body"]
            return kind, self.fill(text) + "\r\n"
        if not options["media"]:
            return "", ""
        text = self.description(**{"medias": options["media"], **options})
        depth = int(options.get("multipart", 0))
        kind = "application/sdp"
        for level in range(depth):
            part = f"Content-Type: {kind}\r\nContent-Length: {len(text)}\r\n"
            other = "Content-Type: application/isup;version=itu-t92+\r\nContent-Length: 4\r\n\r\n\x01\x11\x22\x33"
            edge = f"edge{level}"
            text = f"--{edge}\r\n{part}\r\n{text}\r\n--{edge}\r\n{other}\r\n--{edge}--\r\n"
            kind = f"multipart/mixed;boundary={edge}"
        return kind, text

    # ---- header fields

    def identity(self):
        return f'<sip:{"alice" if self.role == "A" else "bob"}@{self.own}>'

    def from_to(self, options):
        tag = options.get("tag", "b") + "[call_id]"
        if self.role == "A":
            return f"{self.identity()};tag=a[call_id]", f"<sip:bob@{self.peer[0]}>" + (
                "" if options.get("first") else f";tag={tag}")
        return f"[$to];tag={tag}", "[$from]"

    def via(self, options):
        branch = options.get("vbranch", "[branch]")
        return f"SIP/2.0/{self.transport.upper()} {self.own}:{self.port};branch={branch};rport"

    def headers(self, what, cseq, options):
        sender, receiver = self.from_to(options)
        lines = [("Via", "v", self.via(options)), ("Max-Forwards", "Max-Forwards", "70"), ("From", "f", sender),
                 ("To", "t", receiver), ("Call-ID", "i", "[call_id]"), ("CSeq", "CSeq", f"{cseq} {what}"),
                 ("Contact", "m", f"<sip:{self.role}@{self.own}:{self.port}>")]
        lines += [tuple([self.fill(line).split(": ", 1)[0]] * 2 + [self.fill(line).split(": ", 1)[1]])
                  for line in options.get("headers", ())]
        return lines

    def finish(self, first, lines, options):
        kind, text = self.body(options)
        short = options.get("compact", False)
        if kind:
            lines = lines + [("Content-Type", "c", kind)]
        lines = lines + [("Content-Length", "l", "[len]" if kind else "0")]
        head = first + "\r\n"
        for name, brief, value in lines:
            head += f"{brief if short else name}: {value}\r\n"
        return head + "\r\n" + text


class Script:
    """The XML of one party."""

    def __init__(self, party, steps):
        self.party, self.steps, self.out, self.cseq, self.first = party, steps, [], {"A": 0, "B": 0}, True
        self.requests, self.aimed = {}, False

    def number(self, at):
        """CSeq: every new request's is one more; ACK and CANCEL have their INVITE's."""
        if at.what in ("ACK", "CANCEL"):
            return at.options.get("cseq") or self.requests.get((at.who, "INVITE"), 1)
        self.cseq[at.who] += 1
        self.requests[(at.who, at.what)] = self.cseq[at.who]
        return self.cseq[at.who]

    def send_request(self, at, cseq):
        options = dict(at.options)
        opening_request = at.what == "INVITE" and self.first
        target = "[$contact]"
        if opening_request or at.what == "CANCEL" or options.get("same_branch"):
            target = f"sip:bob@{self.party.peer[0]}:{self.party.peer[1]}"
            options["first"] = at.what != "ACK"
        if opening_request or at.what == "CANCEL" or options.get("same_branch"):
            options["vbranch"] = "z9hG4bK[call_id]"
        text = self.party.finish(f"{at.what} {target} SIP/2.0", self.party.headers(at.what, cseq, options), options)
        if self.party.role == "B" and not self.aimed:
            self.out.append(f"<nop>{wrapped(destination(self.party))}</nop>")
            self.aimed = True
        self.send(text, at)

    def send_response(self, at):
        options = at.options
        method = options.get("of", "INVITE")
        initial = method == "INVITE" and self.requests.get((self.other(), "INVITE")) == 1
        tag = f";tag={options.get('tag', 'b')}[call_id]" if initial and at.what != 100 else ""
        if options.get("branch"):
            lines = [("Via", "v", "[$via]"), ("From", "f", "[$from]"), ("To", "t", "[$to]" + tag),
                     ("Call-ID", "i", "[call_id]"), ("CSeq", "CSeq", f"{options.get('cseq', 1)} {method}")]
        else:
            lines = [("Via", "v", "[last_Via]"), ("From", "f", "[last_From]"), ("To", "t", "[last_To]" + tag),
                     ("Call-ID", "i", "[call_id]"), ("CSeq", "CSeq", "[last_CSeq]")]
        lines += [("Contact", "m", f"<sip:{self.party.role}@{self.party.own}:{self.party.port}>")]
        lines += [(self.party.fill(line).split(": ", 1)[0],) * 2 + (self.party.fill(line).split(": ", 1)[1],)
                  for line in options.get("headers", ())]
        text = self.party.finish(f"SIP/2.0 {at.what} {REASONS[at.what]}", lines, options)
        # sipp's words for copied header fields hold the name
        for name in ("Via", "From", "To", "CSeq"):
            for brief in (name, name[0].lower()):
                text = text.replace(f"{brief}: [last_{name}]", f"[last_{name}:]")
        self.send(text, at)

    def other(self):
        return "B" if self.party.role == "A" else "A"

    def send(self, text, at):
        retrans = ' retrans="500"' if self.party.transport == "udp" and (
            isinstance(at.what, str) and at.what != "ACK" or at.what == 200 and at.options.get("of") == "INVITE") else ""
        self.out.append(f"<send{retrans}><![CDATA[\n{text}]]></send>")

    def recv_request(self, at):
        actions = ""
        if at.what == "INVITE":
            actions = regex("contact", "sip:[^>;]*", "Contact:" if not at.options.get("compact") else "m:")
            if self.first and self.party.role == "B":
                actions += copy("from", "From:", "f:", at) + copy("to", "To:", "t:", at) + copy("via", "Via:", "v:", at)
        self.out.append(f'<recv request="{at.what}">{wrapped(actions)}</recv>')

    def recv_response(self, at):
        actions = ""
        if at.options.get("of") == "INVITE" and at.what in (183, 200):
            actions = regex("contact", "sip:[^>;]*", "Contact:" if not at.options.get("compact") else "m:")
            actions += destination(self.party)
        optional = ' optional="true"' if at.what == 100 else ""
        self.out.append(f'<recv response="{at.what}"{optional}>{wrapped(actions)}</recv>')

    def xml(self):
        if self.party.transport == "tcp" and self.party.role == "A":
            # What is sent before the connection is there does not get into sipp's log.
            self.out.append('<pause milliseconds="1500"/>')
        for index, at in enumerate(self.steps):
            mine = at.who == self.party.role
            if isinstance(at.what, str):
                cseq = self.number(at)
                if at.what == "INVITE" and self.cseq[at.who] > 1:
                    self.first = False
                (self.send_request(at, cseq) if mine else self.recv_request(at))
            elif mine:
                self.send_response(at)
            else:
                self.recv_response(at)
            # only who speaks next waits: the other one listens
            after = self.steps[index + 1:]
            if at.options.get("pause") and after and after[0].who == self.party.role:
                self.out.append(f'<pause milliseconds="{at.options["pause"]}"/>')
        used = "".join(self.out)
        names = [name for name in ("contact", "from", "to", "via", "host", "port", "all")
                 if f'"{name}"' in used or f"{name}," in used or f",{name}" in used or f"[${name}]" in used]
        reference = f'<Reference variables="{",".join(names)}"/>' if names else ""
        return ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="x">\n' + "\n".join(self.out) + "\n" +
                reference + "\n</scenario>\n")


def wrapped(actions):
    return f"<action>{actions}</action>" if actions else ""


def regex(name, expression, header):
    expression = expression.replace("<", "&lt;").replace(">", "&gt;")
    return f'<ereg regexp="{expression}" search_in="hdr" header="{header}" check_it="true" assign_to="{name}"/>'


def copy(name, header, brief, at):
    """The whole field, without white space before it."""
    return regex(name, "[^[:space:]].*", brief if at.options.get("compact") else header)


def destination(party):
    """Requests within a call go where the Contact says (with sipp, responses do so from then on)."""
    if party.transport != "udp":
        return ""
    return ('<ereg regexp="@([0-9.]+):?([0-9]*)" search_in="var" variable="contact" check_it="true" '
            'assign_to="all,host,port"/><setdest host="[$host]" port="[$port]" protocol="UDP"/>')


def xml(name, party):
    return Script(party, SCENARIOS[name][1]).xml()


def register_xml(party, expires=600):
    """A phone's and its registrar's."""
    if party.role == "A":
        text = party.finish(f"REGISTER sip:{party.peer[0]} SIP/2.0", [
            ("Via", "v", party.via({"vbranch": "[branch]"})), ("Max-Forwards", "", "70"),
            ("From", "f", f"<sip:phone@{party.peer[0]}>;tag=r[call_id]"), ("To", "t", f"<sip:phone@{party.peer[0]}>"),
            ("Call-ID", "i", "[call_id]"), ("CSeq", "", "1 REGISTER"),
            ("Contact", "m", f"<sip:phone@{party.own}:{party.port}>"), ("Expires", "", str(expires))], {"media": ()})
        body = f'<send retrans="500"><![CDATA[\n{text}]]></send>\n<recv response="200"></recv>'
    else:
        text = ("SIP/2.0 200 OK\r\n[last_Via:]\r\n[last_From:]\r\n[last_To:];tag=s[call_id]\r\n[last_Call-ID:]\r\n[last_CSeq:]\r\n"
                f"Contact: [$contact];expires={expires}\r\nContent-Length: 0\r\n\r\n")
        body = (f'<recv request="REGISTER">{wrapped(regex("contact", "<sip:[^>]*>", "Contact:"))}</recv>\n'
                f'<send><![CDATA[\n{text}]]></send>\n')
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="register">\n{body}\n</scenario>\n'
