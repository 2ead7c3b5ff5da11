"""An application that uses the OpenAI SDK, instrumented as Phoenix's documentation says."""

from openai import OpenAI
from openinference.instrumentation.openai import OpenAIInstrumentor
from phoenix.otel import register

provider = register(batch=True, verbose=False, project_name="production")
OpenAIInstrumentor().instrument(tracer_provider=provider)


def answer(input):
    made = OpenAI(max_retries=0).chat.completions.create(
        model="small", messages=[{"role": "user", "content": input["q"]}]
    )
    return {"answer": made.choices[0].message.content}
