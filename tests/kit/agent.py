"""An agent as the Python clients write: the line under flock and fsync, then the row.

usage: agent.py BASE v3|v7 kept|opened NAME PAUSE

v3 writes as the runbook's client (WAL), v7 as the service (DELETE journal, a row is known by its event_id). With kept it has one connection
for all rows, with opened one for each. It says "+ ID" before a run's first line, "- ID" when the end's line and row are both written, and
"! WHAT" of an error, and ends with its stdin. After a refused insert it leaves its transaction open, as the clients do.
"""
import fcntl
import json
import os
import sqlite3
import sys
import threading
import time
import uuid
from datetime import datetime, timezone

base, generation, connections, name, pause = sys.argv[1:]
ended = threading.Event()
leaked = []


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def now():
    return datetime.now(timezone.utc)


def append(record):
    day = os.path.join(base, "raw", now().strftime("events_%Y%m%d.ndjson"))
    with open(day, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(record) + "\n")
        file.flush()
        os.fsync(file.fileno())


def connect():
    db = sqlite3.connect(os.path.join(base, "db", "telemetry.sqlite"), timeout=5 if generation == "v3" else 30)
    if generation == "v3":
        for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=1000"):
            db.execute("PRAGMA " + pragma)
    else:
        for pragma in ("busy_timeout=30000", "journal_mode=DELETE", "synchronous=FULL"):
            db.execute("PRAGMA " + pragma)
    return db


def write(kept, statement, values):
    """Returns the connection to go on with."""
    db = kept or connect()
    try:
        db.execute(statement, values)
    except sqlite3.Error:
        leaked.append((time.time(), db))
        raise
    db.commit()
    if connections == "kept":
        return db
    db.close()
    return None


def record(number):
    begun = now()
    run = {"run_id": "%sZ-%s-%08x" % (begun.strftime("%Y%m%dT%H%M%S"), name, number), "agent_name": name, "job_type": "soak",
           "trigger_type": "cli", "start_time": begun.isoformat()}
    if generation == "v7":
        run["event_id"] = str(uuid.uuid4())
    run.update(schema_version=int(generation[1]), agent_owner=None, end_time=None, status="running", items_discovered=0, items_succeeded=0,
               items_failed=0, duration_ms=None if generation == "v3" else 0, output_summary=None, metrics_json=None, host="vm")
    if generation == "v7":
        run["created_at"] = run["updated_at"] = begun.isoformat()
    return run


def track(kept, number):
    run = record(number)
    key = "run_id" if generation == "v3" else "event_id"
    say("+ " + run["run_id"])
    append(dict(run, record_type="run"))
    kept = write(kept, "INSERT INTO agent_runs(%s) VALUES (%s)" % (", ".join(run), ", ".join("?" * len(run))), list(run.values()))
    append({"run_id": run["run_id"], "event_type": "checkpoint", "timestamp": now().isoformat(),
            "payload_json": json.dumps({"step": number, "t": "\u00e4"}), "id": None, "record_type": "event"})
    time.sleep(float(pause))
    end = {"end_time": now().isoformat(), "status": "success", "items_discovered": 10, "items_succeeded": 9, "items_failed": 1,
           "duration_ms": 5, "output_summary": "done \u2713", "metrics_json": json.dumps({"pages": number, "ratio": 0.1})}
    if generation == "v7":
        end["updated_at"] = end["end_time"]
    append(dict(run, record_type="run", **end))
    kept = write(kept, "UPDATE agent_runs SET %s WHERE %s = ?" % (", ".join(column + " = ?" for column in end), key),
                 list(end.values()) + [run[key]])
    say("- " + run["run_id"])
    return kept


def wait():
    sys.stdin.read()
    ended.set()


threading.Thread(target=wait, daemon=True).start()
kept = None
number = 0
while not ended.is_set():
    number += 1
    try:
        kept = track(kept, number)
    except (sqlite3.Error, OSError) as error:
        kept = None
        say("! " + repr(error))
    while leaked and leaked[0][0] < time.time() - 10:
        leaked.pop(0)[1].close()
    time.sleep(float(pause))
