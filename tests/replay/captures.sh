#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# algated --replay over real captures, where there are any.
exec "${PYTHON3:-python3}" "${srcdir:-.}/tests/replay/captures.py"
