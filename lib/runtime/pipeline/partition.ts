/** Runs one partition of a batch through the steps, chunk by chunk, until all is decided and published or the rest must wait. */
import type { LogRecord } from '../cloudevents/record.ts'
import { type Applied, apply } from './apply.ts'
import type { Attempt } from './attempt.ts'
import { codeOf } from './code.ts'
import { commit } from './commit.ts'
import { type AnyKeyedProcess, type Consumer, hasTimers, isSegmentSink, isSink } from './consumer.ts'
import type { Tried } from './deciding/tries.ts'
import type { Decoded } from './decode.ts'
import { decodeChunk, prepare } from './decode-chunk.ts'
import { deliver } from './deliver.ts'
import { PartitionStopped, SchemaNotAtHand, Unavailable, UnreadableLog } from './errors.ts'
import { failureBytesOf } from './failures/failure-memory.ts'
import { refusedEntryFailure } from './failures/failure-record.ts'
import { deferredBySurge } from './failures/failure-surge.ts'
import type { Invocation } from './invocation.ts'
import { load, loadedPart } from './load.ts'
import { ensureTicks } from './log/ensure-ticks.ts'
import { ensureSameLog } from './log/log-identity.ts'
import type { PartitionLog } from './log/partition-log.ts'
import { PendingRecords } from './log/pending-records.ts'
import { readBack } from './log/read-back.ts'
import type { Deferred, OutboxEntry, Snapshot, StateKey } from './model.ts'
import type { Ports } from './ports.ts'
import { isLarge, publish } from './publish.ts'
import type { PartitionBatch } from './receive.ts'
import { isAbsent } from './recovery/checkpoints.ts'
import { restore } from './recovery/restore.ts'
import { report } from './report.ts'
import type { DeliveredOffsets, PartitionResult } from './respond.ts'
import { archive } from './segments/archive.ts'
import { SegmentCutter } from './segments/cutter.ts'
import { selectSegment } from './segments/select.ts'
import { trimOutbox } from './trim-outbox.ts'

/** How often a chunk is attempted while other invocations commit first. */
const ATTEMPTS = 3

const OUT_OF_TIME: Deferred = { reason: 'out-of-time' }

type OwnPorts = Ports & { readonly log: PartitionLog }

export class PartitionRun {
  readonly #consumer: Consumer
  readonly #ports: OwnPorts
  readonly #invocation: Invocation
  readonly #code: string
  readonly #delivered: DeliveredOffsets
  readonly #createTimeFrom: number | undefined
  readonly #stateKey: StateKey
  readonly #pending: PendingRecords
  /** Only for a segment sink. */
  readonly #cutter: SegmentCutter | undefined
  /** Whether the partition is known to have no checkpoint to restore. */
  #isNew = false
  /** Whether the invocation has decided nothing of the partition yet. */
  #isFirst = true

  constructor(consumer: Consumer, ports: OwnPorts, invocation: Invocation, batch: PartitionBatch) {
    const { application, failureBytes } = consumer
    this.#consumer = { ...consumer, failureBytes: failureBytesOf(application, failureBytes, batch.topic) }
    this.#ports = ports
    this.#invocation = invocation
    this.#code = codeOf(invocation.codeVersion(), consumer)
    const { topic, partition, records, createTimeFrom } = batch
    this.#delivered = { topic, partition, offsets: records.map(({ offset }) => offset) }
    this.#createTimeFrom = createTimeFrom
    this.#stateKey = { consumer: consumer.process.name, topic, partition }
    this.#pending = new PendingRecords(records, consumer)
    this.#cutter = isSegmentSink(consumer) ? new SegmentCutter(consumer.process.segments) : undefined
  }

