#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""notify.py TIMEOUT PIDFILE LOGFILE COMMAND...

Starts COMMAND with a NOTIFY_SOCKET and returns 0 when it reports READY=1; the command goes on running. Returns 1
when it ends first or the time is up (then it is ended). With SMALL_PAGES=1 the kernel gives it no huge pages, so that its resident
memory is what it has touched.
"""
import ctypes
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

PR_SET_THP_DISABLE = 41  # linux/prctl.h


def main():
    timeout, pidfile, logfile = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        os.chmod(directory, 0o755)
        path = os.path.join(directory, "notify")
        sock.bind(path)
        os.chmod(path, 0o666)
        if os.environ.get("SMALL_PAGES"):
            ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)  # what is started inherits it
        with open(logfile, "ab") as log:
            child = subprocess.Popen(sys.argv[4:], env={**os.environ, "NOTIFY_SOCKET": path}, stdout=log, stderr=log,
                                     stdin=subprocess.DEVNULL, start_new_session=True)
        with open(pidfile, "w") as file:
            print(child.pid, file=file)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([sock], [], [], 0.1)[0] and b"READY=1" in sock.recv(4096):
                return 0
            if child.poll() is not None:
                print(f"ended with status {child.returncode} before it was ready", file=sys.stderr)
                return 1
        child.kill()
        print("not ready in time", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
