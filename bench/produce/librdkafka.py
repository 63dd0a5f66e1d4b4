"""Publishes the records of a file twice, and prints how many milliseconds the second time took. Arguments: file, topic, settings."""

import json
import sys
import time

from confluent_kafka import Producer

file, topic, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with open(file, encoding="utf-8") as lines:
    records = [json.loads(line) for line in lines]
records = [(key, value.encode(), [(name, text.encode()) for name, text in headers]) for key, value, headers in records]
producer = Producer(settings)
failed = 0


def report(error, message):
    global failed
    if error:
        failed += 1


def publish():
    for key, value, headers in records:
        while True:
            try:
                producer.produce(topic, key=key, value=value, headers=headers, on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(60) or failed:
        sys.exit("not all records were delivered")


publish()
started = time.monotonic()
publish()
print((time.monotonic() - started) * 1000)
