package telemetry.runs;

/** The tables that the families of writers make, as they spell them, each in its newest version. {@link SchemaForm} has the older ones. */
final class WriterTables {

    /** v5, of whose columns the earlier versions have fewer. */
    static final String RUNBOOK = """
            CREATE TABLE IF NOT EXISTS agent_runs (
                run_id TEXT PRIMARY KEY,
                schema_version INTEGER DEFAULT 5,
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
                website TEXT,
                website_section TEXT,
                item_name TEXT,
                git_repo TEXT,
                git_branch TEXT,
                git_run_tag TEXT,
                git_commit_hash TEXT,
                git_commit_source TEXT CHECK(git_commit_source IN ('manual', 'llm', 'ci', NULL)),
                git_commit_author TEXT,
                git_commit_timestamp TEXT,
                host TEXT,
                api_posted INTEGER DEFAULT 0,
                api_posted_at TEXT,
                api_retry_count INTEGER DEFAULT 0,
                created_at TEXT DEFAULT (datetime('now')),
                updated_at TEXT DEFAULT (datetime('now'))
            )""";

    /** v7 of the Python client. */
    static final String PYTHON = """
            CREATE TABLE IF NOT EXISTS agent_runs (
                run_id TEXT PRIMARY KEY,
                event_id TEXT NOT NULL UNIQUE,
                schema_version INTEGER DEFAULT 7,
                agent_name TEXT NOT NULL,
                agent_owner TEXT,
                job_type TEXT,
                trigger_type TEXT CHECK(trigger_type IN ('cli', 'web', 'scheduler', 'mcp', 'manual')),
                start_time TEXT NOT NULL,
                end_time TEXT,
                status TEXT CHECK(status IN ('running', 'success', 'failure', 'partial', 'timeout', 'cancelled')),
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
                website TEXT,
                website_section TEXT,
                item_name TEXT,
                git_repo TEXT,
                git_branch TEXT,
                git_run_tag TEXT,
                git_commit_hash TEXT,
                git_commit_source TEXT CHECK(git_commit_source IN ('manual', 'llm', 'ci', NULL)),
                git_commit_author TEXT,
                git_commit_timestamp TEXT,
                host TEXT,
                api_posted INTEGER DEFAULT 0,
                api_posted_at TEXT,
                api_retry_count INTEGER DEFAULT 0,
                created_at TEXT DEFAULT (datetime('now')),
                updated_at TEXT DEFAULT (datetime('now'))
            )""";

    /** v7 of the service. */
    static final String SERVICE = """
            CREATE TABLE IF NOT EXISTS agent_runs (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                event_id TEXT NOT NULL UNIQUE,
                run_id TEXT NOT NULL,
                schema_version INTEGER DEFAULT 7,
                created_at TEXT NOT NULL DEFAULT (datetime('now')),
                updated_at TEXT DEFAULT (datetime('now')),
                start_time TEXT NOT NULL,
                end_time TEXT,
                agent_name TEXT NOT NULL,
                agent_owner TEXT,
                job_type TEXT NOT NULL,
                status TEXT NOT NULL DEFAULT 'running',
                product TEXT,
                product_family TEXT,
                platform TEXT,
                subdomain TEXT,
                website TEXT,
                website_section TEXT,
                item_name TEXT,
                items_discovered INTEGER DEFAULT 0,
                items_succeeded INTEGER DEFAULT 0,
                items_failed INTEGER DEFAULT 0,
                items_skipped INTEGER DEFAULT 0,
                duration_ms INTEGER DEFAULT 0,
                input_summary TEXT,
                output_summary TEXT,
                source_ref TEXT,
                target_ref TEXT,
                error_summary TEXT,
                error_details TEXT,
                git_repo TEXT,
                git_branch TEXT,
                git_commit_hash TEXT,
                git_run_tag TEXT,
                git_commit_source TEXT,
                git_commit_author TEXT,
                git_commit_timestamp TEXT,
                host TEXT,
                environment TEXT,
                trigger_type TEXT,
                metrics_json TEXT,
                context_json TEXT,
                api_posted INTEGER DEFAULT 0,
                api_posted_at TEXT,
                api_retry_count INTEGER DEFAULT 0,
                insight_id TEXT,
                parent_run_id TEXT,
                CHECK (items_discovered >= 0),
                CHECK (items_succeeded >= 0),
                CHECK (items_failed >= 0),
                CHECK (items_skipped >= 0),
                CHECK (duration_ms >= 0),
                CHECK (api_retry_count >= 0),
                CHECK (status IN ('running', 'success', 'failure', 'partial', 'timeout', 'cancelled'))
            )""";

    static final String RUN_EVENTS = """
            CREATE TABLE IF NOT EXISTS run_events (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                run_id TEXT NOT NULL REFERENCES agent_runs(run_id),
                event_type TEXT NOT NULL,
                timestamp TEXT NOT NULL,
                payload_json TEXT
            )""";

    static final String COMMITS = """
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
            )""";

    static final String SCHEMA_MIGRATIONS = """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version INTEGER PRIMARY KEY,
                applied_at TEXT DEFAULT (datetime('now')),
                description TEXT
            )""";

    private WriterTables() { }
}
