// An application that traces by gen_ai's conventions, in batches, and knows nothing of evalgate but its lines.
import { createInterface } from "node:readline";
import { context, propagation, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
const tracer = trace.getTracer("app");
const said = (role, content) => JSON.stringify([{ role, parts: [{ type: "text", content }] }]);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function chat(question) {
  return tracer.startActiveSpan("chat", async (span) => {
    await pause(20);
    span.setAttributes({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4.1-mini",
      "gen_ai.usage.input_tokens": question.length,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.input.messages": said("user", question),
      "gen_ai.output.messages": said("assistant", question),
    });
    span.end();
    return question;
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, sample, input, traceparent } = JSON.parse(line);
  const parent =
    process.argv[2] === "child" ? propagation.extract(context.active(), { traceparent }) : context.active();
  const answer = await context.with(parent, () =>
    tracer.startActiveSpan("answer", async (root) => {
      const found = await chat(input.q);
      root.end();
      return found;
    }),
  );
  console.log(JSON.stringify({ evalgate: 1, id, sample, output: { answer } }));
}
