# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces and routers for scripts/bench.

    in 10.77.0.2 i0 --- ri 10.77.0.1 [rt] ro 198.51.100.1 --- o0 198.51.100.2 out, and 198.18.0.0/15 behind it

A Lab is one fresh set of namespaces with one router in the middle: `plain` routing, `kernel` masquerade, the `null`
program that hands back what it is given, or `algate`. Everything it makes carries its prefix, and goes when it is closed.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

INSIDE, OUTSIDE, SERVER = "10.77.0.2", "198.51.100.1", "198.51.100.2"
FIRST_HOST, FIRST_SERVER = "10.77.16.1", "198.18.0.1"  # of blast
SINK_PORT = 9
SYSCTL_MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
CONFIG = """\
hostname Bench
interface ri
 ip address 10.77.0.1 255.255.0.0
 ip nat inside
 no shutdown
interface ro
 ip address 198.51.100.1 255.255.255.0
 ip nat outside
 no shutdown
ip route 0.0.0.0 0.0.0.0 198.51.100.2
access-list 1 permit 10.77.0.0 0.0.255.255
ip nat inside source list 1 interface ro overload
"""


class Failure(Exception):
    """A measurement that could not be taken."""


class Missing(Failure):
    """This machine's kernel has not got what is to be measured."""


class Programs:
    """What was built, by name."""

    def __init__(self, build, source):
        self.algated, self.algate = os.path.join(build, "algated"), os.path.join(build, "algate")
        for name in ("algload", "blast", "load", "nullqueue", "enginebench", "sipload"):
            setattr(self, name, os.path.join(build, "tests/bench", name))
        self.notify = os.path.join(source, "tests/net/notify.py")


