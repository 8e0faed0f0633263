"""Runs a command and writes what it took to a file, one JSON object: meter.py FILE COMMAND [ARGUMENT ...]

CPU seconds and peak memory are the kernel's own account (wait4) of the process and of all that it has waited for; peak memory is that
of the largest single process. A process has this one's memory for the moment before it becomes the command, so nothing below that is
seen: "floor_kib".
"""
import json
import os
import sys
import time

file, command = sys.argv[1], sys.argv[2:]
unit = 1024 if sys.platform == "darwin" else 1


def floor():
    try:
        with open("/proc/self/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])
    except OSError:
        return 0


os.sync()
began = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - began
with open(file, "w") as out:
    json.dump({"exit": os.waitstatus_to_exitcode(status), "wall": wall, "cpu": used.ru_utime + used.ru_stime,
               "peak_kib": used.ru_maxrss // unit, "floor_kib": floor()}, out)
