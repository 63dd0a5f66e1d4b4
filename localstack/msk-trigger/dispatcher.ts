import type { Backoff } from './backoff.ts'
import { type BatchLimits, nextBatch, type Take } from './batching.ts'
import { type Batch, commitSurely, type DeliveryContext, deliver } from './delivery.ts'
import { lambdaEvent, type Message, partitionName } from './event.ts'
import { MAX_PAYLOAD_BYTES } from './event-size.ts'
import type { Log } from './framework.ts'
import { Lane, type LaneRecord } from './lane.ts'
import type { Mapping } from './mappings.ts'
import type { PartitionOffset } from './member.ts'
import { Slots } from './slots.ts'
import { within } from './wait.ts'

/** Rule 18: what one event poller runs at once, each invocation with other partitions (rule 19). */
const CONCURRENT_INVOCATIONS = 5

export interface DispatcherParts {
  readonly name: string
  readonly brokers: readonly string[]
  readonly backoff: Backoff
  readonly log: Log
  invoke(event: unknown): Promise<unknown>
  commit(offsets: readonly PartitionOffset[]): Promise<void>
  /** Stops and starts the fetching of a partition. */
  pause(partition: number): void
  resume(partition: number): void
}

/** Keeps what was read until it is delivered: fills a lane for each partition, and starts batches out of them. */
export class Dispatcher {
  readonly #mapping: Mapping
  readonly #parts: DispatcherParts
  readonly #limits: BatchLimits
  readonly #delivery: DeliveryContext
  readonly #slots = new Slots(CONCURRENT_INVOCATIONS)
  readonly #ending = new AbortController()
  readonly #deliveries = new Set<Promise<void>>()
  /** Partitions in flight. By number: one that is lost and comes back must still wait for its old batch. */
  readonly #busy = new Set<number>()
  #lanes: ReadonlyMap<number, Lane> = new Map()
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined

  constructor(mapping: Mapping, parts: DispatcherParts) {
    this.#mapping = mapping
    this.#parts = parts
    this.#limits = {
      batchSize: mapping.batchSize,
      windowMs: mapping.windowMs,
      payloadBytes: MAX_PAYLOAD_BYTES,
      envelopeBytes: JSON.stringify(lambdaEvent(mapping, parts.brokers, [])).length,
    }
    this.#delivery = this.#deliveryContext()
  }

  /** Keeps the lanes of these partitions and gives up all others. Returns the offset to read next of each kept. */
  keepOnly(partitions: readonly number[]): ReadonlyMap<number, number> {
    for (const lane of this.#lanes.values()) lane.lost = !partitions.includes(lane.partition)
    this.#lanes = new Map([...this.#lanes].filter(([, lane]) => !lane.lost))
    return new Map([...this.#lanes.values()].map(lane => [lane.partition, lane.nextOffset]))
  }

  /** Opens a lane for each partition that has none. Fetching of all of them has just begun, or begun again. */
  open(offsets: ReadonlyMap<number, number>): void {
    const lanes = new Map(this.#lanes)
    for (const [partition, offset] of offsets) {
      const lane = lanes.get(partition) ?? new Lane(this.#mapping, partition, offset)
      lanes.set(partition, lane)
      if (lane.paused) this.#parts.pause(partition)
    }
    this.#lanes = lanes
    this.#dispatch()
  }

  /** Takes what was fetched of a partition, in offset order. */
  add(partition: number, messages: readonly Message[]): void {
    const lane = this.#lanes.get(partition)
    if (!lane) return
    lane.append(messages, Date.now())
    if (lane.isFull && !lane.paused) {
      lane.paused = true
      this.#parts.pause(partition)
    }
    this.#dispatchSoon()
  }

  /** Starts nothing more, and waits so long at most for what runs. What is not done then is never committed. */
  async stop(graceMs: number): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    await within(graceMs, Promise.allSettled(this.#deliveries))
    this.keepOnly([])
  }

  /** The partitions of one fetch come one by one: waits for the last, or a window of 0 would never mix them. */
  #dispatchSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      this.#dispatch()
    })
  }

  /** Starts every batch that can start now, and sets a timer for the end of the next one's window. */
  #dispatch(): void {
    clearTimeout(this.#timer)
    while (!this.#ending.signal.aborted && this.#slots.tryTake()) {
      const free = [...this.#lanes.values()].filter(lane => !this.#busy.has(lane.partition))
      const next = nextBatch(free, this.#limits, Date.now())
      if (next.do === 'invoke') {
        this.#start(next.takes)
        continue
      }
      if (next.do === 'skip') {
        this.#skip(next.partition)
        continue
      }
      this.#slots.give()
      if (next.do === 'wait') this.#timer = setTimeout(() => this.#dispatch(), next.untilMs - Date.now())
      return
    }
  }

  #start(takes: readonly Take[]): void {
    const batch = takes.map(({ partition, count }) => ({ partition, records: this.#take(partition, count) }))
    this.#track(deliver(batch, this.#lanes, this.#delivery))
  }

  /** Rule 9: without a destination, a record that no payload can hold stays unprocessed, and the rest goes on. */
  #skip(partition: number): void {
    this.#slots.give()
    const lanes = this.#lanes
    for (const { offset, eventBytes } of this.#take(partition, 1)) {
      this.#parts.log.error(
        `${this.#parts.name}  skipped ${partitionName(this.#mapping.topic, partition)}@${offset}: in an event it takes ` +
          `${eventBytes} bytes, more than the ${MAX_PAYLOAD_BYTES} of an invocation`,
      )
      const done = commitSurely([{ partition, offset: offset + 1 }], lanes, this.#delivery)
      this.#track(done.then(() => this.#delivery.release(partition)))
    }
  }

  /** Takes records out of a lane, which is busy until it is released. */
  #take(partition: number, count: number): LaneRecord[] {
    const lane = this.#lanes.get(partition)
    if (!lane) return []
    this.#busy.add(partition)
    const records = lane.take(count)
    if (lane.paused && lane.isHungry) {
      lane.paused = false
      this.#parts.resume(partition)
    }
    return records
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#deliveries.delete(tracked))
    this.#deliveries.add(tracked)
  }

  #deliveryContext(): DeliveryContext {
    const { name, backoff, log, brokers } = this.#parts
    return {
      name,
      backoff,
      log,
      slots: this.#slots,
      topic: this.#mapping.topic,
      reportsFailures: this.#mapping.reportsFailures,
      ending: this.#ending.signal,
      invoke: batch => this.#parts.invoke(lambdaEvent(this.#mapping, brokers, messagesOf(batch))),
      commit: offsets => this.#parts.commit(offsets),
      release: partition => {
        this.#busy.delete(partition)
        this.#dispatch()
      },
    }
  }
}

function messagesOf(batch: Batch): (readonly [number, readonly Message[]])[] {
  return batch.map(({ partition, records }) => [partition, records.map(record => record.message)] as const)
}
