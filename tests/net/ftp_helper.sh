#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FTP where the router's kernel reads it as well: connection tracking with the kernel's own FTP helper, and a firewall that drops
# what tracking finds invalid. Nothing is translated twice, no message is lost to the helper (it drops a command that it sees
# half of), and each transfer goes through.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-ftp.sh"
begin "FTP beside the kernel's helper"
ftp_programs vsftpd curl nft openssl

topology
ip -n "${NET}h1" address add 10.77.1.4/24 dev eth0
ftp_files
servers() {
	ftp_server far 203.0.113.10 21 && ftp_server h2 10.77.2.2 21
}
check "servers" servers
{
	config_overload
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

helper() {
	in_ns router nft -f - <<-EOF
	table ip firewall {
		ct helper kernels { type "ftp" protocol tcp; }
		chain assign {
			type filter hook prerouting priority -100;
			tcp dport 21 ct helper set "kernels"
			tcp sport 21 ct helper set "kernels"
		}
		chain forward {
			type filter hook forward priority 0;
			ct helper "ftp" counter
			ct state invalid counter drop
		}
		chain postrouting {
			type filter hook postrouting priority 320;
			ct state invalid counter drop
		}
	}
	EOF
}
helped() { # packets of connections that the helper reads
	in_ns router nft list chain ip firewall forward | tee "$WORK/chain" | awk '/ct helper/ {n = $5} END {exit !(n > 20)}'
	local status=$?
	cat "$WORK/chain"
	return $status
}
if ! helper 2>"$WORK/nft.log"; then
	echo "1..0 # SKIP the kernel has no FTP helper"
	exit 0
fi

section beside
for mode in PORT EPRT 227 229; do
	check "curl $mode" with_curl h1 10.77.1.4 $mode 203.0.113.10
	check "server inside: curl $mode" with_curl far 203.0.113.10 $mode 198.51.100.20
	check "hairpin: curl $mode" with_curl h1 10.77.1.4 $mode 198.51.100.20
done
section_end
check "the wire shows global addresses" judge PORT 198.51.100.1 2 EPRT 198.51.100.1 2 227 198.51.100.20 2 229 198.51.100.20 2
attacker
check "a command in four segments" output_has '^reached from 203\.0\.113\.11' \
	victim 4461 "${LOGIN[@]}" 'PO' 'RT 10,7' '7,1,4,17,10' '9\r\n'
check "control: the helper did read them" helped

finish
