/** Events that activate a rule set. The rule set applies to the partition that contains the event, from the event's offset on. */

import { derivedId, type Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'

export const RULES_ACTIVATED_TYPE = 'io.sluice.rules.activated.v1' satisfies EventType

/** Data of the event. */
export interface RuleSet {
  /** Hash of the rules. It does not depend on how the rules are divided into files. */
  readonly hash: string
  /** Rules with the keys of a rule file. Keys with a default value are included. */
  readonly rules: readonly Readonly<Record<string, unknown>>[]
}

/** Returns the event that activates the rule set in one partition. If a scheduled run is repeated, the event is the same. */
export function rulesActivated(set: RuleSet, partition: number, scheduledFor: string): Event<RuleSet> {
  return {
    id: derivedId('rules-activated', set.hash, scheduledFor, partition),
    source: '/rules',
    type: RULES_ACTIVATED_TYPE,
    time: scheduledFor,
    datacontenttype: 'application/json',
    dataschema: toDataschema(RULES_ACTIVATED_TYPE),
    data: set,
  }
}
