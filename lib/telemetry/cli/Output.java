package telemetry.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import telemetry.text.JsonText;

/**
 * Mixin of every script that has a result: to stdout as a report or, with {@code --json}, as one JSON document; everything else to stderr.
 */
public final class Output {

    /** Whoever reads stdout has closed it ({@code | head}): time to stop, and no error. */
    static final class ReaderGone extends RuntimeException {
        private ReaderGone() {
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
        print(json ? JsonText.pretty(data) : report);
    }

    /** A line to stdout. */
    public void print(Object line) {
        out().println(line);
        stopIfReaderGone();
    }

    /** A line to stderr: progress, a warning, what was done. */
    public void note(Object line) {
        PrintWriter err = command.commandLine().getErr();
        err.println(line);
        err.flush();
    }

    /** Stdout itself, for results of many lines; whoever uses it calls {@link #stopIfReaderGone} now and then. */
    public PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Bytes to stdout as they are, valid UTF-8 or not. Text before or after them is to be flushed first. */
    public void bytes(byte[] bytes) {
        if (out() instanceof Console console) console.write(bytes, bytes.length);
        else out().print(new String(bytes, StandardCharsets.UTF_8));
    }

    /** Whole characters in UTF-8 to stdout, in whatever encoding that has. */
    void text(byte[] utf8, int length) {
        if (out() instanceof Console console && console.isUtf8()) console.write(utf8, length);
        else out().print(new String(utf8, 0, length, StandardCharsets.UTF_8));
    }

    public void stopIfReaderGone() {
        if (out().checkError()) throw new ReaderGone();
    }

    /** A terminal gets its own encoding, a pipe or file UTF-8. */
    static PrintWriter console(FileDescriptor stream) {
        Charset charset = System.console() == null ? StandardCharsets.UTF_8 : System.console().charset();
        return new Console(new BufferedOutputStream(new FileOutputStream(stream), 1 << 16), charset);
    }

    /** A standard stream that takes bytes as they are, too; between text and bytes it is to be flushed. */
    private static final class Console extends PrintWriter {
        private final OutputStream stream;
        private final Charset charset;

        private Console(OutputStream stream, Charset charset) {
            super(new OutputStreamWriter(stream, charset), false);
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
}
