/** One partition of a batch: wave after wave through the steps, until all is decided and published, or must wait. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { KeyedProcess } from '../domain/process.ts'
import { apply } from './apply.ts'
import { commit } from './commit.ts'
import { type Consumer, isSink } from './consumer.ts'
import { type Decoded, decode } from './decode.ts'
import { deliver, type Sent } from './deliver.ts'
import { failedUnexpectedly, HELD_MS, hasUnexpected, type LatestDecisions } from './flood.ts'
import { refusedEntryFailure } from './letter.ts'
import { Line } from './line.ts'
import { fromAnotherLog, load } from './load.ts'
import {
  type FloodGate,
  type LogReader,
  type Observer,
  type OutboxEntry,
  type Publisher,
  type Slot,
  type Snapshot,
  type StateStore,
  type Stretch,
  Unavailable,
  UnreadableLog,
  type Waiting,
} from './ports.ts'
import { publish } from './publish.ts'
import type { PartitionBatch } from './receive.ts'
import type { PartitionResult } from './respond.ts'
import { settle } from './settle.ts'
import { straysOf } from './strays.ts'

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
  /** The present: for how long a flood was held back, and for what is too old to be delivered. No process knows it. */
  readonly nowMs: () => number
  /** Between two offers to the outside. */
  readonly pause: (ms: number) => Promise<void>
  /** Names the code that runs: another one has its own chance with records that this one breaks. */
  readonly codeVersion: () => string
  readonly latest: LatestDecisions
}

/** How often a wave is decided again after another invocation was faster. */
const ATTEMPTS = 3

/** Why a partition cannot go on. */
type Held = Omit<Waiting, 'fromOffset' | 'appendMs'>

/** One attempt at a wave. */
type Attempt =
  /** Decided up to an offset; what the outbox now holds, in order; and why the rest must wait, where it must. */
  | { readonly decidedTo: number; readonly emit: readonly OutboxEntry[]; readonly rest?: Held }
  /** Another invocation was faster. */
  | 'refused'
  /** First, this must be read from the log. */
  | { readonly missing: Stretch; readonly mark: number }
  | { readonly held: Held }

export class PartitionRun {
  readonly #consumer: Consumer
  readonly #ports: Ports
  readonly #invocation: Invocation
  readonly #batch: PartitionBatch
  readonly #slot: Slot
  readonly #line: Line

  constructor(consumer: Consumer, ports: Ports, invocation: Invocation, batch: PartitionBatch) {
    this.#consumer = consumer
    this.#ports = ports
    this.#invocation = invocation
    this.#batch = batch
    this.#slot = { consumer: consumer.process.name, topic: batch.topic, partition: batch.partition }
    this.#line = new Line(batch.records, consumer)
  }

  async run(): Promise<PartitionResult> {
    while (!this.#line.isEmpty) {
      const { wave } = this.#line
      const isLate = this.#invocation.remainingMs() < this.#consumer.reserveMs
      const held = isLate ? { reason: 'out-of-time' } : await this.#pass(wave)
      if (!held) continue
      // The whole wave again: what of it is decided lies at or below the mark by then.
      const { offset, timestampMs } = wave[0] as LogRecord
      this.#ports.observer.waiting(this.#slot, { fromOffset: offset, appendMs: timestampMs, ...held })
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
        return outcome.rest
      }
      return { reason: 'contended' }
    } catch (error) {
      const isKnown = error instanceof Unavailable || error instanceof UnreadableLog
      return { reason: isKnown ? error.code : 'unexpected-error', error }
    }
  }

  /** Decode, load, apply, commit. Only what the outbox holds after the commit may be published. */
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
    const sent = fresh.length > 0 ? await this.#decide(snapshot, fresh) : undefined
    const flood = sent && (await this.#flood(sent))
    if (flood) return { held: flood }
    if (sent && !(await commit(store, slot, sent.change))) return 'refused'
    if (fresh.length < decoded.length) observer.redelivered(slot, decoded.length - fresh.length)
    if (!sent) return { decidedTo: (wave.at(-1) as LogRecord).offset, emit: snapshot.outbox }
    this.#report(sent, fresh)
    return {
      decidedTo: sent.change.mark,
      // The commit compared the version, so nobody has put anything else into the outbox in between; what was left
      // over from before goes first.
      emit: [...snapshot.outbox, ...sent.change.outbox],
      ...(sent.held ? { rest: { reason: sent.held } } : {}),
    }
  }

  /** A sink's answers come from the outside; all else is decided here and now. */
  #decide(snapshot: Snapshot, fresh: readonly Decoded[]): Sent | Promise<Sent> {
    const consumer = this.#consumer
    return isSink(consumer)
      ? deliver(consumer, snapshot, fresh, this.#invocation)
      : apply(consumer as Consumer<KeyedProcess<unknown>>, snapshot, fresh)
  }

  /** Before the commit: a flood of unexpected failures stays in Kafka until the code, or somebody's mind, has changed. */
  async #flood({ decisions }: Sent): Promise<Held | undefined> {
    const { latest, nowMs, codeVersion } = this.#invocation
    if (!hasUnexpected(decisions) || !latest.wouldFlood(decisions)) return undefined
    const now = nowMs()
    const since = await this.#ports.gate.hold(this.#slot.consumer, codeVersion(), now)
    if (since === 'released' || now - since >= HELD_MS) return undefined
    this.#ports.observer.flooded(this.#slot, since, decisions.find(failedUnexpectedly)?.fault)
    return { reason: 'flood' }
  }

  #report({ decisions, change, blind }: Sent, fresh: readonly Decoded[]): void {
    const { observer } = this.#ports
    const { topic, partition } = this.#slot
    this.#invocation.latest.committed(decisions)
    observer.decided(this.#slot, decisions)
    const decided = fresh.map(({ record }) => record).filter(({ offset }) => offset <= change.mark)
    const strays = straysOf(topic, partition, decided)
    if (strays[0]) observer.strayed(this.#slot, strays[0].offset, strays.length)
    // Of other consumers' logs nobody promises that they tick.
    if (!('onTimer' in this.#consumer.process)) return
    for (const { beforeOffset, ms } of blind) observer.blind(this.#slot, beforeOffset, ms)
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
    const refused = await publish(publisher, this.#consumer, entries, (entry, why) =>
      refusedEntryFailure(this.#consumer, this.#slot, entry, why),
    )
    if (refused.entries.length > 0) observer.refused(this.#slot, refused.entries, refused.error)
    try {
      await settle(store, this.#slot, entries)
    } catch (error) {
      observer.unsettled(this.#slot, entries.length, error)
    }
  }
}
