"""Asks a server with the client `ksql` from the Python index: ksql_client.py URL TOKEN TABLE PULL PUSH. Prints one JSON document.

The client's library for HTTP/2 expects names that Python 3.10 moved, and the client one that Python 3.13 removed.
"""

import collections
import collections.abc
import json
import sys
import types

for name in collections.abc.__all__:
    setattr(collections, name, getattr(collections.abc, name))
sys.modules.setdefault("telnetlib", types.ModuleType("telnetlib"))

from ksql import KSQLAPI  # noqa: E402
from ksql.errors import KSQLError  # noqa: E402

url, token, table, pull, push = sys.argv[1:]
EARLIEST = {"ksql.streams.auto.offset.reset": "earliest"}


def refused(text):
    try:
        client.ksql(text)
    except KSQLError as error:
        return {"message": error.msg, "code": error.error_code}


def first_change():
    changes = client.query(push, stream_properties=EARLIEST, idle_timeout=60, return_objects=True)
    found = next(changes)
    changes.close()
    return found


client = KSQLAPI(url, api_key="sluice", secret=token)
print(
    json.dumps(
        {
            "version": client.get_ksql_version(),
            "tables": client.ksql("SHOW TABLES"),
            "described": client.ksql("DESCRIBE " + table),
            "rows": list(client.query(pull, return_objects=True)),
            "change": first_change(),
            "refused": refused("CREATE TABLE t AS SELECT * FROM s"),
        }
    )
)
