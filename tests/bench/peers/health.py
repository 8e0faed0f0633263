"""The daily look at a store, as one would write it: health.py STORE. Exit code 1 when something is not ok."""
import datetime
import os
import shutil
import sqlite3
import sys

store = sys.argv[1]
bad = 0


def told(ok, name, detail):
    global bad
    bad += not ok
    print(f"{'ok' if ok else 'warning':<9}{name:<13}{detail}")


told(all(os.path.isdir(os.path.join(store, folder)) for folder in ("db", "raw", "backups")), "storage", store)
connection = sqlite3.connect(os.path.join(store, "db", "telemetry.sqlite"), timeout=30)
result = connection.execute("PRAGMA integrity_check").fetchone()[0]
told(result == "ok", "database", "integrity_check " + result)
columns = connection.execute("PRAGMA table_info(agent_runs)").fetchall()
told(len(columns) >= 22, "schema", f"{len(columns)} columns")
told(True, "journal", connection.execute("PRAGMA journal_mode").fetchone()[0])
free = shutil.disk_usage(store).free
told(free > 5e9, "disk", f"{free / 1e9:.0f} GB free")
probe = os.path.join(store, "raw", ".probe")
with open(probe, "w") as out:
    out.write("{}\n")
    out.flush()
    os.fsync(out.fileno())
os.remove(probe)
told(True, "write", "a line written")
now = datetime.datetime.now(datetime.timezone.utc)
since = (now - datetime.timedelta(hours=24)).isoformat()
day = connection.execute("SELECT count(*) FROM agent_runs WHERE start_time > ?", (since,)).fetchone()[0]
told(day > 0, "activity", f"{day} in the last 24 h")
stale = connection.execute("SELECT count(*) FROM agent_runs WHERE status = 'running' AND start_time < ?", (since,)).fetchone()[0]
told(stale == 0, "stale", f"{stale} running for more than a day")
told(True, "size", f"{connection.execute('SELECT count(*) FROM agent_runs').fetchone()[0]} runs")
backups = sorted(os.listdir(os.path.join(store, "backups")))
told(bool(backups), "backup", backups[-1] if backups else "none")
sys.exit(1 if bad else 0)
