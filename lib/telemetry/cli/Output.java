package telemetry.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import telemetry.os.Machine;
import telemetry.text.Escaped;
import telemetry.text.JsonText;
import telemetry.text.Terminal;

/**
 * Mixin of every script that has a result: to stdout as a report or, with {@code --json}, as one JSON document; everything else to stderr.
 */
public final class Output {

    /** What is printed arrives nowhere, so a long result need not go on. */
    static final class Unread extends RuntimeException {
        private Unread() {
            super(null, null, false, false);
        }
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print one JSON document and nothing else.")
    private boolean json;

    public boolean isJson() {
        return json;
    }

    /** The result: {@code data} as JSON when that was asked for, else the report's own text. */
    public void result(Object report, Object data) {
        if (json) println(shown(JsonText.pretty(data)));
        else println(Terminal.coloured(Escaped.lines(report.toString())));
    }

    /** JSON to stdout; {@link #stopIfUnread} as for {@link #out}. */
    public void json(CharSequence text) {
        out().append(shown(text));
    }

    /** Windows PowerShell reads a pipe in whatever encoding its console has, and all of them have ASCII. */
    private static CharSequence shown(CharSequence json) {
        return Machine.isWindows() && !Terminal.isThere() ? JsonText.ascii(json.toString()) : json;
    }

    /**
     * Text for people to stdout, escaped as it needs. Where nobody reads it, the command goes on: its work and its exit code count all the
     * same.
     */
    public void print(Object line) {
        println(Escaped.lines(line.toString()));
    }

    private void println(CharSequence text) {
        out().println(text);
        out().flush();
    }

    /** A line to stderr, escaped as it needs: a warning, what was done. */
    public void note(Object line) {
        PrintWriter err = command.commandLine().getErr();
        err.println(Escaped.lines(line.toString()));
        err.flush();
    }

    /** Stdout itself, for results of many lines; whoever uses it calls {@link #stopIfUnread} now and then. */
    public PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Bytes to stdout as they are, valid UTF-8 or not, unless it is a terminal of another encoding. Text before or after is flushed first. */
    public void bytes(byte[] bytes) {
        if (out() instanceof Console console && console.isUtf8()) console.write(bytes, bytes.length);
        else out().print(new String(bytes, StandardCharsets.UTF_8));
    }

    /** Whole characters in UTF-8 to stdout, in whatever encoding that has. */
    void text(byte[] utf8, int length) {
        if (out() instanceof Console console && console.isUtf8()) console.write(utf8, length);
        else out().print(new String(utf8, 0, length, StandardCharsets.UTF_8));
    }

    /** Ends a result of many lines early when its reader has gone ({@code | head}) or it cannot be written. */
    public void stopIfUnread() {
        if (out().checkError()) throw new Unread();
    }

    /** Why something could not be written to a standard stream; null when all was, or when whoever read it has gone. */
    static String lost(PrintWriter stream) {
        IOException failure = stream instanceof Console console ? console.stream.failure : null;
        return failure == null || isReaderGone(failure) ? null : failure.getMessage();
    }

    /** The system's words may be in another language; writing to a pipe or socket fails for hardly any other reason. */
    private static boolean isReaderGone(IOException failure) {
        String why = failure.getMessage();
        if (why.toLowerCase(Locale.ROOT).contains("pipe")) return true;
        try {
            String stream = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return stream.matches("(pipe|socket):.*") && !why.equals("Resource temporarily unavailable");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** A terminal gets its own encoding, and what that lacks escaped; a pipe or file gets UTF-8. */
    static PrintWriter console(FileDescriptor stream) {
        Charset charset = charset(stream == FileDescriptor.out ? "sun.stdout.encoding" : "sun.stderr.encoding");
        return new Console(new Standard(new FileOutputStream(stream)), charset);
    }

    /** Java 17 sets the property for a terminal alone; later ones have only the console, which needs stdin and stdout. */
    private static Charset charset(String property) {
        String told = System.getProperty(property);
        if (told != null) return Charset.isSupported(told) ? Charset.forName(told) : StandardCharsets.US_ASCII;
        return System.console() == null ? StandardCharsets.UTF_8 : System.console().charset();
    }

    /** A standard stream, which remembers why it first could not be written to. */
    private static final class Standard extends BufferedOutputStream {
        private IOException failure;

        private Standard(OutputStream stream) {
            super(stream, 1 << 16);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                super.write(bytes, offset, length);
            } catch (IOException e) {
                throw remembered(e);
            }
        }

        @Override
        public synchronized void flush() throws IOException {
            try {
                super.flush();
            } catch (IOException e) {
                throw remembered(e);
            }
        }

        private IOException remembered(IOException e) {
            if (failure == null) failure = e;
            return e;
        }
    }

    /** A standard stream that takes bytes as they are, too; between text and bytes it is to be flushed. */
    private static final class Console extends PrintWriter {
        private final Standard stream;
        private final Charset charset;

        private Console(Standard stream, Charset charset) {
            super(charset.equals(StandardCharsets.UTF_8) ? new OutputStreamWriter(stream, charset) : new Escaping(stream, charset), false);
            this.stream = stream;
            this.charset = charset;
        }

        private boolean isUtf8() {
            return charset.equals(StandardCharsets.UTF_8);
        }

        private void write(byte[] bytes, int length) {
            try {
                stream.write(bytes, 0, length);
            } catch (IOException e) {
                setError();
            }
        }
    }

    /** Writes out what the encoding lacks, where others write a question mark. */
    private static final class Escaping extends FilterWriter {
        private final CharsetEncoder encoder;

        private Escaping(OutputStream stream, Charset charset) {
            super(new OutputStreamWriter(stream, charset));
            encoder = charset.newEncoder();
        }

        @Override
        public void write(int c) throws IOException {
            write(String.valueOf((char) c), 0, 1);
        }

        @Override
        public void write(char[] text, int from, int length) throws IOException {
            write(new String(text, from, length), 0, length);
        }

        @Override
        public void write(String text, int from, int length) throws IOException {
            out.write(Escaped.encoded(text.substring(from, from + length), encoder));
        }
    }
}
