import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Checkout;
import telemetry.os.Machine;

/** What other programs rely on: exit codes and the forms of --json; options before a word mean the same as behind it. */
class CommandFormsTest {

    /**
     * The commands under a title share one store. A line has the exit code, the commands, and the form of their JSON document. Two exit
     * codes stand where the machine decides. Members stand in their order; one without a type is a number. {@code string?} may be null,
     * {@code [form]} may be empty, {@code a|b} are two forms in one array. After {@code ~} the order of the members is free; they stand by
     * name. A word in capitals stands for a form above.
     */
    private static final String TABLE = """
        CHECKS = [{name:string status:string detail:string hint:string? next:string?}]
        BRIEF = run_id:string agent_name:string job_type:string status:string start_time:string
        COUNT = {runs in_files damaged damaged_in:{} doubtful:{} denied:[] missing unknown different older changed}
        TIMES = times p50_ms p95_ms p99_ms max_ms
        LIST = [{file:string time:string size runs verified:boolean doubt:null damaged:boolean age_seconds expires:boolean}]
        ITEM = name:string status:string done:boolean detail:string hint:string? next:string?
        HEAD = period:string status:string store:string time:string

        a store:
          0 query recent --limit=2; query stale --limit=2 -> [{BRIEF}]
          0 query agent docs-crawler; query agents --limit=2 -> [{agent_name:string runs runs_succeeded runs_failed items_discovered
              items_succeeded items_failed success_rate p50_duration_ms p95_duration_ms}]
          0 query chain insight-1 -> [{run_id:string job_type:string status:string}]
          0 query run RUN -> [{run_id:string schema_version agent_name:string agent_owner:string job_type:string trigger_type:string
              start_time:string end_time:string status:string items_discovered items_succeeded items_failed duration_ms input_summary:null
              output_summary:null error_summary:null metrics_json:string insight_id:string product:null platform:null product_family:null
              subdomain:null git_repo:null git_branch:null git_run_tag:null host:string api_posted api_posted_at:null api_retry_count
              created_at:string updated_at:string events:[{event_type:string timestamp:string payload_json:string}]}]
          0 query failures --limit=2 -> [{BRIEF error_summary:string}]
          0 query count -> [{runs}]
          0 query sql 'SELECT run_id, duration_ms * 1.5 AS half, NULL AS none FROM agent_runs' --limit=2 -> [{run_id:string half none:null}]
          0 query recent --limit=2 --explain -> [{statement:string step:string}]
          1 query agent nobody; query run nothing -> []
          0 logs --limit=4 -> [{run_id:string agent_name:string job_type:string trigger_type:string start_time:string schema_version
              agent_owner:string end_time:string? status:string items_discovered items_succeeded items_failed duration_ms:number?
              error_summary:null metrics_json:string? insight_id:string host:string record_type:string}|{run_id:string event_type:string
              timestamp:string payload_json:string id:null record_type:string}]
          0 logs --list -> [{day:string size lines runs archived:string damaged files:[string]}]
          0 locks -> {status:string database:string free:boolean waited_ms holders:[] held_at_first:[] left_wal:boolean left_journal:boolean
              processes:[] checks:CHECKS}
          0 recover -> {status:string database:string source:string backup:null missing short:boolean resumed:boolean log:null aside:null
              action:string
              checks:CHECKS}
          0 rebuild --dry-run -> {database:string old:string schema:null doubt:null files:[string] bytes differences:COUNT}
          0 rebuild --check-only -> {same:boolean count:COUNT differences:[]}
          0 maintain schedule -> {cron:string systemd:string schtasks:string}
          1 maintain monthly --dry-run -> {HEAD tasks:[{ITEM data:CHECKS|null|{database_size days per_day:number? days_left:number?}}]}
          0/1 maintain quarterly -> {HEAD tasks:[{ITEM data:[{query:string p50_ms p95_ms rows plan:[string]}]|null|[{what:string rule:string
              count size oldest:string?}]}]}
          64 prune; launchers -> nothing
          0 runbook --list -> [string]
          0 runbook prune -> {depth name:string text:string}
          64 runbook no such section -> nothing

        a store of the service:
          0 query chain insight-1 --tree -> [{run_id:string job_type:string status:string parent_run_id:null depth}]

        a store:
          0 backup --dry-run -> {runs size folder:string would_expire:[]}
          0 backup -> {file:string time:string size runs verified:boolean doubt:null damaged:boolean orphans
              odd:null newer:null took_ms copying_ms expired:[]}
          0 backup list -> LIST
          0 backup verify; backup verify all -> ~{checks:CHECKS status:string}
          0 backup expire; backup expire --keep-days=0 --dry-run -> ~{alone:[] dry_run:boolean expired:[]}
          64 backup restore latest -> nothing
          0 backup restore latest --dry-run; backup restore latest --yes -> {backup:string made:string schema:string from_it replayed:{lines
              inserted updated damaged pruned changed in_flight} runs database:string? kept:string? torn:null before:string aside:null
              log:null commits only taken:[] writing:{name:string status:string detail:string hint:null next:null} verified:boolean}
          1 maintain weekly -> {HEAD tasks:[{ITEM data:CHECKS|LIST|{disk_free days per_day:number? days_left:number?}}]}

        a store:
          0 archive --older-than=0d --dry-run -> {files:[{path:string day:string part compressed:boolean}] size left:[{file:string
              reason:string}] free:null}
          64 archive --older-than=1d -> nothing
          0 archive --older-than=1d --yes -> {archived:[{day:string file:string parts:[string] lines size compressed}] left:[] failures:[]
              free}
          0 archive list -> [{file:string day:string bytes lines sha256:string compressed_bytes compressed_sha256:string archived:string}]
          0 archive verify; archive verify --all -> CHECKS
          0 archive restore DAY -> {restored:string}
          0 archive expire --older-than=1d --dry-run; archive expire --older-than=1d --yes -> ~{dry_run:boolean expired:[string] size}

        a store:
          0 prune runs --older-than=1d --dry-run -> {before:string runs agents:[{agent:string runs first:string last:string}] kept
              running unread deleted}
          0 prune stale --dry-run -> {before:string runs:[{run_id:string agent:string start:string ended_in_files:boolean}]
              unread cancelled}
          64 prune runs --older-than=1d; prune stale -> nothing
          0 prune stale --yes -> ~{backup:string before:string cancelled runs:[{run_id:string agent:string start:string
              ended_in_files:boolean}] unread}
          0 prune runs --older-than=1d --yes -> ~{agents:[{agent:string runs first:string last:string}] backup:string before:string commits
              deleted kept left running runs unread}

        a store:
          0 track --self-test -> {status:string store:string checks:CHECKS}
          0 rebuild --yes -> {database:string schema:string doubt:null runs files lines events damaged damaged_in:{} doubtful:{}
              denied:[] repeated pruned conflicts:[] quarantine:null
              carried:{runs running changed columns:{} tables:{schema_migrations} lost:[] left:[]}
              old:string kept:string replayed locked in_flight writing:{name:string status:string detail:string hint:null next:null}}
          0 setup --sample --yes --runs=10 --days=1 -> {store:string rule:string created:[string] database:string odd:[] hint:null
              next:null sample:{runs lines bytes day_files}}

        a store:
          0 upgrade --to=v4 --dry-run -> {database:string from:string to:string runs added:[string] reasons:[string]
              differences:{runs in_files damaged damaged_in:{} doubtful:{} denied:[] missing unknown different older changed}}
          64 upgrade --to=v4; upgrade --to=v1 --yes; upgrade --to=v9 --yes -> nothing

        a store without its database:
          1 recover --dry-run -> {status:string database:string source:string backup:null missing short:boolean resumed:boolean
              log:null aside:null action:string checks:CHECKS}
          0 recover --yes -> {status:string source:string backup:null runs from_source from_day_files salvaged marked salvaged_commits
              salvaged_rows:{} values:{} different:{} unread refused damaged_lines lost:null kept:[]
              next:[string] found:CHECKS checks:CHECKS}
          1 health -> {status:string store:string checks:CHECKS not_checked:[string]}

        a store:
          0 measure_performance --runs=1 --writers=1 --processes=0 --runs-per-second=1 --write-p95=1h --query-p95=1h --history ->
              {status:string store:string time:string done:[] writing:{schema:string begun_per_second run:{TIMES} rates:[{who:string runs
              took_ms runs_per_second}] fsync:{TIMES}} reading:{schema:string journal:string queries:[{query:string simple:boolean TIMES
              rows plan:[string]}] bytes runs bytes_per_run least_bytes_per_run page_size pages free_pages fill_percent vacuum_would_free
              parts:[{name:string table:string size unused entries}] runs_per_day database_bytes_per_day day_file_bytes_per_day wal_bytes}
              checks:CHECKS advice:[{about:string why:string command:string}] history:[{time:string status:string write_p50_ms write_p95_ms
              write_p99_ms write_max_ms runs_per_second runs_per_second_1_thread fsync_p50_ms fsync_p95_ms query_recent_p50_ms
              query_recent_p95_ms query_run_p50_ms query_run_p95_ms query_chain_p50_ms query_chain_p95_ms query_failures_p50_ms
              query_failures_p95_ms query_stale_p50_ms query_stale_p95_ms query_last_day_p50_ms query_last_day_p95_ms query_agent_p50_ms
              query_agent_p95_ms query_agents_p50_ms query_agents_p95_ms query_count_p50_ms query_count_p95_ms runs bytes_per_run
              database_bytes free_pages wal_bytes runs_per_day}]}
          0/1 validate_installation -> {status:string store:string checks:CHECKS}

        no store:
          3 query recent; logs; backup list; archive list; rebuild --check-only; locks; recover; prune stale; maintain weekly; track
              --self-test; measure_performance -> nothing
          2 health -> {status:string store:string checks:CHECKS not_checked:[string]}
          0 setup -> {store:string rule:string created:[string] database:string odd:[] hint:null next:null sample:null}
        """;

