"""
Copilot Chat in VS Code: what its events say beyond its spans, which are sent with them and follow OTel GenAI.

A user's rating is `copilot_chat.user.feedback`, whose `rating` is `positive` or `negative`: packages of
https://github.com/microsoft/vscode-copilot-chat/blob/main/src/platform/otel/common/genAiEvents.ts

Its calls of models and tools are spans. `copilot_chat.tool.call` and `gen_ai.client.inference.operation.details` repeat
them without their trace, so these are no records: each call, and each failure, would count twice.
https://github.com/microsoft/vscode-copilot-chat/blob/main/docs/monitoring/agent_monitoring.md#events
https://code.visualstudio.com/docs/agents/guides/monitoring-agents
"""

from telemetry.conventions.facts import SESSION, USER, AttributeNames
from telemetry.conventions.log_clients.log_client import EventForm, LogClient

CLIENT = LogClient(
    agent="copilot",
    prefix="copilot_chat.",
    scopes=(),
    names=AttributeNames(session=("gen_ai.conversation.id", "conversation_id", *SESSION), user=USER),
    run=(),
    session=("gen_ai.conversation.id", "conversation_id", "session.id"),
    call=(),
    sequence="",
    events={
        "copilot_chat.session.start": EventForm("graph_node"),
        "copilot_chat.agent.turn": EventForm("graph_node"),
        "copilot_chat.user.feedback": EventForm(is_rating=True),
        "copilot_chat.edit.feedback": EventForm(),
    },
)
