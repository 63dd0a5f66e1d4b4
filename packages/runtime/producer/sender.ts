/** Sends due batches to the leaders of their partitions, and retries batches that may have been lost. */

import type { ClosedBatch } from '@sluice/kafka-records/writing'
import { notTaken } from '../adapters/kafka/errors.ts'
import {
  answeredError,
  DUPLICATE_SEQUENCE,
  deliveryError,
  FOREIGN_SEQUENCE,
  mayPass,
  produceError,
} from '../adapters/kafka/producer-connection.ts'
import type { BatchAnswer, Brokers } from '../adapters/kafka/producer-ports.ts'
import { splitIntoRequests } from '../adapters/kafka/split-requests.ts'
import type { Clock } from '../adapters/system.ts'
import type { ProducerSettings } from '../settings/producer.ts'
import type { Accumulator, Batch, PartitionQueue } from './accumulator.ts'
import type { BrokerOutage } from './broker-outage.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { ProducerCounters } from './producer-metrics.ts'

/** Limits of a request. A larger batch is sent in a request by itself. */
const REQUEST_LIMITS = { bytes: 4 * 1024 * 1024 }
/** Minimum time to wait for an answer, in milliseconds. */
const LEAST_WAIT_MS = 100

interface QueuedBatch {
  readonly queue: PartitionQueue
  readonly batch: Batch
}

interface Leader {
  inFlight: number
  /** Promise that resolves when the latest request is queued on the connection. */
  turn: Promise<void>
}

interface Parts {
  readonly settings: ProducerSettings
  readonly accumulator: Accumulator
  readonly brokers: Brokers
  /** Identity of an idempotent producer; undefined if brokers do not recognise repeated batches. */
  readonly identity: ProducerIdentity | undefined
  readonly metrics: ProducerCounters
  readonly clock: Clock
  readonly outage: BrokerOutage
}

