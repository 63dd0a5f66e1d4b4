/** Contents of partition states in memory, and their conversion to and from pages. */
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { measureStoredHold } from '../../pipeline/model/hold.ts'
import { BEFORE_LOG, type LogClock } from '../../pipeline/model/log.ts'
import type {
  OutboxEntry,
  RememberedId,
  StoredContext,
  StoredTimer,
  Version,
} from '../../pipeline/model/partition-state.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import { bytesOfIds, idsInBytes } from '../../pipeline/replacing/id-bytes.ts'
import type { StateMeta, StatePages, StatePart } from '../../pipeline/replacing/state-parts.ts'

/** A partition state in memory. */
export interface MemoryState {
  version: Version
  clock: LogClock
  fence?: Fence
  /** Mark of the last commit, see `Change`. */
  mark?: string | undefined
  appliedDigest: string | undefined
  emitted: number
  parkedBytes: number
  newEntities: string
  /** Identifier of the code that made the last commit. */
  code?: string | undefined
  /** Offset from which on all records were decided by this code. */
  codeFrom?: number | undefined
  context?: StoredContext
  readonly states: Map<string, string>
  readonly timers: Map<string, readonly StoredTimer[]>
  readonly ids: Map<string, RememberedId>
  readonly failures: Map<string, RememberedFailure>
  readonly outbox: Map<string, OutboxEntry>
  readonly tally: Map<string, number>
  origin?: string
  /** Highest decided sequence of each origin. */
  readonly sequences: Map<string, string>
  /** Number of failures that were forgotten to free memory and are not reported yet. */
  forgotten: number
  failuresFromMs: number | undefined
}

/** Builds a state from its pages. */
export async function buildState(pages: StatePages): Promise<MemoryState> {
  const state = emptyState()
  for await (const page of pages)
    for (const part of page) add(state, part.kind === 'ids' ? part : structuredClone(part))
  for (const stored of state.states.values()) state.parkedBytes += measureStoredHold(stored)
  // A commit expects the oldest ids first.
  const ids = [...state.ids].sort(([, a], [, b]) => a.appliedAtMs - b.appliedAtMs)
  return { ...state, ids: new Map(ids) }
}

/** Returns a state with new contents, which replaces an existing state. Its epoch is higher than the epochs of both. */
export function buildReplacement({ version }: MemoryState, next: MemoryState, above: number): MemoryState {
  const epoch = Math.max(version.epoch, above) + 1
  return { ...next, version: { ...next.version, epoch } }
}

export function* listContents(held: MemoryState): Generator<StatePart[]> {
  yield listEntityParts(held)
  yield [{ kind: 'ids', bytes: bytesOfIds([...held.ids.values()]) }]
  yield listOtherParts(held)
}

function listEntityParts({ states, timers }: Pick<MemoryState, 'states' | 'timers'>): StatePart[] {
  return [
    ...Array.from(states, ([entity, state]) => ({ kind: 'state' as const, entity, state })),
    ...Array.from(timers, ([entity, own]) => ({ kind: 'timers' as const, entity, timers: own })),
  ]
}

function listOtherParts({
  outbox,
  failures,
  context,
}: Pick<MemoryState, 'outbox' | 'failures'> & { readonly context?: StoredContext | undefined }) {
  const parts: StatePart[] = [
    ...Array.from(outbox.values(), entry => ({ kind: 'outbox' as const, outbox: entry })),
    ...Array.from(failures.values(), failure => ({ kind: 'failure' as const, failure })),
  ]
  return context ? [...parts, { kind: 'context' as const, context }] : parts
}

export function toStateMeta(held: MemoryState, version: Version): StateMeta {
  const { tally, sequences } = held
  return {
    ...toStateFacts(held, version),
    tally: Object.fromEntries(tally),
    ...(sequences.size > 0 ? { sequences: Object.fromEntries(sequences) } : {}),
  }
}

/** Returns what each load needs of the metadata, without copies of all tallies and sequences. */
export function toStateFacts(held: MemoryState, version: Version): Omit<StateMeta, 'tally' | 'sequences'> {
  const { clock, appliedDigest, emitted, newEntities, failuresFromMs, origin } = held
  return {
    ...{ version, clock, appliedDigest, emitted, failuresFromMs },
    ...omitUndefined({ newEntities: newEntities || undefined, origin }),
  }
}

export function emptyState(): MemoryState {
  return {
    version: { epoch: 0, appliedOffset: -1, fired: 0 },
    clock: BEFORE_LOG,
    appliedDigest: undefined,
    emitted: 0,
    parkedBytes: 0,
    newEntities: '',
    states: new Map(),
    timers: new Map(),
    ids: new Map(),
    failures: new Map(),
    outbox: new Map(),
    tally: new Map(),
    sequences: new Map(),
    forgotten: 0,
    failuresFromMs: undefined,
  }
}

function add(held: MemoryState, part: StatePart): void {
  if (part.kind === 'state') held.states.set(part.entity, part.state)
  else if (part.kind === 'timers') held.timers.set(part.entity, part.timers)
  else if (part.kind === 'outbox') held.outbox.set(part.outbox.position, part.outbox)
  else if (part.kind === 'failure') held.failures.set(part.failure.id, part.failure)
  else if (part.kind === 'id') held.ids.set(part.id.id, part.id)
  else if (part.kind === 'ids') for (const id of idsInBytes(part.bytes)) held.ids.set(id.id, id)
  else if (part.kind === 'context') held.context = part.context
  else {
    // Other properties of a stored state, such as its fence, are not part of its contents.
    const { version, clock, appliedDigest, emitted, failuresFromMs } = part.meta
    const { newEntities = '', tally, origin, sequences = {} } = part.meta
    const meta = { version, clock, appliedDigest, emitted, failuresFromMs, newEntities }
    Object.assign(held, meta, omitUndefined({ origin }), {
      tally: new Map(Object.entries(tally)),
      sequences: new Map(Object.entries(sequences)),
    })
  }
}
