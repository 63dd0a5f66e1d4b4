"""Runs LocalStack on the loopback address only: `python run.py DATA_DIR`.

LocalStack reads a host from GATEWAY_LISTEN but ignores it for IPv4: its server creates the endpoint from the
port alone and listens on every address. This script therefore sets the interface of the endpoint.
The argument is not read. It appears in the command line, which distinguishes this process from any other
LocalStack on the machine.
"""

from functools import partial

from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
