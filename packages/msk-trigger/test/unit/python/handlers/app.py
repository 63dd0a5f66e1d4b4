"""Handlers of every kind. The test names what must come of each."""

import asyncio
import collections
import datetime
import decimal
import logging
import os
import signal
import subprocess
import sys
import time

Item = collections.namedtuple("Item", "itemIdentifier")


def nothing(event, context):
    pass


def echo(event, context):
    return event


def failures(event, context):
    offset = decimal.Decimal("100")
    return {"batchItemFailures": [Item({"partition": b"t-0", "offset": offset})]}


def values(event, context):
    return [(1, 2.5), True, None, "ä😀", b"text", decimal.Decimal("1E+2"), {1: "a", None: "b", b"c": "d"}]


def as_bytes(event, context):
    return b'{"batchItemFailures":[]}'


def not_json(event, context):
    return b"\xf0\x9f\x98\x80 no JSON"


def nan(event, context):
    return {"ratio": float("nan")}


def described(event, context):
    return {
        "request": context.aws_request_id,
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "identity": context.identity.cognito_identity_id,
        "client": context.client_context,
        "remaining": context.get_remaining_time_in_millis(),
    }


def surroundings(event, context):
    return {"folder": os.getcwd(), "path": sys.path[0], "arguments": sys.argv[1:], "color": os.environ["COLOR"]}


def prints(event, context):
    print('{"__offline_payload__": "printed"}')
    print("from the handler")
    sys.stderr.write("to the error stream\n")
    logging.getLogger().setLevel("INFO")
    logging.info("through logging")
    subprocess.run(["echo", "from a command"], check=True)
    return "answered"


class OrderError(Exception):
    pass


def checked(event):
    raise KeyError("amount")


def raises(event, context):
    raise ValueError("boom ä")


def raises_half_a_character(event, context):
    raise ValueError("boom \ud83d")


def raises_its_own(event, context):
    try:
        checked(event)
    except KeyError as error:
        raise OrderError("no amount") from error


def takes_one(event):
    return event


async def is_async(event, context):
    await asyncio.sleep(0)


def generates(event, context):
    yield event


def returns_object(event, context):
    return {"at": datetime.datetime(2026, 1, 1)}


def returns_set(event, context):
    return {"a"}


def returns_circle(event, context):
    circle = []
    circle.append({"circle": circle})
    return circle


def exits(event, context):
    sys.exit(3)


def is_killed(event, context):
    os.kill(os.getpid(), signal.SIGSEGV)


def answers_and_exits(event, context):
    import threading

    threading.Timer(0.05, lambda: os._exit(7)).start()
    return "answered"


def starts_and_sleeps(event, context):
    started = subprocess.Popen(["sleep", "600"])
    with open(event["file"], "w") as file:
        file.write(f"{os.getpid()} {started.pid}")
    time.sleep(600)


def spins(event, context):
    with open(event["file"], "w") as file:
        file.write(str(os.getpid()))
    while True:
        pass


def counts(event, context):
    counts.calls = getattr(counts, "calls", 0) + 1
    return counts.calls


def writes_to_the_channel(event, context):
    os.write(3, b"e" + (7).to_bytes(4, "big") + b"no JSON")
    time.sleep(600)


def writes_null_to_the_channel(event, context):
    os.write(3, b"e" + (4).to_bytes(4, "big") + b"null")
    time.sleep(600)


def prints_to_the_channel(event, context):
    os.write(3, b"printed by mistake")
    time.sleep(600)


def forged(request_id, answer):
    body = request_id.encode() + b"\n" + answer
    os.write(3, b"a" + len(body).to_bytes(4, "big") + body)


def answers_without_id(event, context):
    os.write(3, b"a" + (1).to_bytes(4, "big") + b"1")
    return 2


def answers_twice(event, context):
    forged(context.aws_request_id, b"1")
    return 2


earlier = []


def answers_an_earlier_request(event, context):
    earlier.append(context.aws_request_id)
    if len(earlier) > 1:
        forged(earlier[0], b'"late"')
    return "own"


def says_it_is_loaded(event, context):
    os.write(3, b"l" + bytes(4))
    time.sleep(600)
