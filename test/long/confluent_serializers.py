"""Serializes readings with the serializers of confluent-kafka, and prints what they write as JSON lines.

Usage: confluent_serializers.py REGISTRY_URL PROTO_FOLDER, with a JSON object of readings by id on standard input.
"""

import base64
import importlib
import json
import os
import sys
import tempfile

from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import json_format
from grpc_tools import protoc

REGISTRY, PROTOS = sys.argv[1:]
WELL_KNOWN = os.path.join(os.path.dirname(protoc.__file__), "_proto")


def compiled(folder, names):
    """Compiles files of a folder, as a producer's build does, and returns their modules."""
    out = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
    files = [os.path.join(folder, name) for name in names]
    if protoc.main(["protoc", f"-I{folder}", f"-I{WELL_KNOWN}", f"--python_out={out}", *files]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    return [importlib.import_module(name.replace(".proto", "_pb2").replace("/", ".")) for name in names]


def message_in(module, path):
    for name in path.split("."):
        module = getattr(module, name)
    return module


def serializer(client, kind, schema, conf):
    if kind == "avro":
        return AvroSerializer(client, schema, conf=conf)
    if kind == "json":
        return JSONSerializer(schema, client, conf=conf)
    return ProtobufSerializer(schema, client, conf=conf)


def main():
    client = SchemaRegistryClient({"url": REGISTRY})
    modules = {}
    for name, given in json.load(sys.stdin).items():
        kind, data = given["kind"], given["data"]
        conf = {"skip.known.types": given.get("skipsKnown", True)} if kind == "protobuf" else {}
        if given.get("inHeader"):
            conf["schema.id.serializer"] = header_schema_id_serializer
        if kind == "protobuf":
            files = tuple(given["files"])
            if files not in modules:
                modules[files] = compiled(PROTOS, files)
            schema = message_in(modules[files][0], given["message"])
            data = json_format.ParseDict(data, schema())
        else:
            schema = given["schema"]
        headers = []
        context = SerializationContext(given["topic"], MessageField.VALUE, headers)
        value = serializer(client, kind, schema, conf)(data, context)
        line = {"name": name, "value": base64.b64encode(value).decode()}
        line["headers"] = [[key, base64.b64encode(content).decode()] for key, content in headers]
        print(json.dumps(line), flush=True)


main()
