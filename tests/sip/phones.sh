# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Real phones (baresip) and a real proxy (kamailio), for the tests that source this after lib.sh. A phone plays a tone of its own
# and writes down what it hears; hears() measures the tone there.

proxy_start() { # NAMESPACE ADDRESS
	local run
	run=$WORK/proxy.$1
	mkdir -p "$run"
	background "$1" "proxy.$1.log" kamailio -f "$SIP/proxy.cfg" -DD -E -l "udp:$2:5060" -l "tcp:$2:5060" -m 16 -M 4 -w "$run" -Y "$run"
	PROXY_PID=$!
	wait_for 60 proxy_listens "$1" || return 1
	# Its processes do not end with the first one when that is killed.
	PIDS="$PIDS $(pgrep -P $PROXY_PID | tr '\n' ' ')"
}

proxy_listens() { # NAMESPACE
	listens "$1" 5060 && in_ns "$1" ss -Hlun "sport = :5060" | grep -q .
}

# phone NAME NAMESPACE ADDRESS REGISTRAR TONE [PARAMETERS...]: starts; REGISTRAR may be "" (it is called by its address)
phone() {
	local name=$1 ns=$2 address=$3 registrar=$4 tone=$5 dir
	shift 5
	dir=$WORK/phone.$name
	mkdir -p "$dir"
	"$PYTHON3" "$SIP/phone.py" make "$dir/tone.wav" "$tone"
	cat >"$dir/config" <<-CONFIG
	poll_method epoll
	sip_listen $address:5060
	net_interface $address
	audio_source aufile,$dir/tone.wav
	audio_player aubridge,$name
	audio_alert aubridge,$name-alert
	audio_srate 8000-8000
	audio_channels 1-1
	rtp_ports 16000-16100
	rtcp_mux no
	rtp_stats yes
	jitter_buffer_delay 1-5
	call_local_timeout 60
	call_max_calls 4
	snd_path $dir
	ctrl_tcp_listen $address:4444
	module_path /usr/lib/baresip/modules
	module stdio.so
	module g711.so
	module aufile.so
	module aubridge.so
	module sndfile.so
	module uuid.so
	module rtcpsummary.so
	module stun.so
	module ice.so
	module_tmp account.so
	module_app menu.so
	module_app ctrl_tcp.so
	CONFIG
	if [ -n "$registrar" ]; then
		echo "<sip:$name@$registrar>;auth_pass=x;answermode=auto;regint=60$*" >"$dir/accounts"
	else
		echo "<sip:$name@$address>;auth_pass=x;answermode=auto;regint=0$*" >"$dir/accounts"
	fi
	: >"$dir/contacts"
	background "$ns" "phone.$name.log" baresip -f "$dir"
	eval "PHONE_$name=$! PLACE_$name=$ns:$address"
	wait_for 60 phone_ready "$name"
}

phone_ready() { # NAME
	local place
	eval "place=\$PLACE_$1"
	in_ns "${place%%:*}" ss -Hltn "sport = :4444" | grep -qF "${place#*:}:4444"
}

# phone_do NAME COMMAND [PARAMETERS]: baresip's own commands, its answer is printed
phone_do() {
	local place
	eval "place=\$PLACE_$1"
	in_ns "${place%%:*}" "$PYTHON3" "$SIP/phone.py" "${place#*:}" "${@:2}"
}

phone_stop() { # NAME
	local pid
	eval "pid=\$PHONE_$1"
	kill "$pid" 2>/dev/null
	wait_for 60 daemon_gone "$pid"
}

# hears NAME TONE [LAST]: what it wrote down last is this tone, for most of a second at least; LAST: in as many tenths of a second
hears() {
	"$PYTHON3" "$SIP/phone.py" tone "$WORK/phone.$1" "$2" "${@:3}"
}

# ---- calls

registered() { # NAME
	grep -q '200 OK.*binding' "$WORK/phone.$1.log"
}

established() { # NAME TIMES
	[ "$(grep -c 'Call established' "$WORK/phone.$1.log")" -ge "$2" ]
}

# call TEXT CALLER TONE CALLEE TONE: sets it up, and leaves it up
call() {
	local text=$1 caller=$2 tone=$3 callee=$4 other=$5 before heard_caller heard_callee
	before=$(grep -c 'Call established' "$WORK/phone.$callee.log")
	heard_caller=$(recordings "$caller") heard_callee=$(recordings "$callee")
	check "$text: it is answered" call_up "$caller" "sip:$callee@${REGISTRAR:-$PROXY}" "$callee" $((before + 1))
	check "$text: $caller hears $callee" wait_for 60 hears_more "$caller" "$heard_caller" "$other"
	check "$text: $callee hears $caller" wait_for 60 hears_more "$callee" "$heard_callee" "$tone"
}

recordings() { # NAME   how many calls it has heard something of
	find "$WORK/phone.$1" -name '*-dec.wav' | wc -l
}

hears_more() { # NAME RECORDINGS TONE   in a later one than those
	[ "$(recordings "$1")" -gt "$2" ] && hears "$1" "$3"
}

call_up() { # CALLER WHOM CALLEE TIMES
	phone_do "$1" dial "$2" && wait_for 60 established "$3" "$4"
}

hung_up() { # CALLER CALLEE
	phone_do "$1" hangup && wait_for 60 idle "$1" && wait_for 60 idle "$2"
}

idle() { # NAME   no call
	! phone_do "$1" listcalls | grep -q 'sip:.*ESTABLISHED'
}

hears_now() { # NAME TONE   in the last second
	hears "$1" "$2" 10
}

goes_on_hearing() { # NAME TONE
	wait_for 60 hears_now "$@"
}
