/** Decides when a rule set is appended to the topic of readings, and builds the events that contain the rule set. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Appended, type AppendReason, whyAppend } from '../append-again.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import type { RuleSet } from './rule-set.ts'

/** Rule set that a scheduled run appended to every partition. */
export interface Activation extends Appended {
  readonly hash: string
}

/**
 * Returns the reason to activate a rule set, or undefined if no activation is due.
 *
 * @param last previous activation; undefined if none is known
 */
export function whyActivate(last: Activation | undefined, next: Activation): AppendReason | undefined {
  return whyAppend(last, next, ({ hash }) => hash)
}

/** Returns the event that activates the rule set in one partition. If a scheduled run is repeated, the event is the same. */
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
