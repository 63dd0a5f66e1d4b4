/** Runs a consumer without servers: given state and records, when a batch arrives, then check decisions and emissions. */

import { APPLICATION } from '../../lib/app/application.ts'
import { isFailure } from '../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../lib/runtime/cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../../lib/runtime/cloudevents/record.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { decided, type KeyedProcess } from '../../lib/runtime/consumer/process.ts'
import { consume } from '../../lib/runtime/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../../lib/runtime/pipeline/consumer.ts'
import { partsOfState } from '../../lib/runtime/pipeline/deciding/stored-state.ts'
import { LatestDecisions } from '../../lib/runtime/pipeline/failures/failure-surge.ts'
import type { Invocation } from '../../lib/runtime/pipeline/invocation.ts'
import { LogChecks } from '../../lib/runtime/pipeline/log/log-identity.ts'
import type {
  Decision,
  FailureMemory,
  OffsetRange,
  OutboxEntry,
  StateKey,
  Waiting,
} from '../../lib/runtime/pipeline/model.ts'
import type { Observer, Ports } from '../../lib/runtime/pipeline/ports.ts'
import type { KafkaEvent } from '../../lib/runtime/pipeline/receive.ts'
import type { BatchResponse } from '../../lib/runtime/pipeline/respond.ts'
import { MemoryCircuitBreaker } from '../../lib/runtime/testing/circuit-breaker.ts'
import { MemoryLogReader } from '../../lib/runtime/testing/log-reader.ts'
import { MemoryPublisher } from '../../lib/runtime/testing/publisher.ts'
import { MemoryStateStore } from '../../lib/runtime/testing/state-store.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { kafkaEvent, TOPIC } from './records.ts'
import { NOTHING_WANTED } from './wanted.ts'

/** Counts the readings of each entity, and emits an event for every second reading. */
export const counting: KeyedProcess<{ count: number }> = {
  name: 'counting',
  accepts: READING_TYPES,
  onEvent(state, event) {
    const count = (state?.count ?? 0) + 1
    const emit =
      count % 2 === 0
        ? [
            {
              name: 'pair',
              to: 'events' as const,
              key: event.entity,
              type: 'test.pair',
              source: '/counting',
              data: { count },
            },
          ]
        : []
    return decided('counted', { count }, emit)
  },
}

/** Records everything that the pipeline reports. */
export class RecordingObserver implements Observer {
  readonly decisions: Decision[] = []
  readonly waits: Waiting[] = []
  readonly ranges: OffsetRange[] = []
  redeliveries = 0
  untrimmedEntries = 0

  decided(_: StateKey, decisions: readonly Decision[]): void {
    this.decisions.push(...decisions)
  }
  redelivered(_: StateKey, count: number): void {
    this.redeliveries += count
  }
  waiting(_: StateKey, waiting: Waiting): void {
    this.waits.push(waiting)
  }
  outboxNotTrimmed(_: StateKey, count: number): void {
    this.untrimmedEntries += count
  }
  readonly refusals: OutboxEntry[] = []
  refused(_: StateKey, entries: readonly OutboxEntry[]): void {
    this.refusals.push(...entries)
  }
  readonly startsWithoutAppliedOffsetAt: number[] = []
  startsWithoutAppliedOffset(_: StateKey, fromOffset: number): void {
    this.startsWithoutAppliedOffsetAt.push(fromOffset)
  }
  readonly restorations: { appliedOffset: number; takenAtMs: number }[] = []
  restoredFromCheckpoint(_: StateKey, appliedOffset: number, takenAtMs: number): void {
    this.restorations.push({ appliedOffset, takenAtMs })
  }
  readonly damagedAtMs: number[] = []
  checkpointDamaged(_: StateKey, takenAtMs: number): void {
    this.damagedAtMs.push(takenAtMs)
  }
  rangeReadBack(_: StateKey, range: OffsetRange): void {
    this.ranges.push(range)
  }
  readonly expiries: OffsetRange[] = []
  expired(_: StateKey, range: OffsetRange): void {
    this.expiries.push(range)
  }
  readonly clockGaps: { beforeOffset: number; ms: number }[] = []
  clockGap(_: StateKey, beforeOffset: number, ms: number): void {
    this.clockGaps.push({ beforeOffset, ms })
  }
  readonly timedByProducersFrom: number[] = []
  timedByProducers(_: StateKey, fromOffset: number): void {
    this.timedByProducersFrom.push(fromOffset)
  }
  readonly unreadableContexts: string[] = []
  contextUnreadable(_: StateKey, why: string): void {
    this.unreadableContexts.push(why)
  }
  readonly misroutedAt: { fromOffset: number; count: number }[] = []
  misrouted(_: StateKey, fromOffset: number, count: number): void {
    this.misroutedAt.push({ fromOffset, count })
  }
  readonly surgesSince: number[] = []
  readonly failureMemories: FailureMemory[] = []
  failureMemory(_: StateKey, memory: FailureMemory): void {
    this.failureMemories.push(memory)
  }
  breakerOpen(_: StateKey, sinceMs: number): void {
    this.surgesSince.push(sinceMs)
  }
}

