/**
 * Decides records of a partition again, in memory. The decisions are those of a deployment, because the same pure steps make them.
 * Nothing is stored or published.
 */
import type { LogRecord } from '../cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from './consumer.ts'
import { apply } from './deciding/apply.ts'
import type { Decoded } from './decoding/decode.ts'
import { decodeChunk } from './decoding/decode-chunk.ts'
import type { Decision } from './model/decision.ts'
import type { RememberedFailure } from './model/failure-memory.ts'
import { BEFORE_LOG } from './model/log.ts'
import type { RememberedId, StoredTimer } from './model/partition-state.ts'
import type { Change, Snapshot } from './model/snapshot.ts'
import { readState } from './model/stored-state.ts'

/** Everything is loaded, and no commit is too large, so a chunk is always decided as a whole. */
const NO_LIMITS = { records: Infinity, bytes: Infinity, timers: Infinity }
/** Failures that are remembered for redriven records. */
const MAX_FAILURES = 100_000

/** Decodes records as the consumer does. @throws Unavailable if a schema is needed that the registry does not return */
export async function decodeRecords(
  records: readonly LogRecord[],
  consumer: Consumer,
): Promise<readonly Decoded[]> {
  const { decoded, restWaits } = await decodeChunk(records, consumer)
  if (restWaits) throw restWaits.error ?? new Error(`the records cannot be decoded: ${restWaits.reason}`)
  return decoded
}

export class Recount {
  readonly states = new Map<string, string>()
  readonly timers = new Map<string, readonly StoredTimer[]>()
  readonly #consumer: Consumer<AnyKeyedProcess>
  readonly #ids = new Map<string, RememberedId>()
  readonly #failures = new Map<string, RememberedFailure>()
  readonly #sequences = new Map<string, string>()
  #progress: Omit<Snapshot, 'states' | 'timers' | 'known' | 'failures' | 'sequences'> = {
    version: { epoch: 1, appliedOffset: -1, fired: 0 },
    clock: BEFORE_LOG,
    appliedDigest: undefined,
    emitted: 0,
    parkedBytes: 0,
    failuresFromMs: undefined,
    timersUpTo: undefined,
    notLoaded: new Set(),
    failureMemory: { bytes: 0, forgotten: 0 },
    outbox: [],
  }
  /** Time of the log's clock at which expired ids and failures were removed. */
  #sweptMs = 0

  /** @param origin origin of the emissions, see `formatOrigin` */
  constructor(consumer: Consumer<AnyKeyedProcess>, origin?: string) {
    this.#consumer = { ...consumer, limits: NO_LIMITS }
    if (origin !== undefined) this.#progress = { ...this.#progress, origin }
  }

  /** Time of the log's clock, in milliseconds since the epoch. */
  get nowMs(): number {
    return this.#progress.clock.nowMs
  }

  /**
   * Decides the next records, in the order of their offsets. Returns the decisions about records and timers, in order.
   *
   * @throws PartitionStopped if the process cannot read a state
   */
  decide(records: readonly Decoded[]): readonly Decision[] {
    if (records.length === 0) return []
    const remembered = { known: this.#ids, failures: this.#failures, sequences: this.#sequences }
    const snapshot = { ...this.#progress, ...remembered, states: this.states, timers: this.timers }
    const { decisions, change, deferred } = apply(this.#consumer, snapshot, records)
    if (deferred) throw deferred.error ?? new Error(`the records cannot be decided: ${deferred.reason}`)
    this.#keep(change)
    return decisions
  }

  /** Returns the state of an entity; undefined if it has none. */
  state(entity: string): unknown {
    const stored = this.states.get(entity)
    return stored === undefined ? undefined : readState(this.#consumer.process, stored)
  }

  /** Returns the remembered failure with this id. */
  failure(id: string): RememberedFailure | undefined {
    return this.#failures.get(id)
  }

  #keep(change: Change): void {
    for (const [entity, state] of change.states)
      if (state === null) this.states.delete(entity)
      else this.states.set(entity, state)
    for (const [entity, timers] of change.timers)
      if (timers.length === 0) this.timers.delete(entity)
      else this.timers.set(entity, timers)
    for (const id of change.ids) this.#ids.set(id.id, id)
    for (const failure of change.failures) this.#failures.set(failure.id, failure)
    for (const [origin, sequence] of change.sequences ?? []) this.#sequences.set(origin, sequence)
    const { appliedOffset, fired, clock, appliedDigest, emitted, parkedBytes, failuresFromMs } = change
    this.#progress = {
      ...this.#progress,
      ...{ version: { epoch: 1, appliedOffset, fired }, clock, appliedDigest, emitted, parkedBytes },
      ...{ failuresFromMs, newEntities: change.newEntities ?? '' },
      ...(change.context && { context: change.context }),
    }
    if (clock.nowMs - this.#sweptMs > this.#consumer.idWindowMs) this.#sweep(change)
  }

  #sweep({ clock: { nowMs }, idWindowMs, failureWindowMs }: Change): void {
    this.#sweptMs = nowMs
    for (const [id, { appliedAtMs }] of this.#ids) if (nowMs - appliedAtMs > idWindowMs) this.#ids.delete(id)
    for (const [id, { failedAtMs }] of this.#failures)
      if (nowMs - failedAtMs > failureWindowMs || this.#failures.size > MAX_FAILURES)
        this.#failures.delete(id)
  }
}
