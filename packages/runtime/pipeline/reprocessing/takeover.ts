/** Computes the changes for one entity when its rebuilt state replaces the live one. Pure. */
import { derivedId } from '../../consumer/derived-id.ts'
import { partsOfEntity } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import { decided } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Cause } from '../deciding/cause.ts'
import type { EmissionPosition } from '../deciding/emission.ts'
import { runStep } from '../deciding/step.ts'
import { heldParts, readState, withHold } from '../deciding/stored-state.ts'
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
  /** Epoch of the live state. It distinguishes the events of several takeovers at the same offset. */
  readonly epoch: number
  /** Applied offset of both states. */
  readonly appliedOffset: number
  /** Number of times the topic has grown. It is part of the sequence of emissions. */
  readonly generation: number
  /** Append time of the record at the applied offset, in milliseconds since the epoch. */
  readonly timeMs: number
}

const NOTHING: TakenOver = { state: undefined, entries: [] }

/**
 * First index of the emissions of a takeover. It is higher than the index of any emission of a record. The emissions of a takeover
 * therefore follow the emissions of the record at the applied offset, and precede the emissions of the next record. The epoch gives
 * each of several takeovers at the same offset its own range.
 */
const FIRST_INDEX = 10_000_000
const ENTRIES_PER_EPOCH = 1_000_000
const EPOCHS = 90

export function firstIndexOf({ epoch }: Pick<TakeoverAt, 'epoch'>): number {
  return FIRST_INDEX + (epoch % EPOCHS) * ENTRIES_PER_EPOCH
}

/** Returns the first index for new failures, which only the rebuild has found. They follow the emissions of the process. */
export function firstFailureIndexOf(at: Pick<TakeoverAt, 'epoch'>): number {
  return firstIndexOf(at) + ENTRIES_PER_EPOCH / 2
}

export function isOfTakeover({ index }: EmissionPosition): boolean {
  return index >= FIRST_INDEX
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
  const place: EmissionPosition = { offset: at.appliedOffset, index, generation: at.generation }
  const taken = process.onTakeover(before, after, { entity, ...partsOfEntity(entity), timeMs: at.timeMs })
  const step = runStep(consumer, causeOf(entity, at), place, () =>
    decided('taken-over', taken.state, taken.emit),
  )
  if (step.kind === 'failure')
    throw new Error(`the takeover of ${entity} by ${process.name} cannot be stored: ${step.message}`)
  const { state, entries } = step
  if (found.state === undefined || state === null || state === found.state)
    return { state: undefined, entries }
  return { state: withHold(state, found.hold) ?? undefined, entries }
}

/** Splits a stored state into state and hold. Only the states are compared, because a hold emits no events. */
function partsOf(stored: string | undefined): ReturnType<typeof heldParts> {
  return stored === undefined ? {} : heldParts(stored)
}

function causeOf(entity: string, { partitionState, epoch, appliedOffset, timeMs }: TakeoverAt): Cause {
  const { topic, partition } = partitionState
  const none = (): never => {
    throw new Error('a takeover sets no timers')
  }
  return {
    entity,
    timeMs,
    time: instant(timeMs),
    extensions: {},
    emissionId: (consumer, name) =>
      derivedId('takeover', consumer, topic, partition, epoch, appliedOffset, entity, name),
    timerId: none,
    thresholdMs: none,
  }
}
