"""Prints events and their temperatures with kafka-python: `kafka_python_consumer.py [auto|manual]`.

`auto` commits every five seconds; `manual` as soon as everything that one poll returned has been processed. Either way, what was
not committed before a crash is read again.
"""

import os
import signal
import sys

from kafka import KafkaConsumer

from telemetry import BROKERS, TOPIC, consumer_argument, event_of, event_text

is_manual = consumer_argument() == "manual"
consumer = KafkaConsumer(
    TOPIC,
    bootstrap_servers=BROKERS.split(","),
    group_id=os.environ.get("GROUP", "analysis_group"),
    auto_offset_reset="earliest",
    enable_auto_commit=not is_manual,
    auto_commit_interval_ms=5000,
)


def process(record) -> None:
    try:
        event = event_of(record.headers, record.value)
    except Exception as error:
        # Not an event, and it never will be: the consumer must get past it.
        print(f"Skipped {record.topic} [{record.partition}] @ {record.offset}: {error}", file=sys.stderr)
        return
    print(f"Event: {event_text(event)}", flush=True)
    data = event.get_data()
    if isinstance(data, dict) and "temperature" in data:
        print(f"Temperature: {data['temperature']}", flush=True)


running = True


def stop(*_) -> None:
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
while running:
    batches = consumer.poll(timeout_ms=1000)
    for records in batches.values():
        for record in records:
            process(record)
    if is_manual and batches:
        consumer.commit()
# Leaves the group at once, and commits once more if commits are automatic.
consumer.close()
