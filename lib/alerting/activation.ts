/** Decides when a rule set is appended to the readings log, and builds the events that carry it. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Appended, type AppendReason, whyAppend } from '../append-again.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import type { RuleSet } from './rule-set.ts'

/** Rule set that was appended to every partition, with the scheduled time of the run. */
export interface Activation extends Appended {
  readonly hash: string
}

/** Returns the reason for activating a rule set; undefined if none is due. @param last undefined without a known activation */
export function whyActivate(last: Activation | undefined, next: Activation): AppendReason | undefined {
  return whyAppend(last, next, ({ hash }) => hash)
}

/** Returns the event that activates the rule set in one partition. A repeated run of the schedule returns the same event. */
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
