package telemetry.setup;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import telemetry.Check;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.InUse;
import telemetry.os.Machine;
import telemetry.os.NewFile;
import telemetry.text.Escaped;
import telemetry.text.Result;

/**
 * Small programs {@code telemetry-health}, {@code telemetry-query} …, one for each Java script of a checkout. They start the script through
 * {@code scripts/launch}, which needs no JBang as long as nothing has changed. Writing them again changes nothing, and a foreign file of
 * the same name is never touched.
 *
 * @param checkout absolute
 */
public record Launchers(Path checkout, Shell shell) {

    /** The shells that the programs are written for. */
    public enum Shell {
        SH("", "\n"), CMD(".cmd", "\r\n");

        private final String suffix;
        private final String newline;

        Shell(String suffix, String newline) {
            this.suffix = suffix;
            this.newline = newline;
        }

        static Shell ofThisSystem() {
            return Machine.isWindows() ? CMD : SH;
        }
    }

    /**
     * @param created  new files
     * @param replaced files of another checkout or an older toolkit
     */
    public record Written(Path checkout, Path folder, List<Path> created, List<Path> replaced) implements Result {

        public boolean isOnPath() {
            return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).contains(folder.toString());
        }

        @Override
        public String toString() {
            var lines = new StringJoiner(System.lineSeparator());
            lines.add("checkout  " + checkout).add("folder    " + folder);
            created.forEach(file -> lines.add("created   " + file.getFileName()));
            replaced.forEach(file -> lines.add("replaced  " + file.getFileName()));
            if (created.isEmpty() && replaced.isEmpty()) lines.add("created   nothing: all are there");
            return lines.toString();
        }
    }

    private static final String MARK = "Written by the Telemetry Toolkit: setup --launchers";
    private static final String TRIED = "write launchers";

    /** The encoding in which shells read paths. */
    private static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding"));

    /**
     * For the checkout that this program was started from, or otherwise the one around the working directory.
     *
     * @throws StoreException {@code REFUSED} without one: scripts of a catalog over http cannot start without JBang
     */
    public static Launchers ofThisCheckout() {
        Path start = Path.of(System.getProperty("telemetry.checkout", "")).toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent())
            if (Files.isRegularFile(folder.resolve("scripts/launch"))) return new Launchers(folder, Shell.ofThisSystem());
        throw new StoreException(StoreException.Reason.REFUSED, TRIED, null,
                "they start the scripts of a checkout, and " + start + " is not in one",
                Next.words("run it in a checkout").then(Next.program("scripts/jbangw", "launchers")));
    }

    /** The default folder: one of the user's that is on most PATHs. */
    private static Path usualFolder() {
        String local = System.getenv("LOCALAPPDATA");
        return Machine.isWindows() && local != null ? Path.of(local, "telemetry-toolkit", "bin")
                : Machine.home().resolve(".local").resolve("bin");
    }

    /**
     * Writes those that are missing or differ, for their owner only.
     *
     * @param chosen null or empty for {@link #usualFolder}
     * @throws StoreException when one cannot be written; {@code FAILED} before anything is written when a foreign file has one of the names
     */
    public Written write(Path chosen) {
        Path folder = chosen == null || chosen.toString().isEmpty() ? usualFolder() : chosen.toAbsolutePath().normalize();
        try {
            Map<Path, String> texts = new TreeMap<>();
            for (String script : scripts()) texts.put(folder.resolve("telemetry-" + script + shell.suffix), text(script));
            List<Path> created = new ArrayList<>();
            List<Path> replaced = new ArrayList<>();
            for (Path file : texts.keySet()) {
                if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) created.add(file);
                else if (!isOwn(file)) throw new StoreException(StoreException.Reason.FAILED, TRIED, file, "something else has that name",
                        Next.words("name another folder"));
                else if (!Files.readString(file, CHARSET).equals(texts.get(file))) replaced.add(file);
            }
            NewFile.ownFolders(folder, 0700);
            for (Path file : created) write(file, texts.get(file));
            for (Path file : replaced) write(file, texts.get(file));
            return new Written(checkout, folder, created, replaced);
        } catch (IOException e) {
            throw Attempt.refused(TRIED + " in", folder, e);
        }
    }

    private List<String> scripts() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(checkout.resolve("scripts"), "*.java")) {
            for (Path file : files) names.add(file.getFileName().toString().replace(".java", ""));
        }
        return names;
    }

    private static boolean isOwn(Path file) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.readString(file, CHARSET).contains(MARK);
    }

    private void write(Path file, String text) throws IOException {
        Path unfinished = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".tmp", Disk.ownerOnlyFolder(file));
        try {
            Files.writeString(unfinished, text, CHARSET);
            InUse.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private String text(String script) {
        String launch = checkout.resolve("scripts").resolve("launch" + shell.suffix).toString();
        String gone = "telemetry-" + script + ": the checkout it is for is gone; run scripts/jbangw launchers in another one";
        int exit = Check.Status.UNKNOWN.exitCode();
        List<String> lines = shell == Shell.SH
                ? List.of("#!/bin/sh", "# " + MARK, "telemetry_checkout=" + Escaped.quoted(checkout.toString()),
                        "[ -x \"$telemetry_checkout/scripts/launch\" ] || {", "  echo \"" + gone + "\" >&2",
                        "  case \" $* \" in *' --nagios '*) echo 'TELEMETRY UNKNOWN - the checkout is gone' ;; esac", "  exit " + exit, "}",
                        "case :$PATH: in *:\"${0%/*}\":*) telemetry_called=${0##*/} ;; *) telemetry_called=$0 ;; esac",
                        "set -- \"-Dtelemetry.launcher=$telemetry_called\" " + script + " \"$@\"",
                        ". \"$telemetry_checkout/scripts/launch\"")
                : List.of("@echo off", "rem " + MARK, "setlocal DisableDelayedExpansion",
                        "set \"LAUNCH=" + launch.replace("%", "%%") + "\"",
                        "if not exist \"%LAUNCH%\" >&2 echo " + gone + "& exit /b " + exit,
                        "set \"TELEMETRY_LAUNCHER=%~0\"", "set TELEMETRY_SCRIPT=" + script, "\"%LAUNCH%\" %*");
        return String.join(shell.newline, lines) + shell.newline;
    }
}
