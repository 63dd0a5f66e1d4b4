import type { Mapping } from '../config/mappings.ts'
import type { Faults } from '../faults/faults.ts'
import type { PolledMessage } from '../invoke/event.ts'
import type { EventContent } from '../invoke/event-content.ts'
import { MAX_PAYLOAD_BYTES } from '../invoke/event-size.ts'
import { Backpressure, type Fetching } from '../poll/backpressure.ts'
import { type BatchLimits, nextBatch, type Take } from '../poll/batching.ts'
import { Commits } from '../poll/commits.ts'
import { Enqueuer } from '../poll/enqueuer.ts'
import type { Intake } from '../poll/intake.ts'
import type { PartitionOffset } from '../poll/member.ts'
import { PartitionQueue, type PendingRecord } from '../poll/partition-queue.ts'
import { Attempts, type Backoff } from '../report/attempts.ts'
import type { MappingReports } from '../report/reports.ts'
import { describe } from '../support/partition-records.ts'
import type { Log } from '../support/serverless.ts'
import { within } from '../support/wait.ts'
import type { DeliveryContext } from './deliver-batch.ts'
import type { Sender } from './destinations.ts'
import { FailedBatches } from './failed-batches.ts'
import { createEvent } from './invocation-record.ts'
import { describeAbandoned, describeWait, OpenDeliveries } from './open-deliveries.ts'
import { RunningInvocations } from './running-invocations.ts'
import { Semaphore } from './semaphore.ts'

/** Maximum number of concurrent invocations of an event poller, each with different partitions (rules 18 and 19 in `RULES.md`). */
const CONCURRENT_INVOCATIONS = 5

/** Time after the start of a stop at which pending work is logged, in milliseconds. */
const UNNOTICED_MS = 300

export interface DispatcherParts extends Fetching {
  readonly name: string
  readonly brokers: readonly string[]
  readonly backoff: Backoff
  /** Least time for which records wait while an invocation is under way, in milliseconds. */
  readonly lingerMs: number
  readonly log: Log
  readonly reports: Omit<MappingReports, 'reportMapping'>
  readonly intake: Intake
  readonly sender: Sender | undefined
  readonly faults: Faults
  readonly reserved: Semaphore
  invoke(event: EventContent, requestId: string, answerCounts: boolean): Promise<unknown>
  /** Called for an injected crash. The poller must then start again. */
  crash(): void
  commit(offsets: readonly PartitionOffset[]): Promise<void>
}

/** Stores fetched records until they are delivered: it fills a queue per partition, and starts batches from the queues. */
export class Dispatcher {
  readonly #mapping: Mapping
  readonly #parts: DispatcherParts
  readonly #limits: BatchLimits
  readonly #delivery: DeliveryContext
  readonly #commits: Commits
  readonly #enqueuer: Enqueuer
  readonly #backpressure: Backpressure
  readonly #running: RunningInvocations
  readonly #permits = new Semaphore(CONCURRENT_INVOCATIONS)
  readonly #ending = new AbortController()
  readonly #deliveries = new OpenDeliveries()
  /** Numbers of the partitions in flight. A partition that was revoked and assigned again must still wait for its old batch. */
  readonly #busy = new Set<number>()
  #released = Promise.withResolvers<void>()
  #queues: ReadonlyMap<number, PartitionQueue> = new Map()
  #timer: NodeJS.Timeout | undefined
  #dispatchScheduled: NodeJS.Immediate | undefined

