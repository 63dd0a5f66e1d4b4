/** A consumer on a stage without servers: given state and records, when a batch comes, then decisions and emissions. */
import { MemoryPublisher } from '../../lib/adapters/memory/publisher.ts'
import { MemoryStateStore } from '../../lib/adapters/memory/state-store.ts'
import { readEvent } from '../../lib/cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../../lib/cloudevents/record.ts'
import type { Event } from '../../lib/domain/event.ts'
import { decided, type KeyedProcess } from '../../lib/domain/process.ts'
import { READING_TYPES } from '../../lib/domain/telemetry/families.ts'
import { consume, type Invocation, type Ports } from '../../lib/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer } from '../../lib/pipeline/consumer.ts'
import type { Decision, Observer, Slot, Waiting } from '../../lib/pipeline/ports.ts'
import type { BatchResponse } from '../../lib/pipeline/respond.ts'
import { kafkaEvent, TOPIC } from './records.ts'

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
  readonly stretches: { fromOffset: number; toOffset: number }[] = []
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
  readonly startsWithoutMarkAt: number[] = []
  startsWithoutMark(_: Slot, fromOffset: number): void {
    this.startsWithoutMarkAt.push(fromOffset)
  }
  stretchMissing(_: Slot, stretch: { fromOffset: number; toOffset: number }): void {
    this.stretches.push(stretch)
  }
}

export class Stage {
  readonly store: MemoryStateStore
  readonly publisher = new MemoryPublisher()
  readonly observer = new RecordingObserver()
  readonly consumer: Consumer
  readonly ports: Ports

  constructor(
    process: KeyedProcess<never> | KeyedProcess<unknown> = counting as KeyedProcess<unknown>,
    overrides: Partial<Ports> = {},
  ) {
    this.store = new MemoryStateStore()
    this.consumer = { ...CONSUMER_DEFAULTS, process: process as KeyedProcess<unknown>, env: 'test' }
    this.ports = { store: this.store, publisher: this.publisher, observer: this.observer, ...overrides }
  }

  /** Hands a batch to the consumer, with time and partial responses unless told otherwise. */
  batch(
    records: readonly LogRecord[],
    {
      remainingMs = () => 60_000,
      partialResponses = true,
      ports = {},
    }: Partial<Invocation> & { ports?: Partial<Ports> } = {},
  ): Promise<BatchResponse> {
    return consume(this.consumer, { ...this.ports, ...ports }, kafkaEvent(records), {
      remainingMs,
      partialResponses,
    })
  }

  /** `outcome/reason` of each decision, in order. */
  get outcomes(): string[] {
    return this.observer.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
  }

  /** The events published so far, read back from their records. */
  get events(): Event[] {
    return this.publisher.published.map(eventIn)
  }

  slot(partition = 0): Slot {
    return { consumer: this.consumer.process.name, topic: TOPIC, partition }
  }

  async state(entity: string, partition = 0): Promise<unknown> {
    const { states } = await this.store.load(this.slot(partition), {
      entities: [entity],
      ids: [],
      idWindowMs: 0,
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
