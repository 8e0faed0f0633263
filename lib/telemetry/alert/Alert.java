package telemetry.alert;

import java.time.Duration;
import telemetry.Health;

/**
 * Tells somebody how the store is when that is news: it is not ok, it is worse, it is ok again, or it is not ok for so long that it is
 * to be repeated. What was told is remembered when it was taken, so what did not get through is tried again by the next call.
 */
public final class Alert {
    private Alert() { }

    /**
     * @param repeat   after so long, what has not changed is told again
     * @param patience how long the target may take
     * @throws StoreException when it was news and was not taken, or was and cannot be remembered
     */
    public static void tell(Health health, AlertTarget target, Duration repeat, Duration patience) {
        var memory = new AlertMemory(health.store(), target);
        AlertState told = memory.recall();
        AlertState now = AlertState.of(health);
        if (now.isNewsAfter(told, repeat)) {
            target.tell(new AlertMessage(health, told.status()), patience);
            memory.keep(now);
        } else {
            memory.prepare(now);
        }
    }
}
