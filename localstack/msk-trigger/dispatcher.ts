import { Attempts, FailedBatches } from './attempts.ts'
import type { Backoff } from './backoff.ts'
import { Backpressure, type Fetching } from './backpressure.ts'
import { type BatchLimits, nextBatch, type Take } from './batching.ts'
import { Commits } from './commits.ts'
import { type DeliveryContext, deliver } from './delivery.ts'
import type { Sender } from './destinations.ts'
import { lambdaEvent, type Message } from './event.ts'
import { MAX_PAYLOAD_BYTES } from './event-size.ts'
import type { Faults } from './faults.ts'
import type { Log } from './framework.ts'
import type { Intake } from './intake.ts'
import { eventOf } from './invocation-record.ts'
import { Lane, type LaneRecord } from './lane.ts'
import type { Mapping } from './mappings.ts'
import type { PartitionOffset } from './member.ts'
import { describe, type Part } from './parts.ts'
import { Receiver } from './receiver.ts'
import type { MappingReports } from './reports.ts'
import { RunningInvocations } from './running.ts'
import { Slots } from './slots.ts'
import { within } from './wait.ts'

/** Rule 18: what one event poller runs at once, each invocation with other partitions (rule 19). */
const CONCURRENT_INVOCATIONS = 5

export interface DispatcherParts extends Fetching {
  readonly name: string
  readonly brokers: readonly string[]
  readonly backoff: Backoff
  readonly log: Log
  readonly reports: Pick<MappingReports, 'stalled' | 'resumed' | 'discarded'>
  readonly intake: Intake
  /** Where a destination is. */
  readonly sender: Sender | undefined
  readonly faults: Faults
  /** @param answerCounts false where the answer is to come too late. */
  invoke(event: unknown, answerCounts: boolean): Promise<unknown>
  /** A fault of a test: the poller is to begin anew. */
  crash(): void
  commit(offsets: readonly PartitionOffset[]): Promise<void>
}

/** Keeps what was read until it is delivered: fills a lane for each partition, and starts batches out of them. */
export class Dispatcher {
  readonly #mapping: Mapping
  readonly #parts: DispatcherParts
  readonly #limits: BatchLimits
  readonly #delivery: DeliveryContext
  readonly #commits: Commits
  readonly #receiver: Receiver
  readonly #backpressure: Backpressure
  readonly #running: RunningInvocations
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
      envelopeBytes: Buffer.byteLength(JSON.stringify(lambdaEvent(mapping, parts.brokers, []))),
    }
    const { name, log, reports, backoff, intake } = parts
    const common = { name, log, reports, backoff, ending: this.#ending.signal }
    this.#commits = new Commits({ ...common, commit: offsets => parts.commit(offsets) })
    this.#backpressure = new Backpressure(parts)
    this.#receiver = new Receiver({ ...common, intake })
    this.#running = new RunningInvocations((running, forMs) => this.#tellOfLong(running, forMs))
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
      const lane =
        lanes.get(partition) ?? new Lane(this.#mapping, partition, offset, this.#limits.envelopeBytes)
      lanes.set(partition, lane)
    }
    this.#lanes = lanes
    this.#backpressure.reopened(lanes.values())
    this.#dispatch()
  }

  /** Takes what was fetched of a partition, in offset order. Resolves when there is room for more. */
  async add(partition: number, messages: readonly Message[]): Promise<void> {
    const lane = this.#lanes.get(partition)
    if (!lane || messages.length === 0) return
    this.#receiver.receive(lane, messages, () => this.dispatchSoon())
    await this.#backpressure.filled(lane, this.#lanes)
  }

  /** Starts nothing more, and waits so long at most for what runs. What is not done then is never committed. */
  async stop(graceMs: number): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    const work = Promise.allSettled(this.#deliveries).then(() => this.#commits.finished())
    await within(graceMs, work)
    this.#running.close()
    this.keepOnly([])
  }

  /** The partitions of one fetch come one by one: waits for the last, or a window of 0 would never mix them. */
  dispatchSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      this.#dispatch()
    })
  }

  /** Starts every batch that can start now, and sets a timer for the end of the next one's window. */
  #dispatch(): void {
    clearTimeout(this.#timer)
    const isFree = ({ partition }: Lane) =>
      !this.#busy.has(partition) && !this.#parts.faults.isHeld(partition)
    const free = () => [...this.#lanes.values()].filter(isFree)
    if (this.#ending.signal.aborted) return
    for (const lane of free()) this.#pass(lane)
    while (this.#slots.tryTake()) {
      const next = nextBatch(free(), this.#limits, Date.now())
      if (next.do === 'invoke') {
        this.#start(next.takes)
        continue
      }
      this.#slots.give()
      if (next.do === 'wait') this.#timer = setTimeout(() => this.#dispatch(), next.untilMs - Date.now())
      return
    }
  }

  /** Rule 39: what a filter discards is committed without an invocation, and without a window. */
  #pass(lane: Lane): void {
    const first = lane.waiting[0]
    if (!first || first.record || this.#mapping.open.filteredRecords === 'counted') return
    for (const { through } of lane.take(1)) void this.#commits.done(lane, through + 1)
    this.#backpressure.taken(lane)
  }

  #start(takes: readonly Take[]): void {
    const batch = takes.map(({ partition, count }) => ({ partition, records: this.#take(partition, count) }))
    const delivery = deliver(batch, this.#lanes, this.#delivery).finally(() =>
      this.#deliveries.delete(delivery),
    )
    this.#deliveries.add(delivery)
  }

  /** Takes records out of a lane, which is busy until it is released. */
  #take(partition: number, count: number): LaneRecord[] {
    const lane = this.#lanes.get(partition)
    if (!lane) return []
    this.#busy.add(partition)
    const records = lane.take(count)
    this.#backpressure.taken(lane)
    return records
  }

  #tellOfLong(parts: readonly Part[], forMs: number): void {
    const { log, name, reports } = this.#parts
    const reason = `no answer for ${forMs / 1000} s`
    reports.stalled({ obstacle: 'answer', kind: 'timeout', reason, attempt: 1 }, parts)
    log.warning(`${name}  ${describe(parts)}: ${reason}`)
  }

  #deliveryContext(): DeliveryContext {
    const { name, backoff, log, reports, brokers, sender, faults } = this.#parts
    const mapping = this.#mapping
    return {
      name,
      backoff,
      log,
      reports,
      sending: new Attempts(),
      failedBatches: new FailedBatches(),
      running: this.#running,
      sender,
      mapping,
      topic: mapping.topic,
      destination: mapping.destination,
      slots: {
        take: () => this.#slots.take(),
        // A batch that waits for its next attempt is no reason for others to wait.
        give: () => {
          this.#slots.give()
          this.dispatchSoon()
        },
      },
      ending: this.#ending.signal,
      faults,
      invoke: (batch, answerCounts) => this.#parts.invoke(eventOf(batch, { mapping, brokers }), answerCounts),
      crash: () => this.#parts.crash(),
      committed: (lane, offset) => this.#commits.done(lane, offset),
      release: partition => {
        this.#busy.delete(partition)
        this.dispatchSoon()
      },
    }
  }
}
