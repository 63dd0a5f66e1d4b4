/** Decides when a rule set is appended to the log, and makes the events that carry it. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Appended, type AppendReason, whyAppend } from '../append-again.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import type { RuleSet } from './rule-set.ts'

/** A rule set that was appended to every partition. Its time is that which the schedule named for the run. */
export interface Activation extends Appended {
  readonly hash: string
}

/** Why a rule set is due; undefined if it is not. @param last undefined if no earlier activation is known */
export function whyActivate(last: Activation | undefined, next: Activation): AppendReason | undefined {
  return whyAppend(last, next, ({ hash }) => hash)
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
