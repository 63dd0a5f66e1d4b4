"""Runs LocalStack on the loopback address only: `python run.py DATA_DIR`.

LocalStack reads a host from GATEWAY_LISTEN but ignores it for IPv4: its server creates the endpoint from the
port alone and listens on every address. This script therefore sets the interface of the endpoint.
The argument is not read. It appears in the command line, which distinguishes this process from any other
LocalStack on the machine.

LocalStack indexes the API models of all services of AWS, some 400, and keeps them in memory: half a gigabyte, and seconds of a
processor. This script leaves only those in SERVICES, which are the only ones that run.
"""

import os
from functools import partial

from localstack.aws import spec
from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")


def used_services():
    names = os.environ["SERVICES"].split(",")
    models = spec.loader.list_available_services("service-2")
    # The model of SQS for its older protocol has a name of its own.
    return [spec.load_service(model) for model in models if model.removesuffix("-query") in names]


spec.list_services = used_services

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
