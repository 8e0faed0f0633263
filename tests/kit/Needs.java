package telemetry.kit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** A test, or each test of a class, that is skipped where one of these is missing. A class is never skipped as a whole. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Needs.Condition.class)
public @interface Needs {
    Need[] value();

    /** Looks at each method, and at its class. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (context.getTestMethod().isEmpty()) return ConditionEvaluationResult.enabled("a class");
            Optional<Need> missing = Stream.of(context.getTestMethod(), context.getTestClass())
                    .flatMap(element -> AnnotationSupport.findAnnotation(element, Needs.class).stream())
                    .flatMap(needs -> Stream.of(needs.value())).filter(need -> !need.isMet()).findFirst();
            return missing.map(need -> ConditionEvaluationResult.disabled(need.reason()))
                    .orElse(ConditionEvaluationResult.enabled("all is there"));
        }
    }
}
