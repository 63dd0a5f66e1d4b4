/**
 * Runs a forwarder once. This is the counterpart of `consume.ts` for functions that a schedule starts. The partitions take turns,
 * so that a long backlog in one partition does not delay the others. The cursor of a partition advances only after all replicas
 * have the chunk, and only if no other invocation has moved the cursor. Therefore no chunk is skipped. If an invocation is killed
 * before it has advanced the cursor, its records are published again. If two invocations run concurrently, one of them stops after
 * a chunk.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { failure } from '../../consumer/failure-codes.ts'
import { PartitionStopped } from '../errors.ts'
import { deferDuringSurge, type SurgeGuard } from '../failures/failure-surge.ts'
import { type Deferred, toDeferred } from '../model/decision.ts'
import { computeDigest } from '../model/fingerprint.ts'
import type { ReadRange } from '../model/log.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { DeferredReason } from '../model/reasons.ts'
import type { Cursor, Cursors, LogBounds, Ports } from '../ports.ts'
import { sendInOrder } from '../publish.ts'
import { decide, type ForwardingConsumer, type Move, toFailedMove } from './decide.ts'

export interface ForwardingPorts extends Pick<Ports, 'log' | 'publisher' | 'breaker' | 'report'> {
  readonly cursors: Cursors
  readonly bounds: LogBounds
}

export interface ForwardingInvocation extends SurgeGuard {
  readonly remainingMs: () => number
}

interface PartitionForwarded {
  readonly forwarded: number
  readonly failed: number
  readonly skipped: number
  /** Due time of the next record, in milliseconds since the epoch; absent if no record waits for its time. */
  readonly nextDueMs?: number
  /** Reason why due records must wait for another invocation. */
  readonly deferred?: DeferredReason
}

/** Part of the log that this invocation forwards. `end` is the offset after the last record. */
interface OffsetRange {
  readonly start: number
  readonly end: number
}

export interface Forwarded {
  readonly forwarded: number
  readonly failed: number
  readonly skipped: number
  /** Earliest due time of the records that wait for their time, in milliseconds since the epoch. */
  readonly nextDueMs?: number
  /** Number of partitions that could not continue. The reason was reported for each of them. */
  readonly deferred: number
}

/** Forwards the due records of all partitions. @throws Unavailable if Kafka cannot report the bounds of the topics */
export async function forward(
  consumer: ForwardingConsumer,
  ports: ForwardingPorts,
  invocation: ForwardingInvocation,
): Promise<Forwarded> {
  const { application, env, process } = consumer
  const topics = process.from.map(name => application.kafkaTopic(name, env))
  const runs: ForwardRun[] = []
  for (const topic of topics)
    for (const [partition, extent] of (await ports.bounds.bounds(topic)).entries())
      runs.push(new ForwardRun(consumer, ports, invocation, { topic, partition, ...extent }))
  for (let open = runs; open.length > 0; ) {
    const unfinished: ForwardRun[] = []
    for (const run of open) if (await run.next()) unfinished.push(run)
    open = unfinished
  }
  return sumResults(runs.map(({ result }) => result))
}

