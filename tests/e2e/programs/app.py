"""An application that uses the ordinary OpenAI SDK and knows nothing of evalgate."""

import asyncio

from openai import AsyncOpenAI, OpenAI


def whole(input):
    made = OpenAI(max_retries=0).chat.completions.create(
        model="small", messages=[{"role": "user", "content": input["q"]}]
    )
    return {"answer": made.choices[0].message.content}


def streamed(input):
    chunks = OpenAI(max_retries=0).chat.completions.create(
        model="small", messages=[{"role": "user", "content": input["q"]}], stream=True
    )
    return {"answer": "".join(chunk.choices[0].delta.content or "" for chunk in chunks)}


def responses(input):
    return {"answer": OpenAI(max_retries=0).responses.create(model="small", input=input["q"]).output_text}


def responses_streamed(input):
    events = OpenAI(max_retries=0).responses.create(model="small", input=input["q"], stream=True)
    return {"answer": "".join(event.delta for event in events if event.type == "response.output_text.delta")}


def tools(input):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    made = OpenAI(max_retries=0).chat.completions.create(
        model="small", messages=[{"role": "user", "content": input["q"]}], tools=[tool]
    )
    return {"answer": made.choices[0].message.tool_calls[0].function.name}


async def several(input):
    client = AsyncOpenAI(max_retries=0)
    texts = [f"{input['q']} {part}" for part in ("one", "two", "three")]
    made = await asyncio.gather(
        *(client.chat.completions.create(model="small", messages=[{"role": "user", "content": t}]) for t in texts)
    )
    return {"answer": [each.choices[0].message.content for each in made]}


def swallowing(input):
    try:
        return whole(input)
    except Exception:
        return {"answer": "sorry"}


async def named(input, example):
    made = await AsyncOpenAI(max_retries=0).chat.completions.create(
        model="small",
        messages=[{"role": "user", "content": input["q"]}],
        extra_headers={"X-Evalgate-Run": example["id"]},
    )
    return {"answer": made.choices[0].message.content}


async def traced(input, traceparent):
    client = AsyncOpenAI(max_retries=0, default_headers={"traceparent": traceparent})
    texts = [f"{input['q']} {part}" for part in ("one", "two")]
    made = [
        await client.chat.completions.create(model="small", messages=[{"role": "user", "content": text}])
        for text in texts
    ]
    return {"answer": [each.choices[0].message.content for each in made]}
