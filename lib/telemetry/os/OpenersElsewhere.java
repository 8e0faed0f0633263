package telemetry.os;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Which processes have files open, on systems without {@code /proc}. On Windows the Restart Manager answers, elsewhere lsof. Neither shows
 * who holds a lock.
 */
public final class OpenersElsewhere {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Carries the files' names past all rules of quoting. No name contains the separator. */
    private static final String VARIABLE = "TELEMETRY_FILES";

    /**
     * Prints one process id a line. 234 (ERROR_MORE_DATA) means that the list did not fit. The first call, which asks for the length,
     * always gets it when there is an opener. Source of the structures: learn.microsoft.com, Restart Manager, RM_PROCESS_INFO and
     * RmGetList.
     */
    private static final String POWERSHELL = """
            $ErrorActionPreference = 'Stop'
            Add-Type -TypeDefinition @'
            using System;
            using System.Runtime.InteropServices;
            public static class Rm {
                [StructLayout(LayoutKind.Sequential)]
                public struct Unique { public int Pid; public System.Runtime.InteropServices.ComTypes.FILETIME Started; }
                [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
                public struct Info {
                    public Unique Process;
                    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 256)] public string Application;
                    [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 64)] public string Service;
                    public int Type;
                    public uint Status;
                    public uint Session;
                    [MarshalAs(UnmanagedType.Bool)] public bool Restartable;
                }
                [DllImport("rstrtmgr.dll", CharSet = CharSet.Unicode)]
                public static extern int RmStartSession(out uint session, int flags, System.Text.StringBuilder key);
                [DllImport("rstrtmgr.dll", CharSet = CharSet.Unicode)]
                public static extern int RmRegisterResources(uint session, uint files, string[] names, uint apps, Unique[] unique,
                uint services, string[] serviceNames);
                [DllImport("rstrtmgr.dll", CharSet = CharSet.Unicode)]
                public static extern int RmGetList(uint session, out uint needed, ref uint count, [In, Out] Info[] infos, ref uint reasons);
                [DllImport("rstrtmgr.dll")]
                public static extern int RmEndSession(uint session);
                public static int[] Openers(string[] names) {
                    uint session;
                    if (RmStartSession(out session, 0, new System.Text.StringBuilder(33)) != 0) throw new Exception("RmStartSession");
                    try {
                        if (RmRegisterResources(session, (uint) names.Length, names, 0, null, 0,
                                null) != 0) throw new Exception("RmRegisterResources");
                        uint needed = 0, count = 0, reasons = 0;
                        Info[] infos = null;
                        int result = RmGetList(session, out needed, ref count, infos, ref reasons);
                        for (int i = 0; result == 234 && i < 5; i++) {
                            count = needed + 8;
                            infos = new Info[count];
                            result = RmGetList(session, out needed, ref count, infos, ref reasons);
                        }
                        if (result != 0) throw new Exception("RmGetList");
                        int[] pids = new int[count];
                        for (int i = 0; i < count; i++) pids[i] = infos[i].Process.Pid;
                        return pids;
                    } finally {
                        RmEndSession(session);
                    }
                }
            }
            '@
            [Rm]::Openers($env:TELEMETRY_FILES.Split('|')) | ForEach-Object { [Console]::Out.WriteLine($_) }
            """;

    private OpenersElsewhere() { }

    /** The process ids, without this process; empty when the system does not say. */
    public static Optional<List<Long>> of(List<Path> files) {
        List<String> names = files.stream().filter(Files::exists).map(Path::toString).toList();
        if (names.isEmpty()) return Optional.of(List.of());
        return Answer.of(Machine.isWindows() ? restartManager(names) : lsof(names), PATIENCE).filter(OpenersElsewhere::isTold)
                .map(answer -> others(answer.text()));
    }

    private static Program restartManager(List<String> names) {
        String script = Base64.getEncoder().encodeToString(POWERSHELL.getBytes(StandardCharsets.UTF_16LE));
        return Program.own("powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand", script)
                .with(VARIABLE, String.join("|", names));
    }

    private static Program lsof(List<String> names) {
        List<String> command = new ArrayList<>(List.of("lsof", "-w", "-t", "--"));
        command.addAll(names);
        return Program.own(command);
    }

    /** lsof exits with 1 when one of the files is not open, so only its output counts. PowerShell exits with 1 only when it failed. */
    private static boolean isTold(Answer answer) {
        return answer.exit() == 0 || !Machine.isWindows();
    }

    private static List<Long> others(String pids) {
        long self = ProcessHandle.current().pid();
        return pids.lines().map(String::strip).filter(line -> line.matches("\\d{1,18}"))
                .map(Long::valueOf).filter(pid -> pid != self).distinct().toList();
    }
}
