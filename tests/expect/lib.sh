# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sessions need a daemon but no network: one namespace, nothing on the wire to judge.
. "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
EXPECT_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LEAK_CHECK="" CHECKSUM_CHECK=""

sub_tap() { # COMMAND...   takes over the "ok" and "not ok" lines of a script
	local line seen=0
	"$@" >"$WORK/sub.log" 2>&1
	local status=$?
	: >"$WORK/output"
	while IFS= read -r line; do
		case $line in
		"ok - "*) seen=1; report 0 "${line#ok - }" ;;
		"not ok - "*) seen=1; report 1 "${line#not ok - }" ;;
		"# "*) echo "$line" ;;
		esac
	done <"$WORK/sub.log"
	tail -20 "$WORK/sub.log" >"$WORK/output"
	[ $status = 0 ] && [ $seen = 1 ]
	report $? "$(basename "$1") came to its end: $*"
}

long_config() { # enough lines for several pages
	local i
	echo "hostname R1"
	echo "interface wan0"
	echo " ip address 198.51.100.1 255.255.255.0"
	for i in $(seq 60); do echo "access-list 10 permit 10.0.$i.0 0.0.0.255"; done
}
