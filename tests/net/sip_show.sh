#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What operators see of calls that go on, and do to them: verdicts by what is really heard, counts, traces, debug; and a call that
# is cleared is over, while others are not.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: what operators see and do"
sip_topology
sip_config >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

calls() {
	cli "show ip nat alg sip calls detail" >"$WORK/calls"
	cat "$WORK/calls"
}
one() { # CALL PATTERN   of its part of the calls
	calls >/dev/null
	awk -v id="Call-ID $1@phone.example" '/^Call-ID/ {it = $0 == id} it' "$WORK/calls" >"$WORK/one"
	cat "$WORK/one"
	grep -Eq -- "$2" "$WORK/one"
}
received() { # CALL NUMBER   packets from outside, of its first medium
	one "$1" "received" >/dev/null
	[ "$(sed -n 's/^    Sent .*; received \([0-9]*\) packets.*/\1/p' "$WORK/one" | head -1)" -ge "$2" ]
}
talks() { # CALL both|inside NUMBER
	background far "$1.log" env "PYTHONPATH=$SIP" "$PYTHON3" "$SIP/wire.py" "$NET" overload talks "$@"
	eval "TALK_$1=$!"
}
LOCAL=10.77.1.20

check "debug ip nat sip" cli "debug ip nat sip"
talks loud both 0
talks mute inside 1
talks near both 2
check "a call whose voices cross is two-way" wait_for 30 one loud 'Verdict: two-way$'
check "what came is counted" wait_for 30 received loud 20
check "it says where its medium is" one loud \
	"^  Medium 1: udp, local $LOCAL:20000, global 198\\.51\\.100\\.1:[0-9]+, remote 203\\.0\\.113\\.210:31000\$"
check "one where only ours speaks is one-way, and it says where the other one should send" \
	wait_for 30 one mute 'Verdict: one-way: nothing received from outside since [0-9]+ s: remote sends to 198\.51\.100\.1:[0-9]+$'
check_not "the other calls are not" one loud 'one-way'
check "debug tells each field, and of which call" wait_for 30 grep -Eq \
	"NAT: SIP: \\[[0-9]+\\] translate embedded address $LOCAL->198\\.51\\.100\\.1 in INVITE of call loud@phone\\.example" "$WORK/state.log"
check "and who came" wait_for 30 grep -Eq "NAT: SIP: .* came .*->$LOCAL:20000 of call loud@phone\\.example" "$WORK/state.log"
check "no debug ip nat sip" cli "no debug ip nat sip"
check "the trace has it" output_has "^.*sip +INVITE +$LOCAL:5060 .*$LOCAL:20000 -> 198\\.51\\.100\\.1:" cli "show ip nat alg trace sip"
check "and who came to the announced port" output_has " came .*-> $LOCAL:20000" cli "show ip nat alg trace sip"

# ---- cleared

translation() { # LOCAL PORT   its global port
	cli "show ip nat translations" | awk -v il="$1:$2" '$3 == il {split($2, ig, ":"); print ig[2]; exit}'
}
cleared() { # LOCAL PORT
	local port
	port=$(translation "$1" "$2")
	cli "clear ip nat translation udp inside 198.51.100.1 $port $1 $2"
}
gone() { # CALL
	calls >/dev/null
	! grep -qF "$1@phone.example" "$WORK/calls"
}
check "a phone registers" wire registered 0 600 yes 9
check "before, its registration is there" output_has '10\.77\.1\.29:5060' cli "show ip nat alg sip registrations"
check "a medium is cleared" cleared $LOCAL 20000
check "so its call is gone" wait_for 30 gone loud
check "the others go on" one near 'Verdict: two-way'
check "likewise" one mute 'Verdict: one-way'
check "signalling of another is cleared" cleared 10.77.1.21 5060
check "that call is gone" wait_for 30 gone mute
check "the third goes on" one near 'Verdict: two-way'
check "everything is cleared" cli "clear ip nat translation *"
check "so is the third call" wait_for 30 gone near
check "the registration is not" output_has '10\.77\.1\.29:5060' cli "show ip nat alg sip registrations"
finish
