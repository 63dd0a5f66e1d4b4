/**
 * Rebuilds a partition state from the log while the live state is in use. When only a few records are missing, the live state is
 * fenced and the remaining records are read. Then both states are compared, and the rebuilt state replaces the live one.
 */

import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { Fence } from '../generations/fence.ts'
import type { Generations, StateFacts } from '../generations/generations.ts'
import type { RememberedFailure, RememberedId, StateKey, Version } from '../model.ts'
import type { CheckpointPages } from '../recovery/checkpoints.ts'
import { placeNewFailures } from './failure-places.ts'
import { failedEventIds, failuresById } from './new-failures.ts'
import { takeOverAll } from './partition-takeover.ts'
import { type Advancing, RebuiltState } from './rebuilt-state.ts'
import { failureToKeep, idToKeep, type Rebuilding } from './remembered.ts'
import type { TakeoverAt } from './takeover.ts'

export interface Reprocessing extends Advancing {
  readonly consumer: Consumer<AnyKeyedProcess>
  /** Waits before the live state is checked again. */
  readonly pause: (ms: number) => Promise<void>
}

export interface Reprocessed {
  readonly appliedOffset: number
  /** New epoch of the live state; undefined if the state was not replaced. */
  readonly epoch: number | undefined
  /** Number of events that the takeover emits, by type. */
  readonly emitted: ReadonlyMap<string, number>
}

/** Builder of rebuilt states. Its attempt is 0, because any run may claim them. */
export const REPROCESSING = { kind: 'reprocessing', attempt: 0 } as const

/** Maximum number of missing offsets at which the live state is fenced. */
const CLOSE = 500

/** Maximum time for which the live state is fenced, in milliseconds. */
const FENCED_MS = 60_000

/** Number of attempts to fence the live state while it is not between two timers that fire before the same record. */
const ATTEMPTS = 50
const PAUSE_MS = 100

/** Maximum number of failures or ids that one commit adds. */
const AT_ONCE = 500

/** Creates the state with which a rebuild starts. @throws CopyStopped if this is not allowed; errors of the pages */
export async function begin(
  copies: Generations,
  partitionState: StateKey,
  pages: CheckpointPages,
): Promise<void> {
  await copies.build(partitionState, REPROCESSING, pages)
}

/**
 * Continues a rebuild until the rebuilt state has replaced the live one. The rebuilt state must exist already, created by `begin`
 * or by an earlier attempt.
 *
 * @param startOffset first offset that the rebuild has read
 * @param isTrial if true, everything is computed but the live state is not replaced
 * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the rebuild cannot continue
 */
