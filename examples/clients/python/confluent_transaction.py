"""Writes two readings in one transaction and aborts another, with confluent-kafka: `confluent_transaction.py [binary|structured]`."""

import sys

from confluent_kafka import KafkaException, Producer

from telemetry import BROKERS, TOPIC, producer_arguments, readings, record_of

mode, _ = producer_arguments()

producer = Producer(
    {
        "bootstrap.servers": BROKERS,
        "client.id": "telemetry-transaction",
        "partitioner": "murmur2_random",
        # Makes the producer idempotent, too. A process that starts with the same id ends the open transaction of the one before it,
        # so each process needs its own.
        "transactional.id": "telemetry-transaction-python",
    }
)


def write(events, is_committed: bool) -> None:
    """Writes events, and ends their transaction."""
    producer.begin_transaction()
    try:
        for event in events:
            record = record_of(event, mode)
            producer.produce(TOPIC, key=record.key, value=record.value, headers=record.headers)
        # Without this, `abort_transaction` would drop records that are not sent yet.
        producer.flush()
        if is_committed:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    except KafkaException as error:
        if error.args[0].txn_requires_abort():
            producer.abort_transaction()
        raise


try:
    producer.init_transactions()
    first, second, third = readings(3, site="confluent-kafka")
    write([first, second], is_committed=True)
    print(f"Committed {first.get_id()}, {second.get_id()}")
    # Its record stays in the log, and no reader of committed records gets it.
    write([third], is_committed=False)
    print(f"Aborted {third.get_id()}")
except KafkaException as error:
    print(f"Transaction failed: {error}", file=sys.stderr)
    sys.exit(1)
