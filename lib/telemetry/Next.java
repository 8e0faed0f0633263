package telemetry;

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

        /** As it is pasted into a shell. */
        @Override
        public String toString() {
            var line = new StringBuilder(isProcedure ? procedure(name) : Escaped.shell(name));
            for (String argument : arguments) line.append(' ').append(Escaped.shell(argument));
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

    /** What was said, with the hint behind it on the same line. @param next null for none */
    public static String hinted(String said, Next next) {
        if (next == null || next.hint() == null) return said;
        return said + (next.words == null ? " " : "; ") + next.hint();
    }

    /** What was said with the hint, and the command alone on a line of its own. @param next null for none */
    public static String line(String said, Next next) {
        return hinted(said, next) + (next == null || next.command == null ? "" : System.lineSeparator() + next.line());
    }

    @Override
    public String toString() {
        return command == null ? hint() : hint() == null ? command.toString() : hint() + " " + command;
    }

    /** A procedure's name as this program's own was typed. */
    private static String procedure(String name) {
        String jbangw = System.getProperty(JBANGW);
        if (jbangw != null) return Escaped.shell(jbangw) + " " + name;
        String launcher = System.getProperty(LAUNCHER);
        return launcher == null ? "jbang " + name + "@telemetry"
                : Escaped.shell(launcher.replaceFirst("telemetry-[a-z_]+(?=[^/\\\\]*$)", "telemetry-" + name));
    }
}
