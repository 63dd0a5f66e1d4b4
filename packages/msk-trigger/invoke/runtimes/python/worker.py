"""Main module of a Python handler's process. Reads requests from one pipe and writes answers to another, as lines of JSON."""

import json
import logging
import os
import sys
import threading
import time
import traceback
from decimal import Decimal
from types import SimpleNamespace

REQUESTS, ANSWERS = 3, 4
HANDLER, FUNCTION_ARN, TIMEOUT_MS, *SEARCH_PATH = sys.argv[1:]
requests, arrived = [], threading.Semaphore(0)


class RuntimeFailure(Exception):
    """Error that Lambda's runtime raises itself: its name, its message, and its cause or None."""


def load_handler():
    path, _, name = HANDLER.rpartition(".")
    module = path.replace("/", ".")
    if not module:
        raise RuntimeFailure("Runtime.MalformedHandlerName", f"Bad handler '{HANDLER}'", None)
    try:
        __import__(module)
    except ImportError as error:
        raise RuntimeFailure("Runtime.ImportModuleError", f"Unable to import module '{path}': {error}", error)
    except SyntaxError as error:
        raise RuntimeFailure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{path}': {error}", error)
    if not hasattr(sys.modules[module], name):
        raise RuntimeFailure("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{path}'", None)
    return getattr(sys.modules[module], name)


def create_context(request_id, deadline_ms):
    def remaining_ms():
        # Without a timeout, return the configured one, because handlers cannot set a timer to infinity.
        return int(TIMEOUT_MS) if deadline_ms is None else max(0, int(deadline_ms - time.time() * 1000))

    names = ("function_name", "function_version", "log_group_name", "log_stream_name")
    return SimpleNamespace(
        **{name: os.environ.get(f"AWS_LAMBDA_{name.upper()}") for name in names},
        memory_limit_in_mb=os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        invoked_function_arn=FUNCTION_ARN,
        aws_request_id=request_id,
        client_context=None,
        identity=SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None),
        get_remaining_time_in_millis=remaining_ms,
        log=print,
    )


def to_number(value):
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def convert_to_json(result):
    try:
        text = json.dumps(result, default=to_number)
    except Exception as error:
        raise RuntimeFailure("Runtime.MarshalError", f"Unable to marshal response: {error}", None)
    # As in Lambda, NaN does not fail the invocation, although JSON does not have it.
    return json.loads(text, parse_constant=str)


def describe(error):
    is_ours = isinstance(error, RuntimeFailure)
    name, message, cause = error.args if is_ours else (type(error).__name__, str(error), error)
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    shown = traceback.format_list(frame for frame in frames if frame.filename != __file__)
    trace = ["Traceback (most recent call last):", *"".join(shown).splitlines()] if shown else []
    return {"errorType": name, "errorMessage": message, "trace": [f"{name}: {message}", *trace]}


def receive():
    for line in open(REQUESTS, "rb"):
        requests.append(line)
        arrived.release()
    # The trigger has ended, even if it was killed.
    os._exit(1)


def send(**answer):
    sys.stdout.flush()
    with open(ANSWERS, "wb", closefd=False) as answers:
        answers.write(json.dumps(answer).encode() + b"\n")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    # As in Lambda, the root logger has a handler, so that a function sets only its level.
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(asctime)s\t%(message)s")
    sys.path[:1] = SEARCH_PATH
    threading.Thread(target=receive, daemon=True).start()
    try:
        handler = load_handler()
    except Exception as error:
        send(error=describe(error))
        os._exit(1)
    send()
    while arrived.acquire():
        invocation, event = json.loads(requests.pop(0))
        try:
            send(ok=convert_to_json(handler(event, create_context(*invocation))))
        except Exception as error:
            send(error=describe(error))


# A process of multiprocessing imports this module, too.
if __name__ == "__main__":
    main()
