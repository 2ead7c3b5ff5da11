// An application that uses the ordinary OpenAI SDK and knows nothing of evalgate.
import readline from "node:readline";
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });

async function answer(text) {
  const messages = [{ role: "user", content: text }];
  const whole = await client.chat.completions.create({ model: "small", messages });
  const stream = await client.chat.completions.create({ model: "small", messages, stream: true });
  let streamed = "";
  for await (const chunk of stream) streamed += chunk.choices[0].delta.content ?? "";
  const response = await client.responses.create({ model: "small", input: text });
  const events = await client.responses.create({ model: "small", input: text, stream: true });
  let told = "";
  for await (const event of events) if (event.type === "response.output_text.delta") told += event.delta;
  return { whole: whole.choices[0].message.content, streamed, response: response.output_text, told };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const output = await answer(asked.input.q);
  console.log(JSON.stringify({ evalgate: 1, id: asked.id, sample: asked.sample, output }));
}
