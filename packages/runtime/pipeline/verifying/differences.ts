/** Compares live values, field by field, with those computed from the log. Pure. */

import { omitUndefined } from '../../consumer/omit-undefined.ts'
import type { StoredTimer } from '../model/partition-state.ts'
import { splitHold, splitState } from '../model/stored-state.ts'
import type { Incomparable } from './comparability.ts'

interface FieldDifference {
  /** Path of the field: names separated by dots. Empty if the whole values differ. */
  readonly field: string
  /** Value as JSON, possibly shortened; absent if there is no value. */
  readonly live?: string
  readonly again?: string
}

/** A difference in a partition state, an emission or a failure record. */
export interface Difference extends FieldDifference {
  readonly what: 'state' | 'id' | 'failure' | 'context' | 'clock' | 'emission'
  /** Partition of the consumer's topic; absent for an event that cannot be derived from the log. */
  readonly partition?: number
  readonly offset?: number
  readonly entity?: string
  /** Id of the event. For a remembered id, this is `Fingerprint.id` in hexadecimal digits. */
  readonly id?: string
  readonly topic?: string
  /** Reason why the difference is an exception; absent for other differences, or if the reason is not known yet. */
  readonly exception?: Exception
}

/** Reasons why a difference does not indicate an error of the consumer, such as those in rule 21 of the runtime. */
export type Exception =
  | Incomparable
  | 'expired'
  | 'failures'
  | 'forgotten'
  | 'not-kept'
  | 'refused'
  | 'serialized'
  | 'set-aside'

/** Maximum number of differing fields that are reported for one entity or event. */
const MAX_FIELDS = 5
const MAX_VALUE_LENGTH = 80

/** Returns up to `MAX_FIELDS` fields that differ. The order of members is ignored, and an absent member equals an undefined one. */
export function compareFields(live: unknown, again: unknown): readonly FieldDifference[] {
  return [...compareValues(live, again, [])].slice(0, MAX_FIELDS)
}

function* compareValues(live: unknown, again: unknown, path: readonly string[]): Generator<FieldDifference> {
  if (Object.is(live, again)) return
  if (isContainer(live) && isContainer(again) && Array.isArray(live) === Array.isArray(again)) {
    const names = new Set([...Object.keys(live), ...Object.keys(again)])
    for (const name of [...names].sort()) yield* compareValues(live[name], again[name], [...path, name])
  } else
    yield { field: path.join('.'), ...omitUndefined({ live: formatValue(live), again: formatValue(again) }) }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function formatValue(value: unknown): string | undefined {
  const json = JSON.stringify(value)
  return json && json.length > MAX_VALUE_LENGTH ? `${json.slice(0, MAX_VALUE_LENGTH)}…` : json
}

export interface StoredEntity {
  readonly state: string | undefined
  readonly timers: readonly StoredTimer[] | undefined
}

/** Returns the differing fields of two stored entities, including the version of the state's format. */
export function compareEntity(live: StoredEntity, again: StoredEntity): readonly FieldDifference[] {
  const isEqual = live.state === again.state && !live.timers && !again.timers
  return isEqual ? [] : compareFields(splitEntity(live), splitEntity(again))
}

function splitEntity({ state: stored, timers = [] }: StoredEntity): object {
  const { hold, state } = stored === undefined ? {} : splitHold(stored)
  const { version, json } = state === undefined ? {} : splitState(state)
  return {
    version,
    state: json && JSON.parse(json),
    hold: hold && JSON.parse(hold),
    timers: Object.fromEntries(
      timers.map(({ name, dueMs, thresholdMs, id }) => [name, { dueMs, thresholdMs, id }]),
    ),
  }
}

/** Returns a `Fingerprint.id` in hexadecimal digits. */
export function toHex(id: string): string {
  return Buffer.from(id, 'latin1').toString('hex')
}
