"""Runs the handler of a Lambda function. Each instance of the function is a separate process.

Requests and responses are frames on descriptor 3, so that only the handler uses standard output. A frame consists of a kind
(one byte), a length (four bytes, big-endian) and a body of this length. Nothing is sent over descriptor 4; it is closed when
the parent process ends.

The runner behaves like the runtime interface client of AWS (https://github.com/aws/aws-lambda-python-runtime-interface-client),
but needs only the standard library of Python 3.7 or later. Exceptions that are not subclasses of Exception, such as
SystemExit, end the process.
"""

import decimal
import importlib
import importlib.machinery
import json
import logging
import math
import os
import pkgutil
import signal
import struct
import sys
import threading
import time
import traceback

CHANNEL = 3
LIFELINE = 4
HEAD = struct.Struct(">cI")
# Kinds of frames. The body of an answer or an error begins with a line that contains the request id.
LOADED, LOAD_ERROR, ANSWER, ERROR = b"l", b"x", b"a", b"e"

# Remaining time that is reported for an invocation without a timeout: the maximum that Lambda allows.
LONGEST_MS = 900_000

invocation = {"requestId": ""}


class Fault(Exception):
    """Error that the runtime itself reports, with the name that AWS uses."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = "Runtime." + kind
        self.trace = trace


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, request):
        variable = os.environ.get
        self.aws_request_id = request["requestId"]
        self.function_name = variable("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = variable("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = request["functionArn"]
        # The value is a string, as in the cloud.
        self.memory_limit_in_mb = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = variable("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = variable("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None
        self._deadline_ms = request["deadlineMs"]

    def get_remaining_time_in_millis(self):
        if self._deadline_ms is None:
            return LONGEST_MS
        return max(0, int(self._deadline_ms - time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class ProjectFirst:
    """Finds the handler's module and its parent packages in the project before other modules of the same name.

    By default, Python prefers an installed package to a folder without `__init__.py`, and a loaded module to any file.
    """

    def __init__(self, folder, module_name):
        names = module_name.split(".")
        self._folders = {".".join(names[: depth + 1]): os.path.join(folder, *names[:depth]) for depth in range(len(names))}
        for name in self._folders:
            sys.modules.pop(name, None)

    def find_spec(self, name, path=None, target=None):
        if name not in self._folders:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, [self._folders[name]])
        # For a folder without `__init__.py`, also search other folders of the same name, as is usual in Python.
        if spec is not None and spec.loader is None:
            spec.submodule_search_locations = pkgutil.extend_path(list(spec.submodule_search_locations), name)
        return spec


def load(folder, name):
    """Returns the handler. For example, `src/orders.handler` is `handler` in the module `src.orders`."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        raise Fault("MalformedHandlerName", f"Bad handler '{name}': it has no module, as in 'file.function'")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    dotted = module_name.replace("/", ".")
    sys.meta_path.insert(0, ProjectFirst(folder, dotted))
    try:
        module = importlib.import_module(dotted)
    except ImportError as error:
        raise Fault("ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from error
    try:
        return getattr(module, function)
    except AttributeError:
        raise Fault("HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'") from None


def encoded(answer):
    """Returns the answer as JSON. Bytes are returned unchanged."""
    if isinstance(answer, bytes):
        return answer
    try:
        return json.dumps(plain(answer)).encode()
    except Exception as error:
        raise Fault("MarshalError", f"Unable to marshal response: {error}") from None


def plain(value, above=()):
    """Converts types that the client of AWS can encode but `json` cannot: Decimal, bytes and named tuples."""
    if id(value) in above:
        raise ValueError("Circular reference detected")
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, decimal.Decimal):
        return math.nan if value.is_nan() else float(value)
    if callable(getattr(value, "_asdict", None)):
        value = value._asdict()
    within = (*above, id(value))
    if isinstance(value, dict):
        return {key.decode() if isinstance(key, bytes) else key: plain(item, within) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, within) for item in value]
    return value


def is_ours(frame):
    return frame.filename in (__file__, importlib.__file__) or frame.filename.startswith("<frozen importlib")


def printable(text):
    """Escapes characters that the output cannot encode, because a failure to print an error would hide the error."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def described(error):
    """Returns type, message and trace in the form that AWS reports. Also writes the error to the handler's log."""
    of_handler = traceback.TracebackException.from_exception(error)
    one = of_handler
    while one is not None:
        one.stack = traceback.StackSummary.from_list([frame for frame in one.stack if not is_ours(frame)])
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    if isinstance(error, Fault):
        kind, trace = error.kind, list(error.trace)
        # Use the trace of the cause, because it contains the location of the error.
        lines = [] if of_handler.__cause__ is None else list(of_handler.__cause__.format())
    else:
        kind, trace = type(error).__name__, of_handler.stack.format()
        lines = list(of_handler.format())
    print(printable(f"[ERROR] {kind}: {error}\n{''.join(lines)}".rstrip()), flush=True)
    return {"errorType": kind, "errorMessage": str(error), "trace": [line.rstrip("\n") for line in trace]}


class LogHandler(logging.Handler):
    """Log handler with the format of Lambda. It is installed at the start, so `basicConfig` has no effect, as in Lambda."""

    def __init__(self):
        super().__init__()
        logging.Formatter.converter = time.gmtime
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        self.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record):
        record.aws_request_id = invocation["requestId"]
        sys.stdout.write(self.format(record))


def end_with_parent():
    """Ends this process and all processes that the handler has started when the parent process has ended."""
    os.read(LIFELINE, 1)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def send(channel, kind, body):
    """Sends a frame after flushing the output of the handler."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    channel.write(HEAD.pack(kind, len(body)) + body)
    channel.flush()


def main(folder, name):
    # Processes that the handler starts must not inherit the descriptors.
    for descriptor in (CHANNEL, LIFELINE):
        os.set_inheritable(descriptor, False)
    threading.Thread(target=end_with_parent, daemon=True).start()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    sys.path[0] = folder
    del sys.argv[1:]
    logging.getLogger().addHandler(LogHandler())
    incoming = open(CHANNEL, "rb", closefd=False)
    outgoing = open(CHANNEL, "wb", closefd=False)
    try:
        handler = load(folder, name)
    except Exception as error:
        body = json.dumps(described(error)).encode()
        print(f"  in Python {sys.version.split()[0]}, {sys.executable}")
        send(outgoing, LOAD_ERROR, body)
        sys.exit(1)
    send(outgoing, LOADED, b"")
    for head in iter(lambda: incoming.read(HEAD.size), b""):
        _, length = HEAD.unpack(head)
        request = json.loads(incoming.read(length))
        invocation["requestId"] = request["requestId"]
        try:
            kind, body = ANSWER, encoded(handler(request["event"], Context(request)))
        except Exception as error:
            kind, body = ERROR, json.dumps(described(error)).encode()
        send(outgoing, kind, request["requestId"].encode() + b"\n" + body)


if __name__ == "__main__":
    main(*sys.argv[1:3])