  async run(): Promise<PartitionResult> {
    const createTimeFrom = this.#createTimeFrom
    // Records that are replayed into another topic carry their own append times.
    const needsAppendTimes = hasTimers(this.#consumer) && this.#consumer.logTime === 'append'
    if (createTimeFrom !== undefined && needsAppendTimes)
      this.#ports.observer.timedByProducers(this.#stateKey, createTimeFrom)
    while (!this.#pending.isEmpty) {
      const { chunk } = this.#pending
      const deferred = this.#isLate ? OUT_OF_TIME : await this.#pass(chunk)
      if (!this.#pending.hasReadBack) this.#ports.log.release()
      if (!deferred) continue
      // Request the whole chunk again: its decided records are at or below the applied offset by then, and are dropped.
      const { offset, timestampMs } = chunk[0] as LogRecord
      this.#ports.observer.waiting(this.#stateKey, { fromOffset: offset, appendMs: timestampMs, ...deferred })
      return { batch: this.#delivered, waitsFrom: offset }
    }
    return { batch: this.#delivered }
  }

  get #isLate(): boolean {
    return this.#invocation.remainingMs() < this.#consumer.reserveMs
  }

  /** Undefined if the pending records can be continued: the chunk, or a part of it, is done. Otherwise why they must wait. */
  async #pass(chunk: readonly LogRecord[]): Promise<Deferred | undefined> {
    try {
      if (this.#invocation.unavailable) throw this.#invocation.unavailable
      ensureTicks(this.#consumer, this.#stateKey.topic)
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const outcome = await this.#attemptPrepared(chunk)
        switch (outcome.kind) {
          case 'refused':
            continue
          case 'restored':
            return undefined
          case 'deferred':
            return outcome.deferred
          case 'leftover':
            return (await this.#emit(outcome.outbox)) ? undefined : { reason: 'store-unavailable' }
          case 'missing':
            await this.#ports.log.hold()
            // Other partitions held the permits for as long as they took.
            if (this.#isLate) return OUT_OF_TIME
            return await readBack(this.#ports, this.#stateKey, this.#pending, outcome)
          case 'decided':
            if (outcome.outbox.length > 0) await this.#emit(outcome.outbox)
            this.#pending.decided(outcome.toOffset)
            this.#isFirst = false
            return outcome.rest
        }
      }
      return { reason: 'contended' }
    } catch (error) {
      const isKnown = [Unavailable, UnreadableLog, PartitionStopped].some(known => error instanceof known)
      return { reason: isKnown ? (error as Unavailable).code : 'unexpected-error', error }
    }
  }

  /** Parked records are decoded while the chunk is applied: if the schema of one is missing, it is fetched, and nothing was done yet. */
  async #attemptPrepared(chunk: readonly LogRecord[]): Promise<Attempt> {
    for (;;)
      try {
        return await (this.#cutter ? this.#attemptSegment(this.#cutter, chunk) : this.#attempt(chunk))
      } catch (error) {
        if (!(error instanceof SchemaNotAtHand)) throw error
        const deferred = this.#isLate ? OUT_OF_TIME : await prepare([error.record], this.#consumer)
        if (deferred) return { kind: 'deferred', deferred }
      }
  }

  /**
   * For a segment sink, the log says which records are decided together. While their segment is not complete, the pending records
   * are done for this batch without being decided: they are read from the log when it is.
   */
  async #attemptSegment(cutter: SegmentCutter, chunk: readonly LogRecord[]): Promise<Attempt> {
    const { store, log, observer } = this.#ports
    const [consumer, stateKey, pending] = [this.#consumer, this.#stateKey, this.#pending]
    // No record is decoded yet: that could have to wait, and only where the partition is matters here.
    const first = { kind: 'ignored', record: chunk[0] as LogRecord, reason: '' } as const
    const snapshot = await load(store, stateKey, [first], consumer)
    const restored = await this.#restoreIfAbsent(snapshot)
    if (restored) return restored
    await ensureSameLog(log, stateKey, snapshot, chunk, consumer.logTime, this.#invocation)
    const { version, outbox } = snapshot
    const before = pending.all.filter(({ offset }) => offset <= version.appliedOffset).length
    if (before > 0) {
      observer.redelivered(stateKey, before)
      return { kind: 'decided', toOffset: version.appliedOffset, outbox }
    }
    const selected = selectSegment(cutter, pending, snapshot)
    if (selected.kind === 'segment') return this.#attempt(selected.records, version.appliedOffset)
    if (selected.kind === 'missing') return { ...selected, isRoutine: true }
    return { kind: 'decided', toOffset: (pending.all.at(-1) as LogRecord).offset, outbox }
  }

  /**
   * Decode, load, apply, commit. Only the outbox after the commit may be published.
   *
   * @param base the applied offset that the chunk was made for, if it must be that one
   */
  async #attempt(chunk: readonly LogRecord[], base?: number): Promise<Attempt> {
    const { store, log, observer } = this.#ports
    const [consumer, stateKey, invocation] = [this.#consumer, this.#stateKey, this.#invocation]
    const { decoded, rest } = await decodeChunk(chunk, consumer)
    const last = decoded.at(-1)
    // The records of a segment are decided together.
    if (rest && (!last || base !== undefined)) return { kind: 'deferred', deferred: rest }
    const snapshot = await load(store, stateKey, decoded, consumer)
    const { appliedOffset } = snapshot.version
    if (base !== undefined && base !== appliedOffset) return { kind: 'refused' }
    const restored = await this.#restoreIfAbsent(snapshot)
    if (restored) return restored
    await ensureSameLog(log, stateKey, snapshot, chunk, consumer.logTime, invocation)
    const missing = this.#pending.missing(appliedOffset)
    if (missing) return { kind: 'missing', range: missing, appliedOffset }
    // Publish leftover entries first, before the outbox grows further.
    if (isLarge(snapshot.outbox, consumer.limits.bytes)) return { kind: 'leftover', outbox: snapshot.outbox }
    const undecided = decoded.filter(({ record }) => record.offset > appliedOffset)
    const fresh = loadedPart(undecided, snapshot, consumer)
    // Records have expired undecided: nothing is known of their failures.
    const failuresFromMs = this.#pending.hasExpired(appliedOffset)
      ? fresh[0]?.record.timestampMs
      : snapshot.failuresFromMs
    const applied = fresh.length > 0 ? await this.#apply({ ...snapshot, failuresFromMs }, fresh) : undefined
    const surge = applied && (await deferredBySurge(this.#ports, stateKey, applied.decisions, invocation))
    if (surge) return { kind: 'deferred', deferred: surge }
    if (applied && !(await commit(store, stateKey, { ...applied.change, code: this.#code })))
      return { kind: 'refused' }
    if (undecided.length < decoded.length) observer.redelivered(stateKey, decoded.length - undecided.length)
    // If entities of decided records used up the bytes of the load, the next chunk begins after those records.
    const lastOffset = (last as Decoded).record.offset
    const lastDecided = undecided.length > 0 ? appliedOffset : lastOffset
    const waits = (toOffset: number) => (rest && toOffset === lastOffset ? { rest } : {})
    if (!applied)
      return { kind: 'decided', toOffset: lastDecided, outbox: snapshot.outbox, ...waits(lastDecided) }
    invocation.latest.committed(applied.decisions)
    report(observer, stateKey, consumer, { snapshot, fresh, applied })
    return {
      kind: 'decided',
      toOffset: applied.change.appliedOffset,
      // The commit compared the version, so no other invocation has added to the outbox in between. Leftovers go
      // first.
      outbox: [...snapshot.outbox, ...applied.change.outbox],
      ...(applied.deferred ? { rest: applied.deferred } : waits(applied.change.appliedOffset)),
    }
  }

  /** Restores a lost state from a checkpoint. Undefined if it is not lost, or has none: then the log is read from its start. */
  async #restoreIfAbsent({ version }: Snapshot): Promise<Attempt | undefined> {
    if (!isAbsent(version) || this.#isNew) return undefined
    const { observer } = this.#ports
    const recovery = await this.#ports.recovery?.()
    const restoration = recovery && (await restore(recovery, this.#stateKey, observer))
    if (restoration === 'load-again') return { kind: 'restored' }
    if (restoration === 'overtaken') return { kind: 'deferred', deferred: { reason: 'contended' } }
    this.#isNew = true
    return undefined
  }

  /** For a sink of either kind, the receiver's answers decide. Everything else is decided at once. */
  #apply(snapshot: Snapshot, fresh: readonly Decoded[]): Applied | Promise<Applied> {
    const consumer = this.#consumer
    const { remainingMs, nowMs, pause } = this.#invocation
    const tried = (tried: Tried) => this.#ports.observer.tried(this.#stateKey, tried)
    const allowed = { remainingMs, nowMs, pause, tried, isFirst: this.#isFirst }
    if (isSegmentSink(consumer)) return archive(consumer, snapshot, fresh, allowed)
    return isSink(consumer)
      ? deliver(consumer, snapshot, fresh, allowed)
      : apply(consumer as Consumer<AnyKeyedProcess>, snapshot, fresh)
  }

  /**
   * Publishes the entries, then trims the outbox. If trimming fails, the next batch publishes the same entries again.
   *
   * @returns whether the outbox is trimmed
   */
  async #emit(entries: readonly OutboxEntry[]): Promise<boolean> {
    const { publisher, store, observer } = this.#ports
    const refused = await publish(publisher, this.#consumer, entries, (entry, why) =>
      refusedEntryFailure(this.#consumer, this.#stateKey, entry, why),
    )
    if (refused.entries.length > 0) observer.refused(this.#stateKey, refused.entries, refused.error)
    const { deadLettersTopic } = this.#consumer.application
    const deadLetters = entries.filter(
      entry => entry.to === deadLettersTopic && !refused.entries.includes(entry),
    )
    if (deadLetters.length > 0) observer.deadLettersSent(this.#stateKey, deadLetters)
    try {
      await trimOutbox(store, this.#stateKey, entries)
      return true
    } catch (error) {
      observer.outboxNotTrimmed(this.#stateKey, entries.length, error)
      return false
    }
  }
}
