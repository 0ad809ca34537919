#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The README's tour: its commands typed into scripts/demo, its output compared. And the demo leaves nothing behind.
. "$(dirname "$0")/lib.sh"
begin "README tour"
TOP=$(cd "$(dirname "$0")/../.." && pwd)
ALGATE_PROGRAMS=$(dirname "$ALGATED")
export ALGATE_PROGRAMS
ip netns list | grep -o '^agd[0-9]*' | sort -u >"$WORK/before"
sub_tap "$PYTHON3" "$EXPECT_DIR/tour.py" "$TOP/README.md" "$TOP/scripts/demo"
check "a demo without a terminal answers" output_has '^tcp +198\.51\.100\.1:' \
	"$TOP/scripts/demo" -c "show ip nat translations"
check_not "and fails on a refused command" "$TOP/scripts/demo" -c "show nonsense"
ip netns list | grep -o '^agd[0-9]*' | sort -u >"$WORK/after"
check "no namespace is left behind" diff "$WORK/before" "$WORK/after"
check "nor a directory" bash -c "! ls -d /tmp/algate-demo.* 2>/dev/null | grep ."
finish
