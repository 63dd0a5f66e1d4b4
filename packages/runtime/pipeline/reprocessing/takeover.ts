/** Computes the changes for one entity when its rebuilt state replaces the live one. Pure. */
import { derivedId } from '../../consumer/derived-id.ts'
import { partsOfEntity } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import { decided } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Cause } from '../deciding/cause.ts'
import { type EmissionPosition, entryAt, placeOf } from '../deciding/emission.ts'
import { runStep } from '../deciding/step.ts'
import {
  heldParts,
  partsOfState,
  readState,
  storedState,
  withHold,
  withSince,
} from '../deciding/stored-state.ts'
import type { OutboxEntry, StateKey } from '../model.ts'

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
  /** Number of times the topic has grown. It is part of the sequence of emissions. */
  readonly generation: number
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
  { appliedOffset, generation, takeoverMs, origin }: TakeoverAt,
  index: number,
): EmissionPosition {
  return { offset: appliedOffset, index, generation, takeoverMs, origin }
}

/**
 * Returns the entry with another origin, and a position after the emissions of its record. A comparison with the log does not expect
 * such an event.
 */
export function afterRecord(entry: OutboxEntry, origin: string): OutboxEntry {
  const { index, ...at } = placeOf(entry.position)
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
  const [told, found] = [partsOf(live), partsOf(rebuilt)]
  if (!process.onTakeover || told.state === found.state) return NOTHING
  const [before, after] = [told, found].map(({ state }) =>
    state === undefined ? undefined : readState(process, state),
  )
  const place = placeInTakeover(at, index)
  const taken = process.onTakeover(before, after, { entity, ...partsOfEntity(entity), timeMs: at.timeMs })
  const step = runStep(consumer, causeOf(entity, at), place, () =>
    decided('taken-over', taken.state, taken.emit),
  )
  if (step.kind === 'failure')
    throw new Error(`the takeover of ${entity} by ${process.name} cannot be stored: ${step.message}`)
  const { state, entries } = step
  if (found.state === undefined || state === null || state === found.state)
    return { state: undefined, entries }
  return { state: withHold(withSince(state, found.since), found.hold) ?? undefined, entries }
}

/** Splits a stored state. Only the states are compared: a hold emits no events, and the offset of a first record decides nothing. */
function partsOf(stored: string | undefined) {
  const { hold, state } = stored === undefined ? {} : heldParts(stored)
  if (state === undefined) return { hold }
  const { since, version, json } = partsOfState(state)
  return { hold, since, state: storedState(json, version) }
}

function causeOf(entity: string, { partitionState, takeoverMs, timeMs }: TakeoverAt): Cause {
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
