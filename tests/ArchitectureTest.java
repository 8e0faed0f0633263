import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import telemetry.kit.Checkout;
import telemetry.text.Runbook;

/** Holds docs/design.md: which rooms there are, and who may know what. */
class ArchitectureTest {
    private static final Path LIB = Checkout.root().resolve("lib/telemetry");
    private static final Path SCRIPTS = Checkout.root().resolve("scripts");

    /**
     * The rooms, bottom up: each may know the ones before it. Behind a room stand the nouns of the root that belong to its floor: they may
     * know this room, and only it and later rooms may know them.
     */
    private static final Map<String, String> ROOMS = new LinkedHashMap<>();

    static {
        ROOMS.put("text", "Check Checks Commit Damage Event LogRecord Next Row Rows Run RunStatus Size StoreException Times");
        ROOMS.put("os", "Store");
        ROOMS.put("sqlite", "Database");
        ROOMS.put("daylog", "DayFile EventLog LogEntry");
        ROOMS.put("runs", "RunFilter Runs");
        ROOMS.put("store", "");
        ROOMS.put("cli", "");
        ROOMS.put("recording", "Metrics NewRun RunContext TelemetryClient");
        ROOMS.put("logs", "");
        ROOMS.put("archive", "");
        ROOMS.put("locks", "");
        ROOMS.put("backup", "");
        ROOMS.put("track", "");
        ROOMS.put("query", "");
        ROOMS.put("prune", "");
        ROOMS.put("health", "Health");
        ROOMS.put("measure", "");
        ROOMS.put("rebuild", "");
        ROOMS.put("upgrade", "");
        ROOMS.put("setup", "");
        ROOMS.put("alert", "");
        ROOMS.put("validate", "");
        ROOMS.put("restore", "");
        ROOMS.put("maintain", "");
        ROOMS.put("recover", "");
    }

    /** With both of the JVM's compilers: theirs is work of seconds, which the second makes up for. */
    private static final Set<String> WORKING_LONG = Set.of("archive", "backup", "rebuild", "recover", "upgrade");

    private static final String QUICK = "//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10";

    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?telemetry\\.((?:[a-z]+\\.)?)([A-Z]\\w*|\\*)");

    @Test
    void everyRoomAndEveryNounIsInTheList() throws IOException {
        try (Stream<Path> rooms = Files.list(LIB)) {
            assertEquals(ROOMS.keySet().stream().sorted().toList(),
                    rooms.filter(Files::isDirectory).map(room -> room.getFileName().toString()).sorted().toList());
        }
        assertEquals(nouns().keySet(), namesIn(LIB));
    }

