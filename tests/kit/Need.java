package telemetry.kit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import telemetry.os.Machine;

/** What a test cannot do without and not every system has; and what is said where it is not there. */
public enum Need {
    SH("the programs of this test are for sh; Windows has cmd", () -> !Machine.isWindows()),
    SH_LAUNCHER("scripts/launch and scripts/jbangw are programs of sh; Windows has launch.cmd and jbangw.cmd", () -> !Machine.isWindows()),
    SIGNALS("Windows has no signals", () -> !Machine.isWindows()),
    FIFOS("there are no named pipes among files here", () -> Machine.program("mkfifo", Machine.environment()).isPresent()),
    LINKS("symbolic links cannot be made here", Need::canLink),
    OWNERS("files have no owner, group and mode here", () -> hasView("unix")),
    PERMISSIONS("files have no POSIX permissions here", () -> hasView("posix")),
    PROC("there is no /proc here", () -> !Machine.isWindows() && Files.isDirectory(Path.of("/proc/self"))),
    OPENERS("only Linux tells who has a file open", () -> !Machine.isWindows() && Files.isDirectory(Path.of("/proc/self/fd"))),
    FREE_NAMES("a file that a program has open keeps its place on Windows", () -> !Machine.isWindows()),
    WINDOWS("only Windows has these programs", Machine::isWindows),
    NOT_WINE("Wine appends, deletes what is open and keeps times of making otherwise than Windows", () -> !isWine()),
    COMPILER("this Java has no compiler", () -> ToolProvider.getSystemJavaCompiler() != null),
    DEBUGGER("this Java has no debugger's library", () -> has("com.sun.jdi.VirtualMachine")),
    PYTHON("there is no python3", () -> Machine.program("python3", Machine.environment()).isPresent()),
    /** Windows refuses a:b, a line break, and a blank or dot at the end. */
    ANY_NAME("this system refuses such names of files", () -> File.separatorChar == '/');

    private final String reason;
    private final BooleanSupplier isMet;

    Need(String reason, BooleanSupplier isMet) {
        this.reason = reason;
        this.isMet = isMet;
    }

    public String reason() {
        return reason;
    }

    public boolean isMet() {
        return isMet.getAsBoolean();
    }

    /** Skips the test where it is not met. */
    public void orSkip() {
        assumeTrue(isMet(), reason);
    }

    private static boolean hasView(String view) {
        return Path.of("").toAbsolutePath().getFileSystem().supportedFileAttributeViews().contains(view);
    }

    private static boolean has(String type) {
        try {
            Class.forName(type);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static boolean isWine() {
        return Machine.isWindows() && Files.exists(Path.of(System.getenv("SystemRoot"), "system32", "winecfg.exe"));
    }

    private static boolean canLink() {
        try {
            Path folder = Files.createTempDirectory("link");
            Path link = folder.resolve("link");
            try {
                Files.createSymbolicLink(link, folder);
                return Files.isSymbolicLink(link);
            } finally {
                try (Stream<Path> all = Files.list(folder)) {
                    for (Path one : (Iterable<Path>) all::iterator) Files.delete(one);
                }
                Files.delete(folder);
            }
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
