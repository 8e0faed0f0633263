///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Print a section of the runbook: what to do when something is wrong.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10
//FILES runbook.md=../docs/runbook.md

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.text.*;

@Command(name = "runbook", mixinStandardHelpOptions = true,
        description = "Print a section of the runbook: what to do when something is wrong.",
        footer = {"", "A hint names its section: (runbook: Disk Full). The commands are printed in the form in which this one was started.",
            "", "Examples:", "  runbook --list", "  runbook Disk Full", "  runbook 2"})
class runbook extends Procedure {
    private static final Pattern HEADING = Pattern.compile("(#{2,3}) (.+)");
    private static final Pattern COMMAND = Pattern.compile("jbang ([a-z_]+)@telemetry");

    @Parameters(arity = "0..*", paramLabel = "SECTION", description = "Its name, or the beginning of it. Without one, the whole runbook.")
    private List<String> words = List.of();

    @Option(names = "--list", description = "Only list the sections.")
    private boolean list;

    /** @param depth 2 for a chapter, 3 for a section in it */
    private record Section(int depth, String name, String text) implements Result {
        @Override
        public String toString() {
            return text;
        }
    }

    private record Sections(List<Section> sections) implements Result {
        @Override
        public Object data() {
            return sections.stream().map(Section::name).toList();
        }

        @Override
        public String toString() {
            return sections.stream().map(one -> "  ".repeat(one.depth - 2) + one.name).collect(Collectors.joining(System.lineSeparator()));
        }
    }

    public static void main(String... args) {
        Cli.main(new runbook(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--list");
    }

    @Override
    public Integer call() throws IOException {
        String page = page();
        List<Section> sections = sections(page.lines().toList());
        if (list) return result(new Sections(sections));
        if (words.isEmpty()) return result(new Section(1, "Runbook", page.strip()));
        return result(find(sections, String.join(" ", words)));
    }

    /** With its commands as this one was typed. */
    private static String page() throws IOException {
        try (InputStream page = runbook.class.getResourceAsStream("/runbook.md")) {
            return COMMAND.matcher(new String(page.readAllBytes(), StandardCharsets.UTF_8))
                    .replaceAll(found -> Next.command(found.group(1)).command().toString().replace("\\", "\\\\").replace("$", "\\$"));
        }
    }

    /** A section goes to the next heading of its depth or above; what stands in a block of code is no heading. */
    private static List<Section> sections(List<String> lines) {
        List<Section> sections = new ArrayList<>();
        List<Integer> starts = new ArrayList<>();
        boolean isCode = false;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("```")) isCode = !isCode;
            if (!isCode && HEADING.matcher(lines.get(i)).matches()) starts.add(i);
        }
        for (int start : starts) {
            int depth = depth(lines.get(start));
            int end = starts.stream().filter(next -> next > start && depth(lines.get(next)) <= depth).findFirst().orElse(lines.size());
            String text = String.join(System.lineSeparator(), lines.subList(start, end)).strip();
            sections.add(new Section(depth, lines.get(start).substring(depth + 1), text));
        }
        return sections;
    }

    private static int depth(String heading) {
        return heading.indexOf(' ');
    }

    private Section find(List<Section> sections, String asked) {
        for (boolean whole : new boolean[] {true, false})
            for (Section section : sections) if (isMeant(section.name, asked, whole)) return section;
        throw new StoreException(StoreException.Reason.REFUSED, "find a section of the runbook", null, "none is named " + asked,
                Next.command("runbook", "--list"));
    }

    /** By its name without its number, or by its number. */
    private static boolean isMeant(String name, String asked, boolean whole) {
        String lower = name.toLowerCase(Locale.ROOT);
        String word = asked.strip().toLowerCase(Locale.ROOT);
        String unnumbered = lower.replaceFirst("^\\d+ ", "");
        return whole ? unnumbered.equals(word) || lower.equals(word) || lower.startsWith(word + " ") && word.matches("\\d+")
                : unnumbered.startsWith(word);
    }
}
