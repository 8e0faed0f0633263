package telemetry.text;

import java.util.List;

/** The sections of the runbook that a hint may name, each with the command that it begins with. {@code toString()} is the heading. */
public enum Runbook {
    SYSTEM_OVERVIEW("System Overview", "setup"),
    HEALTH_CHECKS("Health Checks", "health"),
    TELEMETRY_INTEGRATION("Telemetry Integration", "health"),
    CREATE_BACKUP("Create Backup", "backup"),
    DATABASE_LOCKED("Database Locked", "locks"),
    DATABASE_CORRUPTED("Database Corrupted", "recover", "--dry-run"),
    DISK_FULL("Disk Full", "archive", "--dry-run"),
    MAINTENANCE("Maintenance", "maintain", "monthly", "--dry-run"),
    PRUNE("Prune", "prune", "stale", "--dry-run"),
    UPGRADE("Upgrade", "upgrade", "--dry-run"),
    PERFORMANCE_BASELINES("Performance Baselines", "measure_performance", "--apply-indexes", "--dry-run"),
    COMPLETE_SYSTEM_FAILURE("Complete System Failure", "recover", "--dry-run"),
    DATA_LOSS("Data Loss", "rebuild", "--check-only");

    private final String heading;
    private final String procedure;
    private final List<String> arguments;

    Runbook(String heading, String procedure, String... arguments) {
        this.heading = heading;
        this.procedure = procedure;
        this.arguments = List.of(arguments);
    }

    public String procedure() {
        return procedure;
    }

    public List<String> arguments() {
        return arguments;
    }

    @Override
    public String toString() {
        return heading;
    }
}
