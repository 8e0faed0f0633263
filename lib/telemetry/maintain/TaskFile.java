package telemetry.maintain;

import java.nio.charset.StandardCharsets;
import java.time.Month;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import telemetry.text.Escaped;

/**
 * A task of Windows' Task Scheduler as a file that it imports. Source: learn.microsoft.com, "Task Scheduler Schema". The file is UTF-16LE
 * with a byte order mark, because schtasks calls UTF-8 malformed. Neither the command nor the working folder is quoted: with quotation
 * marks a task ends with 0x1 although its job was done.
 *
 * @param title     a word: {@code backup}
 * @param trigger   the element that says on which days it begins
 * @param time      when on these days, by the machine's clock: {@code 02:30}
 * @param command   the program's path
 * @param arguments as one line, as cmd and the program take it apart
 */
record TaskFile(String title, String trigger, String time, String command, String arguments) {
    static final String DAILY = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>";
    static final String WEEKLY = "<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday /></DaysOfWeek></ScheduleByWeek>";

    private static final char BYTE_ORDER_MARK = '\ufeff';

    /**
     * All that matter are written, because the scheduler's own defaults keep a task from running on battery and skip a missed one. A
     * sleeping machine is not woken: what it missed is done when it is awake. A second start waits for no first one, and a job that hangs
     * is ended before the next day's.
     */
    private static final String SETTINGS = """
              <Settings>
                <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
                <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
                <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
                <AllowHardTerminate>true</AllowHardTerminate>
                <StartWhenAvailable>true</StartWhenAvailable>
                <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
                <IdleSettings>
                  <StopOnIdleEnd>false</StopOnIdleEnd>
                  <RestartOnIdle>false</RestartOnIdle>
                </IdleSettings>
                <AllowStartOnDemand>true</AllowStartOnDemand>
                <Enabled>true</Enabled>
                <Hidden>false</Hidden>
                <RunOnlyIfIdle>false</RunOnlyIfIdle>
                <WakeToRun>false</WakeToRun>
                <ExecutionTimeLimit>PT23H</ExecutionTimeLimit>
                <Priority>7</Priority>
              </Settings>
            """;

    /** On the first day of each so many months of a year. */
    static String monthly(int every) {
        String months = Stream.of(Month.values()).filter(month -> month.ordinal() % every == 0).map(Month::name)
                .map(name -> "<" + name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT) + " />").collect(Collectors.joining());
        return "<ScheduleByMonth><DaysOfMonth><Day>1</Day></DaysOfMonth><Months>" + months + "</Months></ScheduleByMonth>";
    }

    byte[] bytes() {
        return (BYTE_ORDER_MARK + xml().replace("\n", "\r\n")).getBytes(StandardCharsets.UTF_16LE);
    }

    /** The account that imports it is the one that it runs as, while that is logged on. */
    private String xml() {
        return """
                <?xml version="1.0" encoding="UTF-16"?>
                <Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
                  <RegistrationInfo>
                    <Description>Telemetry store: %s</Description>
                  </RegistrationInfo>
                  <Triggers>
                    <CalendarTrigger>
                      <StartBoundary>2025-01-01T%s:00</StartBoundary>
                      <Enabled>true</Enabled>
                      %s
                    </CalendarTrigger>
                  </Triggers>
                  <Principals>
                    <Principal id="Author">
                      <LogonType>InteractiveToken</LogonType>
                      <RunLevel>LeastPrivilege</RunLevel>
                    </Principal>
                  </Principals>
                %s  <Actions Context="Author">
                    <Exec>
                      <Command>%s</Command>
                      <Arguments>%s</Arguments>
                      <WorkingDirectory>%s</WorkingDirectory>
                    </Exec>
                  </Actions>
                </Task>
                """.formatted(title, time, trigger, SETTINGS, Escaped.html(command), Escaped.html(arguments), Escaped.html(folder()));
    }

    private String folder() {
        String folder = command.replaceFirst("[\\\\/][^\\\\/]*$", "");
        return folder.endsWith(":") ? folder + "\\" : folder;
    }
}
