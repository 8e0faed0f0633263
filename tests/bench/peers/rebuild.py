"""A database from day files, as one would write it with json and sqlite3: rebuild.py RAW_FOLDER NEW_DATABASE"""
import glob
import json
import os
import sqlite3
import sys

COLUMNS = """run_id schema_version agent_name agent_owner job_type trigger_type start_time end_time status items_discovered
    items_succeeded items_failed duration_ms input_summary output_summary error_summary metrics_json insight_id product platform
    product_family subdomain git_repo git_branch git_run_tag host""".split()

here = os.path.dirname(__file__)
raw, database = sys.argv[1:]

runs = {}
for file in sorted(glob.glob(os.path.join(raw, "*.ndjson"))):
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                print("not read:", line[:80], file=sys.stderr)
                continue
            if record.get("record_type") == "run":
                runs[record["run_id"]] = record

connection = sqlite3.connect(database)
connection.execute("PRAGMA journal_mode=OFF")
connection.execute("PRAGMA synchronous=OFF")
with open(os.path.join(here, "tables.sql")) as script:
    connection.executescript(script.read())
connection.executemany(f"INSERT INTO agent_runs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                       ([record.get(column) for column in COLUMNS] for record in runs.values()))
with open(os.path.join(here, "indexes.sql")) as script:
    connection.executescript(script.read())
connection.commit()
print(len(runs), "runs,", connection.execute("PRAGMA quick_check").fetchone()[0])
connection.close()
