import { omitUndefined } from '../../consumer/omit-undefined.ts'
import type { FailureMemory, RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { computeSpanEnd } from '../../pipeline/model/log.ts'
import {
  byPlace,
  formatStateKey,
  type OutboxEntry,
  pick,
  type RememberedId,
  type StateKey,
  type StoredContext,
  type StoredTimer,
  sameVersion,
  type TimerPlace,
} from '../../pipeline/model/partition-state.ts'
import type { Change, Committed, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { SkippedRecords } from '../../pipeline/ports.ts'
import { createFencedError, type Fence, isOwnFence } from '../../pipeline/replacing/fence.ts'
import type { ComputedStates, StateFacts } from '../../pipeline/replacing/replaceable-states.ts'
import { emptyState, type MemoryState } from './memory-state.ts'

/**
 * In-memory store for partition states, used in tests and to apply a log again. The port's conformance suite
 * checks that it behaves like the Redis store.
 */
export class MemoryStateStore implements ComputedStates, SkippedRecords {
  readonly #stateKeys = new Map<string, MemoryState>()
  readonly #skipped: SkippedRecords
  readonly #digests = new Map<string, Map<number, string>>()

  /**
   * Creates an empty store.
   *
   * @param skipped records that the live states skip, if this store contains copies of them
   */
  constructor(skipped?: SkippedRecords) {
    this.#skipped = skipped ?? this
  }

  /** Sets initial states of entities for a test, in the form of `formatState`. */
  put(stateKey: StateKey, states: ReadonlyMap<string, string>): void {
    for (const [entity, state] of states) this.#stateKey(stateKey).states.set(entity, state)
  }

  async listSkipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>> {
    return new Map(this.#digests.get(formatStateKey(stateKey)))
  }

  async skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'> {
    if (offset <= this.#stateKey(stateKey).version.appliedOffset) return 'already-applied'
    this.#digests.set(
      formatStateKey(stateKey),
      new Map([...(await this.listSkipped(stateKey)), [offset, digest]]),
    )
    return 'skipped'
  }

  async unskip(stateKey: StateKey, offset: number): Promise<boolean> {
    return this.#digests.get(formatStateKey(stateKey))?.delete(offset) ?? false
  }

  async load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot> {
    const skipped = await this.#skipped.listSkipped(stateKey)
    const state = this.#stateKey(stateKey)
    const { clock, states, timers, failures, context, fence, mark } = state
    if (fence) throw createFencedError(fence)
    const due = listDue(timers, computeSpanEnd(wanted.span, clock))
    const measureEntity = (entity: string) => countBytes(states.get(entity)) + countBytes(timers.get(entity))
    const passing = due.slice(0, wanted.timerLimit)
    const first = within(
      wanted.byteLimit / 2,
      passing.map(({ entity }) => measureEntity(entity)),
    )
    const brought = passing.slice(0, first.count)
    const dueEntities = new Set(brought.map(({ entity }) => entity))
    const holders = (wanted.holders ?? []).filter(holder => states.has(holder))
    const held = new Set(holders.map(holder => JSON.parse(states.get(holder) as string) as string))
    const waiting = [...held].filter(entity => !dueEntities.has(entity))
    const second = within(wanted.byteLimit - first.bytes, waiting.map(measureEntity))
    const added = new Set([...dueEntities, ...waiting.slice(0, second.count)])
    const others = wanted.entities.filter(entity => !added.has(entity))
    const third = within(wanted.byteLimit - first.bytes - second.bytes, others.map(measureEntity))
    const entities = [...added, ...others.slice(0, third.count)]
    return {
      ...{ version: state.version, clock, appliedDigest: state.appliedDigest, emitted: state.emitted },
      ...{ failuresFromMs: state.failuresFromMs, parkedBytes: state.parkedBytes },
      states: pick(states, [...holders, ...entities]),
      timers: pick(timers, entities),
      timersUpTo: due.length > brought.length ? brought.at(-1) : undefined,
      notLoaded: new Set([...waiting, ...others].filter(entity => !entities.includes(entity))),
      known: pick(state.ids, wanted.ids),
      failures: new Map(
        wanted.failures.flatMap(({ id, producerGroup }) => {
          const failure = failures.get(id)
          return failure?.producerGroup === producerGroup ? [[id, failure] as const] : []
        }),
      ),
      failureMemory: measureFailures(state),
      outbox: [...state.outbox.values()].sort((a, b) => (a.position < b.position ? -1 : 1)).map(copy),
      ...omitUndefined({
        sequences: wanted.origins && pick(state.sequences, wanted.origins),
        skipped: skipped.size > 0 ? skipped : undefined,
        mark,
        newEntities: state.newEntities || undefined,
        origin: state.origin,
        context: context && wanted.contexts && unlessAtHand(context, wanted.contexts),
      }),
    }
  }

  async commit(stateKey: StateKey, change: Change): Promise<Committed | 'committed' | 'refused'> {
    const { base, guess } = change
    const skipped = guess ? [...(await this.#skipped.listSkipped(stateKey)).keys()] : []
    const held = this.#stateKey(stateKey)
    if (held.fence || !sameVersion(held.version, base)) return 'refused'
    if (guess && !isProven(held, guess, change, skipped)) return 'refused'
    for (const [entity, state] of change.states) setOrDelete(held.states, entity, state ?? undefined)
    for (const [entity, timers] of change.timers)
      setOrDelete(held.timers, entity, timers.length > 0 ? timers : undefined)
    for (const entry of change.outbox) held.outbox.set(entry.position, copy(entry))
    for (const [name, count] of change.tally) held.tally.set(name, (held.tally.get(name) ?? 0) + count)
    for (const [origin, sequence] of change.sequences ?? []) held.sequences.set(origin, sequence)
    for (const remembered of change.ids) {
      // Move the id to the end, so that the newest id is last.
      held.ids.delete(remembered.id)
      held.ids.set(remembered.id, remembered)
    }
    for (const failure of change.failures) {
      // Move the failure to the end, so that the newest failure is last.
      held.failures.delete(failure.id)
      held.failures.set(failure.id, failure)
    }
    const { nowMs, highestAppendMs = 0 } = change.clock
    for (const [id, { appliedAtMs }] of held.ids) {
      if (nowMs - appliedAtMs <= change.idWindowMs) break
      held.ids.delete(id)
    }
    const { size } = held.failures
    for (const [id, { failedAtMs }] of held.failures)
      if (nowMs - failedAtMs > change.failureWindowMs) held.failures.delete(id)
    held.forgotten -= change.forgottenTold
    while (held.failures.size * FAILURE_BYTES > change.failureBytes) {
      held.failures.delete(firstOfLargest([...held.failures.values()]))
      held.forgotten += 1
    }
    const forgets = held.failures.size < size && change.failuresFromMs !== undefined
    Object.assign(held, {
      version: { epoch: base.epoch, appliedOffset: change.appliedOffset, fired: change.fired },
      clock: change.clock,
      failuresFromMs: forgets ? highestAppendMs + 1 : change.failuresFromMs,
      appliedDigest: change.appliedDigest,
      emitted: change.emitted,
      parkedBytes: change.parkedBytes,
      newEntities: change.newEntities ?? '',
      ...omitUndefined({ origin: change.origin }),
    } satisfies Partial<MemoryState>)
    if (held.code === undefined || held.code !== change.code) held.codeFrom = base.appliedOffset + 1
    held.code = change.code
    if (change.context) held.context = change.context
    held.mark = change.mark
    if (change.mark === undefined) return 'committed'
    const [first] = listDue(held.timers, Infinity)
    return {
      failureMemory: measureFailures(held),
      failuresFromMs: held.failuresFromMs,
      firstThresholdMs: first?.thresholdMs,
    }
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    for (const position of positions) this.#stateKey(stateKey).outbox.delete(position)
  }

  async facts(stateKey: StateKey): Promise<StateFacts> {
    const { version, clock, failuresFromMs, code, codeFrom, origin, fence, rebuild } =
      this.#stateKey(stateKey)
    return { version, clock, failuresFromMs, code, codeFrom, ...omitUndefined({ origin, fence, rebuild }) }
  }

  async *states(stateKey: StateKey): AsyncGenerator<readonly [entity: string, state: string]> {
    yield* this.#stateKey(stateKey).states
  }

  async *timers(
    stateKey: StateKey,
  ): AsyncGenerator<readonly [entity: string, timers: readonly StoredTimer[]]> {
    yield* this.#stateKey(stateKey).timers
  }

  async *failures(stateKey: StateKey): AsyncGenerator<RememberedFailure> {
    yield* [...this.#stateKey(stateKey).failures.values()].reverse()
  }

  async *ids(stateKey: StateKey): AsyncGenerator<RememberedId> {
    yield* [...this.#stateKey(stateKey).ids.values()].reverse()
  }

  async context(stateKey: StateKey): Promise<StoredContext | undefined> {
    return this.#stateKey(stateKey).context
  }

  /** Returns the number of records by `outcome/reason`. */
  tally(stateKey: StateKey): ReadonlyMap<string, number> {
    return this.#stateKey(stateKey).tally
  }

  /**
   * Raises a fence, so that commits are rejected from now on. An existing fence remains, unless it belongs to an earlier attempt of
   * the same operation.
   */
  fence(stateKey: StateKey, fence: Fence): void {
    const held = this.#stateKey(stateKey)
    if (held.fence && !isOwnFence(held.fence, fence)) return
    held.fence = fence
  }

  /** Removes the fence, unless it belongs to another command. */
  unfence(stateKey: StateKey, by: Fence): void {
    const { fence, ...held } = this.#stateKey(stateKey)
    if (!isOwnFence(fence, by)) return
    this.restore(stateKey, held)
  }

  /** Returns a copy of the current partition state. `restore` puts it back, like a failover to a replica that lags behind. */
  copyState(stateKey: StateKey): unknown {
    return structuredClone(this.#stateKey(stateKey))
  }

  restore(stateKey: StateKey, copy: unknown): void {
    const name = formatStateKey(stateKey)
    if (copy === undefined) this.#stateKeys.delete(name)
    else this.#stateKeys.set(name, structuredClone(copy) as MemoryState)
  }

  #stateKey(stateKey: StateKey): MemoryState {
    const name = formatStateKey(stateKey)
    const held = this.#stateKeys.get(name) ?? emptyState()
    this.#stateKeys.set(name, held)
    return held
  }
}

function setOrDelete<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name)
  else map.set(name, value)
}

/** Returns the entities with a timer that fires before `endMs`, in the order in which their first timers fire. */
function listDue(timers: ReadonlyMap<string, readonly StoredTimer[]>, endMs: number) {
  const due: TimerPlace[] = []
  for (const [entity, own] of timers) {
    const thresholdMs = own.reduce((least, timer) => Math.min(least, timer.thresholdMs), endMs)
    if (thresholdMs < endMs) due.push({ entity, thresholdMs })
  }
  return due.sort(byPlace)
}

/**
 * Returns the number of sizes, from the first one on, whose sum is within the limit, and this sum. The first size is always
 * included.
 */
function within(limit: number, sizes: readonly number[]): { readonly count: number; readonly bytes: number } {
  let bytes = 0
  for (const [count, size] of sizes.entries()) {
    if (count > 0 && bytes + size > limit) return { count, bytes }
    bytes += size
  }
  return { count: sizes.length, bytes }
}

function countBytes(stored: string | readonly StoredTimer[] | undefined): number {
  if (stored === undefined) return 0
  return Buffer.byteLength(typeof stored === 'string' ? stored : JSON.stringify(stored))
}

/** Returns true if a load would return the kept state: see `StateStore.commit`. */
function isProven(
  held: MemoryState,
  { mark, ids }: NonNullable<Change['guess']>,
  change: Change,
  skipped: readonly number[],
): boolean {
  const isDecided = (offset: number) => offset > change.base.appliedOffset && offset <= change.appliedOffset
  return (
    held.mark === mark &&
    held.outbox.size === 0 &&
    !skipped.some(isDecided) &&
    !ids.some(id => held.ids.has(id))
  )
}

/** Approximate size of a failure in the Redis store, in bytes. */
const FAILURE_BYTES = 64

function measureFailures({ failures, forgotten }: MemoryState): FailureMemory {
  return { bytes: failures.size * FAILURE_BYTES, forgotten }
}

/** Returns the oldest failure of the producer group with the most failures. */
function firstOfLargest(failures: readonly RememberedFailure[]): string {
  const groups = [...Map.groupBy(failures, ({ producerGroup }) => producerGroup).values()]
  const largest = groups.reduce((most, group) => (group.length > most.length ? group : most))
  return (largest[0] as RememberedFailure).id
}

/** Omits the content of the context if the caller of `load` has cached it. */
function unlessAtHand(
  { hash, json }: StoredContext,
  atHand: readonly string[],
): NonNullable<Snapshot['context']> {
  return atHand.includes(hash) ? { hash } : { hash, json }
}

/** Returns a copy, because a real store never returns the object that was stored. */
function copy(entry: OutboxEntry): OutboxEntry {
  return JSON.parse(JSON.stringify(entry))
}
