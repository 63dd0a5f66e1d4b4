"""Sends readings of a sensor in a greenhouse, a minute apart, the last one now: `send.py bed-1 31.5 30.2`."""

import json, os, sys, time
from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9092")})
device, *values = sys.argv[1:]
for minute, value in enumerate(values, 1 - len(values)):
    record = {"house": "north", "device": device, "at": int(time.time()) + 60 * minute, "soil_moisture": float(value)}
    producer.produce("greenhouse", key=device, value=json.dumps(record))
    print(json.dumps(record))
sys.exit(producer.flush(30))
