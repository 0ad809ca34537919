# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/bench measures.

PAIRED: functions of a Lab, called for every kind of router in turn, each time in fresh namespaces; they return
{row: value}. ALONE: functions of (programs, scale), Algate only; they return a list of (text, value, unit).
Every one raises Failure when the measurement cannot be taken; none judges how fast something is.
"""
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from lab import FIRST_HOST, FIRST_SERVER, Failure, Lab, OUTSIDE, SERVER, one_cpu, run, temporary
from messages import ALONE_MESSAGES, PAIRED_MESSAGES, WIDTH as MESSAGES_WIDTH

FLOODER = "10.77.0.99"
BLAST_HOSTS, BLAST_PORT = 1000, 2048  # HOSTS and PORT of blast.c
ECHO_PORT, TCP_PORT, TCP_PORTS, WIDTH = 7007, 8000, 16, 32


class Scale:
    """How much of it: full, or --short."""

    def __init__(self, short):
        self.seconds = 0.5 if short else 2
        self.tcp_seconds = 1 if short else 3
        self.many, self.most = (2000, 20000) if short else (100000, 1000000)
        self.new = 10000 if short else 200000
        self.lines = 2000 if short else 100000
        self.typed = 20 if short else 100
        self.table = 20000 if short else 1000000
        self.width = MESSAGES_WIDTH


# ---- paired

def tcp(lab, scale):
    """One stream, client inside, as the receiver counts it."""
    lab.start("out", "iperf3", "-s", "-1", ready=False)
    for attempt in range(100):
        if lab.run("out", "ss", "-Hltn", "sport = :5201").strip():
            break
        time.sleep(0.05)
    result = json.loads(lab.run("in", "iperf3", "-J", "-c", SERVER, "-t", scale.tcp_seconds, "-O", "0.5"))
    return {"Gb/s": result["end"]["sum_received"]["bits_per_second"] / 1e9}


def check_sink(lab, arrived):
    """What arrived was translated, or was not, as it should be; ARP and the like are not counted there."""
    translated, other = lab.sunk()
    good, bad = (translated, other) if lab.kind in ("kernel", "algate") else (other, translated)
    if bad or good < arrived:
        raise Failure(f"{lab.kind}: of {arrived} packets {translated} came out translated and {other} not")


def udp(flows):
    def measure(lab, scale):
        count = flows(scale)
        warm = lab.blast("-f", count, "-c", max(count, 20000))
        cpu = lab.cpu()
        result = lab.blast("-f", count, "-t", scale.seconds)
        cpu = lab.cpu() - cpu + result["cpu"]
        if result["arrived"] < 1000 or result["lost"] > result["arrived"] / 100:
            raise Failure(f"{lab.kind}: {result}")
        check_sink(lab, warm["arrived"] + result["arrived"])
        return {"kpps": result["arrived"] / result["seconds"] / 1e3, "CPU ns": cpu / result["arrived"] * 1e9}
    return measure


def new_udp(lab, scale):
    """Every packet the first of its flow."""
    cpu = lab.cpu()
    result = lab.blast("-f", scale.new, "-c", scale.new)
    cpu = lab.cpu() - cpu + result["cpu"]
    if result["lost"] > scale.new / 100:
        raise Failure(f"{lab.kind}: {result}")
    check_sink(lab, result["arrived"])
    if lab.kind == "algate" and lab.translations() < result["arrived"]:
        raise Failure(f"{lab.translations()} translations after {result['arrived']} new flows")
    return {"kflows/s": result["arrived"] / result["seconds"] / 1e3, "CPU ns": cpu / result["arrived"] * 1e9}


def new_tcp(lab, scale):
    """Connect, a byte to and fro, reset; everything on one CPU."""
    lab.start("out", *one_cpu(), lab.programs.load, "accept", TCP_PORT, TCP_PORTS)
    result = json.loads(lab.run("in", *one_cpu(), lab.programs.load, "connect", SERVER, TCP_PORT, TCP_PORTS, scale.seconds,
                                WIDTH))
    if result["failed"] > result["done"] / 100:
        raise Failure(f"{lab.kind}: {result}")
    return {"per second": result["done"] / result["seconds"]}


def rtt(lab, scale):
    """64 bytes, one at a time, everything on one CPU."""
    lab.start("out", *one_cpu(), lab.programs.load, "echo", ECHO_PORT)
    result = json.loads(lab.run("in", *one_cpu(), lab.programs.load, "rtt", SERVER, ECHO_PORT, scale.seconds))
    if result["lost"] > result["count"] / 100:
        raise Failure(f"{lab.kind}: {result}")
    return {"p50 us": result["p50"], "p99 us": result["p99"]}


# name: (title, function, options of its Lab, whether more is better by row)
PAIRED = {
    "tcp-gso": ("TCP bulk, segmentation offload on", tcp, {"pin": False}),
    "tcp-nogso": ("TCP bulk, no offload", tcp, {"pin": False, "offload": False}),
    "udp-1": ("small UDP packets, 1 flow", udp(lambda scale: 1), {}),
    "udp-many": ("small UDP packets, {many} flows", udp(lambda scale: scale.many), {}),
    "udp-most": ("small UDP packets, {most} flows", udp(lambda scale: scale.most), {}),
    "new-udp": ("new UDP flows, {new} in all", new_udp, {}),
    "new-tcp": ("new TCP connections", new_tcp, {}),
    "rtt": ("UDP round trip", rtt, {}),
    **PAIRED_MESSAGES,
}


# What follows from two measurements of the same run: title, unit, name and row of the dividend and of the divisor.
DERIVED = [("cost of a small UDP packet with {most} flows against 1 flow", "x", ("udp-most", "CPU ns"), ("udp-1", "CPU ns"))]


# ---- Algate alone

def engine(programs, *words):
    return json.loads(run(programs.enginebench, *words, timeout=300))


def memory(programs, scale):
    result = engine(programs, "memory", scale.table)
    return [(f"bytes per flow: records, at a capacity of {scale.table:,}", result["records"], "bytes"),
            ("bytes per flow: everything mapped, a binding for each flow", result["mapped"], "bytes"),
            ("bytes per flow: resident when full", result["resident"], "bytes")]


def lookup(programs, scale):
    result = engine(programs, "lookup", scale.table)
    rows = []
    for key, text in (("lookup", "lookup alone"), ("batch", "lookup alone, batches of 64"),
                      ("packet", "engine, whole packet, batches of 64"), ("single", "engine, whole packet, one at a time")):
        few, many = result[key + "_few"], result[key + "_many"]
        rows += [(f"{text}: 64 flows", few, "ns"), (f"{text}: {scale.table:,} flows", many, "ns"),
                 (f"{text}: growth", many / few, "x")]
    return rows


def adopt(programs, scale):
    directory = temporary()
    try:
        result = engine(programs, "adopt", scale.table, directory)
    finally:
        shutil.rmtree(directory)
    if result["adopted"] != scale.table:
        raise Failure(f"adopted: {result}")
    return [(f"adoption of {scale.table:,} flows, engine", result["seconds"] * 1e3, "ms"),
            ("the same, CPU time", result["cpu"] * 1e3, "ms")]


def fill(lab, flows):
    result = lab.blast("-f", flows, "-c", flows)
    if result["lost"] > flows / 100:
        raise Failure(f"filling the table: {result}")
    return lab.translations()


def probe_start(lab):
    return lab.start("in", lab.programs.load, "probe", SERVER, ECHO_PORT, 1000)


def transit_start(lab):
    """How long the router itself keeps the probe's datagrams and their answers, as its interfaces see them."""
    return lab.start("rt", lab.programs.load, "transit", ECHO_PORT)


