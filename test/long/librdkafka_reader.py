"""Reads a number of records from the beginning of a topic, and prints each as a line of JSON. Arguments: brokers, topic, count."""

import json
import sys

from confluent_kafka import Consumer

brokers, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": f"reader-of-{topic}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "check.crcs": True,
    }
)
consumer.subscribe([topic])
while count > 0:
    message = consumer.poll(timeout=30.0)
    if message is None:
        raise SystemExit(f"{count} records are missing")
    if message.error():
        raise SystemExit(str(message.error()))
    headers = {name: value.decode() for name, value in message.headers() or []}
    print(json.dumps({"key": message.key().decode(), "value": message.value().decode(), "headers": headers}))
    count -= 1
consumer.close()
