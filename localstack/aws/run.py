"""Runs LocalStack on the loopback address only: `python run.py DATA_DIR`.

LocalStack reads a host from GATEWAY_LISTEN but ignores it for IPv4: its server creates the endpoint only from the
port and listens on every address. Therefore this script sets the interface of the endpoint.
The script does not use its argument. In the command line, the argument distinguishes this process from any other
LocalStack on the machine.

LocalStack indexes the API models of all AWS services (about 400) and keeps them in memory. This takes several seconds and half a
gigabyte. Therefore this script keeps only the models of the services in SERVICES.
"""

import os
from functools import partial

from localstack.aws import spec
from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")


def used_services():
    names = os.environ["SERVICES"].split(",")
    models = spec.loader.list_available_services("service-2")
    # The model for the older protocol of SQS has a separate name, `sqs-query`.
    return [spec.load_service(model) for model in models if model.removesuffix("-query") in names]


spec.list_services = used_services

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