export async function reprocess(
  work: Reprocessing,
  partitionState: StateKey,
  startOffset: number,
  isTrial: boolean,
): Promise<Reprocessed> {
  const { copies } = work
  const epoch = await copies.claim(partitionState, 'reprocessing')
  if (epoch === undefined) throw new CopyStopped('overtaken', 'another command has removed the rebuilt state')
  const rebuilt = new RebuiltState(work, partitionState, epoch)
  // The epoch is unique to the command that was the last to claim the rebuilt state.
  const fence = { why: 'reprocessing', attempt: epoch } as const
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { fired } = await nearlyCaughtUp(work, partitionState, rebuilt)
    const fenced = fired > 0 ? undefined : await copies.fence(partitionState, fence, FENCED_MS)
    const live = fenced?.version
    try {
      if (live?.fired === 0)
        return await behindFence(work, { partitionState, startOffset, live, epoch, rebuilt, fence }, isTrial)
    } finally {
      // If this fails, the fence still expires.
      if (live) await copies.unfence(partitionState, fence).catch(() => {})
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
  readonly startOffset: number
  /** Version of the fenced live state. */
  readonly live: Version
  readonly epoch: number
  readonly rebuilt: RebuiltState
  readonly fence: Fence
}

/** Reads the rest of the log, compares both states, and switches to the rebuilt one. */
async function behindFence(
  work: Reprocessing,
  { partitionState, startOffset, live, epoch, rebuilt, fence }: Fenced,
  isTrial: boolean,
): Promise<Reprocessed> {
  const { copies, code, consumer } = work
  const { appliedOffset } = live
  await liveState(work, partitionState)
  await rebuilt.to(appliedOffset)
  await rebuilt.emptyOutbox()
  await remember(work, partitionState, rebuilt, startOffset)
  const at = await placeOf(work, partitionState, live)
  const emitted = await takeOverAll(consumer, copies, rebuilt, at)
  const sent = [...emitted.values()].reduce((sum, count) => sum + count, 0)
  const failures = await placeNewFailures(consumer, copies, rebuilt, at, sent)
  if (failures > 0) emitted.set(consumer.application.failureEvent.type, failures)
  if (isTrial) return { appliedOffset, epoch: undefined, emitted }
  const next = { epoch, appliedOffset, fired: 0 }
  const outcome = await copies.switchOver(partitionState, { next, above: 0, live, fence, code })
  if (outcome.kind === 'switched') return { appliedOffset, epoch: outcome.epoch, emitted }
  if (outcome.kind === 'other-code') throw otherCode((await copies.facts(partitionState)).code)
  if (outcome.kind === 'moved') throw moved(live, (await copies.facts(partitionState)).version)
  if (outcome.kind === 'other-partitioning')
    throw new CopyStopped(
      'replaced',
      'its topic has grown since, so the entities of the rebuilt state are outdated: discard it, and begin with a checkpoint from after the growth',
    )
  throw new CopyStopped('overtaken', 'the rebuilt state has changed: it may have been removed or evicted')
}

function otherCode(live: string | undefined): CopyStopped {
  return new CopyStopped('other-code', `the live state was committed by other code: ${live ?? 'unknown'}`)
}

function moved(live: Version, now: Version): CopyStopped {
  return now.epoch === live.epoch
    ? new CopyStopped(
        'waiting',
        `the comparison with the live state took longer than ${FENCED_MS / 1_000} s, the maximum time for which its consumer waits`,
      )
    : new CopyStopped('replaced', 'the live state was replaced in the meantime by an import or a restore')
}

async function placeOf(
  { copies, nowMs }: Reprocessing,
  partitionState: StateKey,
  { appliedOffset }: Version,
): Promise<TakeoverAt> {
  const { clock, partitioning, origin } = await copies.facts(partitionState)
  const generation = partitioning?.generation ?? 0
  const timeMs = clock.lastAppendMs ?? 0
  return { partitionState, appliedOffset, generation, timeMs, takeoverMs: nowMs(), origin }
}

/** Returns the facts of the live state. @throws CopyStopped if other code has made its last commit */
async function liveState({ copies, code }: Reprocessing, partitionState: StateKey): Promise<StateFacts> {
  const live = await copies.facts(partitionState)
  if (live.code !== code) throw otherCode(live.code)
  return live
}

async function nearlyCaughtUp(
  work: Reprocessing,
  partitionState: StateKey,
  rebuilt: RebuiltState,
): Promise<Version> {
  for (;;) {
    const live = (await liveState(work, partitionState)).version.appliedOffset
    const own = (await work.copies.facts(partitionState, 'next')).version.appliedOffset
    if (own > live)
      throw new CopyStopped(
        'waiting',
        `the live consumer is at offset ${live} and the rebuilt state at ${own}: wait until the consumer has caught up`,
      )
    await rebuilt.to(live)
    const { version } = await work.copies.facts(partitionState)
    if (version.appliedOffset - live <= CLOSE) return version
  }
}

/**
 * Adds the ids and failures that the live state remembers to the rebuilt state, as far as they are missing there. Both states must
 * be at the same offset.
 */
async function remember(
  { copies, consumer }: Reprocessing,
  partitionState: StateKey,
  rebuilt: RebuiltState,
  startOffset: number,
): Promise<void> {
  const [live, own] = [await copies.facts(partitionState), await copies.facts(partitionState, 'next')]
  const rebuilding: Rebuilding = { startOffset, clockLeadMs: live.clock.nowMs - own.clock.nowMs }
  const failures = await failuresToKeep(copies, partitionState, rebuilding)
  const covers = own.clock.nowMs > consumer.idWindowMs || startOffset === 0
  const failed = covers ? new Set<string>() : await failedEventIds(consumer, await rebuilt.newFailures())
  const ids = covers ? [] : await idsToKeep(copies, partitionState, rebuilding, failed)
  // Make at least one commit, because it records the code that has computed the state.
  do await rebuilt.add({ failures: failures.splice(0, AT_ONCE), ids: ids.splice(0, AT_ONCE) })
  while (failures.length > 0 || ids.length > 0)
}

async function failuresToKeep(
  copies: Reprocessing['copies'],
  partitionState: StateKey,
  rebuilding: Rebuilding,
): Promise<RememberedFailure[]> {
  const own = await failuresById(copies, partitionState, 'next')
  const live = await failuresById(copies, partitionState)
  return [...live.values()].flatMap(failure => failureToKeep(failure, own, rebuilding) ?? [])
}

/** @param failed ids of events that have failed in the rebuild but not in the live state */
async function idsToKeep(
  copies: Reprocessing['copies'],
  partitionState: StateKey,
  rebuilding: Rebuilding,
  failed: ReadonlySet<string>,
): Promise<RememberedId[]> {
  const own = new Set<string>(failed)
  for await (const { id } of copies.ids(partitionState, 'next')) own.add(id)
  const kept = new Map<string, RememberedId | undefined>()
  for await (const id of copies.ids(partitionState))
    if (!kept.has(id.id)) kept.set(id.id, idToKeep(id, own, rebuilding))
  return [...kept.values()].filter(id => id !== undefined)
}
