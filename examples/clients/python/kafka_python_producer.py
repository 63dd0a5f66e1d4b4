"""Sends readings with kafka-python: `kafka_python_producer.py [binary|structured] [COUNT]`."""

import sys

from kafka import KafkaProducer

from telemetry import BROKERS, TOPIC, producer_arguments, readings, record_of

mode, count = producer_arguments()

# The defaults are the right ones for Sluice: murmur2 of the key chooses the partition, as in Java clients; all replicas
# acknowledge (acks="all"); and a retry neither repeats nor reorders records (enable_idempotence).
producer = KafkaProducer(bootstrap_servers=BROKERS.split(","), client_id="telemetry-producer")

sent = []
for event in readings(count, site="kafka-python"):
    record = record_of(event, mode)
    sent.append(producer.send(TOPIC, key=record.key, value=record.value, headers=list(record.headers.items())))

failed = 0
for future in sent:
    try:
        place = future.get(timeout=30)
        print(f"Delivered to {place.topic} [{place.partition}] @ {place.offset}")
    except Exception as error:
        failed += 1
        print(f"Delivery failed: {error}", file=sys.stderr)
producer.close()
sys.exit(1 if failed else 0)