    @Test
    void importsPointDownTheListOnly() throws IOException {
        List<String> order = List.copyOf(ROOMS.keySet());
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles(LIB)) {
            int floor = order.indexOf(room(file));
            for (String known : knownRooms(file))
                if (order.indexOf(known) > floor) wrong.add(LIB.relativize(file) + " knows " + known);
        }
        assertEquals(List.of(), wrong);
    }

    /** Within the root no import is written. */
    @Test
    void aNounKnowsNoNounOfAHigherFloor() throws IOException {
        List<String> order = List.copyOf(ROOMS.keySet());
        Map<String, String> nouns = nouns();
        List<String> wrong = new ArrayList<>();
        for (String noun : nouns.keySet()) {
            String code = withoutTexts(withoutComments(Files.readString(LIB.resolve(noun + ".java"))));
            nouns.forEach((other, room) -> {
                if (order.indexOf(room) > order.indexOf(nouns.get(noun)) && Pattern.compile("\\b" + other + "\\b").matcher(code).find())
                    wrong.add(noun + " knows " + other);
            });
        }
        assertEquals(List.of(), wrong);
    }

    /** Names in other rooms that are written out instead of imported would be out of sight. */
    @Test
    void roomsAreNamedInImportsOnly() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        assertOnly(all, "(?m)^(?!import |package ).*\\btelemetry\\.([a-z]+\\.)?[A-Z]\\w+", "");
    }

    /** Scripts and rooms are what is outside; a test stands in the room whose types it needs. */
    @Test
    void aPublicTypeOfARoomIsNamedOutsideIt() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        Map<Path, String> code = new TreeMap<>();
        for (Path file : all) code.put(file, withoutComments(Files.readString(file)));
        List<String> unused = new ArrayList<>();
        for (Path file : javaFiles(LIB)) {
            if (file.getParent().equals(LIB)) continue;
            Matcher type = Pattern.compile("(?m)^public [a-z- ]*(?:class|record|enum|interface) (\\w+)").matcher(code.get(file));
            if (type.find() && REACHED_UNNAMED.stream().noneMatch(type.group(1)::equals)
                    && all.stream().noneMatch(other -> !other.getParent().equals(file.getParent())
                    && Pattern.compile("\\b" + type.group(1) + "\\b").matcher(code.get(other)).find()))
                unused.add(room(file) + "." + type.group(1));
        }
        assertEquals(List.of(), unused);
    }

    /** Outside they are reached without their names: by JBang's --main, and as fields that every script inherits. */
    private static final Set<String> REACHED_UNNAMED = Set.of("Output", "QuickStart", "StoreOption");

    /** It compiles every script on its own class path, so its jar has to hold every room. */
    private static final String COMPILING = "validate_installation.java";

    /** Every script's jar holds what starts it without JBang. */
    private static final String STARTING = "cli";

    @Test
    void eachRoomListsItsFilesAndItsNouns() throws IOException {
        for (String room : ROOMS.keySet()) {
            Set<String> expected = new TreeSet<>();
            for (String name : namesIn(LIB.resolve(room))) expected.add(name + ".java");
            for (String noun : ROOMS.get(room).split(" ")) if (!noun.isEmpty()) expected.add("../" + noun + ".java");
            assertEquals(expected, sources(LIB.resolve(room).resolve("package-info.java")), room);
        }
    }

    @Test
    void theRootListsEveryRoom() throws IOException {
        assertEquals(ROOMS.keySet().stream().map(room -> room + "/package-info.java").collect(toCollection(TreeSet::new)),
                sources(LIB.resolve("package-info.java")));
    }

    @Test
    void everyRoomSaysWhatItIsForAndWhichClassToReadFirst() throws IOException {
        for (String room : ROOMS.keySet()) {
            String info = Files.readString(LIB.resolve(room).resolve("package-info.java"));
            Matcher first = Pattern.compile("Read \\{@code (\\w+)} first\\.").matcher(info.replaceAll("\\s+\\*\\s+", " "));
            assertTrue(first.find(), room);
            assertTrue(Files.exists(LIB.resolve(room).resolve(first.group(1) + ".java")), room + ": " + first.group(1));
        }
    }

    /** Bottom up, and none that it does not need: JBang reads and compiles each. */
    @Test
    void aScriptNamesTheRoomsItNeeds() throws IOException {
        Map<String, Set<String>> stairs = new TreeMap<>();
        for (Path file : javaFiles(LIB)) stairs.computeIfAbsent(room(file), room -> new TreeSet<>()).addAll(knownRooms(file));
        for (Path script : javaFiles(SCRIPTS)) {
            Set<String> needed = new TreeSet<>();
            for (String room : knownRooms(script)) reach(room, stairs, needed);
            reach(STARTING, stairs, needed);
            if (script.endsWith(COMPILING)) needed.addAll(ROOMS.keySet());
            List<String> expected = ROOMS.keySet().stream().filter(needed::contains)
                    .map(room -> "../lib/telemetry/" + room + "/package-info.java").toList();
            assertEquals(expected, List.copyOf(sources(script)), script.getFileName().toString());
        }
    }

    private static void reach(String room, Map<String, Set<String>> stairs, Set<String> reached) {
        if (reached.add(room)) for (String known : stairs.get(room)) reach(known, stairs, reached);
    }

    @Test
    void eachLibraryIsKnownToOneRoom() throws IOException {
        assertKnownTo("sqlite", "\\b(java\\.sql|org\\.sqlite)\\.[A-Za-z]");
        assertKnownTo("text", "import com\\.eclipsesource\\.");
        assertKnownTo("cli", "import picocli\\.");
        assertKnownTo("measure", "import org\\.HdrHistogram\\.");
        assertKnownTo("alert", "import java\\.net\\.http\\.");
        assertKnownTo("none", "import de\\.siegmar\\.");
        assertOnly(javaFiles(SCRIPTS),
                "import (com\\.eclipsesource|de\\.siegmar|org\\.HdrHistogram|java\\.net\\.http|java\\.sql|org\\.sqlite)\\.", "");
        List<Path> tests = javaFiles(Checkout.root().resolve("tests"));
        assertOnly(tests, "\\b(java\\.sql|org\\.sqlite)\\.[A-Za-z]", "ArchitectureTest\\.java");
    }

    private static void assertKnownTo(String room, String pattern) throws IOException {
        assertOnly(javaFiles(LIB).stream().filter(file -> !file.getParent().endsWith(room)).toList(), pattern, "");
    }

    /** Windows takes a line apart where others take words, and one class knows how. A terminal's width is asked elsewhere only. */
    @Test
    void programsAreStartedInOneWay() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(SCRIPTS));
        all.addAll(javaFiles(LIB));
        assertOnly(all, "new ProcessBuilder\\b|\\.exec\\(", "(Program|Terminal)\\.java");
        assertOnly(all, "allowAmbiguousCommands", "");
    }

    @Test
    void onlyScriptsPrintResults() throws IOException {
        assertOnly(javaFiles(LIB), "System\\.out\\b", "");
    }

    /** By hand they would be about the store that the environment names, and in a form that not every reader has. */
    @Test
    void aCommandIsAValueUntilItIsShown() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(SCRIPTS));
        all.add(SCRIPTS.resolve("shell.jsh"));
        all.addAll(javaFiles(LIB));
        assertOnly(all, "\\b[a-z_]+@telemetry", "");
        List<String> headings = Stream.of(Runbook.values()).map(Runbook::toString).toList();
        assertOnly(all, "\"(" + String.join("|", headings) + ")[:\"]", "Runbook\\.java");
    }

    /** Windows refuses what elsewhere works: to rename onto a file that somebody reads. */
    @Test
    void everyRenamingWaitsForWhoeverHasTheFileOpen() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        assertOnly(all, "\\bFiles(\\.|::)move\\b(?!\\})|\\brenameTo\\(", "InUse\\.java");
    }

    /**
     * What people see comes from outside for the most part: Output escapes it for a terminal, whatever it is. Rows, lines and a program's
     * own output are data, which FormatOption, Csv, LogPrinter and PassThrough write as they are.
     */
    @Test
    void scriptsPrintThroughTheEscapingClassAlone() throws IOException {
        assertOnly(javaFiles(SCRIPTS), "System\\.(out|err)\\b|(?<!\\boutput|\\bprinter)\\.(print|println|printf|append)\\(|\\b(out|err)\\(\\)\\.", "");
        assertOnly(javaFiles(LIB), "\\bprint(ln|f)\\(|::println|System\\.(out|err)\\b",
                "(Cli|Consent|Failures|Output|LogPrinter|Notes|TelemetryClient)\\.java");
        assertOnly(javaFiles(LIB), "Character\\.getType|isISOControl|\\\\p\\{C|&lt;|\\\\''", "(Escaped|DisplayWidth)\\.java");
        String output = Files.readString(LIB.resolve("cli/Output.java"));
        for (String way : List.of("println(Escaped.lines(line", "err.println(Escaped.lines(line", "coloured(Escaped.lines(report"))
            assertTrue(output.contains(way), way);
    }

    /** Opens, makes, moves, lists or removes what has a name, whoever has put it there. */
    private static final String BY_NAME = "\\bFiles\\.(walk|walkFileTree|find|list|newDirectoryStream|new[A-Z]\\w*Stream|newByteChannel|"
            + "newBuffered\\w+|read(AllBytes|String|AllLines)|lines|write|writeString|copy|move|delete|deleteIfExists|create\\w+|setOwner|"
            + "setAttribute|setPosixFilePermissions|setLastModifiedTime|mismatch)\\(|\\bFileChannel\\.open\\(|\\bFiles::(delete|new)|"
            + "new (FileReader|FileWriter|RandomAccessFile)\\b|new File(In|Out)putStream\\((?!FileDescriptor|stream\\b)|\\.(listFiles|renameTo|mkdirs?|createNewFile)\\(";

    /** Where that is right, and why. Everything else uses a name in the folder that is open ({@code os.Inside}, {@code os.NewFile}). */
    private static final Map<String, String> BY_NAME_ALLOWED = new TreeMap<>();

    static {
        for (String room : List.of("cli/Rehearsal", "cli/QuickStart", "setup/Launchers", "sqlite/SqliteLibrary"))
            BY_NAME_ALLOWED.put(room, "in this account's own caches and launchers");
        for (String room : List.of("track/ShellInFront", "sqlite/ReadOnlyCopy", "restore/Restore"))
            BY_NAME_ALLOWED.put(room, "in a scratch folder that only this account may enter");
        for (String room : List.of("alert/AlertTarget", "query/ReadOnlySql", "scripts/maintain"))
            BY_NAME_ALLOWED.put(room, "a file or folder that the operator names in an argument");
        for (String room : List.of("validate/ToolkitChecks", "validate/MachineChecks"))
            BY_NAME_ALLOWED.put(room, "in the checkout and in JBang's folders");
        for (String room : List.of("locks/User", "sqlite/LockHolders"))
            BY_NAME_ALLOWED.put(room, "in /proc");
        for (String room : List.of("sqlite/WalRoom", "health/WriteCheck", "daylog/LogWriter"))
            BY_NAME_ALLOWED.put(room, "with the name that Inside.at and Inside.open have given");
    }

    /** In a store a name may stand for another thing at any moment. */
    @Test
    void whatStandsInAStoreIsOpenedThroughItsFolder() throws IOException {
        Set<String> found = new TreeSet<>();
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        for (Path file : all)
            if (!room(file).equals("os") && Pattern.compile(BY_NAME).matcher(withoutComments(Files.readString(file))).find())
                found.add(file.getParent().getFileName() + "/" + file.getFileName().toString().replace(".java", ""));
        assertEquals(BY_NAME_ALLOWED.keySet(), found);
    }

    @Test
    void thePromisesOfSecurityNameTestsThatExist() throws IOException {
        Set<String> tests = new TreeSet<>();
        for (Path file : javaFiles(Checkout.root().resolve("tests"))) tests.add(file.getFileName().toString().replace(".java", ""));
        Matcher named = Pattern.compile("`(\\w+Test)`").matcher(Files.readString(Checkout.root().resolve("docs/security.md")));
        Set<String> missing = new TreeSet<>();
        while (named.find()) if (!tests.contains(named.group(1))) missing.add(named.group(1));
        assertEquals(Set.of(), missing);
    }

    /** In the table of what has not been run on Windows. */
    @Test
    void whatIsNotRunOnWindowsNamesTestsThatExist() throws IOException {
        Map<String, String> tests = new TreeMap<>();
        for (Path file : javaFiles(Checkout.root().resolve("tests")))
            tests.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
        String design = Files.readString(Checkout.root().resolve("docs/design.md"));
        List<String> rows = design.substring(design.indexOf("| not run |")).lines().takeWhile(line -> line.startsWith("|")).skip(2).toList();
        assertTrue(rows.size() > 10, rows.toString());
        for (String row : rows) {
            List<MatchResult> named = Pattern.compile("`(\\w+Test)(?:\\.(\\w+))?`").matcher(row).results().toList();
            assertFalse(named.isEmpty(), row);
            for (MatchResult test : named) assertTrue(tests.containsKey(test.group(1))
                    && (test.group(2) == null || tests.get(test.group(1)).contains(" " + test.group(2) + "(")), test.group());
        }
    }

    @Test
    void aDependencyIsPinnedOnce() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        all.addAll(javaFiles(Checkout.root().resolve("tests")));
        List<String> pinned = new ArrayList<>();
        for (Path file : all)
            for (String line : Files.readAllLines(file))
                if (line.startsWith("//DEPS ") && line.contains(":")) pinned.add(line.substring(7).strip().replaceAll(":[^:]*$", ""));
        assertEquals(new TreeSet<>(pinned).size(), pinned.size(), pinned.toString());
    }

    @Test
    void everyScriptBeginsTheSameWayAndHasOneClassOfItsFilesName() throws IOException {
        for (Path script : javaFiles(SCRIPTS)) {
            List<String> lines = Files.readAllLines(script);
            String name = script.getFileName().toString().replace(".java", "");
            assertEquals("///usr/bin/env jbang \"$0\" \"$@\" ; exit $?", lines.get(0), name);
            assertEquals("//JAVA 17+", lines.get(1), name);
            assertTrue(lines.get(2).matches("//DESCRIPTION .+\\."), name);
            assertTrue(lines.get(3).matches("//SOURCES \\.\\./lib/telemetry/text/package-info\\.java .*"), name);
            List<String> classes = lines.stream().filter(line -> line.matches("(final )?(class|record|enum|interface) .*")).toList();
            assertEquals(1, classes.size(), name + ": " + classes);
            assertTrue(classes.get(0).matches("class " + name + " extends Procedure.*"), name);
        }
    }

    /** JBang gives a JVM the library's options last, so that of two the library's would win. */
    @Test
    void eachScriptChoosesItsCompiler() throws IOException {
        for (Path file : javaFiles(LIB))
            assertFalse(Files.readString(file).matches("(?s).*//RUNTIME_OPTIONS [^\n]*Tiered.*"), file.toString());
        for (Path script : javaFiles(SCRIPTS)) {
            String name = script.getFileName().toString().replace(".java", "");
            boolean isQuick = Files.readAllLines(script).contains(QUICK);
            assertEquals(!WORKING_LONG.contains(name), isQuick, name);
        }
    }

    private static Map<String, String> nouns() {
        Map<String, String> nouns = new TreeMap<>();
        ROOMS.forEach((room, names) -> {
            for (String noun : names.split(" ")) if (!noun.isEmpty()) nouns.put(noun, room);
        });
        return nouns;
    }

    /** The room that a file of the library stands in or belongs to. */
    private static String room(Path file) {
        String folder = file.getParent().getFileName().toString();
        return file.getParent().equals(LIB) ? nouns().getOrDefault(file.getFileName().toString().replace(".java", ""), "text") : folder;
    }

    /** By its imports; a noun of the root counts as the room whose floor it belongs to. */
    private static Set<String> knownRooms(Path file) throws IOException {
        String code = withoutComments(Files.readString(file));
        Set<String> rooms = new TreeSet<>();
        Matcher found = IMPORT.matcher(code);
        while (found.find()) if (!found.group(1).isEmpty()) rooms.add(found.group(1).replace(".", ""));
        boolean isNoun = file.getParent().equals(LIB);
        nouns().forEach((noun, room) -> {
            boolean isNamed = Pattern.compile("(?m)^import (static )?telemetry\\." + noun + "\\b").matcher(code).find()
                    || (isNoun || code.contains("import telemetry.*;"))
                    && Pattern.compile("\\b" + noun + "\\b").matcher(withoutTexts(code)).find();
            if (isNamed && !file.getFileName().toString().equals(noun + ".java")) rooms.add(room);
        });
        return rooms;
    }

    private static Set<String> sources(Path file) throws IOException {
        Set<String> listed = new LinkedHashSet<>();
        for (String line : Files.readAllLines(file))
            if (line.startsWith("//SOURCES "))
                for (String source : line.substring(10).strip().split("\\s+"))
                    assertTrue(listed.add(source), file + " lists twice: " + source);
        return listed;
    }

    private static void assertOnly(List<Path> files, String pattern, String allowed) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : files) {
            Matcher found = Pattern.compile(pattern).matcher(withoutComments(Files.readString(file)));
            if (found.find() && !file.getFileName().toString().matches(allowed)) wrong.add(file.getFileName() + ": " + found.group());
        }
        assertEquals(List.of(), wrong);
    }

    private static String withoutComments(String code) {
        return code.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("(?m)//.*$", "");
    }

    /** Texts of any length: an alternative in a repetition would take a piece of the stack for each character. */
    private static String withoutTexts(String code) {
        return code.replace("'\"'", "").replaceAll("\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"", "");
    }

    private static Set<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java") && !name.equals("package-info.java"))
                    .map(name -> name.replace(".java", "")).collect(toCollection(TreeSet::new));
        }
    }

    private static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }
}