def probe_end(child):
    """Likewise for the transit."""
    child.send_signal(signal.SIGTERM)
    text, errors = child.communicate(timeout=30)
    if child.returncode != 0:
        raise Failure(f"probe: {errors}")
    return json.loads(text)


def judge(rows):
    """Of `show ip nat translations`, which may list nothing that blast did not send, no two alike, and no inside global endpoint
    with two owners. The set of rows."""
    seen, owners = set(), {}
    for row in rows:
        _, inside_global, inside_local, _, outside_global = row.split()
        address, _, port = inside_local.partition(":")
        host = int(ipaddress.ip_address(address)) - int(ipaddress.ip_address(FIRST_HOST))
        if (int(port) - BLAST_PORT) % BLAST_HOSTS != host:
            raise Failure(f"nobody sent from there: {row}")
        if owners.setdefault(inside_global, inside_local) != inside_local:
            raise Failure(f"{inside_global} is {owners[inside_global]}'s and {inside_local}'s")
        if (inside_global, outside_global) in seen:
            raise Failure(f"twice: {row}")
        seen.add((inside_global, outside_global))
    return {tuple(row.split()) for row in rows}


def judge_is_awake(rows):
    """The same rows with one that is wrong: the last again, the last with the first one's inside global, another host's."""
    first, last = rows[0].split(), rows[-1].split()
    for wrong in (last, [last[0], first[1], *last[2:]], [*last[:2], "10.77.16.1:2049", *last[3:]]):
        try:
            judge([*rows, " ".join(wrong)])
        except Failure:
            continue
        raise Failure(f"the judge sees nothing wrong with {wrong}")


def udp_rows(lab):
    """But not the probe's."""
    with tempfile.TemporaryFile("w+") as file:
        lab.cli("show ip nat translations", output=file)
        file.seek(0)
        return [line.strip() for line in file if line.startswith("udp ") and not line.rstrip().endswith(f":{ECHO_PORT}")]


