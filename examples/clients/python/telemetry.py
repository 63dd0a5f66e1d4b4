"""What the producers and consumers in this folder share: settings, readings, and CloudEvents in records of Kafka."""

import json
import os
import random
from argparse import ArgumentParser
from base64 import b64encode
from datetime import datetime, timedelta, timezone

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, from_structured, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

BROKERS = os.environ.get("KAFKA_BROKERS", "localhost:9092")
TOPIC = os.environ.get("TOPIC", "sluice.telemetry.readings.local")
SENSORS = ("roof", "cellar", "café")
FORMAT = JSONFormat()


def producer_arguments() -> tuple[str, int]:
    """The mode in which events are written, and how many."""
    parser = ArgumentParser()
    parser.add_argument("mode", nargs="?", choices=("binary", "structured"), default="binary")
    parser.add_argument("count", nargs="?", type=int, default=9)
    arguments = parser.parse_args()
    return arguments.mode, arguments.count


def consumer_argument() -> str:
    """How offsets are committed: `auto` or `manual`."""
    parser = ArgumentParser()
    parser.add_argument("commit", nargs="?", choices=("auto", "manual"), default="auto")
    return parser.parse_args().commit


def readings(count: int, site: str) -> list[CloudEvent]:
    """Simulated readings of three sensors, a second apart."""
    now = datetime.now(timezone.utc)
    return [reading(SENSORS[n % 3], site, now - timedelta(seconds=count - n)) for n in range(count)]


def reading(sensor: str, site: str, time: datetime) -> CloudEvent:
    # Derived from the reading, so that sending it twice gives the same id, and Sluice drops the repeat.
    event_id = f"{sensor}@{time.isoformat()}"
    attributes = {
        "id": event_id,
        "source": f"/environment/{site}",
        "type": "io.sluice.environment.reading.v1",
        "subject": sensor,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": "https://sluice.io/schemas/environment.reading.v1.json",
    }
    data = {
        "sensorId": sensor,
        "temperature": round(random.uniform(15, 25), 1),
        "location": {"site": site, "latitude": 47.37, "longitude": 8.54},
    }
    return CloudEvent(attributes, data)


def record_of(event: CloudEvent, mode: str) -> KafkaMessage:
    """The record of an event in `binary` or `structured` mode. Its key is the entity: all its readings are in one partition."""
    write = to_structured if mode == "structured" else to_binary
    return write(event, FORMAT, key_mapper=lambda event: event.get_subject().encode())


def event_of(headers: list[tuple[str, bytes]] | None, value: bytes | None) -> BaseCloudEvent:
    """The event in a record, in whichever mode its content type says. Raises ValueError if there is none."""
    named = {name: text for name, text in headers or [] if text is not None}
    content_type = named.get("content-type", b"").decode().strip().lower()
    is_structured = content_type.startswith("application/cloudevents")
    if not is_structured and not any(name.startswith("ce_") for name in named):
        raise ValueError("it has neither a ce_ header nor a structured content type")
    # Without the key, because the SDK would add it to the event as the attribute "partitionkey".
    message = KafkaMessage(headers=named, key=None, value=value or b"")
    return (from_structured if is_structured else from_binary)(message, FORMAT)


def event_text(event: BaseCloudEvent) -> str:
    """The event as one line in the JSON format of CloudEvents."""
    return compact(json.loads(FORMAT.write(event)))


def data_text(event: BaseCloudEvent) -> str:
    """The data as JSON; data in another format as base64."""
    data = event.get_data()
    return b64encode(data).decode() if isinstance(data, bytes) else compact(data)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
