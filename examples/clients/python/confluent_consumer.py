"""Prints what it receives with confluent-kafka (librdkafka): `confluent_consumer.py [auto|manual]`.

`auto` commits every five seconds what has been processed; `manual` commits each record as soon as it has been processed. Either
way, what was not committed before a crash is read again.
"""

import os
import signal
import sys

from confluent_kafka import Consumer

from telemetry import BROKERS, TOPIC, consumer_argument, data_text, event_of

is_manual = consumer_argument() == "manual"
consumer = Consumer(
    {
        "bootstrap.servers": BROKERS,
        "group.id": os.environ.get("GROUP", "telemetry_group"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": not is_manual,
        "auto.commit.interval.ms": 5000,
        # By default an offset is stored for the next commit when `poll` returns the record, which is before it is processed.
        "enable.auto.offset.store": False,
    }
)
consumer.subscribe([TOPIC])


def process(message) -> None:
    try:
        event = event_of(message.headers(), message.value())
    except Exception as error:
        # Not an event, and it never will be: the consumer must get past it.
        print(f"Skipped {message.topic()} [{message.partition()}] @ {message.offset()}: {error}", file=sys.stderr)
        return
    print(f"Received: {event.get_source()} - {data_text(event)}", flush=True)


running = True


def stop(*_) -> None:
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
while running:
    message = consumer.poll(timeout=1.0)
    if message is None:
        continue
    if message.error():
        # Such as a broker that is out of reach: the client tries again by itself.
        print(f"Error: {message.error()}", file=sys.stderr)
        continue
    process(message)
    if is_manual:
        consumer.commit(message=message, asynchronous=False)
    else:
        consumer.store_offsets(message=message)
# Leaves the group at once, and commits once more if commits are automatic.
consumer.close()
