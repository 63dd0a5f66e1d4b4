"""Sends readings with confluent-kafka (librdkafka): `confluent_producer.py [binary|structured] [COUNT]`."""

import sys

from confluent_kafka import Producer

from telemetry import BROKERS, TOPIC, producer_arguments, readings, record_of

mode, count = producer_arguments()

producer = Producer(
    {
        "bootstrap.servers": BROKERS,
        "client.id": "telemetry-producer",
        # librdkafka's own default (CRC32 of the key) puts an entity into another partition than Java clients and Sluice do.
        "partitioner": "murmur2_random",
        # All replicas acknowledge, and a retry neither repeats nor reorders records.
        "enable.idempotence": True,
        "linger.ms": 10,
    }
)
failed = 0


def report(error, message) -> None:
    global failed
    if error is None:
        print(f"Delivered to {message.topic()} [{message.partition()}] @ {message.offset()}")
    else:
        failed += 1
        print(f"Delivery failed: {error}", file=sys.stderr)


for event in readings(count, site="confluent-kafka"):
    record = record_of(event, mode)
    producer.produce(TOPIC, key=record.key, value=record.value, headers=record.headers, on_delivery=report)
    # Calls `report` for what has been delivered meanwhile.
    producer.poll(0)

unsent = producer.flush(30)
if unsent:
    print(f"Warning: {unsent} messages not delivered", file=sys.stderr)
sys.exit(1 if failed or unsent else 0)
