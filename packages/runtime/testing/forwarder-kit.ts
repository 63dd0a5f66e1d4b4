import type { LogRecord, OutgoingRecord } from '../cloudevents/record.ts'
import type { Application } from '../consumer/application.ts'
import type { Forwarder } from '../consumer/forwarder.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { type Forwarded, forward } from '../pipeline/forwarding/forward.ts'
import { MemoryCircuitBreaker } from './memory-circuit-breaker.ts'
import { MemoryForwardCursors } from './memory-forward-cursors.ts'
import { MemoryLogBounds } from './memory-log-bounds.ts'
import { MemoryLogReader } from './memory-log-reader.ts'
import { MemoryPublisher } from './memory-publisher.ts'
import { RecordingObserver } from './recording-observer.ts'
import { logRecord } from './records.ts'

/** Name of the environment whose topics contain the records. */
const ENV = 'test'

/** A record to append to a topic. */
type GivenRecord = Partial<Pick<LogRecord, 'key' | 'value' | 'headers' | 'partition' | 'timestampMs'>>

/**
 * Test kit for a forwarder that needs no servers: append records to its topics, run it at a given time, and check the outcomes and
 * the written records. It runs the real pipeline with an in-memory log and in-memory cursors.
 */
export class ForwarderKit {
  readonly #application: Application
  readonly #forwarder: Forwarder
  readonly #log: LogRecord[] = []
  readonly #publisher = new MemoryPublisher()
  readonly #observer = new RecordingObserver()
  readonly #cursors = new MemoryForwardCursors()
  readonly #breaker = new MemoryCircuitBreaker()
  readonly #latest = new LatestDecisions()

  constructor(application: Application, forwarder: Forwarder) {
    this.#application = application
    this.#forwarder = forwarder
  }

  /** Appends records to a topic of the application. The default partition is 0. */
  append(topic: TopicName, ...records: readonly GivenRecord[]): void {
    const name = this.#application.kafkaTopic(topic, ENV)
    for (const { partition = 0, timestampMs = 0, ...content } of records) {
      const before = this.#log.filter(record => record.topic === name && record.partition === partition)
      this.#log.push(logRecord(before.length, content, { topic: name, partition, timestampMs }))
    }
  }

  /**
   * Runs the forwarder at a given time, in milliseconds since the epoch. Returns `outcome/reason` of each processed record, ordered
   * by partition: `applied/` and the reason of `forwardRecord`, `ignored/` and the reason of `skipRecord`, or `failed/` and the code. If a
   * record is not due yet, the last entry is `waits/` and its due time, RFC 3339.
   *
   * @throws Error if a partition cannot continue, for example because the forwarder throws for nearly every record
   */
  async wake(atMs: number): Promise<readonly string[]> {
    const { decisions, waits } = this.#observer
    const decisionsBefore = decisions.length
    const { nextDueMs } = await this.#run(atMs)
    const [wait] = waits
    if (wait) throw new Error(`a partition cannot continue: ${wait.reason}`, { cause: wait.error })
    return [
      ...decisions.slice(decisionsBefore).map(({ outcome, reason }) => `${outcome}/${reason}`),
      ...(nextDueMs === undefined ? [] : [`waits/${new Date(nextDueMs).toISOString()}`]),
    ]
  }

  /** Records that the forwarder has written, in order: forwarded records and failure records. */
  get publishedRecords(): readonly OutgoingRecord[] {
    return this.#publisher.publishedRecords
  }

  #run(atMs: number): Promise<Forwarded> {
    const consumer = {
      ...CONSUMER_DEFAULTS,
      application: this.#application,
      env: ENV,
      failuresTo: this.#application.failuresTopic,
      process: this.#forwarder,
    }
    const ports = {
      cursors: this.#cursors,
      bounds: new MemoryLogBounds(this.#log),
      log: new MemoryLogReader(this.#log),
      publisher: this.#publisher,
      breaker: this.#breaker,
      report: this.#observer.report,
    }
    return forward(consumer, ports, {
      remainingMs: () => 60_000,
      nowMs: () => atMs,
      codeVersion: () => 'test',
      latest: this.#latest,
    })
  }
}
