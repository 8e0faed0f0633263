///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Make a verified backup while agents write; list, verify, expire and restore backups.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/rebuild/package-info.java ../lib/telemetry/restore/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import telemetry.*;
import telemetry.backup.*;
import telemetry.cli.*;
import telemetry.restore.*;
import telemetry.text.Runbook;

@Command(name = "backup", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Make a verified backup while agents write; list, verify, expire and restore backups.",
        footer = {"", "backup                     make one, verify it, expire old ones",
                "backup list                what there is, and what the next expiry takes",
            "backup verify [FILE|all]   compare every byte with the manifest; default: latest",
            "backup expire              delete old ones now",
            "backup restore FILE        put one in the database's place; FILE may be latest"})
class backup extends Procedure {

    private enum Action { make, list, verify, expire, restore }

    Duration patience = Database.PATIENCE;

    @Parameters(index = "0", arity = "0..1", paramLabel = "ACTION", defaultValue = "make",
            description = "list, verify, expire or restore. Default: make one.")
    private Action action;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE",
            description = "A backup: its path, its name, or latest. For verify also all.")
    private String file;

    @Option(names = "--restore", paramLabel = "FILE", description = "The same as: restore FILE.")
    private String restore;

    @Option(names = "--no-replay", description = "Restore the backup alone, without the runs that only the day files have.")
    private boolean noReplay;

    @Option(names = "--to", paramLabel = "DIR",
            description = "The backups' folder, on a second disk say. Default: backups in the store's folder.")
    private Path folder;

    @Option(names = "--compress", description = "Make it a .gz.")
    private boolean compress;

    @Option(names = "--check", paramLabel = "full|quick|none", defaultValue = "full",
            description = "What SQLite checks in the copy. With none it is a plain copy without a SHA-256, which counts as unverified. "
                    + "Default: ${DEFAULT-VALUE}.")
    private BackupCheck check;

    @Option(names = "--keep-days", paramLabel = "N", defaultValue = "7",
            description = "Expire backups older than this, but never one of the 2 newest verified. Default: ${DEFAULT-VALUE}.")
    private int keepDays;

    @Mixin
    private Consent consent;

    public static void main(String... args) {
        Cli.main(new backup(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of();
    }

    @Override
    public Integer call() {
        requireSense();
        Store store = action == Action.restore ? this.store.orNew() : this.store.existing();
        var backups = new Backups(store, folder, clock, err());
        return switch (action) {
            case make -> consent.isDryRun() ? showMaking(store, backups) : make(store, backups);
            case list -> list(backups);
            case verify -> verify(store, backups);
            case expire -> expire(backups);
            case restore -> restore(store, backups);
        };
    }

    private void requireSense() {
        if (keepDays < 0) throw wrong("--keep-days is " + keepDays + ", which is less than 0");
        if (restore != null) {
            if (action != Action.make) throw wrong("--restore and " + action + " are two things");
            action = Action.restore;
            file = restore;
        }
        boolean named = action == Action.verify || action == Action.restore;
        if (file != null && !named) throw wrong("unexpected '" + file + "'");
        if (file == null && action == Action.restore) throw wrong("say which backup: restore FILE, or restore " + Backups.LATEST);
    }

    private Retention retention() {
        return new Retention(Duration.ofDays(keepDays), Retention.AT_LEAST);
    }

    private Integer make(Store store, Backups backups) {
        Backups.Made making = backups.make(patience, check, compress);
        Backup made = making.backup();
        String shrunk = retention().shrunk(made, backups.list());
        List<Backup> expired = shrunk == null ? backups.expire(retention()) : List.of();
        var text = new StringJoiner(System.lineSeparator());
        text.add("backup   " + made.file())
                .add("holds    " + made.runs() + " runs, " + made.size() + ", " + (made.isVerified() ? "verified" : made.doubt())
                + ", in " + Times.words(making.took()));
        Long orphans = made.orphans();
        if (orphans != null && orphans > 0) text.add("odd      " + orphans + " rows refer to others that are not there");
        expired.forEach(old -> text.add("expired  " + old.file()));
        Map<String, Object> json = BackupList.json(made);
        json.put("orphans", orphans);
        json.put("took_ms", making.took().toMillis());
        json.put("copying_ms", making.copying().toMillis());
        json.put("expired", expired.stream().map(Backup::file).toList());
        output.result(text, json);
        if (shrunk != null) output.note("backup: " + shrunk + "; nothing was expired; when that is as it should be: "
                + store.command("backup", "expire"));
        return shrunk == null && made.isVerified() ? Cli.OK : Cli.WARNING;
    }

    private Integer showMaking(Store store, Backups backups) {
        long runs;
        Size size;
        try (Database database = Database.openToRead(store.database())) {
            runs = new Runs(database).count();
            size = new Size(database.number("PRAGMA page_size") * database.number("PRAGMA page_count"));
        }
        List<Path> expired = backups.expirable(retention()).stream().map(Backup::file).toList();
        var text = new StringJoiner(System.lineSeparator());
        text.add("would back up " + runs + " runs, " + size + ", to " + backups.folder());
        expired.forEach(old -> text.add("would expire  " + old));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("runs", runs);
        json.put("size", size);
        json.put("folder", backups.folder());
        json.put("would_expire", expired);
        output.result(text, json);
        return Cli.OK;
    }

    private Integer list(Backups backups) {
        var list = new BackupList(backups.list(), backups.expirable(retention()), clock.instant());
        output.result(list.all().isEmpty() ? "no backup in " + backups.folder() : list, list.json());
        if (!list.expirable().isEmpty()) output.note("* the next expiry takes it");
        for (Backup backup : list.all()) if (!backup.isVerified()) output.note(backup.file().getFileName() + ": " + backup.doubt());
        return Cli.OK;
    }

    private Integer verify(Store store, Backups backups) {
        List<Backup> wanted = "all".equals(file) ? backups.list() : List.of(backups.find(file == null ? Backups.LATEST : file));
        if (wanted.isEmpty()) throw new StoreException(StoreException.Reason.MISSING,
                "verify the backups in", backups.folder(), "there is none", store.command("backup"));
        List<Check> checks = new ArrayList<>();
        for (Backup backup : wanted) checks.add(verify(store, backups, backup));
        var all = new Checks(checks);
        output.result(all, Map.of("status", all.status().toString(), "checks", all.list()));
        return all.status().exitCode();
    }

    private static Check verify(Store store, Backups backups, Backup backup) {
        String name = backup.file().getFileName().toString();
        try {
            backups.verify(backup);
        } catch (StoreException e) {
            Next hint = Next.words("use another backup,").then(store.command("backup", "list")).in(Runbook.DATABASE_CORRUPTED);
            return e.reason() == StoreException.Reason.DAMAGED ? Check.failed(name, e.why(), hint) : Check.unknown(name, e.why(), hint);
        }
        if (!backup.isVerified())
            return Check.warning(name, backup.doubt() + "; SQLite finds nothing wrong with it, which does not prove every value",
                    store.next(Runbook.CREATE_BACKUP));
        return Check.ok(name, backup.runs() + " runs, " + backup.size() + ", SHA-256 as in its manifest");
    }

    private Integer expire(Backups backups) {
        List<Backup> going = consent.isDryRun() ? backups.expirable(retention()) : backups.expire(retention());
        var text = new StringJoiner(System.lineSeparator());
        for (Backup backup : going) text.add((consent.isDryRun() ? "would expire  " : "expired  ") + backup.file());
        output.result(going.isEmpty() ? "no backup is to expire" : text,
                Map.of("expired", going.stream().map(Backup::file).toList(), "dry_run", consent.isDryRun()));
        return Cli.OK;
    }

    private Integer restore(Store store, Backups backups) {
        Backup backup = backups.find(file);
        var restore = new Restore(store, clock, patience, err());
        if (consent.isDryRun()) return report(store, restore.drill(backup, !noReplay));
        String runs = backup.runs() == null ? "" : " of " + backup.runs() + " runs";
        if (!consent.to("Replace " + store.database() + " by the backup" + runs + " of " + Times.seconds(backup.time()) + "?"))
            return Cli.WARNING;
        return report(store, restore.run(backup, !noReplay));
    }

    private Integer report(Store store, Restored restored) {
        output.result(restored, restored);
        restored.remarks().forEach(remark -> output.note(Next.line("backup: " + remark.said(), store.on(remark.next()))));
        return restored.remarks().isEmpty() ? Cli.OK : Cli.WARNING;
    }
}