def run(*command, timeout=120, input=None):
    """Its output; a Failure when it fails."""
    try:
        done = subprocess.run([str(word) for word in command], timeout=timeout, input=input, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {(done.stderr + done.stdout).strip()[-500:]}")
    return done.stdout


def one_cpu():
    """For what is measured with everything on one CPU."""
    return ("taskset", "-c", 1) if os.cpu_count() > 1 else ()


def temporary():
    """A directory as a state directory should be: in memory. /run is not, on every machine."""
    with open("/proc/mounts", encoding="utf-8", errors="replace") as file:
        memory = [line.split()[1] for line in file if line.split()[2] == "tmpfs"]
    places = [place for place in ("/run", "/dev/shm") if place in memory]
    return tempfile.mkdtemp(prefix="algate-bench.", dir=places[0] if places else None)


class Lab:
    count = 0

    def __init__(self, programs, kind, offload=True, pin=True, flows=1048576, config="", helper=False):
        """config: lines for Algate's configuration; helper: the kernel's NAT has its FTP and SIP helpers."""
        Lab.count += 1
        self.programs, self.kind, self.offload, self.pin, self.flows = programs, kind, offload, pin, flows
        self.prefix = f"agb{os.getpid()}-{Lab.count}-"
        self.children, self.daemon = [], None
        self.work = temporary()
        self.config = os.path.join(self.work, "startup-config")
        self.state = os.path.join(self.work, "state")
        self.extra, self.helper = config, helper

    def __enter__(self):
        try:
            self.network()
            self.sink()
            getattr(self, "route_" + self.kind)()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *about):
        self.close()

    # ---- namespaces

    def name(self, namespace):
        return self.prefix + namespace

    def path(self, namespace):
        return "/run/netns/" + self.name(namespace)

    def ip(self, namespace, *words):
        return run("ip", "-n", self.name(namespace), *words)

    def within(self, namespace, *command):
        return ("ip", "netns", "exec", self.name(namespace)) + command

    def run(self, namespace, *command, timeout=120, input=None):
        return run(*self.within(namespace, *command), timeout=timeout, input=input)

    def network(self):
        for namespace in ("in", "rt", "out"):
            run("ip", "netns", "add", self.name(namespace))
            self.ip(namespace, "link", "set", "lo", "up")
            self.run(namespace, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        for namespace, near, far in (("in", "i0", "ri"), ("out", "o0", "ro")):
            run("ip", "link", "add", near, "netns", self.name(namespace), "type", "veth", "peer", "name", far, "netns",
                self.name("rt"))
            for place, link in ((namespace, near), ("rt", far)):
                if not self.offload:
                    self.run(place, "ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off")
                self.ip(place, "link", "set", link, "up")
        self.ip("in", "address", "add", INSIDE + "/16", "dev", "i0")
        self.ip("in", "route", "add", "default", "via", "10.77.0.1")
        self.ip("out", "address", "add", SERVER + "/24", "dev", "o0")
        self.ip("out", "route", "add", "10.77.0.0/16", "via", OUTSIDE)
        self.run("in", "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535")
        self.neighbours("ri", "in", "i0", INSIDE)
        self.neighbours("ro", "out", "o0", SERVER)

    def neighbours(self, near, namespace, far, address):
        """No ARP: it would be in the way of the first packets."""
        near_mac, far_mac = (json.loads(self.ip(place, "-j", "link", "show", link))[0]["address"]
                             for place, link in (("rt", near), (namespace, far)))
        gateway = OUTSIDE if near == "ro" else "10.77.0.1"
        self.ip("rt", "neigh", "replace", address, "lladdr", far_mac, "dev", near, "nud", "permanent")
        self.ip(namespace, "neigh", "replace", gateway, "lladdr", near_mac, "dev", far, "nud", "permanent")

    def sink(self):
        """Blast's packets end here: counted apart by whether they were translated."""
        self.run("out", "nft", "-f", "-", input=f"""table netdev sink {{
            chain in {{
                type filter hook ingress device o0 priority 0;
                ip saddr {OUTSIDE} udp dport {SINK_PORT} counter drop;
                udp dport {SINK_PORT} counter drop;
            }}
        }}\n""")

    def sunk(self):
        """(translated, not translated)"""
        rules = json.loads(self.run("out", "nft", "-j", "list", "chain", "netdev", "sink", "in"))["nftables"]
        return tuple(next(expr["counter"]["packets"] for expr in rule["rule"]["expr"] if "counter" in expr)
                     for rule in rules if "rule" in rule)

    # ---- routers

    def linux_router(self):
        self.ip("rt", "address", "add", "10.77.0.1/16", "dev", "ri")
        self.ip("rt", "address", "add", OUTSIDE + "/24", "dev", "ro")
        self.ip("rt", "route", "add", "default", "via", SERVER)
        self.run("rt", "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def route_plain(self):
        self.linux_router()

    def route_kernel(self):
        self.linux_router()
        self.run("rt", "nft", "-f", "-", input="""table ip nat {
            chain post {
                type nat hook postrouting priority 100;
                oifname "ro" masquerade;
            }
        }\n""")
        if self.helper:
            self.assign_helper()

    def assign_helper(self):
        """To what goes to ports 21 and 5060: since Linux 6.0 no helper is there unasked."""
        try:
            self.run("rt", "nft", "-f", "-", input="""table ip helpers {
                ct helper ftp { type "ftp" protocol tcp; }
                ct helper sip { type "sip" protocol udp; }
                chain pre {
                    type filter hook prerouting priority 0;
                    tcp dport 21 ct helper set "ftp"
                    udp dport 5060 ct helper set "sip"
                }
            }\n""")
        except Failure as failure:
            raise Missing(f"this kernel has no FTP or SIP helper: {failure}") from failure

    def translates_ftp(self):
        """Whether the FTP server sees the router's address in PORT."""
        return self.kind == "algate" or (self.kind == "kernel" and self.helper)

    def translates_sip(self):
        return self.translates_ftp()

    def translates_dns(self):
        return self.kind == "algate"

    def route_null(self):
        self.linux_router()
        self.daemon = self.start("rt", self.programs.nullqueue, "ro").pid
        self.second_cpu()

    def route_algate(self):
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG + self.extra)
        self.start_daemon()
        # Its own configuration brings addresses and routes; the neighbours were there before them.
        self.neighbours("ri", "in", "i0", INSIDE)
        self.neighbours("ro", "out", "o0", SERVER)

    def start_daemon(self):
        """Seconds until it says that packets flow."""
        os.makedirs(self.state, exist_ok=True)
        pidfile, log = os.path.join(self.work, "pid"), os.path.join(self.work, "algated.log")
        began = time.monotonic()
        try:
            self.run("rt", "python3", self.programs.notify, 60, pidfile, log, self.programs.algated, "-f", self.config, "-s",
                     self.state, "--max-flows", self.flows)
        except Failure as error:
            with open(log, encoding="utf-8", errors="replace") as file:
                raise Failure(f"algated: {file.read()[-500:]} ({error})") from error
        seconds = time.monotonic() - began
        with open(pidfile, encoding="ascii") as file:
            self.daemon = int(file.read())
        self.second_cpu()
        return seconds

    def kill_daemon(self):
        os.kill(self.daemon, signal.SIGKILL)
        # Not our child: its parent was notify.py, which is gone. Only when its last thread is, are its files closed.
        with contextlib.suppress(OSError):
            while not self.is_zombie() or len(os.listdir(f"/proc/{self.daemon}/task")) > 1:
                time.sleep(0.002)
        self.daemon = None

    def is_zombie(self):
        with open(f"/proc/{self.daemon}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"

    def second_cpu(self):
        """The source has the first CPU."""
        if self.pin and os.cpu_count() > 1:
            for task in os.listdir(f"/proc/{self.daemon}/task"):
                os.sched_setaffinity(int(task), {1})

    def cpu(self):
        """Seconds of CPU that the router's program has used; 0 for the kernel's own."""
        total = 0
        if self.daemon:
            for task in os.listdir(f"/proc/{self.daemon}/task"):
                with open(f"/proc/{self.daemon}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
        return total / 1e9

    def cli(self, *commands, timeout=300, output=subprocess.PIPE):
        words = [word for command in ("enable", "terminal length 0") + commands for word in ("-c", command)]
        done = subprocess.run(self.within("rt", self.programs.algate, "-s", self.state, *words), timeout=timeout, text=True,
                              stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failure(f"algate {commands}: {done.stderr or done.stdout}")
        return done.stdout

    def translations(self):
        line = self.cli("show ip nat translations total")
        return int(line.rpartition(":")[2].strip())

    # ---- processes

    def start(self, namespace, *command, ready=True):
        """In the background, until the lab is closed; waits for its first line."""
        child = subprocess.Popen(self.within(namespace, *map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        if ready and child.stdout.readline().strip() != "ready":
            child.kill()
            raise Failure(f"{command[0]}: {child.stderr.read()[-500:]}")
        return child

    def load(self, namespace, *words, timeout=120):
        return json.loads(self.run(namespace, self.programs.load, *words, timeout=timeout).splitlines()[-1])

    def algload(self, namespace, *words, timeout=120):
        return json.loads(self.run(namespace, *one_cpu(), self.programs.algload, *words, timeout=timeout))

    def sipload(self, namespace, *words, timeout=120):
        return json.loads(self.run(namespace, *one_cpu(), self.programs.sipload, *words, timeout=timeout))

    def blast(self, *words, timeout=300):
        pin = ("-p", 0) if os.cpu_count() > 1 else ()
        text = self.run("rt", self.programs.blast, "-i", "ri", "-o", "o0", "-n", self.path("out"), "-s", FIRST_HOST, "-d",
                        FIRST_SERVER, *pin, *words, timeout=timeout)
        return json.loads(text)

    def close(self):
        for child in self.children:
            with contextlib.suppress(OSError):
                child.kill()
            child.wait()
        if self.daemon and self.kind == "algate":
            with contextlib.suppress(OSError):
                self.kill_daemon()
        for namespace in ("in", "rt", "out"):
            subprocess.run(["ip", "netns", "del", self.name(namespace)], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.work, ignore_errors=True)


@contextlib.contextmanager
def room_for_flows(flows):
    """The kernel's own NAT may hold that many: nf_conntrack_max is the whole machine's, so it is put back."""
    try:
        with open(SYSCTL_MAX, encoding="ascii") as file:
            before = int(file.read())
    except OSError as error:
        raise Failure(f"{SYSCTL_MAX}: {error} (modprobe nf_conntrack)") from error
    wanted = max(before, 2 * flows)
    try:
        with open(SYSCTL_MAX, "w", encoding="ascii") as file:
            file.write(str(wanted))
        yield
    finally:
        with open(SYSCTL_MAX, "w", encoding="ascii") as file:
            file.write(str(before))
