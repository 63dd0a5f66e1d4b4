/**
 * Rebuilds a partition state from the log while the live state is in use. When only a few records are missing, the live state is
 * fenced and the remaining records are read. Then both states are compared, and the rebuilt state replaces the live one.
 */

import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { RememberedId, StateKey, Version } from '../model/partition-state.ts'
import type { Rebuild, ReplaceableStates, StateFacts } from '../replacing/replaceable-states.ts'
import { failureToKeep, idToKeep, type Rebuilding } from './carry-over.ts'
import type { TakeoverAt } from './entity-takeover.ts'
import { collectFailedEventIds, collectFailures, placeNewFailures } from './new-failures.ts'
import { type LeftEntities, leaveOlder, NONE_LEFT } from './older-entities.ts'
import { takeOverAll } from './partition-takeover.ts'
import { type Advancing, RebuiltState } from './rebuilt-state.ts'

export interface Reprocessing extends Advancing {
  readonly consumer: Consumer<AnyKeyedProcess>
  readonly live: ReplaceableStates
}

export interface Reprocessed {
  readonly appliedOffset: number
  /** New epoch of the live state; undefined if the state was not replaced. */
  readonly epoch: number | undefined
  /** Number of events that the takeover emits, by type. */
  readonly emitted: ReadonlyMap<string, number>
  /** Number of entities that were left as they are, because their state comes from before the start. */
  readonly older: number
  /** Number of offsets that the live state applied during the comparison; 0 unless it was a trial. */
  readonly passed: number
}

/** Maximum number of missing offsets at which the live state is fenced. */
const CLOSE = 500

/** Maximum time for which the live state is fenced, in milliseconds. */
const FENCED_MS = 60_000

/** Number of attempts to fence the live state while it is not between two timers that fire before the same record. */
const ATTEMPTS = 50
const PAUSE_MS = 100

/**
 * Rebuilds a state, and replaces the live one with it. A run that was interrupted is continued by the next one for the same rebuild.
 *
 * @param isTrial if true, the live state is neither fenced nor replaced. It goes on during the comparison, so the result is about that
 * of a switch.
 * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the rebuild cannot continue
 */
export async function reprocess(
  work: Reprocessing,
  partitionState: StateKey,
  rebuild: Rebuild,
  isTrial: boolean,
): Promise<Reprocessed> {
  const states = work.live
  await requireLiveState(work, partitionState, rebuild)
  const rebuilt = await RebuiltState.begin(work, partitionState, rebuild)
  const fence = { why: 'reprocessing', attempt: rebuilt.run } as const
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { fired } = await catchUp(work, partitionState, rebuild, rebuilt)
    if (isTrial && fired === 0) return compareBeside(work, { partitionState, rebuild, rebuilt })
    const fenced = isTrial || fired > 0 ? undefined : await states.fence(partitionState, fence, FENCED_MS)
    if (fenced && (fenced.fence.why !== fence.why || fenced.fence.attempt !== fence.attempt))
      throw new CopyStopped('overtaken', 'another command or consumer is replacing it')
    const live = fenced?.version
    try {
      if (live?.fired === 0) return await replaceBehindFence(work, { partitionState, rebuild, live, rebuilt })
    } finally {
      // If this fails, the fence still expires.
      if (live) await states.unfence(partitionState, fence).catch(() => {})
    }
    await work.pause(PAUSE_MS)
  }
  throw new CopyStopped(
    'waiting',
    `the live state was between two timers of a record in each of ${ATTEMPTS} attempts`,
  )
}

interface Fenced {
  readonly partitionState: StateKey
  readonly rebuild: Rebuild
  /** Version of the fenced live state. */
  readonly live: Version
  readonly rebuilt: RebuiltState
}

/** Compares both states while the live one goes on. */
async function compareBeside(work: Reprocessing, place: Omit<Fenced, 'live'>): Promise<Reprocessed> {
  const { version: live } = await work.live.facts(place.partitionState)
  const compared = await compareWithLive(work, { ...place, live })
  const { version } = await work.live.facts(place.partitionState)
  return { ...compared, passed: version.appliedOffset - live.appliedOffset }
}

/** Compares both states, and replaces the live one. */
async function replaceBehindFence(work: Reprocessing, fenced: Fenced): Promise<Reprocessed> {
  const { live: states } = work
  const { partitionState, rebuild, live, rebuilt } = fenced
  const compared = await compareWithLive(work, fenced)
  const replacing = { ...rebuild, replacedTo: live.appliedOffset }
  const outcome = await states.replace(partitionState, { live, run: rebuilt.run, rebuild: replacing })
  if (outcome.kind === 'replaced') return { ...compared, epoch: outcome.epoch }
  const now = await states.facts(partitionState)
  if (outcome.kind === 'other-code') throw createOtherCodeError(now.code)
  // A state that is dropped loses its rebuild, too.
  if (outcome.kind === 'moved' || now.version.epoch !== live.epoch) throw createMovedError(live, now.version)
  throw new CopyStopped('overtaken', 'another command has begun to replace it, or the server has lost a part')
}

