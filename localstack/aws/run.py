"""Runs LocalStack on the loopback address only: `python run.py DATA_DIR`.

LocalStack reads a host from GATEWAY_LISTEN but, for IPv4, listens on every address all the same: its server
makes the endpoint from the port alone. The endpoint is therefore given its interface here.

The argument is not read. It stands in the command line so that this process can be told from any other
LocalStack on the machine.
"""

from functools import partial

from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
