/** Changes for one entity when its rebuilt state replaces the live one. Pure. */
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

/** Stored states of an entity, with its hold if it is held; undefined if missing. */
export interface BothStates {
  readonly live: string | undefined
  readonly rebuilt: string | undefined
}

export interface TakenOver {
  /** The state to store in place of the rebuilt one; undefined if that stays as it is. */
  readonly state: string | undefined
  readonly entries: readonly OutboxEntry[]
}

/** Where and when states are taken over. */
export interface TakeoverAt {
  readonly partitionState: StateKey
  /** Epoch of the live state: a second takeover at the same offset emits other events. */
  readonly epoch: number
  /** The applied offset of both states. */
  readonly appliedOffset: number
  /** Number of growths of the topic: part of the sequence of emissions. */
  readonly generation: number
  /** Append time of the record at that offset, milliseconds since the epoch. */
  readonly timeMs: number
}

const NOTHING: TakenOver = { state: undefined, entries: [] }

/**
 * Emissions are ordered behind those of the record at the applied offset and before those of the next one. No record emits this
 * many. The epoch keeps two takeovers at the same offset apart.
 */
const FIRST_INDEX = 10_000_000
const ENTRIES_PER_EPOCH = 1_000_000
const EPOCHS = 90

export function firstIndexOf({ epoch }: Pick<TakeoverAt, 'epoch'>): number {
  return FIRST_INDEX + (epoch % EPOCHS) * ENTRIES_PER_EPOCH
}

/** Where the failures begin that only the rebuild has found, behind what the process emits. */
export function firstFailureIndexOf(at: Pick<TakeoverAt, 'epoch'>): number {
  return firstIndexOf(at) + ENTRIES_PER_EPOCH / 2
}

export function isOfTakeover({ index }: EmissionPosition): boolean {
  return index >= FIRST_INDEX
}

/**
 * @param index of the first emission
 * @throws Error if the process throws, or returns what cannot be stored
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

/** Reads the parts to compare: a hold has emitted no event, so only the states count. */
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