/** Reads the rest of the log, and adds to the rebuilt state what it takes over from the live one. */
async function compareWithLive(
  work: Reprocessing,
  { partitionState, rebuild, live, rebuilt }: Fenced,
): Promise<Reprocessed> {
  const { live: states, consumer } = work
  const { startOffset, dropsOlder } = rebuild
  const { appliedOffset } = live
  await requireLiveState(work, partitionState, rebuild)
  await rebuilt.advanceTo(appliedOffset)
  await rebuilt.seal(rebuild)
  const left = dropsOlder
    ? NONE_LEFT
    : await leaveOlder(consumer, states, partitionState, rebuilt, startOffset)
  const older = left.count
  await remember(work, partitionState, rebuilt, startOffset, left)
  const at = await readTakeoverPlace(work, partitionState, live)
  const emitted = await takeOverAll(consumer, states, rebuilt, at)
  const sent = [...emitted.values()].reduce((sum, count) => sum + count, 0)
  const failures = await placeNewFailures(consumer, rebuilt, at, sent)
  if (failures > 0) emitted.set(consumer.application.failureEvent.type, failures)
  return { appliedOffset, epoch: undefined, emitted, older, passed: 0 }
}

function createOtherCodeError(live: string | undefined): CopyStopped {
  return new CopyStopped('other-code', `the live state was committed by other code: ${live ?? 'unknown'}`)
}

function createMovedError(live: Version, now: Version): CopyStopped {
  return now.epoch === live.epoch
    ? new CopyStopped(
        'waiting',
        `the comparison with the live state took longer than ${FENCED_MS / 1_000} s, the maximum time for which its consumer waits`,
      )
    : createDroppedError()
}

function createDroppedError(): CopyStopped {
  return new CopyStopped('replaced', 'the live state was dropped or replaced in the meantime')
}

async function readTakeoverPlace(
  { live: states, nowMs }: Reprocessing,
  partitionState: StateKey,
  { appliedOffset }: Version,
): Promise<TakeoverAt> {
  const { clock, origin } = await states.facts(partitionState)
  const timeMs = clock.lastAppendMs ?? 0
  return { partitionState, appliedOffset, timeMs, takeoverMs: nowMs(), origin }
}

/** Returns the facts of the live state. @throws CopyStopped if it was dropped, or other code has made its last commit */
async function requireLiveState(
  { live }: Reprocessing,
  partitionState: StateKey,
  { code }: Rebuild,
): Promise<StateFacts> {
  const facts = await live.facts(partitionState)
  if (facts.code === undefined) throw createDroppedError()
  if (facts.code !== code) throw createOtherCodeError(facts.code)
  return facts
}

async function catchUp(
  work: Reprocessing,
  partitionState: StateKey,
  rebuild: Rebuild,
  rebuilt: RebuiltState,
): Promise<Version> {
  for (;;) {
    const live = (await requireLiveState(work, partitionState, rebuild)).version.appliedOffset
    const own = (await rebuilt.facts()).version.appliedOffset
    if (own > live)
      throw new CopyStopped(
        'waiting',
        `the live consumer is at offset ${live} and the rebuilt state at ${own}: wait until the consumer has caught up`,
      )
    await rebuilt.advanceTo(live)
    const { version } = await work.live.facts(partitionState)
    if (version.appliedOffset - live <= CLOSE) return version
  }
}

/**
 * Adds the ids and failures that the live state remembers to the rebuilt state, as far as they are missing there. Both states must
 * be at the same offset.
 */
async function remember(
  { live: states, consumer }: Reprocessing,
  partitionState: StateKey,
  rebuilt: RebuiltState,
  startOffset: number,
  left: LeftEntities,
): Promise<void> {
  const [{ clock }, { nowMs }] = [await states.facts(partitionState), (await rebuilt.facts()).clock]
  const rebuilding: Rebuilding = { startOffset, clockLeadMs: clock.nowMs - nowMs }
  const own = await collectFailures(rebuilt.contents.failures(partitionState))
  const remembered = await collectFailures(states.failures(partitionState))
  const failures = [...remembered.values()].flatMap(
    failure => failureToKeep(failure, own, rebuilding, left.waitingFor.has(failure.id)) ?? [],
  )
  const covers = left.count === 0 && (nowMs > consumer.idWindowMs || startOffset === 0)
  await rebuilt.add({ failures })
  if (covers) return
  const knownIds = new Set(await collectFailedEventIds(consumer, await rebuilt.newFailures()))
  for await (const { id } of rebuilt.contents.ids(partitionState)) knownIds.add(id)
  const fromMs = clock.nowMs - consumer.idWindowMs
  const ids = await selectIdsToKeep(states.ids(partitionState), knownIds, rebuilding, fromMs)
  await rebuilt.add({ ids })
}

/**
 * Returns the ids to add, the oldest first.
 *
 * @param knownIds ids of the rebuilt state, and of events that have failed in the rebuild but not in the live state
 * @param fromMs time of the live clock from which ids are remembered
 */
async function selectIdsToKeep(
  live: AsyncIterable<RememberedId>,
  knownIds: ReadonlySet<string>,
  rebuilding: Rebuilding,
  fromMs: number,
): Promise<RememberedId[]> {
  const kept = new Map<string, RememberedId | undefined>()
  for await (const id of live)
    if (id.appliedAtMs >= fromMs && !kept.has(id.id)) kept.set(id.id, idToKeep(id, knownIds, rebuilding))
  return [...kept.values()].filter(id => id !== undefined).reverse()
}