  constructor(mapping: Mapping, parts: DispatcherParts) {
    this.#mapping = mapping
    this.#parts = parts
    this.#limits = {
      batchSize: mapping.batchSize,
      windowMs: mapping.windowMs,
      lingerMs: parts.lingerMs,
      payloadBytes: MAX_PAYLOAD_BYTES,
      envelopeBytes: Buffer.byteLength(createEvent([], { mapping, brokers: parts.brokers }).json()),
    }
    const { name, log, reports, backoff, intake } = parts
    const common = { name, log, reports, backoff, ending: this.#ending.signal }
    this.#commits = new Commits({ ...common, commit: offsets => parts.commit(offsets) })
    this.#backpressure = new Backpressure(parts)
    this.#enqueuer = new Enqueuer({ ...common, intake })
    this.#running = new RunningInvocations({
      reportRunning: (slow, forMs) => {
        reports.reportRunning(slow, forMs)
        log.warning(`${name}  ${describe(slow)}: no answer for ${forMs / 1000} s`)
      },
      reportReturn: slow => reports.reportReturn(slow),
    })
    this.#delivery = this.#deliveryContext()
  }

  /** Keeps the queues of these partitions and drops all others. Returns the next offset to read for each kept queue. */
  keepOnly(partitions: readonly number[]): ReadonlyMap<number, number> {
    for (const queue of this.#queues.values()) queue.revoked ||= !partitions.includes(queue.partition)
    this.#queues = new Map([...this.#queues].filter(([, queue]) => !queue.revoked))
    return new Map([...this.#queues.values()].map(queue => [queue.partition, queue.nextOffset]))
  }

  /**
   * Opens a queue for each partition that does not have one. `offsets` contains all assigned partitions, which were just resumed.
   */
  open(offsets: ReadonlyMap<number, number>): void {
    const queues = new Map(this.#queues)
    for (const [partition, offset] of offsets) {
      const queue =
        queues.get(partition) ??
        new PartitionQueue(this.#mapping, partition, offset, this.#limits.envelopeBytes)
      queues.set(partition, queue)
    }
    this.#queues = queues
    this.#parts.reports.keepOnly([...queues.keys()])
    this.#backpressure.restorePauses(queues.values())
    this.#dispatch()
  }

  /** Adds fetched records of a partition, in the order of their offsets. Resolves when there is space for more. */
  async add(partition: number, messages: readonly PolledMessage[]): Promise<void> {
    const queue = this.#queues.get(partition)
    if (!queue || queue.revoked || messages.length === 0) return
    this.#enqueuer.enqueue(queue, messages, () => this.dispatchSoon())
    await this.#backpressure.pauseIfFull(queue, this.#queues)
  }

  /**
   * Starts no more batches, and waits up to `graceMs` for running deliveries. Records that are not done after that time are logged
   * and not committed.
   */
  async stop(graceMs: number): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    const work = this.#deliveries.waitForAll().then(() => this.#commits.waitUntilCommitted())
    const { log, name } = this.#parts
    const unnoticedMs = Math.min(UNNOTICED_MS, graceMs)
    if (!(await within(unnoticedMs, work))) {
      for (const line of describeWait(this.#running.parts, graceMs)) log.notice(`${name}  ${line}`)
      await within(graceMs - unnoticedMs, work)
    }
    for (const line of describeAbandoned(this.#deliveries.uncommittedRecords, this.#commits.pending))
      log.warning(`${name}  ${line}`)
    this.#notifyReleased()
    this.#running.close()
    this.keepOnly([])
  }

  /** Resolves when no batch with this partition is in flight; without an argument, when no batch at all is in flight. */
  async waitUntilIdle(partition?: number): Promise<void> {
    const isBusy = () => (partition === undefined ? this.#busy.size > 0 : this.#busy.has(partition))
    while (isBusy() && !this.#ending.signal.aborted) await this.#released.promise
  }

  /**
   * Dispatches at the end of this turn of the event loop. The partitions of a fetch arrive one by one, and with a window of 0 they
   * would never be combined in a batch.
   */
  dispatchSoon(): void {
    this.#dispatchScheduled ??= setImmediate(() => {
      this.#dispatchScheduled = undefined
      this.#dispatch()
    })
  }

  /** Starts every batch that can start now, and sets a timer for the time at which the next window ends. */
  #dispatch(): void {
    clearTimeout(this.#timer)
    const isFree = ({ partition, revoked }: PartitionQueue) =>
      !revoked && !this.#busy.has(partition) && !this.#parts.faults.isHeld(partition)
    const free = () => [...this.#queues.values()].filter(isFree)
    if (this.#ending.signal.aborted) return
    for (const queue of free()) this.#commitSkipped(queue)
    if (this.#mapping.reservedConcurrency === 0) return
    while (this.#permits.tryAcquire()) {
      const isBusy = this.#permits.free < CONCURRENT_INVOCATIONS - 1
      const next = nextBatch(free(), this.#limits, Date.now(), isBusy)
      if (next.do === 'invoke') {
        this.#start(next.takes)
        continue
      }
      this.#permits.release()
      if (next.do === 'wait') this.#timer = setTimeout(() => this.#dispatch(), next.untilMs - Date.now())
      return
    }
  }

  /**
   * Commits records that a filter skips, without an invocation and without waiting for the batching window. See rule 39 in
   * `RULES.md`.
   */
  #commitSkipped(queue: PartitionQueue): void {
    const first = queue.pending[0]
    if (!first || first.packed !== undefined) return
    for (const { lastOffset } of queue.take(1)) void this.#scheduleCommit(queue, lastOffset + 1)
    this.#backpressure.resumeIfLow(queue)
  }

  #start(takes: readonly Take[]): void {
    const batch = takes.map(({ partition, count }) => ({ partition, records: this.#take(partition, count) }))
    this.#deliveries.begin(batch, this.#queues, this.#delivery)
  }

  /** Takes records from a queue. The partition counts as busy until it is released. */
  #take(partition: number, count: number): PendingRecord[] {
    const queue = this.#queues.get(partition)
    if (!queue) return []
    this.#busy.add(partition)
    const records = queue.take(count)
    this.#backpressure.resumeIfLow(queue)
    return records
  }

  /** Commits an offset. If this would skip records, the partition stops: it is read again from its last commit after the next join. */
  async #scheduleCommit(queue: PartitionQueue, offset: number): Promise<void> {
    try {
      queue.raiseCommitted(offset)
    } catch (error) {
      queue.revoked = true
      const { name, log, reports } = this.#parts
      const [{ partition }, reason] = [queue, (error as Error).message]
      this.#parts.pause(partition)
      log.error(`${name}  partition ${partition} stops until the trigger is restarted: ${reason}`)
      const stall = { obstacle: 'commit', kind: 'error', reason, attempt: 1 } as const
      reports.reportStall(stall, [{ partition, records: [{ offset }] }])
    }
    if (!queue.revoked) await this.#commits.schedule(queue, offset)
  }

  #notifyReleased(): void {
    this.#released.resolve()
    this.#released = Promise.withResolvers()
  }

  #deliveryContext(): DeliveryContext {
    const { name, backoff, log, reports, brokers, sender, faults, reserved } = this.#parts
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
      permits: {
        acquire: () => this.#permits.acquire(),
        // A batch that waits for its next attempt releases its permit, so that other batches can run.
        release: () => {
          this.#permits.release()
          this.dispatchSoon()
        },
      },
      reserved,
      ending: this.#ending.signal,
      faults,
      invoke: (batch, ...how) => this.#parts.invoke(createEvent(batch, { mapping, brokers }), ...how),
      crash: () => this.#parts.crash(),
      scheduleCommit: (queue, offset) => this.#scheduleCommit(queue, offset),
      release: partition => {
        this.#busy.delete(partition)
        this.#notifyReleased()
        this.dispatchSoon()
      },
    }
  }
}
