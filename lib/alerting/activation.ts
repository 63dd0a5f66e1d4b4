/** Events that activate a rule set. The rule set applies to the partition that contains the event, from the event's offset on. */
import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import type { RuleSet } from './rule-set.ts'

export const RULES_ACTIVATED_TYPE = 'io.sluice.rules.activated.v1' satisfies EventType

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
