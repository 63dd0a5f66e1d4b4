/** A consumer on a stage without servers: given state and records, when a batch comes, then decisions and emissions. */
import { MemoryFloodGate } from '../../lib/adapters/memory/flood-gate.ts'
import { MemoryLogReader } from '../../lib/adapters/memory/log-reader.ts'
import { MemoryPublisher } from '../../lib/adapters/memory/publisher.ts'
import { MemoryStateStore } from '../../lib/adapters/memory/state-store.ts'
import { readEvent } from '../../lib/cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../../lib/cloudevents/record.ts'
import type { Event } from '../../lib/domain/event.ts'
import { decided, type KeyedProcess } from '../../lib/domain/process.ts'
import { READING_TYPES } from '../../lib/domain/telemetry/families.ts'
import { consume } from '../../lib/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../../lib/pipeline/consumer.ts'
import { LatestDecisions } from '../../lib/pipeline/flood.ts'
import type { Invocation, Ports } from '../../lib/pipeline/partition.ts'
import type { Decision, Observer, OutboxEntry, Slot, Stretch, Waiting } from '../../lib/pipeline/ports.ts'
import type { KafkaEvent } from '../../lib/pipeline/receive.ts'
import type { BatchResponse } from '../../lib/pipeline/respond.ts'
import { kafkaEvent, TOPIC } from './records.ts'
import { NOTHING_WANTED } from './wanted.ts'

/** Counts the readings of each entity, and emits one event for every second of them. */
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

/** Keeps everything that the pipeline reports. */
export class RecordingObserver implements Observer {
  readonly decisions: Decision[] = []
  readonly waits: Waiting[] = []
  readonly stretches: Stretch[] = []
  redeliveries = 0
  unsettledEntries = 0

  decided(_: Slot, decisions: readonly Decision[]): void {
    this.decisions.push(...decisions)
  }
  redelivered(_: Slot, count: number): void {
    this.redeliveries += count
  }
  waiting(_: Slot, waiting: Waiting): void {
    this.waits.push(waiting)
  }
  unsettled(_: Slot, count: number): void {
    this.unsettledEntries += count
  }
  readonly refusals: OutboxEntry[] = []
  refused(_: Slot, entries: readonly OutboxEntry[]): void {
    this.refusals.push(...entries)
  }
  readonly startsWithoutMarkAt: number[] = []
  startsWithoutMark(_: Slot, fromOffset: number): void {
    this.startsWithoutMarkAt.push(fromOffset)
  }
  stretchMissing(_: Slot, stretch: Stretch): void {
    this.stretches.push(stretch)
  }
  readonly expiries: Stretch[] = []
  expired(_: Slot, stretch: Stretch): void {
    this.expiries.push(stretch)
  }
  readonly blindStretches: { beforeOffset: number; ms: number }[] = []
  blind(_: Slot, beforeOffset: number, ms: number): void {
    this.blindStretches.push({ beforeOffset, ms })
  }
  readonly strays: { fromOffset: number; count: number }[] = []
  strayed(_: Slot, fromOffset: number, count: number): void {
    this.strays.push({ fromOffset, count })
  }
  readonly floodsSince: number[] = []
  flooded(_: Slot, sinceMs: number): void {
    this.floodsSince.push(sinceMs)
  }
}

type Given = Partial<Invocation> & { readonly ports?: Partial<Ports> }

export class Stage {
  readonly store: MemoryStateStore
  readonly publisher = new MemoryPublisher()
  readonly observer = new RecordingObserver()
  readonly gate = new MemoryFloodGate()
  /** Of the one version of the code that runs on this stage. */
  readonly latest = new LatestDecisions()
  /** What can be read beside what is delivered: everything that ever was. */
  readonly #log: LogRecord[] = []
  readonly #inLog = new Set<string>()
  consumer: Consumer
  readonly ports: Ports

  constructor(
    process: KeyedProcess<never> | Process = counting as KeyedProcess<unknown>,
    overrides: Partial<Ports> = {},
  ) {
    this.store = new MemoryStateStore()
    this.consumer = { ...CONSUMER_DEFAULTS, process: process as Process, env: 'test' }
    this.ports = {
      store: this.store,
      publisher: this.publisher,
      log: new MemoryLogReader(this.#log),
      gate: this.gate,
      observer: this.observer,
      ...overrides,
    }
  }

  /** Hands records to the consumer, as a batch of Lambda's; the log has them from then on. */
  batch(records: readonly LogRecord[], given: Given = {}): Promise<BatchResponse> {
    this.inLog(records)
    return this.consume(kafkaEvent(records), given)
  }

  /** With time and partial responses unless told otherwise. */
  consume(event: KafkaEvent, { ports = {}, ...given }: Given = {}): Promise<BatchResponse> {
    const invocation: Invocation = {
      remainingMs: () => 60_000,
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => 'v1',
      latest: this.latest,
      ...given,
    }
    return consume(this.consumer, { ...this.ports, ...ports }, event, invocation)
  }

  /** Records that are in the log, whether they are delivered or not. */
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

  /** The events published so far, read back from their records. */
  get events(): Event[] {
    return this.eventsAfter(0)
  }

  /** Those behind the first `count`. */
  eventsAfter(count: number): Event[] {
    return this.publisher.published.slice(count).map(eventIn)
  }

  slot(partition = 0): Slot {
    return { consumer: this.consumer.process.name, topic: TOPIC, partition }
  }

  async state(entity: string, partition = 0): Promise<unknown> {
    const { states } = await this.store.load(this.slot(partition), {
      ...NOTHING_WANTED,
      entities: [entity],
    })
    const json = states.get(entity)
    return json === undefined ? undefined : JSON.parse(json)
  }
}

/** The event in a published record; a test that published none has failed. */
function eventIn(record: OutgoingRecord): Event {
  const event = readEvent(record)
  if ('code' in event) throw new Error(`published what is no event: ${event.message}`)
  return event
}
