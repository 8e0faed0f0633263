///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Give the database the tables of newer writers; every run, and every other table, stays.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/backup/package-info.java
//SOURCES ../lib/telemetry/prune/package-info.java ../lib/telemetry/rebuild/package-info.java ../lib/telemetry/upgrade/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.backup.*;
import telemetry.cli.*;
import telemetry.rebuild.*;
import telemetry.runs.SchemaForm;
import telemetry.store.Exchange;
import telemetry.store.Layout;
import telemetry.upgrade.*;

@Command(name = "upgrade", mixinStandardHelpOptions = true,
        description = "Give the database the tables of newer writers; every run, and every other table, stays.",
        footer = {"",
            "A verified backup is made first. The new table of runs is made beside the database and compared with the old one and with the "
                    + "day files, then it takes the old one's place in one transaction. What was there is kept in quarantine.",
            "", "Examples:", "  upgrade --dry-run", "  upgrade --to v7-service --dry-run", "  upgrade --to v4 --yes"})
class upgrade extends Procedure {
    private static final long MB = 1_000_000;

    @Mixin
    private Consent consent;

    @Option(names = "--to", paramLabel = "FORM",
            description = "The tables to make: v3, v4, v5, v6-python, v6-service, v7-python (clients write the database) or v7-service (an "
                    + "HTTP service does). Default: those of the writers of the newest lines.")
    private String to;

    public static void main(String... args) {
        Cli.main(new upgrade(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--to", "v3", "--dry-run");
    }

    @Override
    public Integer call() {
        Store store = Layout.withDayFiles(this.store.existing());
        var upgrade = new Upgrade(store, clock);
        SchemaForm form = to == null ? upgrade.writers() : named();
        UpgradePlan plan = plan(upgrade, form);
        if (!plan.isNeeded() && !consent.isDryRun()) Exchange.compare(store);
        if (!plan.isNeeded() || consent.isDryRun()) return preview(plan, plan.isNeeded(), consent);
        output.note(plan);
        if (!consent.to("Make " + store.database() + " a database of " + form + "?")) return Cli.OK;
        long bytes = new EventLog(store).isEmpty() ? 0 : Sources.bytes(new Rebuild(store, clock).files());
        try (var progress = progress("MB", bytes / MB)) {
            Upgraded done = upgrade.progress(progress.adding(MB)).run(plan, form, this::backUp);
            return result(done);
        }
    }

    private SchemaForm named() {
        return SchemaForm.named(to).orElseThrow(() -> wrong("'" + to + "' are no tables of writers (v3, v4, v5, v6-python, v6-service, "
                + "v7-python, v7-service)"));
    }

    private UpgradePlan plan(Upgrade upgrade, SchemaForm form) {
        try {
            return upgrade.plan(form, consent.isDryRun());
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private Path backUp() {
        return new Backups(store.store(), null, clock, err()).make(Database.PATIENCE, BackupCheck.FULL, false).backup().file();
    }
}
