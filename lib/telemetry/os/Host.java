package telemetry.os;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** This machine. */
public final class Host {
    private Host() { }

    /**
     * Its name as the kernel or the environment has it; a name server, which may take seconds, is the last to be asked. Null when nobody
     * knows.
     */
    public static String name() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            for (String variable : new String[] {"COMPUTERNAME", "HOSTNAME"})
                if (System.getenv(variable) != null) return System.getenv(variable);
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
