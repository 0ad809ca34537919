#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Talks to a baresip, and measures what it heard.

    phone.py ADDRESS COMMAND [PARAMETERS]   a command by its ctrl_tcp module; prints the answer
    phone.py make FILE HERTZ                two minutes of a tone
    phone.py tone DIRECTORY HERTZ [LAST]    whether the newest *-dec.wav there holds that tone for 0.8 s or more; LAST: in so many
                                            tenths of a second, the last
"""
import array
import cmath
import glob
import json
import math
import os
import socket
import sys
import wave

RATE, WINDOW = 8000, 0.1  # s


def ask(address, command, parameters):
    with socket.create_connection((address, 4444), timeout=30) as one:
        text = json.dumps({"command": command, "params": parameters, "token": "t"})
        one.sendall(f"{len(text)}:{text},".encode())
        one.settimeout(30)
        data = b""
        while True:
            got = one.recv(65536)
            if not got:
                return 1
            data += got
            while b":" in data:
                length, _, rest = data.partition(b":")
                if len(rest) <= int(length):
                    break
                answer, data = json.loads(rest[:int(length)]), rest[int(length) + 1:]
                if answer.get("response"):
                    print(answer.get("data", ""))
                    return 0 if answer.get("ok") else 1


def share(samples, hertz):
    """How much of a window's power is that tone's: 0 to 1."""
    power = sum(sample * sample for sample in samples)
    if power < len(samples) * 100:  # silence
        return 0
    step = cmath.exp(-2j * cmath.pi * hertz / RATE)
    turn, total = 1, 0
    for sample in samples:
        total += sample * turn
        turn *= step
    return 2 * abs(total) ** 2 / (len(samples) * power)


def make(path, hertz):
    """hertz: whole, so that one second can be repeated."""
    second = array.array("h", (int(8000 * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(RATE)))
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(second.tobytes() * 120)


def tone(directory, hertz, last=0):
    files = sorted(glob.glob(os.path.join(directory, "*-dec.wav")), key=os.path.getmtime)
    if not files:
        print("nothing was heard")
        return 1
    # A file still being written has no head: it is what the phones are told to play.
    with open(files[-1], "rb") as file:
        samples = memoryview(file.read())[44:]
    samples = samples[:len(samples) // 2 * 2].cast("h")
    width = int(RATE * WINDOW)
    windows = [share(samples[at:at + width], hertz) for at in range(0, len(samples) - width + 1, width)][-last:]
    good = sum(one > 0.8 for one in windows)
    print(f"{len(files)} files; {os.path.basename(files[-1])}: {good} of {len(windows)} windows of {WINDOW} s are {hertz} Hz")
    return 0 if good * WINDOW >= 0.8 else 1


if __name__ == "__main__":
    if sys.argv[1] == "make":
        sys.exit(make(sys.argv[2], int(sys.argv[3])))
    if sys.argv[1] == "tone":
        sys.exit(tone(sys.argv[2], float(sys.argv[3]), *map(int, sys.argv[4:])))
    sys.exit(ask(sys.argv[1], sys.argv[2], " ".join(sys.argv[3:])))