def restart(programs, scale):
    """End to end: the daemon with a full table dies by SIGKILL and is started again. All flows are judged before and after."""
    # On a busy machine it takes minutes to judge them, in which none may expire.
    with Lab(programs, "algate", flows=max(scale.table + 1000, 65536), config="ip nat translation udp-timeout 86400\n") as lab:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        held = fill(lab, scale.table)
        rows = udp_rows(lab)
        before = judge(rows)
        judge_is_awake(rows)
        probe = probe_start(lab)
        time.sleep(0.3)
        lab.kill_daemon()
        seconds = lab.start_daemon()
        kept = lab.translations()
        time.sleep(0.3)
        result = probe_end(probe)
        if kept < held:
            raise Failure(f"{held} translations before kill -9, {kept} after")
        if len(before) < held or judge(udp_rows(lab)) != before:
            raise Failure("the translations are not what they were before kill -9")
    return [(f"kill -9 with {held:,} flows: program start to READY", seconds * 1e3, "ms"),
            ("kill -9: datagrams lost of one each ms", result["lost"], "")]


def big_config(lines):
    """Half static port entries on sixteen addresses, half access list entries."""
    text = []
    for i in range(lines // 2):
        text.append(f"ip nat inside source static tcp 10.77.{i // 250 % 200}.{i % 250 + 2} {1024 + i // 50000} "
                    f"198.51.100.{16 + i % 16} {1024 + i // 16}")
    for i in range(lines - lines // 2 - 50):
        if i % 1000 == 0:
            text.append(f"ip access-list extended BIG{i // 1000}")
        text.append(f" permit tcp 10.{i // 60000 + 100}.{i // 250 % 240}.0 0.0.0.255 host 203.0.113.{i % 250 + 1} eq "
                    f"{1024 + i}")
    return "\n".join(text) + "\n", sum(line.startswith("ip nat inside source static tcp") for line in text)


def boot(programs, scale):
    text, statics = big_config(scale.lines)
    with Lab(programs, "algate") as lab:
        lab.kill_daemon()
        os.remove(os.path.join(lab.state, "records"))
        little = lab.start_daemon()
    with Lab(programs, "algate", config=text) as lab:
        lab.kill_daemon()
        for name in ("records", "running-config"):
            os.remove(os.path.join(lab.state, name))
        seconds = lab.start_daemon()
        shown = int(lab.cli("show running-config | count static tcp").split()[-1])
        if shown != statics:
            raise Failure(f"{statics} static entries in the file, {shown} in the running-config")
    lines = len(text.splitlines())
    return [("boot with 12 lines, program start to READY", little * 1e3, "ms"),
            (f"boot with {lines:,} lines, program start to READY", seconds * 1e3, "ms")]


def probed(lab, action):
    """What it returns, its seconds, and what became of a datagram each millisecond meanwhile: end to end, in the router."""
    probe, transit = probe_start(lab), transit_start(lab)
    began = time.monotonic()
    result = action()
    seconds = time.monotonic() - began
    ends = probe_end(probe)
    return result, seconds, ends, probe_end(transit)


def delay_rows(text, ends, router):
    return [(f"longest time in the router, {text}", router["max"] / 1e3, "ms"),
            ("99th percentile of the same", router["p99"] / 1e3, "ms"),
            ("longest delay of a datagram there and back, which waits for its ends, too", ends["max"] / 1e3, "ms"),
            ("lost in the router", router["lost"], "")]


def show(programs, scale):
    """A datagram each millisecond, while nothing happens and while a long show streams."""
    with Lab(programs, "algate", flows=max(scale.table + 1000, 65536), pin=False) as lab, tempfile.TemporaryFile("w+") as rows:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        held = fill(lab, scale.table)
        _, _, *idle = probed(lab, lambda: time.sleep(2 * scale.seconds))
        _, seconds, *busy = probed(lab, lambda: lab.cli("show ip nat translations", output=rows))
        rows.seek(0)
        shown = sum(line.startswith("udp ") for line in rows)
        if shown < held:
            raise Failure(f"{shown} rows of {held} translations")
    return [*delay_rows("nothing to do", *idle), *delay_rows(f"while show streams {held:,} rows", *busy),
            (f"that show, to a file: {held:,} rows", seconds * 1e3, "ms")]


def copied(programs, scale):
    """A long configuration loaded into the one that runs."""
    text, statics = big_config(scale.lines)
    with Lab(programs, "algate", pin=False) as lab:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        with open(lab.config, "w", encoding="ascii") as file:
            file.write(text)
        _, seconds, *busy = probed(lab, lambda: lab.cli("copy startup-config running-config"))
        shown = int(lab.cli("show running-config | count static tcp").split()[-1])
        if shown != statics:
            raise Failure(f"{statics} static entries in the file, {shown} in the running-config")
    return [(f"copy of {scale.lines:,} lines into the running-config", seconds * 1e3, "ms"),
            *delay_rows("meanwhile", *busy)]


def typed(programs, scale):
    """Lines piped into a session, each a commit of its own, on top of a long configuration."""
    text, _ = big_config(scale.lines)
    kinds = {"access list": [f"access-list 99 permit 10.99.{i // 250}.{i % 250}" for i in range(scale.typed)],
             "static": [f"ip nat inside source static tcp 10.78.{i // 250}.{i % 250 + 1} 80 198.51.100.40 {i + 1}"
                        for i in range(scale.typed)]}
    rows = []
    with Lab(programs, "algate", config=text, pin=False) as lab:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        for kind, lines in kinds.items():
            words = "\n".join(["enable", "configure terminal", *lines, "end"]) + "\n"
            _, seconds, *busy = probed(lab, lambda: lab.run("rt", lab.programs.algate, "-s", lab.state, timeout=600, input=words))
            rows += [(f"{scale.typed:,} {kind} lines typed into {scale.lines:,}: each", seconds / scale.typed * 1e3, "ms"),
                     *delay_rows("meanwhile", *busy)]
        shown = lab.cli("show running-config")
        missing = [line for lines in kinds.values() for line in lines if line not in shown]
        if missing:
            raise Failure(f"{len(missing)} typed lines are not in the running-config, {missing[0]} is the first")
    return rows


# Limits, and what hping3 then sends as fast as it can; the probe's host is another one.
FLOODS = (
    ("from outside: random sources", (), "out", ("--rand-source", "--udp", "-p", "++1", "-d", 10, OUTSIDE)),
    ("a host at its limit", ("ip nat translation max-entries all-host 1000",), "in",
     ("-a", FLOODER, "--udp", "-p", "++1", "-d", 10, FIRST_SERVER)),
    ("a full table", ("no ip nat translation max-entries all-host", "ip nat translation max-entries 1000"), "in",
     ("-a", FLOODER, "--udp", "-p", "++1", "-d", 10, FIRST_SERVER)),
)


def hping(lab, namespace, words, seconds):
    """What it sent, in thousands a second."""
    text = subprocess.run(lab.within(namespace, "timeout", "-s", "INT", str(seconds), "hping3", "--flood", "-q", "-n",
                                     *map(str, words)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, check=False, timeout=60).stdout
    sent = [int(line.split()[0]) for line in text.splitlines() if "packets transmitted" in line]
    if not sent or sent[0] < 1000:
        raise Failure(f"hping3: {text.strip()[-200:]}")
    return sent[0] / seconds / 1e3


def flooded(lab, namespace, words, scale):
    """(kpps, round trips, times in the router) of an established flow beside a flood."""
    kpps, _, ends, router = probed(lab, lambda: hping(lab, namespace, words, 2 * scale.seconds))
    return kpps, ends, router


def flood_plain(programs, scale):
    """The round trips when the router does nothing at all: what the flood's sender takes from the flow's own two ends."""
    with Lab(programs, "plain", pin=False) as lab:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        return [flooded(lab, namespace, words, scale)[1] for _, _, namespace, words in FLOODS]


def flood(programs, scale):
    """An established flow, a datagram each millisecond, while others flood."""
    rows, plain = [], flood_plain(programs, scale)
    with Lab(programs, "algate", pin=False) as lab:
        lab.start("out", lab.programs.load, "echo", ECHO_PORT)
        for (text, limits, namespace, words), beside in zip(FLOODS, plain):
            lab.cli("configure terminal", *limits, "end")
            held = lab.translations()
            kpps, ends, router = flooded(lab, namespace, words, scale)
            # The probe has one of its own.
            made = lab.translations() - held - 1
            if (made > 0) != (namespace == "in"):
                raise Failure(f"{text}: {made} translations")
            rows += [(f"flood, {text}", kpps, "kpps"),
                     ("99th percentile of an established flow's time in the router", router["p99"] / 1e3, "ms"),
                     ("of its round trips, which wait for their ends, too", ends["p99"] / 1e3, "ms"),
                     ("of its round trips beside such a flood where nothing translates", beside["p99"] / 1e3, "ms"),
                     ("its datagrams lost, of one each ms", ends["lost"] / ends["count"] * 100, "%")]
            lab.cli("clear ip nat translation *")
    return rows


ALONE = {"memory": memory, "lookup": lookup, "adopt": adopt, "restart": restart, "boot": boot, "show": show, "copied": copied, "typed": typed,
         "flood": flood, **ALONE_MESSAGES}
