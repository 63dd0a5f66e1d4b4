/** Builds the events that activate a rule set. */
import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import type { RuleSet } from './rule-set.ts'

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
