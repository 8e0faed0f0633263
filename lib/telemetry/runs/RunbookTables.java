package telemetry.runs;

/** The tables of the runbook's version, v3, as {@code setup} makes them. */
final class RunbookTables {
    static final String[] DDL = {
        """
        CREATE TABLE IF NOT EXISTS agent_runs (
            run_id TEXT PRIMARY KEY,
            schema_version INTEGER DEFAULT 3,
            agent_name TEXT NOT NULL,
            agent_owner TEXT,
            job_type TEXT,
            trigger_type TEXT CHECK(trigger_type IN ('cli', 'web', 'scheduler', 'mcp', 'manual')),
            start_time TEXT NOT NULL,
            end_time TEXT,
            status TEXT CHECK(status IN ('running', 'success', 'failed', 'partial')),
            items_discovered INTEGER DEFAULT 0,
            items_succeeded INTEGER DEFAULT 0,
            items_failed INTEGER DEFAULT 0,
            duration_ms INTEGER,
            input_summary TEXT,
            output_summary TEXT,
            error_summary TEXT,
            metrics_json TEXT,
            insight_id TEXT,
            product TEXT,
            platform TEXT,
            product_family TEXT,
            subdomain TEXT,
            git_repo TEXT,
            git_branch TEXT,
            git_run_tag TEXT,
            host TEXT,
            api_posted INTEGER DEFAULT 0,
            api_posted_at TEXT,
            api_retry_count INTEGER DEFAULT 0,
            created_at TEXT DEFAULT (datetime('now')),
            updated_at TEXT DEFAULT (datetime('now'))
        )""",
        """
        CREATE TABLE IF NOT EXISTS run_events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL REFERENCES agent_runs(run_id),
            event_type TEXT NOT NULL,
            timestamp TEXT NOT NULL,
            payload_json TEXT
        )""",
        """
        CREATE TABLE IF NOT EXISTS commits (
            commit_hash TEXT PRIMARY KEY,
            run_id TEXT REFERENCES agent_runs(run_id),
            agent_name TEXT,
            repo TEXT,
            branch TEXT,
            commit_date TEXT,
            author TEXT,
            message TEXT,
            files_changed INTEGER,
            insertions INTEGER,
            deletions INTEGER,
            created_at TEXT DEFAULT (datetime('now'))
        )""",
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY,
            applied_at TEXT DEFAULT (datetime('now')),
            description TEXT
        )"""
    };

    private RunbookTables() { }
}
