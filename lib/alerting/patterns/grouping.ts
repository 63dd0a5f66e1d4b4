/** Consumer that sends events of the topic `events` to the groups of patterns. It has no state. */
import { defineProcess } from '#runtime/consumer'
import type { Families } from '../../telemetry/families.ts'
import { createRulesContext } from '../rules-context.ts'
import { EVENT_NAMES, findEventName, toEventType } from './event-names.ts'
import { createEventFacts, type Facts } from './facts.ts'
import type { AnyRule } from './pattern.ts'
import { emitPatternEvents } from './pattern-event.ts'
import { type PatternsInForce, patternsInForce } from './patterns-in-force.ts'

type EventData = Readonly<Record<string, unknown>> & Pick<Facts, 'entity'>

/**
 * Returns the grouping consumer. The reason of a decision is `grouped`, or `no-rule` if no pattern matches the event. It is
 * `no-group` if the event does not have the property by which the pattern groups.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function grouping(families: Families, packaged: readonly AnyRule[]) {
  return defineProcess<never, EventData, PatternsInForce>('grouping', {
    accepts: EVENT_NAMES.map(toEventType),
    context: createRulesContext(families, packaged, patternsInForce),
    onEvent(_, { type, data, timeMs }, step) {
      const name = findEventName(type)
      if (name === undefined) return step.reject(`patterns do not support events of type ${type}`)
      if (typeof data?.entity?.source !== 'string') return step.reject('the event does not name its entity')
      const regroupings = step.context.ofEvents.get(type)
      if (!regroupings) {
        step.reason('no-rule')
        return undefined
      }
      const facts = createEventFacts(families, name, timeMs, data)
      step.reason(emitPatternEvents(step, facts, regroupings) > 0 ? 'grouped' : 'no-group')
      return undefined
    },
  })
}
