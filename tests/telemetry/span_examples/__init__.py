"""
Spans of clients of which no recording is kept, written by hand from their sources and documents.

- `clients`: clients that write OpenTelemetry's own GenAI names; also what all examples are made of (`example`, `call`,
  `tool`, `run`).
- `frameworks`: agent frameworks and tools that trace themselves under names of their own.
- `instrumentations`: OpenInference and OpenLLMetry, whatever framework they instrument.
- `sdks`: Langfuse, MLflow, the Vercel AI SDK and MCP: SDKs that trace what other code does.
"""
