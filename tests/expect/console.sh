#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The operator's console: algate on a pty, driven by Debian's expect.
. "$(dirname "$0")/lib.sh"
begin "console"
namespace router
ip -n "${NET}router" link add wan0 type veth peer name wan1
{
	long_config
	echo "enable secret s3cret"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
sub_tap in_ns router expect -f "$EXPECT_DIR/console.exp" "$ALGATE" "$WORK/state"
check "a password is in no file" bash -c "! grep -r s3cret $WORK/state $WORK/state.log"
check "the daemon is well" output_has 'Current privilege level' in_ns router "$ALGATE" -s "$WORK/state" -c "show privilege"

# Without a terminal.
check "piped lines work as typed" output_has '^Current privilege level is 1' \
	bash -c "echo 'show privilege' | ip netns exec ${NET}router $ALGATE -s $WORK/state"
check "no prompt and no echo are printed" bash -c "! grep -q -e 'R1' -e 'show priv' $WORK/has"
check_not "the exit status tells of a refused line" in_ns router "$ALGATE" -s "$WORK/state" -c "show nonsense"
check "with the caret where it stands under the prompt" output_has '^ {8}\^$' \
	in_ns router "$ALGATE" -s "$WORK/state" -c "show nonsense"
check "local root is asked nothing on enable" \
	output_has '^Current privilege level is 15' cli "show privilege"
check "no --More-- without a terminal" bash -c "! ip netns exec ${NET}router $ALGATE -s $WORK/state \
	-c enable -c 'show running-config' | grep More"
finish
