"""A program that writes OTLP in JSON by hand, some seconds after its answer; each is asked one thing."""

import json
import os
import sys
import time
import urllib.request

asked = json.loads(sys.stdin.readline())
_, trace_id, parent, _ = os.environ["TRACEPARENT"].split("-")
span = {
    "traceId": sys.argv[2] if len(sys.argv) > 2 else trace_id,
    "spanId": "00f067aa0ba902b7",
    "parentSpanId": parent,
    "name": "search",
    "startTimeUnixNano": str(time.time_ns() if len(sys.argv) == 2 else 1),
    "endTimeUnixNano": str(time.time_ns() + 1000),
    "attributes": [
        {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}},
        {"key": "retrieval.documents.0.document.content", "value": {"stringValue": f"about {asked['input']['q']}"}},
    ],
}
print(json.dumps({"evalgate": 1, "output": {"answer": asked["input"]["q"]}}), flush=True)
time.sleep(float(sys.argv[1]))
body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
request = urllib.request.Request(
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body, {"Content-Type": "application/json"}
)
urllib.request.urlopen(request, timeout=10).read()
