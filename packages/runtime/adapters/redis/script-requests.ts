/**
 * Requests to the scripts, one map per script. The comment at the top of each script describes the fields; an
 * undefined field is nil in Lua.
 */
import { MAX_STEP_MS } from '../../pipeline/model/log.ts'
import type { StoredTimer, Version } from '../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection } from '../../pipeline/model/snapshot.ts'
import { namesByBucket, packFailures } from './failure-packing.ts'
import { packIds } from './id-packing.ts'
import { SEQUENCE } from './layout.ts'
import { Bytes } from './message-pack.ts'

/** Alternating fields and values of a hash, or scores and members of a sorted set. */
type InTurn = readonly string[]

/** Request to `load.lua`. */
export type LoadRequest = {
  readonly entities: readonly string[]
  readonly holders: readonly string[]
  readonly ids: Bytes
  readonly idWindowMs: number
  readonly failures: Bytes
  readonly firstAppendMs: number
  readonly advanceMs: number
  readonly longestStepMs: number
  readonly timerLimit: number
  readonly byteLimit: number
  readonly contexts: readonly string[] | undefined
  readonly sequences: readonly string[]
}

export function loadRequest({ span, ids, failures, ...wanted }: LoadSelection): LoadRequest {
  return {
    entities: wanted.entities,
    holders: wanted.holders ?? [],
    ids: new Bytes(ids.join('')),
    idWindowMs: wanted.idWindowMs,
    failures: new Bytes(namesByBucket(failures)),
    firstAppendMs: span.firstAppendMs,
    advanceMs: span.advanceMs,
    longestStepMs: MAX_STEP_MS,
    timerLimit: wanted.timerLimit,
    byteLimit: wanted.byteLimit,
    contexts: wanted.contexts,
    sequences: (wanted.origins ?? []).map(origin => SEQUENCE + origin),
  }
}

/** Request to `commit.lua`. */
export type CommitRequest = {
  readonly base: BaseRequest
  readonly appliedOffset: number
  readonly fired: number
  readonly emitted: number
  readonly parkedBytes: number
  readonly newEntities: string | undefined
  readonly nowMs: number
  readonly lastAppendMs: number | undefined
  readonly highestAppendMs: number | undefined
  readonly appliedDigest: string | undefined
  readonly states: InTurn
  readonly statesGone: readonly string[]
  readonly timers: InTurn
  readonly due: InTurn
  readonly timersGone: readonly string[]
  readonly outbox: InTurn
  readonly tally: ReadonlyMap<string, number>
  readonly context: InTurn
  readonly ids: Bytes
  readonly idWindowMs: number
  readonly failures: Bytes
  readonly failureWindowMs: number
  readonly failureBytes: number
  readonly forgottenTold: number
  readonly failuresFromMs: number | undefined
  readonly origin: string | undefined
  readonly sequences: InTurn
  readonly code: string | undefined
  readonly mark: string | undefined
  readonly guess: { readonly mark: string; readonly ids: Bytes } | undefined
}

export function commitRequest(change: Change): CommitRequest {
  const { clock, context, guess } = change
  const states = [...change.states]
  const timers = [...change.timers]
  const some = timers.filter(([, own]) => own.length > 0)
  return {
    base: { ...change.base },
    appliedOffset: change.appliedOffset,
    fired: change.fired,
    emitted: change.emitted,
    parkedBytes: change.parkedBytes,
    newEntities: change.newEntities || undefined,
    ...clock,
    appliedDigest: change.appliedDigest,
    states: states.flatMap(([entity, state]) => (state === null ? [] : [entity, state])),
    statesGone: states.flatMap(([entity, state]) => (state === null ? [entity] : [])),
    timers: some.flatMap(([entity, own]) => [entity, JSON.stringify(own)]),
    due: some.flatMap(([entity, own]) => [earliest(own), entity]),
    timersGone: timers.flatMap(([entity, own]) => (own.length === 0 ? [entity] : [])),
    outbox: change.outbox.flatMap(entry => [entry.position, JSON.stringify(entry)]),
    tally: change.tally,
    context: context ? ['hash', context.hash, 'content', context.json] : [],
    ids: new Bytes(packIds(change.ids)),
    idWindowMs: change.idWindowMs,
    failures: new Bytes(packFailures(change.failures)),
    failureWindowMs: change.failureWindowMs,
    failureBytes: change.failureBytes,
    forgottenTold: change.forgottenTold,
    failuresFromMs: change.failuresFromMs,
    origin: change.origin,
    sequences: [...(change.sequences ?? [])].flatMap(([origin, sequence]) => [SEQUENCE + origin, sequence]),
    code: change.code,
    mark: change.mark,
    guess: guess && { mark: guess.mark, ids: new Bytes(guess.ids.join('')) },
  }
}

/** Request to `rebuild.lua`. */
export type RebuildRequest = {
  readonly act: 'begin' | 'describe' | 'remove'
  readonly rebuild?: string
  readonly nowMs?: number
  readonly run?: number
}

/** Request to `replace-state.lua`. */
export type ReplaceRequest = {
  readonly base: BaseRequest | undefined
  readonly run?: number
  readonly code?: string
  readonly codeFrom?: number
  readonly rebuild?: string
}

/** Version that the partition state must have. */
type BaseRequest = Readonly<Record<keyof Version, number>>

/** Returns the lowest threshold of an entity's timers, as text. The set `due` is sorted by this threshold. */
function earliest(timers: readonly StoredTimer[]): string {
  return String(Math.min(...timers.map(({ thresholdMs }) => thresholdMs)))
}
