/** Decides when a rule set is appended to the log, and makes the events that carry it. */

import { derivedId } from '../runtime/consumer/derived-id.ts'
import type { Event } from '../runtime/consumer/event.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import type { RuleSet } from './rule-set.ts'

/** A rule set that was appended to every partition. */
export interface Activation {
  readonly hash: string
  /** The time that the schedule named for the run, in milliseconds since the epoch. */
  readonly atMs: number
  /** Of all topics together. */
  readonly partitions: number
}

export type ActivationReason = 'first' | 'changed' | 'partitions-changed' | 'daily'

const DAY_MS = 24 * 60 * 60_000

/**
 * Why a rule set is due; undefined if it is not. It is appended again every day because the log keeps readings for a few
 * days only: a replay from the start of the log then meets a rule set within its first day.
 *
 * @param last undefined if no earlier activation is known
 */
export function whyActivate(last: Activation | undefined, next: Activation): ActivationReason | undefined {
  if (!last) return 'first'
  if (last.hash !== next.hash) return 'changed'
  if (last.partitions !== next.partitions) return 'partitions-changed'
  return next.atMs - last.atMs >= DAY_MS ? 'daily' : undefined
}

/** The event for one partition and one run of the schedule. A repeated run makes the same event. */
export function rulesActivated(set: RuleSet, partition: number, scheduledFor: string): Event<RuleSet> {
  return {
    id: derivedId('rules-activated', set.hash, scheduledFor, partition),
    source: '/rules',
    type: RULES_ACTIVATED_TYPE,
    time: scheduledFor,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(RULES_ACTIVATED_TYPE),
    data: set,
  }
}
