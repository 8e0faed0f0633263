"""Tracks runs one after the other as a plain program would, and prints how fast that was: track.py STORE RUNS record|run

Each run: its start as a line (fsync) and a row, its end as a line (fsync) and the row's update. The day file is opened and closed for each
line, the database for each record, as agents do it whose runs take minutes, or for each run.
"""
import datetime
import json
import os
import socket
import sqlite3
import sys
import time
import uuid

store, count, often = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "record"
database = os.path.join(store, "db", "telemetry.sqlite")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def append(record):
    file = os.path.join(store, "raw", now().strftime("events_%Y%m%d.ndjson"))
    with open(file, "a", encoding="utf-8") as out:
        out.write(json.dumps({**record, "record_type": "run"}) + "\n")
        out.flush()
        os.fsync(out.fileno())


def connect():
    connection = sqlite3.connect(database, timeout=5)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def track(n):
    start = now()
    run = dict.fromkeys("""run_id agent_name job_type trigger_type start_time schema_version agent_owner end_time status items_discovered
        items_succeeded items_failed duration_ms input_summary output_summary error_summary metrics_json insight_id product platform
        product_family subdomain git_repo git_branch git_run_tag host""".split())
    run.update(run_id=f"{start:%Y%m%dT%H%M%SZ}-bench-agent-{uuid.uuid4().hex[:8]}", agent_name="bench-agent", job_type="measure",
               trigger_type="cli", start_time=start.isoformat(), schema_version=3, status="running", items_discovered=0,
               items_succeeded=0, items_failed=0,
               host=socket.gethostname())
    append(run)
    connection = connect()
    with connection:
        connection.execute(f"INSERT INTO agent_runs ({', '.join(run)}) VALUES ({', '.join('?' * len(run))})", list(run.values()))
    if often:
        connection.close()
    end = now()
    ended = {"end_time": end.isoformat(), "status": "success", "items_discovered": n, "items_succeeded": n,
             "duration_ms": int((end - start).total_seconds() * 1000)}
    append({**run, **ended})
    if often:
        connection = connect()
    with connection:
        connection.execute(f"UPDATE agent_runs SET {', '.join(f'{name}=?' for name in ended)}, updated_at=datetime('now') WHERE run_id=?",
                           [*ended.values(), run["run_id"]])
    connection.close()


took = []
began = time.perf_counter()
for n in range(count):
    before = time.perf_counter()
    track(n)
    took.append(time.perf_counter() - before)
seconds = time.perf_counter() - began
took.sort()
print(json.dumps({"runs_s": count / seconds, "p50_ms": took[count // 2] * 1000, "p99_ms": took[count * 99 // 100] * 1000}))
