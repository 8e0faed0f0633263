package telemetry;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.stream.Stream;
import telemetry.text.Escaped;
import telemetry.text.Runbook;

/**
 * What an operator does next: a sentence, one command, or both. It stays a value until it is shown, because the command is written in the
 * form in which this program was started: {@code jbang locks@telemetry}, {@code scripts/jbangw locks} or {@code telemetry-locks}.
 *
 * @param section of the runbook, which says more; null for none
 * @param words   what to know or to do besides the command; null for nothing
 * @param command null where no command helps
 */
public record Next(Runbook section, String words, Command command) {
    public static final Next RUN_AGAIN = words("run it again");
    public static final Next OTHER_ACCOUNT = words("run it as the account that the agents run as");
    public static final Next MOUNT_WRITABLE = words("find out why (dmesg, mount), then mount it writable again");

    /** The path that {@code scripts/jbangw} was called by; a system property, so that no program started from here inherits it. */
    private static final String JBANGW = "telemetry.jbangw";

    private static final String JBANG = "jbang";

    /** The path that a launcher was called by. */
    private static final String LAUNCHER = "telemetry.launcher";

    /**
     * What a shell runs.
     *
     * @param isProcedure true for one of the toolkit's procedures, false for any other program
     * @param arguments   as the program gets them, without a shell's quotation marks
     */
    public record Command(boolean isProcedure, String name, List<String> arguments) {
        private Command on(String store) {
            if (!isProcedure || arguments.contains("--store")) return this;
            return new Command(true, name, Stream.concat(arguments.stream(), Stream.of("--store", store)).toList());
        }

        /** As it is pasted into a shell, on Windows into cmd. */
        @Override
        public String toString() {
            var line = new StringBuilder(isProcedure ? Escaped.shell(program(name)) + word(name) : Escaped.shell(name));
            for (String argument : arguments) line.append(' ').append(Escaped.shell(argument, readings()));
            return line.toString();
        }

        /** How often Windows' cmd reads the line: as what is typed, and as what a script (.cmd) or a second cmd hands on. */
        private int readings() {
            return isProcedure || isCmd() ? 2 : 1;
        }

        private boolean isCmd() {
            return name.equals("cmd");
        }

        /**
         * As it is pasted into PowerShell, which hands on what stands behind {@code --%} as it is; null where the line for cmd will do, and
         * on other systems.
         */
        String inPowerShell() {
            String program = isProcedure ? program(name) : name;
            boolean isSame = Stream.concat(Stream.of(program), arguments.stream()).allMatch(Escaped::isSameInPowerShell);
            if (!Escaped.isForWindows() || isSame && Escaped.shell(program).equals(program)) return null;
            var line = new StringBuilder(Escaped.powerShell(program.equals(JBANG) ? JBANG + ".cmd" : program)).append(" --%");
            if (isProcedure) line.append(word(name));
            for (String argument : arguments) line.append(' ').append(Escaped.shell(argument, isProcedure ? 2 : isCmd() ? 1 : 0));
            return line.toString();
        }
    }

    /** Where no command helps. */
    public static Next words(String words) {
        return new Next(null, words, null);
    }

    /** One of the toolkit's procedures, on the store that its arguments name, or on the one that is found without them. */
    public static Next command(String procedure, String... arguments) {
        return new Next(null, null, new Command(true, procedure, List.of(arguments)));
    }

    /** Any other program. */
    public static Next program(String program, String... arguments) {
        return new Next(null, null, new Command(false, program, List.of(arguments)));
    }

    /** The same with the runbook's section about it. */
    public Next in(Runbook section) {
        return new Next(section, words, command);
    }

    /** These words, and the other's command and section. */
    public Next then(Next other) {
        return new Next(other.section, words, other.command);
    }

    /** The command with {@code --store} behind it, unless it names a store already. */
    public Next on(String store) {
        return command == null ? this : new Next(section, words, command.on(store));
    }

    /** All but the command: {@code run it again (runbook: Disk Full)}; null when there is nothing. */
    public String hint() {
        if (section == null) return words;
        return (words == null ? "" : words + " ") + "(runbook: " + section + ")";
    }

    /** The line that begins with {@code next:}; null where no command helps. */
    public String line() {
        return command == null ? null : "next: " + command;
    }

    /** That line, and below it the one for PowerShell where that reads it otherwise than Windows' cmd. */
    public List<String> lines() {
        String other = command == null ? null : command.inPowerShell();
        return command == null ? List.of() : other == null ? List.of(line()) : List.of(line(), "in PowerShell: " + other);
    }

    /** What was said, with the hint behind it on the same line. @param next null for none */
    public static String hinted(String said, Next next) {
        if (next == null || next.hint() == null) return said;
        return said + (next.words == null ? " " : "; ") + next.hint();
    }

    /** What was said with the hint, and the command alone on a line of its own. @param next null for none */
    public static String line(String said, Next next) {
        List<String> lines = next == null ? List.of() : next.lines();
        return hinted(said, next) + lines.stream().map(line -> System.lineSeparator() + line).collect(joining());
    }

    @Override
    public String toString() {
        return command == null ? hint() : hint() == null ? command.toString() : hint() + " " + command;
    }

    /** What a line with this procedure begins with: the program by which this one was started. */
    private static String program(String procedure) {
        String launcher = System.getProperty(LAUNCHER);
        return System.getProperty(JBANGW, launcher == null ? JBANG
                : launcher.replaceFirst("telemetry-[a-z_]+(?=[^/\\\\]*$)", "telemetry-" + procedure));
    }

    /** The procedure's name as that program gets it, with a blank before it; empty for a launcher, which has it in its own name. */
    private static String word(String procedure) {
        if (System.getProperty(JBANGW) != null) return " " + procedure;
        return System.getProperty(LAUNCHER) == null ? " " + procedure + "@telemetry" : "";
    }
}
