///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Make a new database from the day files, verify it and put it in place; or compare the two.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/prune/package-info.java
//SOURCES ../lib/telemetry/rebuild/package-info.java
//RUNTIME_OPTIONS -XX:CompileThresholdScaling=4 -Xmx512m -Xmn64m

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.logs.WritersForm;
import telemetry.prune.DeletedRuns;
import telemetry.rebuild.*;
import telemetry.runs.SchemaForm;
import telemetry.store.Layout;
import telemetry.text.*;

@Command(name = "rebuild", mixinStandardHelpOptions = true,
        description = "Make a new database from the day files, verify it and put it in place; or compare the two.",
        footer = {"", "Examples:", "  rebuild --check-only", "  rebuild --dry-run",
            "  rebuild --replay-only --buffer /srv/agents/telemetry_buffer"})
class rebuild extends Procedure {
    private static final long MB = 1_000_000;

    /** {@code v3}, {@code v7-python}, as {@link SchemaForm} is named. */
    static final class Forms extends ArrayList<String> implements ITypeConverter<SchemaForm> {
        Forms() {
            for (SchemaForm form : SchemaForm.values()) if (form.version() >= SchemaForm.RUNBOOK.version()) add(form.toString());
        }

        @Override
        public SchemaForm convert(String name) {
            return SchemaForm.named(name).filter(form -> contains(form.toString())).orElseThrow(() ->
                    new TypeConversionException("expected one of " + String.join(", ", this) + " but was '" + name + "'"));
        }
    }

    /** Where day files are. */
    enum Place { RAW, ARCHIVE }

    @Mixin
    private Consent consent;

    @Option(names = "--from", split = ",", paramLabel = "PLACE",
            description = "Which day files to read: raw, archive or both. Default: raw,archive.")
    private Set<Place> from = EnumSet.allOf(Place.class);

    @Option(names = "--buffer", paramLabel = "DIR",
            description = "Also read the buffer files of clients that could not reach their service, in this folder "
                    + "(*.jsonl.active, .ready, .synced; telemetry_*.jsonl).")
    private Path buffer;

    @Option(names = "--into", paramLabel = "FILE", description = "Write a new file and leave the store unchanged.")
    private Path into;

    @Option(names = "--schema", paramLabel = "FORM", completionCandidates = Forms.class, converter = Forms.class,
            description = "Whose tables to make: ${COMPLETION-CANDIDATES}. Default: those of the old database; without one, those of the "
                    + "lines' writers.")
    private SchemaForm schema;

    @Option(names = "--check-only",
            description = "Compare database and day files in both directions and list the runs that differ. Changes nothing.")
    private boolean checkOnly;

    @Option(names = "--replay-only",
            description = "Bring runs that the database lacks, and ends that it lacks, from the day files into the database that is there; "
                    + "make no new one. What is newer in it stays, so this does not ask.")
    private boolean replayOnly;

    @Option(names = "--from-lines",
            description = "The lines also replace rows that were changed after their run's end line: over HTTP, by a commit, by hand.")
    private boolean fromLines;

    /** Files that may not be read, each named once. */
    private final Set<Path> named = new HashSet<>();
    private long damaged;

    public static void main(String... args) {
        Cli.main(new rebuild(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--yes");
    }

    @Override
    public Integer call() {
        if (checkOnly && schema != null) throw wrong("--check-only makes no tables: it and --schema exclude each other");
        if (checkOnly && into != null) throw wrong("--check-only writes nothing: it and --into exclude each other");
        if (replayOnly && (checkOnly || into != null)) throw wrong("--replay-only goes into the store's database: it excludes --check-only "
                + "and --into");
        Store store = Layout.withDayFiles(this.store.existing());
        Rebuild rebuild = new Rebuild(store, clock).from(from.contains(Place.RAW), from.contains(Place.ARCHIVE))
                .schema(schema).onDenied(this::sayDenied).fromLines(fromLines);
        if (buffer != null) rebuild.buffer(buffer);
        List<Path> files = rebuild.files();
        if (checkOnly) return compare(rebuild);
        DeletedRuns.Older older = DeletedRuns.older(store, clock.instant());
        if (older.runs() > 0) note(Next.line(older.toString(), DeletedRuns.offer(store).in(Runbook.PRUNE)));
        if (consent.isDryRun()) return preview(rebuild.preview(into, replayOnly), true, consent);
        if (replayOnly) return replay(rebuild);
        String question = "Replace the database " + store.database() + " by one made from " + Sources.said(files) + "?";
        if (into == null && !consent.to(question)) return Cli.OK;
        try (var progress = progress("MB", Sources.bytes(files) / MB)) {
            rebuild.progress(progress.adding(MB));
            long before = runs(store);
            Rebuilt made = into != null ? rebuild.into(into) : rebuild.inPlace();
            int status = told(result(made), made.unread());
            sayInFlight(made.exchange().inFlight());
            boolean isSameTable = into == null && made.exchange().old() == OldDatabase.State.INTACT;
            return isSameTable && made.runs() > before && isRefusing() ? Math.max(status, Cli.WARNING) : status;
        }
    }

    /** Only with --from-lines it replaces anything that is newer. */
    private int replay(Rebuild rebuild) {
        if (fromLines && !consent.to("Replace rows of " + store.store().database() + " that were changed since their line?")) return Cli.OK;
        Replayed made = rebuild.replayOnly(this::sayDamaged, err());
        int status = result(made);
        sayInFlight(made.read().inFlight());
        return status;
    }

    private void sayDamaged(LogEntry entry) {
        if (damaged++ < Words.LISTED) note("not read: " + entry.file() + ", byte " + entry.offset() + ": "
                + ((Damage) entry.record()).reason());
    }

    private void sayInFlight(long runs) {
        if (runs > 0) note(Next.line(ReplayResult.inFlight(runs), store.store().command("rebuild", "--replay-only")));
    }

    private int compare(Rebuild rebuild) {
        List<RunDifferences.Difference> differences = new ArrayList<>();
        RunDifferences.Count count = rebuild.differences(difference -> {
            if (output.isJson() || differences.size() < Words.LISTED) differences.add(difference);
        });
        int status = told(result(new RunDifferences.Compared(count.isSame(), count, differences)), count.unread());
        var older = new DeletedRuns.Older(count.older(), true);
        if (older.runs() > 0) note(Next.line(older.toString(), DeletedRuns.offer(store.store()).in(Runbook.PRUNE)));
        else if (count.missing() + count.different() > 0 && !isRefusing())
            note(Next.line("a rebuild takes what the day files say", store.store().command("rebuild", "--dry-run").in(Runbook.DATA_LOSS)));
        return status;
    }

    /** In the database that is there; 0 where nobody can tell. */
    private static long runs(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.number("SELECT count(*) FROM agent_runs");
        } catch (StoreException e) {
            return 0;
        }
    }

    /** A table that is older than its writers would be the same after a rebuild. */
    private boolean isRefusing() {
        String refused = WritersForm.refused(store.store());
        if (refused != null) note(Next.line(refused, store.store().command("upgrade", "--dry-run").in(Runbook.UPGRADE)));
        return refused != null;
    }

    private int told(int status, Unread unread) {
        unread.remarks().forEach(this::note);
        return status;
    }

    private void sayDenied(StoreException denied) {
        if (named.add(denied.path())) note(denied.getMessage());
    }
}