function sumResults(partitions: readonly PartitionForwarded[]): Forwarded {
  const sum = (of: 'forwarded' | 'failed' | 'skipped') =>
    partitions.reduce((total, partition) => total + partition[of], 0)
  const due = partitions.flatMap(({ nextDueMs }) => nextDueMs ?? [])
  return {
    forwarded: sum('forwarded'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    ...(due.length > 0 ? { nextDueMs: Math.min(...due) } : {}),
    deferred: partitions.filter(({ deferred }) => deferred !== undefined).length,
  }
}

class ForwardRun {
  readonly #consumer: ForwardingConsumer
  readonly #ports: ForwardingPorts
  readonly #invocation: ForwardingInvocation
  readonly #stateKey: StateKey
  readonly #extent: OffsetRange
  #hasBegun = false
  #next = 0
  readonly #counts = { forwarded: 0, failed: 0, skipped: 0 }
  /** Set once this run has stopped before the end of the log, with the reason or the next due time. */
  #end: Pick<PartitionForwarded, 'nextDueMs' | 'deferred'> | undefined
  #cursor: Cursor | undefined
  /** True once the log was confirmed to be the one in which the cursor was set. */
  #isChecked = false

  constructor(
    consumer: ForwardingConsumer,
    ports: ForwardingPorts,
    invocation: ForwardingInvocation,
    { topic, partition, ...extent }: { readonly topic: string; readonly partition: number } & OffsetRange,
  ) {
    this.#consumer = consumer
    this.#ports = ports
    this.#invocation = invocation
    this.#stateKey = { consumer: consumer.process.name, topic, partition }
    this.#extent = extent
  }

  get result(): PartitionForwarded {
    return { ...this.#counts, ...this.#end }
  }

  /** Forwards the records of one fetch. Never rejects. @returns true if more records may be due */
  async next(): Promise<boolean> {
    try {
      await this.#begin()
      if (this.#next >= this.#extent.end) return false
      if (this.#isLate) return this.#waits({ reason: 'out-of-time' })
      const stop = await this.#pass(await this.#read())
      if (stop) return this.#waits(stop)
      return this.#end === undefined && this.#next < this.#extent.end
    } catch (error) {
      return this.#waits(toDeferred(error))
    }
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return
    this.#cursor = await this.#ports.cursors.read(this.#stateKey)
    const { start, end } = this.#extent
    const next = this.#cursor?.next ?? start
    const { name } = this.#consumer.process
    if (this.#cursor && next > end)
      throw anotherLog(
        this.#stateKey,
        `ends at offset ${end}, but ${name} has already forwarded up to ${next}`,
      )
    this.#next = next
    this.#hasBegun = true
  }

  get #isLate(): boolean {
    return this.#invocation.remainingMs() < this.#consumer.reserveMs
  }

  async #read(): Promise<ReadRange> {
    const { log, report } = this.#ports
    const [stateKey, next, { end }] = [this.#stateKey, this.#next, this.#extent]
    const last = this.#isChecked ? undefined : this.#cursor?.last
    const fromOffset = last?.offset ?? next
    const looked = await log.read(stateKey.topic, stateKey.partition, { fromOffset, toOffset: end - 1 })
    if (last) this.#ensureSame(last, looked)
    this.#isChecked = true
    if (this.#cursor === undefined) {
      const [first] = looked.records
      if (first && first.offset > 0) report({ kind: 'no-applied-offset', stateKey, fromOffset: first.offset })
    } else if (looked.logStart > next)
      report({
        kind: 'expired',
        stateKey,
        fromOffset: next,
        toOffset: Math.min(looked.logStart, end) - 1,
      })
    return { ...looked, records: looked.records.filter(({ offset }) => offset >= next && offset < end) }
  }

  /**
   * Checks that the log contains the last forwarded record, and thus is not a new log with the same name. If that record has
   * expired, nothing can be checked.
   */
  #ensureSame(
    { offset, digest }: NonNullable<Cursor['last']>,
    { records: [first], logStart }: ReadRange,
  ): void {
    if (logStart > offset || (first?.offset === offset && computeDigest(first) === digest)) return
    const { name } = this.#consumer.process
    throw anotherLog(
      this.#stateKey,
      `does not have the record at offset ${offset} that ${name} has forwarded last`,
    )
  }

  /**
   * Forwards the records that are due. Publishes before the cursor advances, so that a chunk is repeated after a crash instead of
   * lost. Returns the reason if forwarding cannot continue; otherwise undefined.
   */
  async #pass({ records, nextOffset }: ReadRange): Promise<Deferred | undefined> {
    for (let rest = records; rest.length > 0; ) {
      if (this.#isLate) return { reason: 'out-of-time' }
      const { moves, dueMs, error } = await decide(this.#consumer, rest, this.#invocation.nowMs())
      rest = rest.slice(moves.length)
      const stop = moves.length > 0 ? await this.#commit(moves, rest[0]?.offset ?? nextOffset) : undefined
      if (stop) return stop
      if (error) throw error
      if (dueMs !== undefined) {
        this.#end = { nextDueMs: dueMs }
        return undefined
      }
    }
    // If the fetch has returned no new record, only transaction markers for example, the cursor must still advance.
    const isDone = records.length > 0 || nextOffset <= this.#next
    return isDone || (await this.#advance(nextOffset)) ? undefined : { reason: 'contended' }
  }

  async #commit(moves: readonly Move[], next: number): Promise<Deferred | undefined> {
    const { latest } = this.#invocation
    const surge = await deferDuringSurge(
      this.#ports,
      this.#stateKey,
      moves.map(({ decision }) => decision),
      this.#invocation,
    )
    if (surge) return surge
    const publishedMoves = await this.#publish(moves)
    if (!(await this.#advance(next, publishedMoves.at(-1)?.source))) return { reason: 'contended' }
    const decisions = publishedMoves.map(({ decision }) => decision)
    latest.add(decisions)
    this.#ports.report({ kind: 'decisions', stateKey: this.#stateKey, decisions })
    for (const { outcome } of decisions)
      this.#counts[outcome === 'failed' ? 'failed' : outcome === 'ignored' ? 'skipped' : 'forwarded'] += 1
    return undefined
  }

  /**
   * Publishes the records in order. If Kafka permanently refuses a record, its failure record is published instead. Returns the
   * moves that were made.
   */
  async #publish(moves: readonly Move[]): Promise<readonly Move[]> {
    const { publisher } = this.#ports
    const replacements = new Map<Move, Move>()
    const send = (some: readonly Move[]) => publisher.publish(some.flatMap(({ written }) => written ?? []))
    // A refusal names records by their index, so moves without a record are left out.
    const writing = moves.filter(({ written }) => written !== undefined)
    const { error } = await sendInOrder(writing, send, async (move, { message }) => {
      const failed = failure('emission-refused', `to ${move.written?.topic}: ${message}`)
      const replacement = toFailedMove(this.#consumer, move.source, failed, this.#invocation.nowMs())
      await send([replacement])
      replacements.set(move, replacement)
    })
    if (error) {
      const entries = [...replacements.values()].flatMap(({ decision }) => decision.emitted ?? [])
      this.#ports.report({ kind: 'refused', stateKey: this.#stateKey, entries, error })
    }
    return moves.map(move => replacements.get(move) ?? move)
  }

  /**
   * Advances the cursor. Returns false if another invocation has moved the cursor; this invocation must then stop.
   *
   * @param last last record that this invocation has forwarded
   */
  async #advance(next: number, last?: LogRecord): Promise<boolean> {
    const lastForwarded = last ? { offset: last.offset, digest: computeDigest(last) } : this.#cursor?.last
    const to = { next, ...(lastForwarded && { last: lastForwarded }) }
    const outcome = await this.#ports.cursors.advance(this.#stateKey, this.#cursor, to)
    if (outcome === 'refused') return false
    this.#cursor = to
    this.#next = next
    return true
  }

  #waits(deferred: Deferred): false {
    this.#ports.report({
      kind: 'deferred',
      stateKey: this.#stateKey,
      fromOffset: this.#next,
      appendMs: this.#invocation.nowMs(),
      ...deferred,
    })
    this.#end = { deferred: deferred.reason }
    return false
  }
}

function anotherLog({ consumer, topic, partition }: StateKey, what: string): PartitionStopped {
  return new PartitionStopped(
    'another-log',
    `${topic}/${partition} ${what}: the topic was recreated or truncated. Delete the key {${consumer}:${topic}:${partition}}:cursor in Redis to ` +
      'forward the new log from its start.',
  )
}
