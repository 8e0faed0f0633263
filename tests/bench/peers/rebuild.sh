# A database from day files with the sqlite3 program alone: rebuild.sh RAW_FOLDER NEW_DATABASE
# A run's later record replaces its earlier one.
set -e
here=$(dirname "$0")
sqlite3 "$2" <<SQL
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
PRAGMA cache_size=-200000;
.read '$here/tables.sql'
CREATE TEMP TABLE lines (line TEXT);
.mode ascii
.separator "\001" "\n"
.import '|cat "$1"/*.ndjson' lines
BEGIN;
INSERT OR REPLACE INTO agent_runs (run_id, schema_version, agent_name, agent_owner, job_type, trigger_type, start_time, end_time, status,
    items_discovered, items_succeeded, items_failed, duration_ms, input_summary, output_summary, error_summary, metrics_json, insight_id,
    product, platform, product_family, subdomain, git_repo, git_branch, git_run_tag, host)
SELECT line->>'run_id', line->>'schema_version', line->>'agent_name', line->>'agent_owner', line->>'job_type', line->>'trigger_type',
    line->>'start_time', line->>'end_time', line->>'status', line->>'items_discovered', line->>'items_succeeded', line->>'items_failed',
    line->>'duration_ms', line->>'input_summary', line->>'output_summary', line->>'error_summary', line->>'metrics_json',
    line->>'insight_id', line->>'product', line->>'platform', line->>'product_family', line->>'subdomain', line->>'git_repo',
    line->>'git_branch', line->>'git_run_tag', line->>'host'
FROM lines WHERE json_valid(line) AND line->>'record_type' = 'run' ORDER BY rowid;
COMMIT;
.read '$here/indexes.sql'
SQL
