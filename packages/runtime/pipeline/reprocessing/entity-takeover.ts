/** Computes the changes for one entity when its rebuilt state replaces the live one. Pure. */
import { derivedId } from '../../consumer/derived-id.ts'
import { parseEntity } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import { completeStep } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { evaluateStep } from '../deciding/step-result.ts'
import type { Cause } from '../model/cause.ts'
import type { OutboxEntry, StateKey } from '../model/partition-state.ts'
import {
  formatState,
  readState,
  splitHold,
  splitState,
  toText,
  withHold,
  withSince,
} from '../model/stored-state.ts'
import { type EmissionPosition, entryAt, parsePosition } from '../outbox/position.ts'

/** Live and rebuilt state of an entity, as stored, including the hold of a held entity; undefined if absent. */
export interface BothStates {
  readonly live: string | undefined
  readonly rebuilt: string | undefined
}

export interface TakenOver {
  /** State to store instead of the rebuilt one; undefined to keep the rebuilt one. */
  readonly state: string | undefined
  readonly entries: readonly OutboxEntry[]
}

/** Partition, offset and time of a takeover. */
export interface TakeoverAt {
  readonly partitionState: StateKey
  /** Applied offset of both states. */
  readonly appliedOffset: number
  /** Append time of the record at the applied offset, in milliseconds since the epoch. */
  readonly timeMs: number
  /**
   * Time of the takeover, in milliseconds since the epoch. It orders the events of several takeovers at the same offset, even if
   * the store has lost the state in between.
   */
  readonly takeoverMs: number
  /** Origin of the emissions; absent if unknown. */
  readonly origin?: string | undefined
}

const NOTHING: TakenOver = { state: undefined, entries: [] }

/** Lowest index of the emissions of a takeover by earlier versions, which had no `takeoverMs`. */
const FIRST_INDEX = 10_000_000

export function isOfTakeover({ index, takeoverMs }: EmissionPosition): boolean {
  return takeoverMs !== undefined || index >= FIRST_INDEX
}

/** Returns the position of an emission of a takeover. @param index number of earlier emissions of the same takeover */
export function placeInTakeover(
  { appliedOffset, takeoverMs, origin }: TakeoverAt,
  index: number,
): EmissionPosition {
  return { offset: appliedOffset, index, takeoverMs, origin }
}

/**
 * Returns the entry with another origin, and a position after the emissions of its record. A comparison with the log does not expect
 * such an event.
 */
export function afterRecord(entry: OutboxEntry, origin: string): OutboxEntry {
  const { index, ...at } = parsePosition(entry.position)
  return entryAt(entry, { ...at, index: FIRST_INDEX + index, origin })
}

/**
 * Computes the new state and the emissions of an entity for a takeover.
 *
 * @param index index of the first emission
 * @throws Error if the process throws or returns a value that cannot be stored
 */
export function takeOver(
  consumer: Consumer<AnyKeyedProcess>,
  entity: string,
  { live, rebuilt }: BothStates,
  at: TakeoverAt,
  index: number,
): TakenOver {
  const { process } = consumer
  const [liveParts, rebuiltParts] = [splitStored(live), splitStored(rebuilt)]
  if (!process.onTakeover || liveParts.state === rebuiltParts.state) return NOTHING
  const [before, after] = [liveParts, rebuiltParts].map(({ state }) =>
    state === undefined ? undefined : readState(process, state),
  )
  const place = placeInTakeover(at, index)
  const result = process.onTakeover(before, after, { entity, ...parseEntity(entity), timeMs: at.timeMs })
  const step = evaluateStep(consumer, createCause(entity, at), place, () =>
    completeStep('taken-over', result.state, result.emit),
  )
  if (step.kind === 'failure')
    throw new Error(`the takeover of ${entity} by ${process.name} cannot be stored: ${step.message}`)
  const { entries } = step
  const state = step.state && toText(step.state)
  if (rebuiltParts.state === undefined || state === null || state === rebuiltParts.state)
    return { state: undefined, entries }
  return { state: withHold(withSince(state, rebuiltParts.since), rebuiltParts.hold) ?? undefined, entries }
}

/** Splits a stored state. Only the states are compared: a hold emits no events, and the offset of a first record decides nothing. */
function splitStored(stored: string | undefined) {
  const { hold, state } = stored === undefined ? {} : splitHold(stored)
  if (state === undefined) return { hold }
  const { since, version, json } = splitState(state)
  return { hold, since, state: formatState(json, version) }
}

function createCause(entity: string, { partitionState, takeoverMs, timeMs }: TakeoverAt): Cause {
  const { topic, partition } = partitionState
  const none = (): never => {
    throw new Error('a takeover sets no timers')
  }
  return {
    entity,
    timeMs,
    time: () => instant(timeMs),
    extensions: {},
    emissionId: (consumer, name) =>
      derivedId('takeover', consumer, topic, partition, takeoverMs, entity, name),
    timerId: none,
    thresholdMs: none,
  }
}
