# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# DNS for tests that source this behind lib.sh: zones, bind9 on both sides of the NAT, its tools as clients, and what both wires
# showed. After topology dns_servers, then dns_daemon.
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap FAR=203.0.113.10 NEAR=198.51.100.20

dns_programs() { # PROGRAM...   are there, beside those that all need; or that was all
	local program
	for program in named dig "$@"; do
		command -v "$program" >/dev/null || check "$program is installed" false
	done
	[ "$FAILED" = 0 ] || finish
}

# ---- zones. in.lab and its reverse zones are served by h1, inside; out.lab and its reverse zones by far.
#
#   inside local    inside global
#   10.77.1.2       198.51.100.20   static; the inside server
#   10.77.2.2       192.0.2.x       a pool's address as long as h2 has a binding
#   10.77.1.9       198.51.100.29   static
#   10.77.7.1..250  203.0.114.1.. : static, for zone transfers: three digits more in each name
#   10.77.1.99      none            overloaded

soa() { # TTL NAMESERVER
	printf '$TTL %s\n@ SOA %s admin.%s 1 3600 600 86400 %s\n@ NS %s\n' "$1" "$2" "$2" "$1" "$2"
}
zones_inside() {
	{
		soa 300 ns.in.lab.
		printf 'ns A 10.77.1.2\nweb A 10.77.1.9\npool A 10.77.2.2\nover A 10.77.1.99\nalias CNAME web\n'
		printf 'both A 10.77.1.9\nboth AAAA 2001:db8::9\nmany A 10.77.1.2\nmany A 10.77.1.9\nmany A 203.0.113.77\n'
		printf 'mx MX 10 web\n_sip._udp SRV 0 0 5060 web\nsvc HTTPS 1 . alpn=h2 ipv4hint=10.77.1.9,10.77.1.2\n'
		printf 'text TXT "10.77.1.9 stands here"\n'
	} >"$WORK/in.lab"
	{
		soa 300 ns.in.lab.
		printf '2 PTR ns.in.lab.\n9 PTR web.in.lab.\n99 PTR over.in.lab.\n'
	} >"$WORK/1.77.10"
	{
		soa 300 ns.in.lab.
		printf '2 PTR pool.in.lab.\n'
	} >"$WORK/2.77.10"
	{
		soa 300 ns.in.lab.
		for n in $(seq 1000); do echo "host$n A 10.77.7.$((n % 250 + 1))"; done
	} >"$WORK/big.lab"
	{
		soa 300 ns.in.lab.
		for n in $(seq 1000); do echo "$((n % 250 + 1)) PTR host$n.big.lab."; done
	} >"$WORK/7.77.10"
}
zones_outside() {
	{
		soa 300 ns.out.lab.
		printf 'ns A 203.0.113.10\nweb A 198.51.100.29\nfar A 203.0.113.10\nalias CNAME web\nv6 AAAA 2001:db8::1\n'
	} >"$WORK/out.lab"
	{
		soa 300 ns.out.lab.
		printf '20 PTR ns.out.lab.\n29 PTR web.out.lab.\n'
	} >"$WORK/100.51.198"
	{
		soa 300 ns.out.lab.
		for n in $(seq 1000); do echo "host$n A 203.0.114.$((n % 250 + 1))"; done
	} >"$WORK/large.lab"
	{
		soa 300 ns.sec.lab.
		printf 'ns A 203.0.113.10\nweb A 198.51.100.29\n'
	} >"$WORK/sec.lab"
}
zones_inside
zones_outside

# ---- servers and daemon

