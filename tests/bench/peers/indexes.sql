CREATE INDEX idx_runs_agent ON agent_runs(agent_name);
CREATE INDEX idx_runs_status ON agent_runs(status);
CREATE INDEX idx_runs_start ON agent_runs(start_time);
CREATE INDEX idx_runs_api_posted ON agent_runs(api_posted);
CREATE INDEX idx_runs_insight ON agent_runs(insight_id);
CREATE INDEX idx_events_run ON run_events(run_id);
CREATE INDEX idx_commits_run ON commits(run_id);
