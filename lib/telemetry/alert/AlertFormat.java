package telemetry.alert;

import java.util.List;
import java.util.Map;
import telemetry.text.JsonText;

/** The form of a posted alert. */
public enum AlertFormat {

    /** {@code {"text": "…"}}, the one field that the incoming webhooks of Slack and Mattermost show, and Teams' connectors did. */
    TEXT {
        @Override
        String body(String text) {
            return JsonText.line(Map.of("text", text));
        }
    },

    /** An adaptive card, as Teams' Workflows take it. Source: learn.microsoft.com, Create incoming webhooks with Workflows. */
    TEAMS {
        @Override
        String body(String text) {
            List<Map<String, Object>> lines = text.lines().filter(line -> !line.isBlank())
                    .map(line -> Map.<String, Object>of("type", "TextBlock", "text", line, "wrap", true)).toList();
            Map<String, Object> card = Map.of("$schema", "http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard",
                    "version", "1.4", "body", lines);
            return JsonText.line(Map.of("type", "message", "attachments",
                    List.of(Map.of("contentType", "application/vnd.microsoft.card.adaptive", "content", card))));
        }
    };

    /** A JSON document with this text. */
    abstract String body(String text);
}
