# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# FTP for tests that source this behind lib.sh: servers (vsftpd), clients (curl, lftp, tnftp, ftp_actor.py), and the judge of
# what the outside wire showed.

ACTOR=$HERE/ftp_actor.py

ftp_programs() { # PROGRAM...   are there, or that was all
	local program
	for program; do
		command -v "$program" >/dev/null || check "$program is installed" false
	done
	[ "$FAILED" = 0 ] || finish
}

# ---- servers

ROOT=$WORK/ftp

ftp_files() { # for the servers, and their certificate
	local i
	chmod 711 "$WORK"
	mkdir -p "$ROOT/incoming" "$ROOT/many" "$ROOT/few" /var/run/vsftpd/empty
	chmod 777 "$ROOT/incoming"
	head -c 100000 /dev/urandom | base64 -w 70 >"$ROOT/big"
	head -c 4000000 /dev/urandom | base64 -w 70 >"$ROOT/huge"
	for i in $(seq 100); do head -c $((i * 37)) /dev/urandom >"$ROOT/many/file$i"; done
	cp "$ROOT"/many/file?0 "$ROOT"/many/file?5 "$ROOT/few"
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ftp.example -days 2 -keyout "$WORK/key.pem" -out "$WORK/cert.pem" \
		2>/dev/null
}

ftp_server() { # NAMESPACE ADDRESS PORT
	cat >"$WORK/vsftpd.$1.$3" <<-EOF
	listen=YES
	listen_address=$2
	listen_port=$3
	background=NO
	anonymous_enable=YES
	no_anon_password=YES
	anon_root=$ROOT
	write_enable=YES
	anon_upload_enable=YES
	anon_world_readable_only=NO
	connect_from_port_20=YES
	async_abor_enable=YES
	seccomp_sandbox=NO
	idle_session_timeout=300
	accept_timeout=120
	connect_timeout=120
	ssl_enable=YES
	allow_anon_ssl=YES
	rsa_cert_file=$WORK/cert.pem
	rsa_private_key_file=$WORK/key.pem
	require_ssl_reuse=NO
	secure_chroot_dir=/var/run/vsftpd/empty
	xferlog_enable=NO
	EOF
	background "$1" "vsftpd.$1.$3.log" vsftpd "$WORK/vsftpd.$1.$3"
	wait_for 30 listens "$1" "$3" || { cat "$WORK/vsftpd.$1.$3.log"; return 1; }
}

# ---- clients: each fetches a file and brings one, and compares. From SOURCE, an address of the namespace.

PUTS=0
next_put() {
	PUTS=$((PUTS + 1))
	PUT=$ROOT/incoming/put$PUTS
	rm -f "$WORK/got"
}

both_same() {
	cmp "$WORK/got" "$ROOT/big" && cmp "$PUT" "$ROOT/big"
}

curl_run() { # NAMESPACE SOURCE MODE ARGUMENT...
	local ns=$1 source=$2 mode=$3 options
	shift 3
	case $mode in
	PORT) options="--ftp-port - --disable-eprt" ;;
	EPRT) options="--ftp-port -" ;;
	227) options="--disable-epsv --no-ftp-skip-pasv-ip" ;;
	229) options="" ;;
	esac
	# shellcheck disable=SC2086
	in_ns "$ns" curl -sS --interface "$source" --connect-timeout "${LONG:-30}" --max-time "${LONG:-60}" $options "$@"
}

with_curl() { # NAMESPACE SOURCE MODE SERVER[:PORT]
	next_put
	curl_run "$1" "$2" "$3" -o "$WORK/got" "ftp://$4/big" &&
		curl_run "$1" "$2" "$3" -T "$ROOT/big" "ftp://$4/incoming/$(basename "$PUT")" && both_same
}

lftp_run() { # NAMESPACE SOURCE MODE SERVER COMMANDS   RATE, TOTAL_RATE: bytes a second, each transfer or all together
	local passive=on extended=no
	case $3 in
	PORT) passive=off ;;
	229) extended=yes ;;
	esac
	in_ns "$1" timeout "${LONG:-60}" lftp -c "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 30
		set ftp:ssl-allow no; set ftp:fix-pasv-address no; set ftp:passive-mode $passive; set ftp:prefer-epsv $extended
		set net:limit-rate ${RATE:-0}; set net:limit-total-rate ${TOTAL_RATE:-0}; set net:limit-total-max 1000
		set ftp:sync-mode on; set cmd:at-exit ''; set net:socket-bind-ipv4 $2; set ftp:bind-data-socket yes
		set xfer:clobber yes; set mirror:parallel-transfer-count 1; set net:connection-limit 1
		open ftp://$4
		$5"
}

with_lftp() { # NAMESPACE SOURCE MODE SERVER
	next_put
	lftp_run "$1" "$2" "$3" "$4" "get /big -o $WORK/got; put $ROOT/big -o /incoming/$(basename "$PUT")" && both_same
}

with_tnftp() { # NAMESPACE SOURCE active|passive SERVER
	local mode=-p
	[ "$3" = passive ] || mode=-A
	next_put
	in_ns "$1" timeout 60 tnftp $mode -s "$2" -o "$WORK/got" "ftp://$4/big" </dev/null &&
		in_ns "$1" timeout 60 tnftp $mode -s "$2" -u "ftp://$4/incoming/$(basename "$PUT")" "$ROOT/big" </dev/null &&
		both_same
}

all_clients() { # TEXT NAMESPACE SOURCE SERVER
	local mode
	for mode in PORT EPRT 227 229; do check "$1: curl $mode" with_curl "$2" "$3" $mode "$4"; done
	for mode in PORT 227 229; do check "$1: lftp $mode" with_lftp "$2" "$3" $mode "$4"; done
	for mode in active passive; do check "$1: tnftp $mode" with_tnftp "$2" "$3" $mode "$4"; done
}

actor() { # NAMESPACE ARGUMENT...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 "$PYTHON3" "$ACTOR" "$@"
}

serve_actor() { # NAMESPACE LOGNAME ADDRESS PORT [REPLY-TO-PASV]
	local ns=$1 log=$2
	shift 2
	background "$ns" "$log" "$PYTHON3" "$ACTOR" server "$@"
	wait_for 30 grep -q '^ready' "$WORK/$log"
}

attacker() { # an outside server that does what it is told
	ip -n "${NET}far" address add 203.0.113.11/24 dev eth0
	serve_actor far attacker.log 203.0.113.11 21
}

victim() { # LISTEN-PORT CHUNK...   from the shared address; listens there for real
	local port=$1
	shift
	actor h1 client 10.77.1.4 "$port" 203.0.113.11 21 "$@"
}

LOGIN=('USER anonymous\r\n' 'PASS me@\r\n')

# ---- what the wire showed

section() { # NAME [NAMESPACE]   captures it from now on
	SECTION=$1
	capture "${2:-out}" eth0 "$1"
}

section_end() { # [NAME]
	handled
	capture_end "${1:-$SECTION}"
}

judge() { # WANT...
	"$PYTHON3" "$ACTOR" judge "$WORK/$SECTION.pcap" 21,2121 "$@"
}

mirror() { # DIRECTORY NAMESPACE SOURCE MODE SERVER
	rm -rf "$WORK/mirror"
	lftp_run "$2" "$3" "$4" "$5" "mirror --no-perms /$1 $WORK/mirror" && diff -r "$WORK/mirror" "$ROOT/$1"
}
hundred() { # NAMESPACE SOURCE MODE SERVER
	mirror many "$@"
}

# ---- a transfer in the background

ended() { # PID LOG
	wait "$1"
	local status=$?
	cat "$2"
	return $status
}
