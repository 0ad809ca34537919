#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Operators over telnet: Debian's telnet under expect, then clients with manners of their own and hostile ones.
. "$(dirname "$0")/lib.sh"
begin "telnet"
namespace router
ip -n "${NET}router" link add wan0 type veth peer name wan1
long_config >"$WORK/config"
PORT=2323
check "daemon starts" daemon_start "$WORK/config" -t 127.0.0.1:$PORT
check_not "nothing listens before a password exists" listens router $PORT
check "a password and login" configure "line vty 0 4" "password vtypass" "login"
check "now it listens" wait_for 30 listens router $PORT
check "only where it was told to" bash -c "! ip netns exec ${NET}router ss -Hltn 'sport = :$PORT' | grep -v 127.0.0.1"
sub_tap in_ns router expect -f "$EXPECT_DIR/telnet.exp" $PORT "$ALGATE" "$WORK/state"
check "an enable secret" configure "enable secret s3cret"
sub_tap in_ns router timeout 400 "$PYTHON3" "$EXPECT_DIR/telnet_clients.py" $PORT
check "the daemon is well" output_has 'Current privilege level' cli "show privilege"
no_session() {
	! in_ns router ss -Htn state established "sport = :$PORT" | grep .
}
check "no session is left" wait_for 30 no_session
check "no password, no listener" configure "line vty 0 4" "no password"
check_not "it is closed" listens router $PORT
finish
