package telemetry;

/** What one piece of a day file turned out to be. */
public sealed interface LogRecord permits Run, Event, Damage { }
