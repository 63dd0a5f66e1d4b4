/** The errors of adapters. They tell the pipeline whether to wait, to stop or to replace a record. */
import type { LogRecord } from '../cloudevents/record.ts'

/** Kafka will never accept a record as it is: retrying cannot help. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
  /** The places, among those that were to be published, of the records that were not written; absent if that is not known. */
  readonly unwritten?: readonly number[]
}

/**
 * Redis, Kafka, the schema registry or the store of the checkpoints cannot be reached, or the topic is growing. Nothing is decided;
 * the records wait in Kafka.
 */
export class Unavailable extends Error {
  readonly code:
    | 'store-unavailable'
    | 'broker-unavailable'
    | 'registry-unavailable'
    | 'checkpoint-unavailable'
    | 'topic-growing'
  constructor(code: Unavailable['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unavailable'
    this.code = code
  }
}

/** The schema of a record must be fetched, with `DataReader.prepare`, before the record can be read. */
export class SchemaNotAtHand extends Error {
  override readonly name = 'SchemaNotAtHand'
  readonly record: LogRecord

  constructor(record: LogRecord) {
    super('the schema of the record is not at hand: prepare it first')
    this.record = record
  }
}

/**
 * To continue would lose records, count them twice, or leave them waiting without end. The partition stops until an operator acts; its records stay in Kafka. The
 * message says what to do and never contains data.
 */
export class PartitionStopped extends Error {
  override readonly name = 'PartitionStopped'
  readonly code:
    | 'another-log'
    | 'state-evicted'
    | 'state-newer-than-code'
    | 'state-not-migrated'
    | 'parking-without-ticks'
  constructor(code: PartitionStopped['code'], message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The log cannot be read, and waiting alone does not help: a batch is corrupt or too large, or Kafka denies access. The records
 * stay in Kafka. The message says where the error is and what to do, and never contains data.
 */
export class UnreadableLog extends Error {
  override readonly name = 'UnreadableLog'
  readonly code = 'log-unreadable'
}
