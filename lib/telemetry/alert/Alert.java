package telemetry.alert;

import java.time.Duration;
import telemetry.Health;

/**
 * Reports the store's health when it is news: it is not ok, it is worse, it is ok again, or it has not been ok for so long that it is
 * repeated. A report is remembered once it was delivered, so the next call repeats one that failed.
 */
public final class Alert {
    private Alert() { }

    /**
     * @param repeat   after this time an unchanged state is reported again
     * @param patience how long the target may take
     * @throws StoreException when news was not delivered, or was delivered and cannot be remembered
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
