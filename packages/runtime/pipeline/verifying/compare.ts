/** Compares live values with those that the log gives, field by field. Pure. */

import { defined } from '../../consumer/defined.ts'
import { heldParts, partsOfState } from '../deciding/stored-state.ts'
import type { StoredTimer } from '../model.ts'
import type { Doubt } from './beginning.ts'

interface FieldDifference {
  /** Names of fields, joined by dots; empty for the whole value. */
  readonly field: string
  /** JSON, shortened; absent where there is nothing. */
  readonly live?: string
  readonly again?: string
}

/** A field of a partition state, of an emission or of a failure record. */
export interface Difference extends FieldDifference {
  readonly what: 'state' | 'id' | 'failure' | 'context' | 'clock' | 'emission'
  /** Partition of the consumer's topic; absent for an event that the log does not give. */
  readonly partition?: number
  readonly offset?: number
  readonly entity?: string
  /** Id of the event; `Fingerprint.id`, as hexadecimal digits, for a known id. */
  readonly id?: string
  readonly topic?: string
  /** Why it counts as an exception; absent if that is not known yet, or if it does not. */
  readonly exception?: Exception
}

/** Why a difference says nothing about the consumer: rule 21 of the runtime, and its kin. */
export type Exception =
  | Doubt
  | 'expired'
  | 'failures'
  | 'forgotten'
  | 'not-kept'
  | 'refused'
  | 'serialized'
  | 'set-aside'

/** Fields of one entity or event that are named; of more, the first are enough to see what is wrong. */
const MAX_FIELDS = 5
const MAX_VALUE_LENGTH = 80

/** Returns the fields that differ, whatever their order, or the first few of them. Absent and undefined are the same. */
export function differingFields(live: unknown, again: unknown): readonly FieldDifference[] {
  return [...differing(live, again, [])].slice(0, MAX_FIELDS)
}

function* differing(live: unknown, again: unknown, path: readonly string[]): Generator<FieldDifference> {
  if (Object.is(live, again)) return
  if (isContainer(live) && isContainer(again) && Array.isArray(live) === Array.isArray(again)) {
    const names = new Set([...Object.keys(live), ...Object.keys(again)])
    for (const name of [...names].sort()) yield* differing(live[name], again[name], [...path, name])
  } else yield { field: path.join('.'), ...defined({ live: shown(live), again: shown(again) }) }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function shown(value: unknown): string | undefined {
  const json = JSON.stringify(value)
  return json && json.length > MAX_VALUE_LENGTH ? `${json.slice(0, MAX_VALUE_LENGTH)}…` : json
}

export interface StoredEntity {
  readonly state: string | undefined
  readonly timers: readonly StoredTimer[] | undefined
}

/** Returns the fields in which two stored entities differ: of `state`, `hold` and `timers`, and the version of the state's shape. */
export function differencesOfEntity(live: StoredEntity, again: StoredEntity): readonly FieldDifference[] {
  const isEqual = live.state === again.state && !live.timers && !again.timers
  return isEqual ? [] : differingFields(partsOf(live), partsOf(again))
}

function partsOf({ state: stored, timers = [] }: StoredEntity): object {
  const { hold, state } = stored === undefined ? {} : heldParts(stored)
  const { version, json } = state === undefined ? {} : partsOfState(state)
  return {
    version,
    state: json && JSON.parse(json),
    hold: hold && JSON.parse(hold),
    timers: Object.fromEntries(
      timers.map(({ name, dueMs, thresholdMs, id }) => [name, { dueMs, thresholdMs, id }]),
    ),
  }
}

/** A `Fingerprint.id` as people can read it. */
export function hexOf(id: string): string {
  return Buffer.from(id, 'latin1').toString('hex')
}
