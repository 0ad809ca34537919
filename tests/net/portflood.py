#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""UDP datagrams from many ports, one socket for all: portflood.py FIRST LAST STEP ADDRESS PORT TEXT. They go over a raw
socket, so the sender's own stack keeps none of the ports; no more than 4000 a second, so that none is lost on the way.
"""
import socket
import struct
import sys
import time

PAUSE_EVERY, PAUSE = 200, 0.05


def main():
    _, first, last, step, address, port, text = sys.argv
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    sock.connect((address, 0))
    text = text.encode()
    for count, source in enumerate(range(int(first), int(last) + 1, int(step)), 1):
        # No checksum: UDP may go without.
        sock.send(struct.pack("!HHHH", source, int(port), 8 + len(text), 0) + text)
        if count % PAUSE_EVERY == 0:
            time.sleep(PAUSE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