export class Sender {
  readonly #parts: Parts
  readonly #leaders = new Map<number, Leader>()
  /**
   * Maximum number of batches of one partition in flight. It is limited because the order of batches could otherwise change after
   * an error.
   */
  readonly #inFlightEach: number
  #cancelTimer = () => {}
  #refreshing: Promise<void> | undefined
  readonly #underWay = new Set<QueuedBatch>()
  #stopped: Error | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#inFlightEach = parts.identity ? 1 : parts.settings.maxInFlight
  }

  /** Sends due batches, and schedules a call of this method for the time when the next batch is due. */
  pump(): void {
    this.#cancelTimer()
    if (this.#stopped) return
    const { accumulator, clock, settings } = this.#parts
    const nowMs = clock.nowMs()
    let wakeAtMs = Number.POSITIVE_INFINITY
    const byLeader = new Map<number, QueuedBatch[]>()
    for (const queue of accumulator.queues()) {
      for (const batch of accumulator.takeExpired(queue, nowMs))
        this.#giveUp({ queue, batch }, batch.lastError ?? createOverdueError(queue))
      const dueAtMs = queue.dueAtMs()
      if (dueAtMs === undefined) continue
      if (dueAtMs > nowMs) {
        wakeAtMs = Math.min(wakeAtMs, dueAtMs, queue.first?.deadlineMs ?? dueAtMs)
        continue
      }
      wakeAtMs = Math.min(wakeAtMs, queue.first?.deadlineMs ?? wakeAtMs)
      if (queue.inFlight >= this.#inFlightEach) continue
      const id = this.#parts.brokers.getLeaders(queue.topic).get(queue.partition) ?? -1
      if (id < 0) {
        queue.pausedUntilMs = nowMs + settings.retryBackoffMs
        wakeAtMs = Math.min(wakeAtMs, queue.pausedUntilMs)
        this.#refresh()
        continue
      }
      if (this.#leader(id).inFlight >= settings.maxInFlight) continue
      const group = byLeader.get(id)
      const queuedBatch = { queue, batch: accumulator.take(queue) }
      if (group) group.push(queuedBatch)
      else byLeader.set(id, [queuedBatch])
    }
    let isMore = false
    for (const [id, queuedBatches] of byLeader) {
      for (const request of splitIntoRequests(queuedBatches, getBatchBytes, REQUEST_LIMITS))
        this.#send(id, request)
      isMore ||= this.#leader(id).inFlight < settings.maxInFlight && this.#inFlightEach > 1
    }
    // Send again, because several batches of one partition may be due.
    if (isMore && this.#hasDue(nowMs)) this.pump()
    else if (wakeAtMs < Number.POSITIVE_INFINITY)
      this.#cancelTimer = clock.after(Math.max(0, wakeAtMs - nowMs), () => this.pump())
  }

  /** Stops sending, and fails the batches in flight. */
  stop(error: Error): void {
    this.#stopped = error
    this.#cancelTimer()
    for (const { batch } of this.#underWay) {
      this.#parts.metrics.errors += batch.builder.count
      batch.fail(error)
    }
  }

  #hasDue(nowMs: number): boolean {
    for (const queue of this.#parts.accumulator.queues())
      if ((queue.dueAtMs() ?? Number.POSITIVE_INFINITY) <= nowMs && queue.inFlight < this.#inFlightEach)
        return true
    return false
  }

  #leader(id: number): Leader {
    let leader = this.#leaders.get(id)
    if (!leader) {
      leader = { inFlight: 0, turn: Promise.resolve() }
      this.#leaders.set(id, leader)
    }
    return leader
  }

  #send(id: number, queuedBatches: readonly QueuedBatch[]): void {
    const leader = this.#leader(id)
    leader.inFlight++
    for (const queuedBatch of queuedBatches) this.#underWay.add(queuedBatch)
    const { promise: turn, resolve: onSent } = Promise.withResolvers<void>()
    const before = leader.turn
    leader.turn = turn
    void this.#exchange(id, queuedBatches, before, onSent)
      .then(
        answers => {
          this.#parts.outage.noteSuccess()
          this.#take(queuedBatches, answers)
        },
        error => this.#takeError(queuedBatches, error),
      )
      .finally(() => {
        for (const queuedBatch of queuedBatches) this.#underWay.delete(queuedBatch)
        onSent()
        leader.inFlight--
        this.pump()
      })
  }

  async #exchange(
    leader: number,
    queuedBatches: readonly QueuedBatch[],
    before: Promise<void>,
    onSent: () => void,
  ): Promise<readonly BatchAnswer[]> {
    const { settings, identity, brokers, clock, metrics } = this.#parts
    const closed = await Promise.all(queuedBatches.map(({ batch }) => batch.close(settings.compression)))
    await before
    await identity?.prepare()
    if (this.#stopped) throw this.#stopped
    const nowMs = clock.nowMs()
    const batches = queuedBatches.map(({ queue, batch }, index) => {
      if (batch.attempts++ > 0) metrics.retries += 1
      const final = closed[index] as ClosedBatch
      batch.sequence ??= identity?.assignSequence(queue, final.facts.count)
      const bytes = final.seal(batch.sequence)
      batch.sent ??= { atMs: nowMs, bytes: bytes.length }
      return { topic: queue.topic, partition: queue.partition, bytes }
    })
    const leftMs = Math.min(...queuedBatches.map(({ batch }) => batch.deadlineMs)) - nowMs
    const withinMs = Math.max(LEAST_WAIT_MS, Math.min(settings.requestTimeoutMs, leftMs))
    return brokers.send(leader, { acks: settings.acks, withinMs, batches, onSent })
  }

  #take(queuedBatches: readonly QueuedBatch[], answers: readonly BatchAnswer[]): void {
    for (const queuedBatch of queuedBatches) {
      const { queue } = queuedBatch
      const answer = answers.find(
        ({ topic, partition }) => topic === queue.topic && partition === queue.partition,
      )
      if (!answer)
        this.#retry(queuedBatch, notTaken(`its leader has not answered for ${formatPartition(queue)}`))
      else if (answer.errorCode === 0 || answer.errorCode === DUPLICATE_SEQUENCE)
        this.#deliver(queuedBatch, answer.baseOffset)
      else this.#takeAnswer(queuedBatch, answer.errorCode)
    }
  }

  #takeAnswer(queuedBatch: QueuedBatch, errorCode: number): void {
    const { queue, batch } = queuedBatch
    const { isRetriable } = produceError(errorCode)
    const error = answeredError(errorCode, formatPartition(queue))
    if (isRetriable) {
      this.#refresh()
      this.#retry(queuedBatch, error)
    } else if (FOREIGN_SEQUENCE.has(errorCode) && batch.attempts === 1) {
      this.#parts.identity?.restart(queue)
      // The sequence number was never sent, so the batch gets a new sequence number.
      batch.sequence = undefined
      this.#retry(queuedBatch, error)
    } else this.#giveUp(this.#decrementInFlight(queuedBatch), error)
  }

  #takeError(queuedBatches: readonly QueuedBatch[], cause: unknown): void {
    if (!this.#stopped && mayPass(cause)) this.#parts.outage.noteFailure(cause)
    for (const queuedBatch of queuedBatches) {
      const error = deliveryError(cause, formatPartition(queuedBatch.queue))
      if (mayPass(cause)) this.#retry(queuedBatch, error)
      else this.#giveUp(this.#decrementInFlight(queuedBatch), error)
    }
    this.#refresh()
  }

  #deliver(queuedBatch: QueuedBatch, baseOffset: number): void {
    const { queue, batch } = this.#decrementInFlight(queuedBatch)
    if (batch.isSettled) return
    const { metrics, clock } = this.#parts
    if (batch.sent)
      metrics.addDelivered(batch.builder.count, batch.sent.bytes, clock.nowMs() - batch.sent.atMs)
    batch.acknowledge(queue.partition, baseOffset)
  }

  #retry(queuedBatch: QueuedBatch, error: Error): void {
    const { queue, batch } = this.#decrementInFlight(queuedBatch)
    const { settings, clock } = this.#parts
    batch.lastError = error
    const nowMs = clock.nowMs()
    if (this.#stopped) this.#giveUp(queuedBatch, this.#stopped)
    else if (batch.attempts > settings.retries || batch.deadlineMs <= nowMs) this.#giveUp(queuedBatch, error)
    else queue.putBack(batch, nowMs + settings.retryBackoffMs)
  }

  #decrementInFlight(queuedBatch: QueuedBatch): QueuedBatch {
    queuedBatch.queue.inFlight--
    return queuedBatch
  }

  #giveUp({ queue, batch }: QueuedBatch, error: Error): void {
    const { identity, metrics } = this.#parts
    if (batch.isSettled) return
    if (batch.attempts > 0) identity?.restart(queue)
    metrics.errors += batch.builder.count
    batch.fail(error)
  }

  /** Refreshes the metadata. A failure is ignored, because the next request reports it and is retried. */
  #refresh(): void {
    if (this.#stopped) return
    this.#refreshing ??= this.#parts.brokers
      .refresh()
      .catch(() => {})
      .finally(() => {
        this.#refreshing = undefined
      })
  }
}

function createOverdueError(queue: PartitionQueue): Error {
  return notTaken(`the delivery time-out has passed for ${formatPartition(queue)}`)
}

function formatPartition({ topic, partition }: PartitionQueue): string {
  return `${topic} [${partition}]`
}

function getBatchBytes({ batch }: QueuedBatch): number {
  return batch.builder.bytes
}
