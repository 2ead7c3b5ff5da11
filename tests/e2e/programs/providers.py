"""Applications that use the ordinary SDKs of other providers and know nothing of evalgate."""

import json


def anthropic(input):
    from anthropic import Anthropic

    made = Anthropic().messages.create(model="small", max_tokens=50, messages=[{"role": "user", "content": input["q"]}])
    return {"answer": made.content[0].text}


def anthropic_streamed(input):
    from anthropic import Anthropic

    asked = {"model": "small", "max_tokens": 50, "messages": [{"role": "user", "content": input["q"]}]}
    with Anthropic().messages.stream(**asked) as stream:
        return {"answer": "".join(stream.text_stream)}


def gemini(input):
    from google import genai

    client = genai.Client()
    return {"answer": client.models.generate_content(model="small", contents=input["q"]).text}


def gemini_streamed(input):
    from google import genai

    client = genai.Client()
    chunks = client.models.generate_content_stream(model="small", contents=input["q"])
    return {"answer": "".join(chunk.text for chunk in chunks)}


MODEL = "eu.anthropic.small-v2:0"


def converse(input):
    import boto3

    made = boto3.client("bedrock-runtime").converse(
        modelId=MODEL, messages=[{"role": "user", "content": [{"text": input["q"]}]}]
    )
    return {"answer": made["output"]["message"]["content"][0]["text"]}


def converse_streamed(input):
    import boto3

    made = boto3.client("bedrock-runtime").converse_stream(
        modelId=MODEL, messages=[{"role": "user", "content": [{"text": input["q"]}]}]
    )
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in made["stream"] if "contentBlockDelta" in event]
    return {"answer": "".join(deltas)}


def _invoked(input):
    messages = [{"role": "user", "content": input["q"]}]
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": messages})


def invoke(input):
    import boto3

    made = boto3.client("bedrock-runtime").invoke_model(modelId=MODEL, body=_invoked(input))
    return {"answer": json.loads(made["body"].read())["content"][0]["text"]}


def invoke_streamed(input):
    import boto3

    made = boto3.client("bedrock-runtime").invoke_model_with_response_stream(modelId=MODEL, body=_invoked(input))
    events = [json.loads(event["chunk"]["bytes"]) for event in made["body"]]
    return {"answer": "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta")}


def azure(input):
    from openai import AzureOpenAI

    made = AzureOpenAI().chat.completions.create(model="small", messages=[{"role": "user", "content": input["q"]}])
    return {"answer": made.choices[0].message.content}
