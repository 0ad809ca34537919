#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# algated --replay over captures with cut messages and calls, judged by tshark.
exec "${PYTHON3:-python3}" "${srcdir:-.}/tests/replay/wire.py"
