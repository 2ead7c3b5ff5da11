"""A program that asks models through LiteLLM and has its spans sent to Phoenix, run where LiteLLM is installed.

On its standard input, JSON: `way` (one of WAYS), `phoenix` (its address), `project`, and `calls`, the arguments of one
`litellm.acompletion` each. It prints what came of each as JSON: the message of the answer, or `{"error": its type}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from typing import Any

WAYS = ("otel", "otel_v2", "arize_phoenix", "openinference")
"""LiteLLM's own export, as it is and the one to come, its own for Phoenix, and the instrumentation of OpenInference."""


def main() -> None:
    """Make the calls, and wait until their spans were sent."""
    told = json.load(sys.stdin)
    os.environ.update(_settings(told))
    import litellm

    if told["way"] == "openinference":
        _instrument(f"{told['phoenix']}/v1/traces")
    else:
        litellm.callbacks = [told["way"].removesuffix("_v2")]
    litellm.suppress_debug_info = True
    logging.disable(logging.CRITICAL)
    # What ends sends what is left: each export has a hook of its own for that.
    print(json.dumps(asyncio.run(_asked(litellm, told["calls"]))))


def _settings(told: dict[str, Any]) -> dict[str, str]:
    prices = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # it would look for them on the network when it is imported
    if told["way"] == "arize_phoenix":
        return {**prices, "PHOENIX_COLLECTOR_HTTP_ENDPOINT": told["phoenix"], "PHOENIX_PROJECT_NAME": told["project"]}
    resource = {"OTEL_RESOURCE_ATTRIBUTES": f"openinference.project.name={told['project']}"}
    sent = {**prices, **resource, "OTEL_EXPORTER": "otlp_http", "OTEL_ENDPOINT": f"{told['phoenix']}/v1/traces"}
    if told["way"] == "otel_v2":  # which says nothing of messages unless it is told to
        sent |= {"LITELLM_OTEL_V2": "true", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only"}
    return sent


def _instrument(endpoint: str) -> None:
    from openinference.instrumentation.litellm import LiteLLMInstrumentor
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    LiteLLMInstrumentor().instrument(tracer_provider=provider)


async def _asked(litellm: Any, calls: list[dict[str, Any]]) -> list[Any]:
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

    said = []
    for each in calls:
        try:
            answer = await litellm.acompletion(**each)
            if each.get("stream"):
                answer = litellm.stream_chunk_builder([part async for part in answer], messages=each["messages"])
            said.append(answer.choices[0].message.model_dump())
        except litellm.BadRequestError as error:
            said.append({"error": type(error).__name__})
    await asyncio.sleep(0.5)  # what it notes of a call begins after the call has ended
    await GLOBAL_LOGGING_WORKER.flush()
    return said


if __name__ == "__main__":
    main()
