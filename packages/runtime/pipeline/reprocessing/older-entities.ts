/**
 * Entities whose state comes from records before the start of a rebuild. Reading the rest of the log again cannot give this state,
 * so a rebuilt state contains them as the live one has them.
 */
import { formatEntity } from '../../consumer/event.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Consumer } from '../consumer.ts'
import { decode } from '../decoding/decode.ts'
import { formatHolderName, type Hold, isHolderName, measureStoredHold } from '../model/hold.ts'
import type { StateKey, StoredTimer } from '../model/partition-state.ts'
import { splitHold, splitState, withHold } from '../model/stored-state.ts'
import { restoreFailedRecord } from '../outbox/failure-record.ts'
import type { StateContents } from '../replacing/replaceable-states.ts'
import type { RebuiltState } from './rebuilt-state.ts'

export interface LeftEntities {
  readonly count: number
  /** Ids of the failures for whose retries some of the entities wait. */
  readonly waitingFor: ReadonlySet<string>
}

export const NONE_LEFT: LeftEntities = { count: 0, waitingFor: new Set() }

/**
 * Replaces the rebuilt states of older entities by the live ones, and removes the failures that only the rebuild has found for
 * them. Both states must be at the same offset.
 *
 * @param startOffset first offset that the rebuild has read
 * @returns number of older entities, and the ids of the failures for which some of them wait
 */
export async function leaveOlder(
  consumer: Consumer,
  live: StateContents,
  partitionState: StateKey,
  rebuilt: RebuiltState,
  startOffset: number,
): Promise<LeftEntities> {
  if (startOffset === 0) return NONE_LEFT
  const older = new Map<string, string>()
  for await (const [entity, stored] of live.states(partitionState))
    if (!isHolderName(entity) && !isSince(stored, startOffset)) older.set(entity, stored)
  if (older.size === 0) return NONE_LEFT
  const timers = new Map<string, readonly StoredTimer[]>()
  for await (const [entity, own] of live.timers(partitionState))
    if (older.has(entity)) timers.set(entity, own)
  const [{ clock }, { nowMs }] = [await live.facts(partitionState), (await rebuilt.facts()).clock]
  const leadMs = clock.nowMs - nowMs
  const states = new Map<string, string | null>()
  const waitingFor = new Set<string>()
  const change = { parkedBytes: 0, held: 0, parked: 0 }
  for await (const [name, stored] of rebuilt.contents.states(partitionState)) {
    const { hold } = splitHold(stored)
    if (isHolderName(name) && older.has(JSON.parse(stored))) states.set(name, null)
    else if (hold !== undefined && older.has(name)) {
      change.parkedBytes -= measureStoredHold(stored)
      change.held -= 1
      change.parked -= (JSON.parse(hold) as Hold).parked.length
    }
  }
  for (const [entity, stored] of older) {
    const { hold: json, state } = splitHold(stored)
    const hold = json === undefined ? undefined : onOwnClock(JSON.parse(json) as Hold, leadMs)
    states.set(entity, withHold(state ?? null, hold && JSON.stringify(hold)))
    if (!hold) continue
    change.parkedBytes += measureStoredHold(stored)
    change.held += 1
    change.parked += hold.parked.length
    if (!hold.waitsFor) continue
    states.set(formatHolderName(hold.waitsFor.failure), JSON.stringify(entity))
    waitingFor.add(hold.waitsFor.failure)
  }
  const ownTimers = [...older.keys()].map(
    entity => [entity, timersOnOwnClock(timers.get(entity) ?? [], leadMs)] as const,
  )
  await rebuilt.add({ ...change, states, timers: new Map(ownTimers) })
  await dropFailures(consumer, rebuilt, older)
  return { count: older.size, waitingFor }
}

function isSince(stored: string, startOffset: number): boolean {
  const { state } = splitHold(stored)
  const since = state === undefined ? undefined : splitState(state).since
  return since !== undefined && since >= startOffset
}

/** The log's clock of a rebuilt state began later, so all of its times are smaller by the same amount. */
function timersOnOwnClock(timers: readonly StoredTimer[], leadMs: number): StoredTimer[] {
  return timers.map(timer => ({ ...timer, thresholdMs: timer.thresholdMs - leadMs }))
}

function onOwnClock({ waitsFor, untilMs, parked, timers }: Hold, leadMs: number): Hold {
  return {
    ...(waitsFor ? { waitsFor: { ...waitsFor, clockMs: waitsFor.clockMs - leadMs } } : {}),
    untilMs: untilMs - leadMs,
    parked: parked.map(({ attemptAt, ...record }) => ({
      ...record,
      clockMs: record.clockMs - leadMs,
      ...(attemptAt ? { attemptAt: { ...attemptAt, failedAtMs: attemptAt.failedAtMs - leadMs } } : {}),
    })),
    timers: timersOnOwnClock(timers, leadMs),
  }
}

async function dropFailures(
  consumer: Consumer,
  rebuilt: RebuiltState,
  older: ReadonlyMap<string, string>,
): Promise<void> {
  const entries = await rebuilt.newFailures()
  const records = entries.map(({ event }) => restoreFailedRecord(event.data as FailureData))
  await consumer.reader?.prepare(records)
  const isOlder = (index: number) => {
    const { event } = decode(records[index] as (typeof records)[number], consumer)
    return event !== undefined && older.has(formatEntity(event))
  }
  await rebuilt.remove(entries.flatMap(({ position }, index) => (isOlder(index) ? [position] : [])))
}
