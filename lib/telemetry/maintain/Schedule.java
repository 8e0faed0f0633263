package telemetry.maintain;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Machine;
import telemetry.os.Unfinished;
import telemetry.text.Escaped;
import telemetry.text.Result;

/**
 * The lines with which a machine's scheduler runs the runbook's maintenance: backup and health each day, the checklists each week, month
 * and quarter.
 *
 * @param launcher  the program that starts the toolkit, with what precedes a procedure's name; absolute
 * @param suffix    follows a procedure's name: {@code "@telemetry"} for JBang itself
 * @param options   that name the store; empty when the variables do
 * @param reports   the folder for the checklists' reports
 * @param variables that a job needs in its environment
 * @param user      the account that the jobs run as
 */
public record Schedule(String launcher, String suffix, List<String> options, String reports, Map<String, String> variables, String user)
        implements Result {

    /** Source: schtasks /Create /?. It accepts no more characters for /TR. */
    static final int LONGEST_TASK = 261;

    private static final String JAVA = "JAVA_HOME";

    /** Without it cron's JVM takes names and paths for ASCII. */
    private static final String LOCALE = "LC_ALL";

    private enum Job {
        BACKUP("30 2 * * *", "*-*-* 02:30", "/SC DAILY", TaskFile.DAILY, "backup"),
        HEALTH("0 6 * * *", "*-*-* 06:00", "/SC DAILY", TaskFile.DAILY, "health", "--record"),
        WEEKLY("30 6 * * 1", "Mon *-*-* 06:30", "/SC WEEKLY /D MON", TaskFile.WEEKLY, "maintain", "weekly"),
        MONTHLY("0 7 1 * *", "*-*-01 07:00", "/SC MONTHLY /D 1", TaskFile.monthly(1), "maintain", "monthly", "--yes"),
        QUARTERLY("30 7 1 1,4,7,10 *", "*-01,04,07,10-01 07:30", "/SC MONTHLY /M JAN,APR,JUL,OCT /D 1", TaskFile.monthly(3), "maintain",
                "quarterly");

        private final String cron;
        private final String calendar;
        private final String task;
        private final String trigger;
        private final List<String> words;

        Job(String cron, String calendar, String task, String trigger, String... words) {
            this.cron = cron;
            this.calendar = calendar;
            this.task = task;
            this.trigger = trigger;
            this.words = List.of(words);
        }

        private String time() {
            return calendar.replaceFirst(".* ", "");
        }

        private String title() {
            return name().toLowerCase(Locale.ROOT);
        }

        private boolean isChecklist() {
            return words.get(0).equals("maintain");
        }
    }

    /** As it was named: a link to the database may lead elsewhere one day, and the store is around the link. */
    private static Path named(Store store, Map<String, String> env) {
        boolean isNamed = store.rule().equals(Store.VARIABLES.get(0)) && env.containsKey(store.rule());
        return isNamed ? Path.of(env.get(store.rule())).toAbsolutePath().normalize() : store.database();
    }

    /**
     * For a store on this machine.
     *
     * @param checkout the toolkit's folder, whose launcher is used; null when JBang itself started it
     * @param env      the variables, whose PATH leads to JBang then
     * @throws StoreException {@code MISSING} when there is no launcher, {@code REFUSED} when a path cannot be part of a line
     */
    public static Schedule of(Store store, Path checkout, Map<String, String> env) {
        Store usual = Store.at(store.base());
        boolean isNamedByFolder = usual.database().equals(store.database()) && usual.raw().equals(store.raw());
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put(JAVA, System.getProperty("java.home"));
        if (!Machine.isWindows()) variables.put(LOCALE, Machine.utf8Locale(env));
        if (!isNamedByFolder) variables.put(Store.VARIABLES.get(0), named(store, env).toString());
        if (!isNamedByFolder) variables.put(Store.RAW_VARIABLE, store.raw().toString());
        List<String> options = isNamedByFolder ? List.of("--store", store.base().toString()) : List.of();
        String jbangw = Machine.isWindows() ? "jbangw.cmd" : "jbangw";
        String launcher = checkout == null ? jbang(env) : checkout.resolve("scripts").resolve(jbangw).toString();
        var schedule = new Schedule(launcher, checkout == null ? "@telemetry" : "", options, store.reports().toString(), variables,
                System.getProperty("user.name"));
        schedule.requireLines(store);
        return schedule;
    }

    private static String jbang(Map<String, String> env) {
        return Machine.program("jbang", env).map(program -> program.toAbsolutePath().toString())
                .orElseThrow(() -> new StoreException(StoreException.Reason.MISSING, "tell what a scheduler should start", null,
                        "there is no jbang on the PATH", Next.program("scripts/jbangw", "maintain", "schedule")));
    }

    private void requireLines(Store store) {
        String all = launcher + reports + String.join("", options) + String.join("", variables.values());
        if (!Escaped.isSeen(all))
            throw refused(store, "a path with a control character cannot stand in a line");
        if (Machine.isWindows() && launcher.matches(".*%.+%.*"))
            throw refused(store, "the Task Scheduler takes what stands between two percent signs of " + launcher + " for a variable");
    }

    private static StoreException refused(Store store, String why) {
        return new StoreException(StoreException.Reason.REFUSED, "schedule maintenance of", store.base(), why, null);
    }

    /** With example paths that the operator has to replace. */
    private static Schedule elsewhere() {
        String launcher = "C:\\path\\to\\checkout\\scripts\\jbangw.cmd";
        String store = "D:\\agent-metrics";
        return new Schedule(launcher, "", List.of("--store", store), store + "\\reports", Map.of(), "");
    }

    /**
     * The schedule with its tasks as files, too.
     *
     * @param folder of the files
     * @throws StoreException when one cannot be written
     */
    public Result withTasks(Path folder) {
        return new WithTasks(this, writeTasks(folder));
    }

    private record WithTasks(Schedule schedule, String xml) implements Result {
        @Override
        public Map<String, String> data() {
            Map<String, String> texts = new LinkedHashMap<>(schedule.data());
            texts.put("xml", xml);
            return texts;
        }

        @Override
        public String toString() {
            String newline = System.lineSeparator();
            return schedule + newline + newline + "rem Windows: in cmd, instead of these; the files also have the settings for battery, "
                    + "sleep and missed times" + newline + xml.replace("\n", newline);
        }
    }

    /** By scheduler: those of this machine's system; on another system than Windows also an example for Windows. */
    @Override
    public Map<String, String> data() {
        if (Machine.isWindows()) return Map.of("schtasks", schtasks());
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("cron", cron());
        texts.put("systemd", systemd());
        texts.put("schtasks", elsewhere().schtasks());
        return texts;
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator() + System.lineSeparator());
        data().forEach((scheduler, text) -> lines.add(switch (scheduler) {
            case "cron" -> "# cron: for crontab -e of the account that the agents run as";
            case "systemd" -> "# systemd: instead of cron, in a root shell";
            default -> "rem Windows: in cmd" + (Machine.isWindows() ? "" : ", with the right paths filled in");
        } + System.lineSeparator() + text.replace("\n", System.lineSeparator())));
        return lines.toString();
    }

    private List<String> words(Job job, String separator) {
        List<String> words = new ArrayList<>();
        words.add(launcher);
        words.add(job.words.get(0) + suffix);
        words.addAll(job.words.subList(1, job.words.size()));
        words.addAll(options);
        if (job.isChecklist()) words.addAll(List.of("--report", reports + separator + job.title() + ".md"));
        return words;
    }

    /** Lines for a crontab. Source: crontab(5): a value may be quoted, and a percent sign ends a command unless it has a backslash. */
    String cron() {
        var lines = new StringJoiner("\n");
        variables.forEach((name, value) -> lines.add(name + "=\"" + value + "\""));
        for (Job job : Job.values()) lines.add(job.cron + "  " + command(words(job, "/"), Escaped::cron));
        return lines.toString();
    }

    private static String command(List<String> words, UnaryOperator<String> form) {
        return words.stream().map(form).collect(Collectors.joining(" "));
    }

    /** Commands for a root shell that write units and enable the timers. Source: systemd.service(5), systemd.timer(5), systemd.exec(5). */
    String systemd() {
        var lines = new StringJoiner("\n");
        var timers = new StringJoiner(" ");
        for (Job job : Job.values()) {
            String unit = "/etc/systemd/system/telemetry-" + job.title();
            lines.add("cat >" + unit + ".service <<'END'").add(service(job)).add("END");
            lines.add("cat >" + unit + ".timer <<'END'").add(timer(job)).add("END");
            timers.add("telemetry-" + job.title() + ".timer");
        }
        return lines.add("systemctl daemon-reload").add("systemctl enable --now " + timers).toString();
    }

    /** A warning, exit code 1, does not count as a failure of the unit. */
    private String service(Job job) {
        var lines = new StringJoiner("\n");
        lines.add("[Unit]").add("Description=Telemetry store: " + job.title()).add("[Service]").add("Type=oneshot").add("User=" + user);
        variables.forEach((name, value) -> lines.add("Environment=" + Escaped.unit(name + "=" + value)));
        List<String> words = words(job, "/");
        String arguments = command(words.subList(1, words.size()), word -> Escaped.unit(word).replace("$", "$$"));
        return lines.add("ExecStart=" + Escaped.unit(words.get(0)) + " " + arguments).add("SuccessExitStatus=1").toString();
    }

    private static String timer(Job job) {
        return String.join("\n", "[Unit]", "Description=Telemetry store: " + job.title(), "[Timer]", "OnCalendar=" + job.calendar,
                "Persistent=true", "[Install]", "WantedBy=timers.target");
    }

    /**
     * Lines for cmd. A task has the variables of its account; Java is found on its PATH. The Task Scheduler starts a script through a cmd
     * of its own.
     */
    String schtasks() {
        var lines = new StringJoiner("\n");
        variables.forEach((name, value) -> {
            if (!name.equals(JAVA)) lines.add("setx " + name + " " + Escaped.cmd(value, 1));
        });
        for (Job job : Job.values()) {
            String command = (Escaped.isPlainIn(launcher.replace("\\", "")) ? launcher : '"' + launcher + '"') + " " + taskArguments(job);
            String tooLong = "rem too long: " + command.length() + " characters, schtasks takes " + LONGEST_TASK + ": shorten the paths";
            if (command.length() > LONGEST_TASK) lines.add(tooLong);
            lines.add(create(job) + " " + job.task + " /ST " + job.time() + " /TR " + Escaped.cmd(command, 1));
        }
        return lines.toString();
    }

    private static String create(Job job) {
        return "schtasks /Create /F /TN \"Telemetry " + job.title() + '"';
    }

    private String taskArguments(Job job) {
        int readings = launcher.toLowerCase(Locale.ROOT).endsWith(".exe") ? 0 : 2;
        List<String> words = words(job, "\\");
        return command(words.subList(1, words.size()), word -> inTask(word, readings));
    }

    private static String inTask(String word, int readings) {
        return Escaped.isPlainIn(word.replace("\\", "")) ? word : Escaped.cmd(word, readings);
    }

    /**
     * Writes each task as a file that the Task Scheduler imports, and that says what schtasks' other options cannot. On another system than
     * Windows it has example paths.
     *
     * @return lines for cmd that import them
     * @throws StoreException when one cannot be written
     */
    String writeTasks(Path folder) {
        Schedule written = Machine.isWindows() ? this : elsewhere();
        var lines = new StringJoiner("\n");
        for (Job job : Job.values()) {
            Path file = folder.resolve("telemetry-" + job.title() + ".xml");
            Unfinished.write("a task", file, written.task(job).bytes());
            lines.add(create(job) + " /XML " + inTask(file.toString(), 1));
        }
        return lines.toString();
    }

    private TaskFile task(Job job) {
        return new TaskFile(job.title(), job.trigger, job.time(), launcher, taskArguments(job));
    }
}
