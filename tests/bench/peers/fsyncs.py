"""The least that two acknowledged lines cost: so often two appends of 1,000 bytes, each with its fdatasync: fsyncs.py FILE COUNT"""
import json
import os
import sys
import time

file, count = sys.argv[1], int(sys.argv[2])
line = b"x" * 999 + b"\n"
sync = getattr(os, "fdatasync", os.fsync)
out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
took = []
for _ in range(count):
    began = time.perf_counter()
    for _ in range(2):
        os.write(out, line)
        sync(out)
    took.append(time.perf_counter() - began)
seconds = sum(took)
took.sort()
print(json.dumps({"runs_s": count / seconds, "p50_ms": took[count // 2] * 1000, "p99_ms": took[count * 99 // 100] * 1000}))
