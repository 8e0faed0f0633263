package telemetry;

import java.util.List;
import java.util.stream.Stream;
import telemetry.text.Runbook;

/**
 * What an operator is to do next: words, commands, or both, in the order in which they are read. It stays a value until it is shown;
 * {@code toString()} alone makes text of it: {@code Database Locked: jbang locks@telemetry --store /data/telemetry}.
 *
 * @param section of the runbook, which says more; null when none does
 */
public record Next(Runbook section, List<Part> parts) {
    public static final Next RUN_AGAIN = words("run it again");
    public static final Next OTHER_ACCOUNT = words("run it as the account that the agents run as");
    public static final Next MOUNT_WRITABLE = words("find out why (dmesg, mount), then mount it writable again");

    /** A procedure is one of the toolkit's programs. */
    public enum Kind { WORDS, PROCEDURE, PROGRAM }

    /**
     * @param text      the words, or the procedure's or program's name
     * @param arguments as the program gets them, without a shell's quotation marks; none for words
     */
    public record Part(Kind kind, String text, List<String> arguments) {
        private Part on(String store) {
            if (kind != Kind.PROCEDURE || arguments.contains("--store")) return this;
            return new Part(kind, text, Stream.concat(Stream.of("--store", store), arguments.stream()).toList());
        }

        /** A command as a shell takes it. */
        @Override
        public String toString() {
            var line = new StringBuilder(switch (kind) {
                case WORDS -> text;
                case PROCEDURE -> "jbang " + text + "@telemetry";
                case PROGRAM -> quoted(text);
            });
            for (String argument : arguments) line.append(' ').append(quoted(argument));
            return line.toString();
        }
    }

    /** What no command does. */
    public static Next words(String words) {
        return new Next(null, List.of(new Part(Kind.WORDS, words, List.of())));
    }

    /** One of the toolkit's procedures, on the store that its arguments name, or else on the one that is found without. */
    public static Next command(String procedure, String... arguments) {
        return new Next(null, List.of(new Part(Kind.PROCEDURE, procedure, List.of(arguments))));
    }

    /** Any other program. */
    public static Next program(String program, String... arguments) {
        return new Next(null, List.of(new Part(Kind.PROGRAM, program, List.of(arguments))));
    }

    /** The same with the runbook's section about it. */
    public Next in(Runbook section) {
        return new Next(section, parts);
    }

    /** With words behind it; a comma or semicolon at their beginning follows without a blank. */
    public Next then(String words) {
        return then(words(words));
    }

    /** With the other's words and commands behind its own. */
    public Next then(Next other) {
        return new Next(section, Stream.concat(parts.stream(), other.parts.stream()).toList());
    }

    /** With {@code --store} as the first argument of each procedure that names no store. */
    public Next on(String store) {
        return new Next(section, parts.stream().map(part -> part.on(store)).toList());
    }

    @Override
    public String toString() {
        var text = new StringBuilder(section == null ? "" : section + ": ");
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i).toString();
            text.append(i == 0 || part.startsWith(",") || part.startsWith(";") ? "" : " ").append(part);
        }
        return text.toString();
    }

    /** What is said, with what is next behind it. @param next null for nothing */
    public static String line(String said, Next next) {
        return next == null ? said : said + "; next: " + next;
    }

    /** As a shell takes it for one word, whatever its characters; in double quotes where that reads better. */
    static String quoted(String word) {
        boolean isWindows = System.getProperty("os.name").startsWith("Windows");
        String plain = isWindows ? "/:._-\\" : "/:._-";
        if (!word.isEmpty() && word.chars().allMatch(c -> Character.isLetterOrDigit(c) || plain.indexOf(c) >= 0)) return word;
        boolean isDouble = isWindows || word.contains("'") && word.chars().noneMatch(c -> "\"$`\\!".indexOf(c) >= 0);
        return isDouble ? '"' + word.replace("\"", "\\\"") + '"' : "'" + word.replace("'", "'\\''") + "'";
    }
}
