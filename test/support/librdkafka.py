"""Writes what it reads from standard input, as JSON: brokers, and runs with their topic, codec and records."""

import json
import sys
from uuid import uuid4

from confluent_kafka import Producer


def refuse(error, message):
    if error:
        sys.exit(f"not written: {error}")


plan = json.load(sys.stdin)
for run in plan["runs"]:
    settings = {
        "bootstrap.servers": plan["brokers"],
        "compression.type": run["codec"],
        "batch.size": run["batchBytes"],
        "linger.ms": 500,
    }
    if run["transactional"]:
        settings["transactional.id"] = str(uuid4())
    producer = Producer(settings)
    if run["transactional"]:
        producer.init_transactions()
        producer.begin_transaction()
    for record in run["records"]:
        producer.produce(
            run["topic"],
            key=record["key"],
            value=record["value"],
            headers=[tuple(header) for header in record["headers"]],
            on_delivery=refuse,
        )
    if run["transactional"]:
        producer.commit_transaction()
    if producer.flush(30):
        sys.exit("not all was written within 30 s")
