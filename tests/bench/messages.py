# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/bench measures of gateways: messages that say addresses, and come out with others.

Both ends of algload check every message, so a router that leaves one as it is, or writes something else, is a failure and
not a fast router. As in measure.py: PAIRED_MESSAGES takes a Lab, ALONE_MESSAGES programs and a scale.
"""
from lab import INSIDE, Lab, OUTSIDE, SERVER, Failure, one_cpu

FTP, FTP_UNREAD, DNS, DNS_UNREAD, SIP, SIP_UNREAD = 21, 2121, 53, 5353, 5060, 5070
HOSTS, FIRST_LOCAL, FIRST_GLOBAL = 100, "10.77.16.1", "203.0.113.1"
WIDTH, DEPTH = 32, 8
STATICS = "".join(f"ip nat inside source static 10.77.16.{n} 203.0.113.{n}\n" for n in range(1, HOSTS + 1))


def checked(name, result):
    if result["done"] < 100 or result["lost"] > result["done"] / 100:
        raise Failure(f"{name}: {result}")
    return result


def ftp_server(lab, port=FTP):
    """Where a gateway reads, the server sees the router's address in what the client says."""
    seen = OUTSIDE if port == FTP and lab.translates_ftp() else INSIDE
    lab.start("out", *one_cpu(), lab.programs.algload, "ftpd", port, seen)


def ftp(lab, scale, port=FTP, width=WIDTH, depth=1):
    files = 0 if port == FTP_UNREAD else 1
    return checked("FTP", lab.algload("in", "ftp", SERVER, port, INSIDE, scale.seconds, width, depth, files))


def dns_server(lab, port=DNS):
    seen = FIRST_GLOBAL if port == DNS and lab.translates_dns() else FIRST_LOCAL
    lab.start("out", *one_cpu(), lab.programs.algload, "dnsd", port, FIRST_GLOBAL, seen, HOSTS)


def dns(lab, scale, kind, port=DNS, width=WIDTH):
    wanted = FIRST_LOCAL if port == DNS and lab.translates_dns() else FIRST_GLOBAL
    return checked(f"DNS {kind}", lab.algload("in", "dns", SERVER, port, kind, FIRST_LOCAL, wanted, HOSTS, scale.seconds, width))


def sip_server(lab, port=SIP):
    seen = OUTSIDE if port == SIP and lab.translates_sip() else INSIDE
    lab.start("out", *one_cpu(), lab.programs.sipload, "server", port, seen)


def sip(lab, scale, port=SIP, width=WIDTH):
    return checked("SIP", lab.sipload("in", "calls", SERVER, port, INSIDE, scale.seconds, width))


def rate(result):
    return result["done"] / result["seconds"]


# ---- paired

def ftp_control(lab, scale):
    """PORT and its 200, one after the other on each of many control connections; everything on one CPU."""
    ftp_server(lab)
    return {"per second": rate(ftp(lab, scale))}


def dns_messages(lab, scale):
    """Query and answer; everything on one CPU."""
    dns_server(lab)
    return {"A, per second": rate(dns(lab, scale, "a")), "PTR, per second": rate(dns(lab, scale, "ptr"))}


def message_rtt(lab, scale):
    """One message and its answer at a time."""
    ftp_server(lab)
    dns_server(lab)
    control, name = ftp(lab, scale, width=1), dns(lab, scale, "a", width=1)
    return {"PORT p50 us": control["p50"], "PORT p99 us": control["p99"], "A p50 us": name["p50"], "A p99 us": name["p99"]}


def sip_calls(lab, scale):
    """INVITE with a description, 200 with another one, ACK, BYE, 200, on one flow; everything on one CPU."""
    sip_server(lab)
    one = sip(lab, scale, width=1)
    return {"per second": rate(sip(lab, scale)), "INVITE to 200 p50 us": one["p50"], "INVITE to 200 p99 us": one["p99"]}


PAIRED_MESSAGES = {
    "ftp-control": ("FTP: PORT and 200, {width} connections", ftp_control, {"helper": True}),
    "dns-messages": ("DNS: query and answer, {width} at once", dns_messages, {"config": STATICS}),
    "sip-calls": ("SIP: calls on a trunk, {width} at once", sip_calls, {"helper": True}),
    "message-rtt": ("one message and its answer", message_rtt, {"helper": True, "config": STATICS}),
}


# ---- Algate alone

def cost(lab, function, *arguments, **options):
    """The daemon's CPU time for one message and its answer, in us."""
    before = lab.cpu()
    result = function(lab, *arguments, **options)
    return (lab.cpu() - before) / result["done"] * 1e6


def gateways(programs, scale):
    """The same messages with a gateway, and on a port that none reads."""
    with Lab(programs, "algate", config=STATICS) as lab:
        for server, ports in ((ftp_server, (FTP, FTP_UNREAD)), (dns_server, (DNS, DNS_UNREAD)), (sip_server, (SIP, SIP_UNREAD))):
            for port in ports:
                server(lab, port)
        one = "the daemon's CPU time for {}"
        return [(one.format("PORT and 200"), cost(lab, ftp, scale), "us"),
                (f"the same, {DEPTH} in a segment", cost(lab, ftp, scale, depth=DEPTH), "us"),
                ("the same, one in a segment, on a port that no gateway reads", cost(lab, ftp, scale, port=FTP_UNREAD), "us"),
                (one.format("a DNS query and answer, A"), cost(lab, dns, scale, "a"), "us"),
                ("the same, PTR", cost(lab, dns, scale, "ptr"), "us"),
                ("the same, A, on a port that no gateway reads", cost(lab, dns, scale, "a", port=DNS_UNREAD), "us"),
                (one.format("a SIP call of five messages"), cost(lab, sip, scale), "us"),
                ("the same, on a port that no gateway reads", cost(lab, sip, scale, port=SIP_UNREAD), "us")]


ALONE_MESSAGES = {"gateways": gateways}