type Given = Partial<Invocation> & { readonly ports?: Partial<Ports> }

export class Stage {
  readonly store: MemoryStateStore
  readonly publisher = new MemoryPublisher()
  readonly observer = new RecordingObserver()
  readonly breaker = new MemoryCircuitBreaker()
  /** The latest decisions of the only version of the code on this stage. */
  readonly latest = new LatestDecisions()
  /** The log checks of the only process on this stage. */
  readonly logChecks = new LogChecks()
  /** The complete log, which the consumer can read in addition to delivered records. */
  readonly #log: LogRecord[] = []
  readonly #inLog = new Set<string>()
  consumer: Consumer
  readonly ports: Ports

  constructor(
    process: KeyedProcess<never> | Process = counting as KeyedProcess<unknown>,
    overrides: Partial<Ports> = {},
  ) {
    this.store = new MemoryStateStore()
    this.consumer = {
      ...CONSUMER_DEFAULTS,
      application: APPLICATION,
      failuresTo: APPLICATION.failuresTopic,
      process: process as Process,
      env: 'test',
    }
    this.ports = {
      store: this.store,
      publisher: this.publisher,
      log: new MemoryLogReader(this.#log),
      breaker: this.breaker,
      observer: this.observer,
      ...overrides,
    }
  }

  /** Delivers records to the consumer as a batch from Lambda, and adds them to the log. */
  batch(records: readonly LogRecord[], given: Given = {}): Promise<BatchResponse> {
    this.inLog(records)
    return this.consume(kafkaEvent(records), given)
  }

  /** Invokes the consumer, by default with enough time and with partial batch responses. */
  consume(event: KafkaEvent, { ports = {}, ...given }: Given = {}): Promise<BatchResponse> {
    const invocation: Invocation = {
      remainingMs: () => 60_000,
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => 'v1',
      latest: this.latest,
      logChecks: this.logChecks,
      ...given,
    }
    return consume(this.consumer, { ...this.ports, ...ports }, event, invocation)
  }

  /** Adds records to the log without delivering them. */
  inLog(records: readonly LogRecord[]): void {
    for (const record of records) {
      const place = `${record.partition}/${record.offset}`
      if (this.#inLog.has(place)) continue
      this.#inLog.add(place)
      this.#log.push(record)
    }
  }

  /** `outcome/reason` of each decision, in order. */
  get outcomes(): string[] {
    return this.observer.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
  }

  /** All published events, read back from their records. */
  get events(): Event[] {
    return this.eventsAfter(0)
  }

  /** The published events after the first `count`. */
  eventsAfter(count: number): Event[] {
    return this.publisher.published.slice(count).map(eventIn)
  }

  stateKey(partition = 0): StateKey {
    return { consumer: this.consumer.process.name, topic: TOPIC, partition }
  }

  async state(entity: string, partition = 0): Promise<unknown> {
    const { states } = await this.store.load(this.stateKey(partition), {
      ...NOTHING_WANTED,
      entities: [entity],
    })
    const stored = states.get(entity)
    return stored === undefined ? undefined : JSON.parse(partsOfState(stored).json)
  }
}

/** Reads the event in a published record. Fails the test if it is not a valid event. */
function eventIn(record: OutgoingRecord): Event {
  const event = readEvent(record)
  if (isFailure(event)) throw new Error(`published an invalid event: ${event.message}`)
  return event
}
