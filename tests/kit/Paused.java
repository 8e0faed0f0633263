package telemetry.kit;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.IncompatibleThreadStateException;
import com.sun.jdi.Method;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StackFrame;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.MethodEntryEvent;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.EventRequest;
import com.sun.jdi.request.MethodEntryRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A command in a process of its own that stands still where it is about to call a method, as one may that gets no processor. */
public final class Paused implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final VirtualMachine machine;

    /** Started, and not there yet. */
    public Paused(String script, Object... args) throws IOException, IllegalConnectorArgumentsException {
        process = Script.processBuilder(Map.of("JAVA_TOOL_OPTIONS",
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0"),
                script, args).redirectErrorStream(true).start();
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        while (!line.startsWith("Listening")) line = out.readLine();
        AttachingConnector connector = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(one -> one.transport().name().equals("dt_socket")).findFirst().orElseThrow();
        Map<String, Connector.Argument> where = connector.defaultArguments();
        where.get("hostname").setValue("127.0.0.1");
        where.get("port").setValue(line.substring(line.lastIndexOf(' ') + 1));
        machine = connector.attach(where);
    }

    /** Runs it until it enters a method of this name in this class, called by a class of that name. @return this */
    public Paused before(String type, String method, String caller) throws InterruptedException, IncompatibleThreadStateException {
        MethodEntryRequest request = machine.eventRequestManager().createMethodEntryRequest();
        request.addClassFilter(type);
        request.setSuspendPolicy(EventRequest.SUSPEND_ALL);
        request.enable();
        machine.resume();
        while (true) {
            EventSet events = machine.eventQueue().remove();
            for (Event event : events) if (event instanceof MethodEntryEvent entry && entry.method().name().equals(method))
                for (StackFrame frame : entry.thread().frames()) if (frame.location().declaringType().name().equals(caller)) {
                    request.disable();
                    return this;
                }
            events.resume();
        }
    }

    /**
     * Runs it until its n-th call of one of these methods in the room {@code os} by one of these classes.
     *
     * @param n       counts from 1
     * @param callers their whole names
     * @return the step that it is about to take, {@code Inside.move}; null when it came to its end before
     */
    public String beforeStep(int n, Set<String> methods, Set<String> callers)
            throws InterruptedException, IncompatibleThreadStateException {
        for (String type : List.of("Inside", "Disk", "NewFile")) {
            ClassPrepareRequest request = machine.eventRequestManager().createClassPrepareRequest();
            request.addClassFilter("telemetry.os." + type);
            request.enable();
        }
        machine.resume();
        int steps = 0;
        while (true) {
            EventSet events = machine.eventQueue().remove();
            for (Event event : events) {
                if (event instanceof VMDisconnectEvent) return null;
                if (event instanceof ClassPrepareEvent loaded) stopAt(loaded.referenceType(), methods);
                if (!(event instanceof BreakpointEvent step)) continue;
                String caller = step.thread().frame(1).location().declaringType().name();
                if (!callers.contains(caller) || ++steps < n) continue;
                String type = step.location().declaringType().name();
                return type.substring(type.lastIndexOf('.') + 1) + "." + step.location().method().name() + " " + steps;
            }
            events.resume();
        }
    }

    private void stopAt(ReferenceType type, Set<String> methods) {
        for (Method method : type.methods())
            if (methods.contains(method.name())) machine.eventRequestManager().createBreakpointRequest(method.location()).enable();
    }

    /** As {@code kill -9} does. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Lets it go on to its end. @return all that it printed */
    public String said() throws IOException {
        machine.dispose();
        var said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) said.append(line).append('\n');
        return said.toString();
    }

    /** Its exit code; waits for its end. */
    public int exit() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            machine.dispose();
        } catch (VMDisconnectedException e) {
            // it has ended
        }
    }
}
