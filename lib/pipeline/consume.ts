/**
 * One Kafka batch through one consumer, the steps in their order. A newcomer starts here: each step is the file of its
 * name beside this one.
 */
import type { LogRecord } from '../cloudevents/record.ts'
import { type Applied, apply } from './apply.ts'
import { commit } from './commit.ts'
import type { Consumer } from './consumer.ts'
import { decode } from './decode.ts'
import { HELD_MS, hasUnexpected, type LatestDecisions } from './flood.ts'
import { Line } from './line.ts'
import { fromAnotherLog, load } from './load.ts'
import {
  type FloodGate,
  type LogReader,
  type Observer,
  type OutboxEntry,
  type Publisher,
  type Slot,
  type StateStore,
  type Stretch,
  Unavailable,
  type Waiting,
} from './ports.ts'
import { publish } from './publish.ts'
import { type KafkaEvent, type PartitionBatch, receive } from './receive.ts'
import { type BatchResponse, type PartitionResult, respond } from './respond.ts'
import { settle } from './settle.ts'

export interface Ports {
  readonly store: StateStore
  readonly publisher: Publisher
  readonly log: LogReader
  readonly gate: FloodGate
  readonly observer: Observer
}

/** What the invocation allows, and what outlives it. */
export interface Invocation {
  readonly remainingMs: () => number
  /** Whether the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** For the flood gate alone: how long it has been closed. */
  readonly nowMs: () => number
  /** Names the code that runs: another one has its own chance with records that this one breaks. */
  readonly codeVersion: () => string
  readonly latest: LatestDecisions
}

/** How often a wave is decided again after another invocation was faster. */
const ATTEMPTS = 3

/** Processes the batch, its partitions side by side; rejects only where the mapping cannot be told what failed. */
export async function consume(
  consumer: Consumer,
  ports: Ports,
  event: KafkaEvent,
  invocation: Invocation,
): Promise<BatchResponse> {
  const partitions = receive(event).map(batch => {
    const slot = { consumer: consumer.process.name, topic: batch.topic, partition: batch.partition }
    return new PartitionRun(consumer, ports, invocation, slot, batch).run()
  })
  return respond(await Promise.all(partitions), invocation.partialResponses)
}

/** Why a partition cannot go on. */
type Held = Omit<Waiting, 'fromOffset'>

/** One attempt at a wave: decided up to an offset; to be tried again with what is there now; or held. */
type Attempt =
  | { readonly decidedTo: number; readonly emit: readonly OutboxEntry[] }
  | 'refused'
  | { readonly missing: Stretch; readonly mark: number }
  | { readonly held: Held }

/** One partition of a batch, wave after wave. */
class PartitionRun {
  readonly #consumer: Consumer
  readonly #ports: Ports
  readonly #invocation: Invocation
  readonly #slot: Slot
  readonly #batch: PartitionBatch
  readonly #line: Line

  constructor(consumer: Consumer, ports: Ports, invocation: Invocation, slot: Slot, batch: PartitionBatch) {
    this.#consumer = consumer
    this.#ports = ports
    this.#invocation = invocation
    this.#slot = slot
    this.#batch = batch
    this.#line = new Line(batch.records, consumer.limits)
  }

  async run(): Promise<PartitionResult> {
    while (!this.#line.isEmpty) {
      const { wave } = this.#line
      const isLate = this.#invocation.remainingMs() < this.#consumer.reserveMs
      const held = isLate ? { reason: 'out-of-time' } : await this.#pass(wave)
      if (!held) continue
      // The whole wave again: what of it is decided lies at or below the mark by then.
      const { offset } = wave[0] as LogRecord
      this.#ports.observer.waiting(this.#slot, { fromOffset: offset, ...held })
      return { batch: this.#batch, waitsFrom: offset }
    }
    return { batch: this.#batch }
  }

  /** Undefined when the wave, or as much of it as one commit takes, is decided and published; or why it must wait. */
  async #pass(wave: readonly LogRecord[]): Promise<Held | undefined> {
    try {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const outcome = await this.#attempt(wave)
        if (outcome === 'refused') continue
        if ('held' in outcome) return outcome.held
        if ('missing' in outcome) return await this.#fill(outcome.missing, outcome.mark)
        if (outcome.emit.length > 0) await this.#emit(outcome.emit)
        this.#line.decided(outcome.decidedTo)
        return undefined
      }
      return { reason: 'contended' }
    } catch (error) {
      return { reason: error instanceof Unavailable ? error.code : 'unexpected-error', error }
    }
  }

