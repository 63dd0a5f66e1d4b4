/** Runs a forwarder on an in-memory log. A test adds records, invokes the forwarder, and checks which records it has published. */

import type { LogRecord, OutgoingRecord } from '../../cloudevents/record.ts'
import { deferRecord, type Forwarder, forwardRecord } from '../../consumer/forwarder.ts'
import { CONSUMER_DEFAULTS } from '../../pipeline/consumer.ts'
import { LatestDecisions } from '../../pipeline/failures/failure-surge.ts'
import type { ForwardingConsumer } from '../../pipeline/forwarding/decide.ts'
import {
  type Forwarded,
  type ForwardingInvocation,
  type ForwardingPorts,
  forward,
} from '../../pipeline/forwarding/forward.ts'
import type { Cursors } from '../../pipeline/ports.ts'
import { MemoryCircuitBreaker } from '../../testing/memory-circuit-breaker.ts'
import { MemoryLogBounds } from '../../testing/memory-log-bounds.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import { MemoryPublisher } from '../../testing/memory-publisher.ts'
import { APPLICATION } from './application.ts'
import { logRecord } from './records.ts'
import { RecordingObserver } from './stage.ts'

const FROM = 'sluice.telemetry.retry-1m.test'
export const TARGET = 'sluice.telemetry.events.test'
const FAILURES = 'sluice.telemetry.failures.test'

/** Time between the append of a record and the time at which it is due. */
export const DELAY_MS = 60_000

/** Returns a record of the topic that the forwarder reads. Its value has the given size. */
export function waiting(offset: number, { at = 0, partition = 0, bytes = 0 } = {}): LogRecord {
  return logRecord(
    offset,
    {
      key: Buffer.from([offset, 0xff]),
      value: Buffer.concat([Buffer.from(`value ${offset} `), Buffer.alloc(bytes)]),
      headers: [
        ['twice', Buffer.from('a')],
        ['twice', Buffer.from([0xfe])],
      ],
    },
    { topic: FROM, partition, timestampMs: at },
  )
}

/** Forwarder that publishes records one minute after they were appended. */
export const delaying: Omit<Forwarder, 'name'> = {
  from: ['retry-1m'],
  forward(record, nowMs) {
    const dueMs = record.timestampMs + DELAY_MS
    if (dueMs > nowMs) return deferRecord(dueMs)
    const { key, value, headers } = record
    return forwardRecord('sent-on', { topic: TARGET, partition: record.partition, key, value, headers })
  },
}

type ForwardOptions = Partial<ForwardingInvocation> & { readonly ports?: Partial<ForwardingPorts> }

export class ForwardStage {
  readonly observer = new RecordingObserver()
  readonly publisher: MemoryPublisher
  readonly log: LogRecord[]
  readonly consumer: ForwardingConsumer
  readonly ports: ForwardingPorts
  readonly #latest = new LatestDecisions()

  /** Creates the stage. @param name name of the forwarder, which must be unique if the cursors are stored on a server */
  constructor(
    name: string,
    cursors: Cursors,
    log: readonly LogRecord[],
    forwarder: Omit<Forwarder, 'name'> = delaying,
    largest?: (topic: string) => number,
    partitions?: (topic: string) => number,
  ) {
    this.log = [...log]
    this.publisher = new MemoryPublisher(largest, partitions)
    this.consumer = {
      ...CONSUMER_DEFAULTS,
      application: APPLICATION,
      env: 'test',
      failuresTo: APPLICATION.failuresTopic,
      process: { ...forwarder, name },
    }
    this.ports = {
      cursors,
      bounds: new MemoryLogBounds(this.log),
      log: new MemoryLogReader(this.log, 4),
      publisher: this.publisher,
      breaker: new MemoryCircuitBreaker(),
      report: this.observer.report,
    }
  }

  /** Invokes the forwarder, by default with sufficient time and after all records are due. */
  wake({ ports = {}, ...given }: ForwardOptions = {}): Promise<Forwarded> {
    const invocation: ForwardingInvocation = {
      remainingMs: () => 60_000,
      nowMs: () => 10 * DELAY_MS,
      codeVersion: () => 'v1',
      latest: this.#latest,
      ...given,
    }
    return forward(this.consumer, { ...this.ports, ...ports }, invocation)
  }

  stateKey(partition = 0) {
    return { consumer: this.consumer.process.name, topic: FROM, partition }
  }

  /** Returns the offsets of the forwarded records in order. The value of each record contains its offset. */
  get sent(): number[] {
    return this.target.map(({ value }) => Number(String(value).split(' ')[1]))
  }

  get target(): OutgoingRecord[] {
    return this.publisher.publishedRecords.filter(({ topic }) => topic === TARGET)
  }

  /** Returns the code and the offset of each failure in the failures topic. */
  get failures(): string[] {
    return this.publisher.publishedRecords
      .filter(({ topic }) => topic === FAILURES)
      .map(({ value }) => JSON.parse(String(value)))
      .map(({ errorType, originalOffset }) => `${errorType} ${originalOffset}`)
  }
}
