/**
 * Computes a partition state anew from the log, beside the live one, which goes on, and replaces the live one when both are at the
 * same offset. A copy of the live state of one moment is advanced over the same records as the rebuilt one: so the two can be
 * compared as a whole while the live one moves, and the last step before the switch is short.
 */
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { RememberedFailure, RememberedId, StateKey } from '../model.ts'
import { type Advancing, AdvancingCopy } from './advance.ts'
import type { StateFacts } from './copies.ts'
import { placeNewFailures } from './failure-places.ts'
import { RebuildStopped } from './log-again.ts'
import { failedEventIds, failuresById } from './new-failures.ts'
import { PartitionTakeover } from './partition-takeover.ts'
import { RebuiltState } from './rebuilt-state.ts'
import { failureToKeep, idToKeep, type Rebuilding } from './remembered.ts'
import type { TakeoverAt } from './takeover.ts'

export interface Reprocessing extends Advancing {
  readonly consumer: Consumer<AnyKeyedProcess>
  /** The code that runs, see `codeOf`: the live state must have been committed by the same. */
  readonly code: string
  /** Waits before the live state is looked at again. */
  readonly pause: (ms: number) => Promise<void>
}

export interface Reprocessed {
  readonly appliedOffset: number
  /** The new epoch of the live state; undefined if it was not replaced. */
  readonly epoch: number | undefined
  /** Number of the events that the takeover emits, by type. */
  readonly emitted: ReadonlyMap<string, number>
}

/** The copy of the live state is made when no more records than this are missing. */
const CLOSE = 1_000

/** How often the switch is tried: each time, less of the log is missing. */
const ATTEMPTS = 200
const PAUSE_MS = 20

/** Failures or ids that one commit adds. */
const AT_ONCE = 500

/** The live state cannot be replaced by what this code computes. */
export class OtherCode extends Error {
  override readonly name = 'OtherCode'
  /** Undefined if the last commit did not say. */
  readonly live: string | undefined

  constructor(live: string | undefined) {
    super(`the live state was committed by other code: ${live ?? 'unknown'}`)
    this.live = live
  }
}

/**
 * The rebuilt state must exist: seeded, or left by an earlier attempt.
 *
 * @param startOffset the first offset that the rebuild has read
 * @param isTrial whether everything is computed and nothing is switched
 * @throws OtherCode; RebuildStopped if it must be tried again; `Unavailable`, `UnreadableLog`, `PartitionStopped`
 */
export async function reprocess(
  work: Reprocessing,
  partitionState: StateKey,
  startOffset: number,
  isTrial: boolean,
): Promise<Reprocessed> {
  const { copies, consumer, code } = work
  const epoch = await copies.claim(partitionState)
  if (epoch === undefined)
    throw new RebuildStopped('overtaken', 'another command has removed the rebuilt state')
  const rebuilt = new AdvancingCopy(work, partitionState, 'rebuilt', epoch)
  await nearlyCaughtUp(work, partitionState, rebuilt)
  const first = await copies.copyLive(partitionState)
  const compared = new AdvancingCopy(work, partitionState, 'compared', first.epoch)
  const written = new RebuiltState(copies.store('rebuilt'), consumer, partitionState, code, epoch)
  try {
    await rebuilt.to(first.appliedOffset)
    await written.emptyOutbox()
    await remember(work, partitionState, written, startOffset)
    const takeover = new PartitionTakeover(consumer, partitionState, copies, written)
    await takeover.compareAll(await placeOf(work, partitionState, first.epoch))
    rebuilt.changed.clear()
    const switched = await switchWhenEqual(
      work,
      { partitionState, liveEpoch: first.epoch, rebuiltEpoch: epoch, rebuilt, compared, takeover, written },
      isTrial,
    )
    await copies.drop(partitionState, 'compared')
    return switched
  } catch (error) {
    // Otherwise it may be the copy of the command that works on it now.
    const isOwn = !(error instanceof RebuildStopped && error.why === 'overtaken')
    if (isOwn) await copies.drop(partitionState, 'compared').catch(() => {})
    throw error
  }
}

interface Comparing {
  readonly partitionState: StateKey
  readonly liveEpoch: number
  readonly rebuiltEpoch: number
  readonly rebuilt: AdvancingCopy
  readonly compared: AdvancingCopy
  readonly takeover: PartitionTakeover
  readonly written: RebuiltState
}

