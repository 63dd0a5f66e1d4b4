/** Partition states that an instance keeps after its commits, and how often guesses from them were wrong. */
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { computeSpanEnd } from '../../pipeline/model/log.ts'
import {
  formatStateKey,
  pick,
  type StateKey,
  type StoredTimer,
} from '../../pipeline/model/partition-state.ts'
import type { Change, Committed, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'

/** Upper bound for all kept states of an instance, in bytes as estimated by `measureState`. */
const MAX_BYTES = 16 * 1024 * 1024

/** Approximate sizes, in bytes: an entity without its name and its state, a timer, and the sequence of an origin. */
const ENTITY_BYTES = 100
const TIMER_BYTES = 300
const SEQUENCE_BYTES = 300

/**
 * After a guess that was wrong, one chunk is loaded first, and after each further one in a row four times as many, up to this
 * number. A producer that repeats events thus costs little.
 */
const MOST_LOADS_FIRST = 64

/** A partition state as of the last commit of this instance. */
export interface KeptState {
  /** Process that has decided. Another one may need parts that were not loaded. */
  readonly process: object
  /** What a load of no entities, ids and failures would return. */
  readonly bare: Snapshot & { readonly mark: string }
  readonly firstThresholdMs: number | undefined
  /** States of entities; undefined for an entity without a state, which need not be loaded either. */
  readonly states: Map<string, string | undefined>
  /** Timers of these entities. */
  readonly timers: Map<string, readonly StoredTimer[]>
  /** Highest decided sequence of each origin. */
  readonly sequences: Map<string, string>
  /** Positions of the outbox entries that are not removed yet. They must be published before the next guess. */
  readonly outbox: Set<string>
  /** Size of the states and timers, in bytes. */
  readonly entityBytes: number
}

export class KeptStates {
  readonly #instance: string
  readonly #maxBytes: number
  #marks = 0
  /** Kept states by partition, the most recently used one last. */
  readonly #states = new Map<string, KeptState>()
  /** Wrong guesses since the last right one, by partition, and the number of chunks that are still loaded first. */
  readonly #refusals = new Map<string, { readonly inRow: number; readonly loadsLeft: number }>()
  #bytes = 0

  /** @param instance text that no other instance has */
  constructor(instance: string, maxBytes = MAX_BYTES) {
    this.#instance = instance
    this.#maxBytes = maxBytes
  }

  /** Returns a mark for a commit, another one with each call. */
  createMark(): string {
    this.#marks += 1
    return `${this.#instance} ${this.#marks}`
  }

  /** Returns the kept state, and forgets it: only a commit may leave one. */
  take(stateKey: StateKey, process: object): KeptState | undefined {
    const name = formatStateKey(stateKey)
    const kept = this.#states.get(name)
    if (kept) this.#drop(name, kept)
    return kept?.process === process ? kept : undefined
  }

  /**
   * Keeps a state after its commit. If the states exceed the limit, the least recently used ones are dropped; a state that exceeds it
   * alone is not kept.
   */
  keep(stateKey: StateKey, kept: KeptState): void {
    const name = formatStateKey(stateKey)
    const before = this.#states.get(name)
    if (before) this.#drop(name, before)
    const bytes = measureState(kept)
    if (bytes > this.#maxBytes) return
    this.#states.set(name, kept)
    this.#bytes += bytes
    for (const [oldest, state] of this.#states) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(oldest, state)
    }
  }

  /** Removes entries from the outbox of the kept state. */
  trim(stateKey: StateKey, positions: readonly string[]): void {
    const kept = this.#states.get(formatStateKey(stateKey))
    for (const position of positions) kept?.outbox.delete(position)
  }

  /**
   * Begins a guess, which counts as wrong until it is proven. Returns false if the chunk must be loaded first, because guesses about
   * the partition were wrong.
   */
  beginGuess(stateKey: StateKey): boolean {
    const name = formatStateKey(stateKey)
    const { inRow, loadsLeft } = this.#refusals.get(name) ?? { inRow: 0, loadsLeft: 0 }
    const next =
      loadsLeft > 0
        ? { inRow, loadsLeft: loadsLeft - 1 }
        : { inRow: inRow + 1, loadsLeft: Math.min(4 ** inRow, MOST_LOADS_FIRST) }
    this.#refusals.set(name, next)
    return loadsLeft === 0
  }

  proveGuess(stateKey: StateKey): void {
    this.#refusals.delete(formatStateKey(stateKey))
  }

  #drop(name: string, kept: KeptState): void {
    this.#states.delete(name)
    this.#bytes -= measureState(kept)
  }
}

/**
 * Returns what a load would return if no id of the chunk were known; undefined if it might return more than is kept. A chunk in
 * which a stored timer becomes due is loaded, because its entity may not be kept.
 */
export function selectKept(
  { bare, firstThresholdMs = Infinity, states, timers, sequences, outbox }: KeptState,
  { entities, holders = [], origins = [], span, failures, contexts = [] }: LoadSelection,
): Snapshot | undefined {
  const { context } = bare
  if (context && context.json === undefined && !contexts.includes(context.hash)) return undefined
  if (
    outbox.size > 0 ||
    failures.length > 0 ||
    holders.length > 0 ||
    computeSpanEnd(span, bare.clock) > firstThresholdMs
  )
    return undefined
  if (!entities.every(entity => states.has(entity)) || !origins.every(origin => sequences.has(origin)))
    return undefined
  const selected = { ...bare, states: pick(states, entities), timers: pick(timers, entities) }
  return origins.length > 0 ? { ...selected, sequences: pick(sequences, origins) } : selected
}

/** The load that a commit was decided from. */
export interface LoadedFrom {
  readonly process: object
  readonly selection: LoadSelection
  readonly snapshot: Snapshot
  /** Last commit, if the snapshot is a guess from the state after it. */
  readonly guessed: KeptState['bare'] | undefined
  /** Kept state; undefined unless it equals the stored one. */
  readonly kept: KeptState | undefined
}

/**
 * Returns the state after a commit. The maps of the kept state are changed in place, since `take` has left no other holder.
 */
export function toKept(
  { process, kept, selection, snapshot }: LoadedFrom,
  change: Change,
  mark: string,
  committed: Committed,
): KeptState {
  const states = kept?.states ?? new Map<string, string | undefined>()
  const timers = kept?.timers ?? new Map<string, readonly StoredTimer[]>()
  const sequences = kept?.sequences ?? new Map<string, string>()
  let entityBytes = kept?.entityBytes ?? 0
  const loaded = selection.entities.filter(entity => !snapshot.notLoaded.has(entity))
  for (const entity of new Set([...loaded, ...change.states.keys(), ...change.timers.keys()])) {
    const stateBefore = states.get(entity) ?? snapshot.states.get(entity)
    const timersBefore = timers.get(entity) ?? snapshot.timers.get(entity) ?? []
    if (states.has(entity)) entityBytes -= measureEntity(entity, stateBefore, timersBefore)
    const state = change.states.has(entity) ? (change.states.get(entity) ?? undefined) : stateBefore
    const own = change.timers.get(entity) ?? timersBefore
    states.set(entity, state)
    timers.set(entity, own)
    entityBytes += measureEntity(entity, state, own)
  }
  for (const [origin, sequence] of change.sequences ?? []) sequences.set(origin, sequence)
  const bare = toBare(snapshot, change, mark, committed)
  const { firstThresholdMs } = committed
  const outbox = new Set([...snapshot.outbox, ...change.outbox].map(({ position }) => position))
  return { process, bare, firstThresholdMs, states, timers, sequences, outbox, entityBytes }
}

function toBare(
  snapshot: Snapshot,
  change: Change,
  mark: string,
  { failureMemory, failuresFromMs }: Committed,
): KeptState['bare'] {
  const { base, appliedOffset, fired, clock, appliedDigest, emitted, parkedBytes } = change
  const { newEntities, origin, context = snapshot.context } = change
  return {
    version: { epoch: base.epoch, appliedOffset, fired },
    ...{ mark, clock, appliedDigest, emitted, parkedBytes, failuresFromMs, failureMemory },
    ...{ states: new Map(), timers: new Map(), known: new Map(), failures: new Map(), outbox: [] },
    ...{ timersUpTo: undefined, notLoaded: new Set<string>(), provenBy: 'commit' },
    ...omitUndefined({ newEntities, origin, context }),
  }
}

/** Returns the approximate memory of a kept state, in bytes. */
function measureState({ bare: { context, newEntities = '' }, sequences, entityBytes }: KeptState): number {
  const { json = '' } = context ?? {}
  return entityBytes + SEQUENCE_BYTES * sequences.size + json.length + newEntities.length
}

function measureEntity(entity: string, state = '', timers: readonly StoredTimer[]): number {
  return ENTITY_BYTES + entity.length + state.length + TIMER_BYTES * timers.length
}