tsig-keygen -a hmac-sha256 lab >"$WORK/key"
KEY="hmac-sha256:lab:$(sed -n 's/.*secret "\(.*\)";/\1/p' "$WORK/key")"
named_start() { # NAMESPACE ADDRESS ZONE=FILE...   anybody may update and transfer
	local ns=$1 address=$2 pair
	shift 2
	mkdir -p "$WORK/named-$ns"
	{
		cat "$WORK/key"
		cat <<-EOF
		options { directory "$WORK/named-$ns"; listen-on { $address; }; listen-on-v6 { none; }; pid-file none;
			session-keyfile none; recursion no; allow-query { any; }; dnssec-validation no; allow-transfer { any; };
			minimal-responses no; notify no; tcp-clients 100; transfers-out 100; tcp-initial-timeout 1200;
			tcp-idle-timeout 1200; transfer-format many-answers; transfer-message-size 40000; };
		controls { };
		logging { channel all { stderr; severity info; }; category default { all; }; category update { all; }; };
		EOF
		for pair; do
			cp "$WORK/${pair#*=}" "$WORK/named-$ns/"
			echo "zone \"${pair%%=*}\" { type primary; file \"${pair#*=}\"; check-names ignore; allow-update { any; }; };"
		done
	} >"$WORK/named-$ns.conf"
	background "$ns" "named-$ns.log" named -g -n 1 -c "$WORK/named-$ns.conf"
	wait_for 30 dig_ready "$ns" "$address"
}
dig_ready() { # NAMESPACE ADDRESS
	in_ns "$1" dig +tries=1 +time=1 "@$2" in.lab soa
}
dns_servers() { # [ZONE=FILE...]   that far has, too
	named_start h1 10.77.1.2 in.lab=in.lab 1.77.10.in-addr.arpa=1.77.10 2.77.10.in-addr.arpa=2.77.10 big.lab=big.lab \
		7.77.10.in-addr.arpa=7.77.10 || sed 's/^/# /' "$WORK/named-h1.log"
	named_start far $FAR out.lab=out.lab 100.51.198.in-addr.arpa=100.51.198 large.lab=large.lab "$@" ||
		sed 's/^/# /' "$WORK/named-far.log"
}
dns_daemon() { # static entries, a pool of whole addresses, overload
	{
		config_base
		echo "ip nat inside source static 10.77.1.2 $NEAR"
		echo "ip nat inside source static 10.77.1.9 198.51.100.29"
		for n in $(seq 250); do echo "ip nat inside source static 10.77.7.$n 203.0.114.$n"; done
		echo "ip nat pool WHOLE 192.0.2.1 192.0.2.9 prefix-length 24"
		echo "access-list 2 permit 10.77.2.0 0.0.0.255"
		echo "access-list 3 permit 10.77.1.0 0.0.0.255"
		echo "ip nat inside source list 2 pool WHOLE"
		echo "ip nat inside source list 3 interface out0 overload"
	} >"$WORK/config"
	check "daemon starts" daemon_start "$WORK/config"
}

# ---- queries, and what the wires showed

ask() { # NAMESPACE SERVER DIG-ARGUMENTS...   the answer: name TTL class type data
	local ns=$1 server=$2
	shift 2
	in_ns "$ns" timeout 40 dig +noall +answer +tries=1 +time=30 "@$server" "$@" | grep -v '^;' | sed -E 's/[ \t]+/ /g'
}
says() { # PATTERN NAMESPACE SERVER DIG-ARGUMENTS...
	local pattern=$1
	shift
	output_has "$pattern" ask "$@"
}
status() { # PATTERN NAMESPACE SERVER DIG-ARGUMENTS...
	local pattern=$1 ns=$2 server=$3
	shift 3
	output_has "status: ($pattern)," in_ns "$ns" timeout 40 dig +tries=1 +time=30 "@$server" "$@"
}
fields() { # FILE FILTER FIELD
	packets "$1" "$2" -T fields -e "$3"
}
same_bytes() { # FILTER [FIELD]   as often, and with the same payload, on both wires
	fields "$IN" "$1" "${2:-udp.payload}" | sort >"$WORK/bytes-in"
	fields "$OUT" "$1" "${2:-udp.payload}" | sort >"$WORK/bytes-out"
	echo "inside:"; cat "$WORK/bytes-in"; echo "outside:"; cat "$WORK/bytes-out"
	[ -s "$WORK/bytes-in" ] && cmp "$WORK/bytes-in" "$WORK/bytes-out"
}
counted() { # PATTERN
	output_has "$1" cli "show ip nat alg dns"
}

cat >"$WORK/pieces.py" <<'EOF'
# pieces.py SERVER SIZE PAUSE NAME...: queries over one connection, in pieces of that size, so many seconds apart; where PAUSE is
# a file, what follows the first piece waits until it is there. Prints the address of each answer.
import os, socket, struct, sys, time
server, piece, pause, names = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
def wait():
    until = time.monotonic() + 60
    while pause.startswith("/") and not os.path.exists(pause) and time.monotonic() < until:
        time.sleep(0.1)
    if not pause.startswith("/"):
        time.sleep(float(pause))
def query(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = struct.pack("!6H", number, 0, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 1, 1)
    return struct.pack("!H", len(message)) + message
sock = socket.create_connection((server, 53), 30)
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sock.settimeout(60)
data = b"".join(query(i, name) for i, name in enumerate(names))
for at in range(0, len(data), piece):
    sock.sendall(data[at:at + piece])
    print("sent", at, flush=True)
    wait()
file = sock.makefile("rb")
for _ in names:
    message = file.read(struct.unpack("!H", file.read(2))[0])
    at = message.index(b"\xc0\x0c\0\1\0\1") + 6
    ttl, size = struct.unpack("!IH", message[at:at + 6])
    print("answer", ".".join(map(str, message[at + 6:at + 10])), ttl)
EOF
pieces() { # NAMESPACE SERVER SIZE PAUSE|FILE NAME...
	local ns=$1
	shift
	in_ns "$ns" timeout 90 "$PYTHON3" "$WORK/pieces.py" "$@"
}