/** Advances both copies to where the live state is, compares what has changed, and switches unless the live state has moved on. */
async function switchWhenEqual(
  work: Reprocessing,
  { partitionState, liveEpoch, rebuiltEpoch, rebuilt, compared, takeover, written }: Comparing,
  isTrial: boolean,
): Promise<Reprocessed> {
  const { copies, code, consumer } = work
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { version: live } = await liveState(work, partitionState)
    if (live.epoch !== liveEpoch)
      throw new RebuildStopped('replaced', 'the live state was replaced meanwhile, by an import or a restore')
    if (live.fired > 0) {
      await work.pause(PAUSE_MS)
      continue
    }
    const { appliedOffset } = live
    for (const copy of [rebuilt, compared]) await copy.to(appliedOffset)
    const changed = new Set([...rebuilt.changed, ...compared.changed])
    const at = await placeOf(work, partitionState, liveEpoch)
    await takeover.compare([...changed], at)
    const failures = await placeNewFailures(consumer, copies, written, at)
    for (const copy of [rebuilt, compared]) copy.changed.clear()
    const emitted = withFailures(takeover.emitted, consumer.application.failureEvent.type, failures)
    if (isTrial) return { appliedOffset, epoch: undefined, emitted }
    const expected = { live, rebuilt: { epoch: rebuiltEpoch, appliedOffset, fired: 0 }, code }
    const outcome = await copies.switchOver(partitionState, expected)
    if (outcome.kind === 'switched') return { appliedOffset, epoch: outcome.epoch, emitted }
    if (outcome.kind === 'other-code') throw new OtherCode((await copies.facts(partitionState)).code)
    if (outcome.kind === 'growing') throw growing()
    if (outcome.kind === 'other-partitioning')
      throw new RebuildStopped(
        'replaced',
        'its topic has grown since, and the rebuilt state has the entities of before: discard it, and begin with a checkpoint of after that',
      )
    if (outcome.kind === 'lost')
      throw new RebuildStopped(
        'overtaken',
        'the rebuilt state is not what it was: was it removed, or evicted?',
      )
  }
  throw new RebuildStopped('waiting', `the live state moved during each of ${ATTEMPTS} attempts to switch`)
}

function withFailures(emitted: ReadonlyMap<string, number>, type: string, count: number) {
  return count === 0 ? emitted : new Map([...emitted, [type, count]])
}

async function placeOf(
  { copies }: Reprocessing,
  partitionState: StateKey,
  epoch: number,
): Promise<TakeoverAt> {
  const { version, clock, partitioning } = await copies.facts(partitionState, 'compared')
  const { appliedOffset } = version
  const generation = partitioning?.generation ?? 0
  return { partitionState, epoch, appliedOffset, generation, timeMs: clock.lastAppendMs ?? 0 }
}

/** The live state, which must be of the same code, and not fenced. @throws OtherCode, RebuildStopped */
async function liveState({ copies, code }: Reprocessing, partitionState: StateKey): Promise<StateFacts> {
  const live = await copies.facts(partitionState)
  if (live.growing !== undefined) throw growing(live.growing)
  if (live.code !== code) throw new OtherCode(live.code)
  return live
}

function growing(partitions?: number): RebuildStopped {
  const to = partitions === undefined ? '' : ` to ${partitions} partitions`
  return new RebuildStopped(
    'waiting',
    `its topic is growing${to}, and its live state must stay as it is: finish that first`,
  )
}

async function nearlyCaughtUp(
  work: Reprocessing,
  partitionState: StateKey,
  rebuilt: AdvancingCopy,
): Promise<void> {
  for (;;) {
    const live = (await liveState(work, partitionState)).version.appliedOffset
    const own = (await work.copies.facts(partitionState, 'rebuilt')).version.appliedOffset
    if (own > live)
      throw new RebuildStopped(
        'waiting',
        `the live consumer is at offset ${live} and the rebuilt state at ${own}: wait until the consumer has come further`,
      )
    await rebuilt.to(live)
    if ((await work.copies.facts(partitionState)).version.appliedOffset - live <= CLOSE) return
  }
}

/** Adds the ids and failures that the live state remembers and the rebuilt one must know as well. Both are at the same offset. */
async function remember(
  { copies, consumer }: Reprocessing,
  partitionState: StateKey,
  written: RebuiltState,
  startOffset: number,
): Promise<void> {
  const [live, own] = [
    await copies.facts(partitionState, 'compared'),
    await copies.facts(partitionState, 'rebuilt'),
  ]
  const rebuilding: Rebuilding = { startOffset, clockLeadMs: live.clock.nowMs - own.clock.nowMs }
  const failures = await failuresToKeep(copies, partitionState, rebuilding)
  const covers = own.clock.nowMs > consumer.idWindowMs || startOffset === 0
  const failed = covers ? new Set<string>() : await failedEventIds(consumer, await written.newFailures())
  const ids = covers ? [] : await idsToKeep(copies, partitionState, rebuilding, failed)
  // One commit at least: it says which code has made the state.
  do await written.add({ failures: failures.splice(0, AT_ONCE), ids: ids.splice(0, AT_ONCE) })
  while (failures.length > 0 || ids.length > 0)
}

async function failuresToKeep(
  copies: Reprocessing['copies'],
  partitionState: StateKey,
  rebuilding: Rebuilding,
): Promise<RememberedFailure[]> {
  const own = await failuresById(copies, partitionState, 'rebuilt')
  const kept = new Map<string, RememberedFailure | undefined>()
  for await (const failure of copies.failures(partitionState, 'compared'))
    if (!kept.has(failure.id)) kept.set(failure.id, failureToKeep(failure, own, rebuilding))
  return [...kept.values()].filter(failure => failure !== undefined)
}

/** @param failed ids of events that only the rebuild has failed */
async function idsToKeep(
  copies: Reprocessing['copies'],
  partitionState: StateKey,
  rebuilding: Rebuilding,
  failed: ReadonlySet<string>,
): Promise<RememberedId[]> {
  const own = new Set<string>(failed)
  for await (const { id } of copies.ids(partitionState, 'rebuilt')) own.add(id)
  const kept = new Map<string, RememberedId | undefined>()
  for await (const id of copies.ids(partitionState, 'compared'))
    if (!kept.has(id.id)) kept.set(id.id, idToKeep(id, own, rebuilding))
  return [...kept.values()].filter(id => id !== undefined)
}