  /** Load, apply, commit. What is to be emitted is what the outbox now holds, in order: only that may be published. */
  async #attempt(wave: readonly LogRecord[]): Promise<Attempt> {
    const { store, observer } = this.#ports
    const slot = this.#slot
    const decoded = wave.map(record => decode(record, this.#consumer))
    const snapshot = await load(store, slot, decoded, this.#consumer)
    const { mark } = snapshot.version
    if (fromAnotherLog(snapshot, wave)) return { held: { reason: 'another-log' } }
    const missing = this.#line.missing(mark)
    if (missing) return { missing, mark }
    const fresh = decoded.filter(({ record }) => record.offset > mark)
    const last = (wave.at(-1) as LogRecord).offset
    const applied = fresh.length > 0 ? apply(this.#consumer, snapshot, fresh) : undefined
    const flood = applied && (await this.#flood(applied))
    if (flood) return { held: flood }
    if (applied && !(await commit(store, slot, applied.change))) return 'refused'
    const redelivered = decoded.length - fresh.length
    if (redelivered > 0) observer.redelivered(slot, redelivered)
    if (!applied) return { decidedTo: last, emit: snapshot.outbox }
    this.#report(applied)
    // The commit compared the version, so nobody has put anything else into the outbox in between; what was left over
    // from before goes first.
    return { decidedTo: applied.change.mark, emit: [...snapshot.outbox, ...applied.change.outbox] }
  }

  #report({ decisions, blind }: Applied): void {
    const { observer } = this.#ports
    this.#invocation.latest.committed(decisions)
    observer.decided(this.#slot, decisions)
    if (!this.#consumer.process.onTimer) return
    for (const { beforeOffset, ms } of blind) observer.blind(this.#slot, beforeOffset, ms)
  }

  /** Before the commit: a flood of unexpected failures stays in Kafka until the code, or somebody's mind, has changed. */
  async #flood({ decisions }: Applied): Promise<Held | undefined> {
    const { latest, nowMs, codeVersion } = this.#invocation
    if (!hasUnexpected(decisions) || !latest.wouldFlood(decisions)) return undefined
    const now = nowMs()
    const since = await this.#ports.gate.hold(this.#slot.consumer, codeVersion(), now)
    if (since === 'released' || now - since >= HELD_MS) return undefined
    this.#ports.observer.flooded(this.#slot, since)
    return { reason: 'flood' }
  }

  /** Reads what was never delivered, one fetch at a time, and puts it in its place in the line. */
  async #fill(stretch: Stretch, mark: number): Promise<undefined> {
    const { log, observer } = this.#ports
    const { topic, partition } = this.#slot
    const looked = await log.read(topic, partition, stretch)
    if (mark >= 0 && looked.logStart > stretch.fromOffset)
      observer.expired(this.#slot, { ...stretch, toOffset: Math.min(looked.logStart - 1, stretch.toOffset) })
    const added = this.#line.insert(stretch.fromOffset, looked)
    const [first, last] = [added.at(0), added.at(-1)]
    // Nothing but markers of transactions, as a rule.
    if (!first || !last) return
    if (mark < 0) observer.startsWithoutMark(this.#slot, first.offset)
    else observer.stretchMissing(this.#slot, { fromOffset: first.offset, toOffset: last.offset })
  }

  /** Publish, then settle: a settle that fails leaves entries that the next batch publishes once more. */
  async #emit(entries: readonly OutboxEntry[]): Promise<void> {
    const { publisher, store, observer } = this.#ports
    await publish(publisher, this.#consumer, entries)
    try {
      await settle(store, this.#slot, entries)
    } catch (error) {
      observer.unsettled(this.#slot, entries.length, error)
    }
  }
}