    /** Options that only a word has, or that mean something else before it. */
    private static final Set<String> OF_WORDS = Set.of("--older-than", "--all", "--tree");

    @TempDir
    Path dir;

    private final Instant latest = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofMinutes(10));

    /** @param form without the names that stand for a part of it */
    private record Line(Set<Integer> exits, String script, List<String> args, String form) {
        private boolean hasWord() {
            return args.stream().anyMatch(arg -> !arg.startsWith("-"));
        }

        private List<String> optionsFirst() {
            return args.stream().sorted(Comparator.comparing(arg -> !arg.startsWith("-") || OF_WORDS.contains(arg.split("=")[0]))).toList();
        }

        @Override
        public String toString() {
            return script + " " + String.join(" ", args);
        }
    }

    private record Scene(String store, List<Line> lines) {
        @Override
        public String toString() {
            return store + ": " + lines.get(0) + " …";
        }
    }

    @ParameterizedTest
    @MethodSource("scenes")
    void exitCodeAndJsonAreAsProgramsExpectThem(Scene scene) throws Exception {
        Store store = make(scene.store, dir.resolve("one"));
        Store other = scene.lines.stream().anyMatch(Line::hasWord) ? make(scene.store, dir.resolve("two")) : null;
        for (Line line : scene.lines) {
            Script behind = run(line.script, Stream.of(line.args, List.of("--json", "--store=" + store.base())));
            assertForm(line, behind);
            if (other == null) continue;
            Script before = run(line.script, Stream.of(List.of("--json", "--store=" + other.base()), line.optionsFirst()));
            assertForm(line, before);
            if (line.exits.size() == 1) assertEquals(masked(behind), masked(before), line.toString());
        }
    }

    @Test
    void everyScriptIsInTheTable() {
        Stream<String> files = Stream.of(Checkout.root().resolve("scripts").toFile().list()).filter(file -> file.endsWith(".java"));
        Stream<String> scripts = scenes().stream().flatMap(scene -> scene.lines.stream()).map(Line::script);
        assertEquals(new TreeSet<>(files.map(file -> file.replace(".java", "")).toList()), new TreeSet<>(scripts.toList()));
    }

    static List<Scene> scenes() {
        Map<String, String> names = new LinkedHashMap<>();
        List<Scene> scenes = new ArrayList<>();
        for (String line : TABLE.replaceAll("\\n {4,}", " ").lines().filter(line -> !line.isBlank()).toList()) {
            if (line.contains(" = ")) names.put(line.split(" = ")[0], line.split(" = ")[1]);
            else if (line.endsWith(":")) scenes.add(new Scene(line.replace(":", ""), new ArrayList<>()));
            else scenes.get(scenes.size() - 1).lines.addAll(lines(line.strip(), names));
        }
        return scenes;
    }

    private static List<Line> lines(String text, Map<String, String> names) {
        String[] sides = text.split(" -> ");
        for (var name : names.entrySet()) sides[1] = sides[1].replace(name.getKey(), name.getValue());
        String[] commands = sides[0].split(" ", 2);
        Set<Integer> exits = Stream.of(commands[0].split("/")).map(Integer::valueOf).collect(Collectors.toSet());
        List<Line> lines = new ArrayList<>();
        for (String command : commands[1].split("; ")) {
            Stream<MatchResult> found = Pattern.compile("'[^']*'|\\S+").matcher(command).results();
            List<String> words = found.map(word -> word.group().replace("'", "")).toList();
            lines.add(new Line(exits, words.get(0), words.subList(1, words.size()), sides[1]));
        }
        return lines;
    }

    private Store make(String kind, Path base) throws IOException {
        if (kind.equals("no store")) return Store.at(base);
        Store store = (kind.contains("service") ? Fixture.V7_SERVICE : Fixture.V3).filled(base, 60, latest);
        if (kind.contains("without its database")) Files.delete(store.database());
        try (DirectoryStream<Path> days = Files.newDirectoryStream(store.raw())) {
            for (Path day : days) Files.setLastModifiedTime(day, FileTime.from(latest.minus(Duration.ofDays(2))));
        }
        return store;
    }

    private Script run(String script, Stream<List<String>> args) throws ReflectiveOperationException {
        var constructor = Class.forName(script).getDeclaredConstructor();
        constructor.setAccessible(true);
        @SuppressWarnings("unchecked")
        var command = (Callable<Integer>) constructor.newInstance();
        return Script.run(command, args.flatMap(List::stream).map(this::filled).toArray());
    }

    private String filled(String arg) {
        return switch (arg) {
            case "RUN" -> Fixture.V3.run(0, latest).id();
            case "DAY" -> DayFile.dayOf(latest.minus(Duration.ofDays(2))).toString();
            default -> arg;
        };
    }

    private static void assertForm(Line line, Script run) {
        boolean inOrder = !line.form.startsWith("~");
        String form = run.out().isEmpty() ? "nothing" : form(Json.parse(run.out()), inOrder).replaceAll(":number(?!\\?)", "");
        String here = Machine.isWindows() ? line.form.replace("cron:string systemd:string ", "") : line.form;
        String wanted = here.replace("~", "").replaceAll("[{}|\\[\\]?]", "\\\\$0").replace("\\[", "\\[(?:").replace("\\]", ")?\\]")
                .replace(":string\\?", ":(?:string\\??|null)").replace(":number\\?", "(?:|:number\\?|:null)");
        boolean isAsExpected = line.exits.contains(run.exit()) && Pattern.matches(wanted, form);
        assertTrue(isAsExpected, line + ": " + run + "\nhas " + form + "\nnot " + line.form);
    }

    /** Types in the place of values; the elements of an array together. */
    private static String form(JsonValue value, boolean inOrder) {
        if (value.isArray()) return "[" + together(value.asArray().values()) + "]";
        if (!value.isObject()) return value.isString() ? "string" : value.isNumber() ? "number" : value.isBoolean() ? "boolean" : "null";
        List<String> members = new ArrayList<>();
        for (JsonObject.Member member : value.asObject()) members.add(member.getName() + ":" + form(member.getValue(), true));
        if (!inOrder) Collections.sort(members);
        return "{" + String.join(" ", members) + "}";
    }

    /** Each form once; of objects with the same names one, whose members have what any of them has. */
    private static String together(List<JsonValue> values) {
        Map<List<String>, List<JsonObject>> objects = new LinkedHashMap<>();
        Set<String> forms = new LinkedHashSet<>();
        for (JsonValue value : values) {
            if (value.isObject()) objects.computeIfAbsent(value.asObject().names(), names -> new ArrayList<>()).add(value.asObject());
            else forms.add(form(value, true));
        }
        objects.forEach((names, alike) -> forms.add(names.stream()
                .map(name -> name + ":" + together(alike.stream().map(object -> object.get(name)).toList()))
                .collect(Collectors.joining(" ", "{", "}"))));
        boolean mayBeNull = forms.size() == 2 && forms.remove("null");
        return String.join("|", forms) + (mayBeNull ? "?" : "");
    }

    /** Without what differs between two runs on two stores: their names, numbers and times, and the order of the options. */
    private static String masked(Script run) {
        return run.toString().replaceAll("(?m)(\\bnext: jbang [a-z_]+@telemetry).* --yes$", "$1 AS TYPED").replaceAll("\\b(one|two)\\b",
                "STORE").replaceAll("\\d+(\\.\\d+)?( (ms|s|min)\\b)?", "N");
    }
}
