#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# algated --replay over the committed captures.
exec "${PYTHON3:-python3}" "${srcdir:-.}/tests/replay/replay.py"
