/** Consumer that sends events of the topic `events` to the groups of patterns. It has no state. */
import { completeStep, type KeyedProcess, type PartitionContext, reject } from '#runtime/consumer/index.ts'
import type { Families } from '../../telemetry/families.ts'
import { EVENT_NAMES, findEventName, toEventType } from './event-names.ts'
import { createEventFacts, type Facts } from './facts.ts'
import type { AnyRule } from './pattern.ts'
import { buildPatternEvents } from './pattern-event.ts'
import { type PatternsInForce, patternsContext } from './patterns-in-force.ts'

type EventData = Readonly<Record<string, unknown>> & Pick<Facts, 'entity'>

interface Grouping extends KeyedProcess<never, EventData, PatternsInForce> {
  readonly context: PartitionContext<PatternsInForce>
}

/**
 * Returns the grouping consumer. The reason of a decision is `grouped`, or `no-rule` if no pattern matches the event. It is
 * `no-group` if the event does not have the property by which the pattern groups.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function grouping(families: Families, packaged: readonly AnyRule[]): Grouping {
  return {
    name: 'grouping',
    accepts: EVENT_NAMES.map(toEventType),
    context: patternsContext(families, packaged),
    onEvent(_, { type, data, timeMs }, patterns) {
      const name = findEventName(type)
      if (name === undefined) return reject(`patterns do not support events of type ${type}`)
      if (typeof data?.entity?.source !== 'string') return reject('the event does not name its entity')
      const regroupings = patterns.ofEvents.get(type)
      if (!regroupings) return completeStep('no-rule', undefined)
      const emissions = buildPatternEvents(createEventFacts(families, name, timeMs, data), regroupings)
      return completeStep(emissions.length > 0 ? 'grouped' : 'no-group', undefined, emissions)
    },
  }
}
