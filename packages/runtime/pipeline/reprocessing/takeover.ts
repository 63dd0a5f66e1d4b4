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

/** Stored states of an entity, including its hold if it is held; undefined if absent. */
export interface BothStates {
  readonly live: string | undefined
  readonly rebuilt: string | undefined
}

export interface TakenOver {
  /** State to store in place of the rebuilt one; undefined if the rebuilt one remains. */
  readonly state: string | undefined
  readonly entries: readonly OutboxEntry[]
}

/** Partition, offset and time of a takeover. */
export interface TakeoverAt {
  readonly partitionState: StateKey
  /** Epoch of the live state. It distinguishes the events of two takeovers at the same offset. */
  readonly epoch: number
  /** Applied offset of both states. */
  readonly appliedOffset: number
  /** Number of times the topic has grown, which is part of the sequence of emissions. */
  readonly generation: number
  /** Append time of the record at that offset, in milliseconds since the epoch. */
  readonly timeMs: number
}

const NOTHING: TakenOver = { state: undefined, entries: [] }

/**
 * First index of the takeover's emissions, which follow those of the record at the applied offset and precede those of the next
 * record. No record emits this many events. The epoch separates two takeovers at the same offset.
 */
const FIRST_INDEX = 10_000_000
const ENTRIES_PER_EPOCH = 1_000_000
const EPOCHS = 90

export function firstIndexOf({ epoch }: Pick<TakeoverAt, 'epoch'>): number {
  return FIRST_INDEX + (epoch % EPOCHS) * ENTRIES_PER_EPOCH
}

/** Returns the first index of failures that only the rebuild has found. They follow the emissions of the process. */
export function firstFailureIndexOf(at: Pick<TakeoverAt, 'epoch'>): number {
  return firstIndexOf(at) + ENTRIES_PER_EPOCH / 2
}

export function isOfTakeover({ index }: EmissionPosition): boolean {
  return index >= FIRST_INDEX
}

/**
 * Computes the takeover of an entity.
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

/** Splits a stored state for the comparison. Only the states are compared, because a hold has emitted no events. */
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
