package telemetry.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import telemetry.Size;

/** The rule alone, no file. */
class RetentionTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final Retention WEEK = new Retention(Duration.ofDays(7), 2);

    @Test
    void takesWhatIsOlderThanTheRuleAndNothingElse() {
        assertEquals(days(20, 9, 8), expired(WEEK, verified(0), verified(3), verified(7), verified(8), verified(9), verified(20)));
        assertEquals(List.of(), expired(WEEK, verified(0), verified(1), verified(7)));
        assertEquals(days(7, 3, 2),
                expired(new Retention(Duration.ZERO, 2), verified(0), verified(1), verified(2), verified(3), verified(7)));
    }

    @Test
    void neverTakesOneOfTheTwoNewestVerifiedHoweverOld() {
        assertEquals(days(60), expired(WEEK, verified(30), verified(40), verified(60)));
        assertEquals(List.of(), expired(WEEK, verified(30), verified(40)));
        assertEquals(days(50, 35, 20), expired(WEEK, unverified(20), verified(30), unverified(35), verified(40), unverified(50)));
    }

    @Test
    void takesNothingAtAllWhileFewerThanTwoAreVerified() {
        assertEquals(List.of(), expired(WEEK, unverified(1), unverified(20), unverified(30)), "they may be all there is");
        assertEquals(List.of(), expired(WEEK, verified(1), unverified(20), unverified(30)));
    }

    @Test
    void oneFromTheFutureIsNeitherOneOfTheTwoNorTaken() {
        assertEquals(List.of(), expired(WEEK, verified(-400), verified(8), verified(9)));
        assertEquals(days(10), expired(WEEK, verified(-400), verified(-2), verified(8), verified(9), verified(10)));
        assertEquals(List.of(), expired(new Retention(Duration.ZERO, 2), verified(-400), verified(8)));
    }

    @Test
    void atLeastTwoVerifiedStayWhateverThereIs() {
        var random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            List<Backup> all = new ArrayList<>();
            for (int n = random.nextInt(12); n > 0; n--)
                all.add(random.nextBoolean() ? verified(random.nextInt(40) - 3) : unverified(random.nextInt(40)));
            List<Backup> left = new ArrayList<>(all);
            left.removeAll(new Retention(Duration.ofDays(random.nextInt(9)), 2).expired(all, NOW));
            long before = all.stream().filter(Backup::isVerified).distinct().count();
            long after = left.stream().filter(Backup::isVerified).distinct().count();
            assertTrue(after >= Math.min(2, before), all + " -> " + left);
            assertTrue(before == 0 || left.containsAll(WEEK.kept(all, NOW)), "the newest stay: " + all + " -> " + left);
        }
    }

    @Test
    void aBackupWithLessThanHalfOfTheRunsOfAnotherIsOdd() {
        assertNull(WEEK.shrunk(verified(0, 50), List.of(verified(0, 50), verified(1, 101))));
        assertNotNull(WEEK.shrunk(verified(0, 49), List.of(verified(0, 49), verified(1, 100))));
        assertNull(WEEK.shrunk(verified(0, 0), List.of(verified(0, 0), unverified(1))));
    }

    private static List<Instant> expired(Retention rule, Backup... all) {
        return rule.expired(List.of(all), NOW).stream().map(Backup::time).toList();
    }

    private static List<Instant> days(int... ago) {
        return IntStream.of(ago).mapToObj(day -> NOW.minus(Duration.ofDays(day))).toList();
    }

    private static Backup verified(int daysAgo) {
        return verified(daysAgo, 100);
    }

    private static Backup verified(int daysAgo, long runs) {
        return new Backup(Path.of("b" + daysAgo), NOW.minus(Duration.ofDays(daysAgo)), new Size(1), runs, true, null, false);
    }

    private static Backup unverified(int daysAgo) {
        return new Backup(Path.of("u" + daysAgo), NOW.minus(Duration.ofDays(daysAgo)), new Size(1), null, false, "it has no manifest",
                false);
    }
}
