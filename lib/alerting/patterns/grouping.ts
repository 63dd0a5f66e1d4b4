/** Consumer that sends events of the topic `events` to the groups of patterns. It has no state. */
import { decided, type KeyedProcess, type PartitionContext, rejected } from '#runtime/consumer/process.ts'
import { EVENT_NAMES, EVENTS, eventNamed, typeOfEvent } from './events.ts'
import { type Facts, factsOfEvent } from './facts.ts'
import { type PatternsInForce, patternsContext } from './in-force.ts'
import type { AnyRule } from './pattern.ts'
import { regrouped } from './pattern-event.ts'

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
export function grouping(packaged: readonly AnyRule[]): Grouping {
  return {
    name: 'grouping',
    accepts: EVENT_NAMES.map(typeOfEvent),
    context: patternsContext(packaged),
    onEvent(_, { type, data, timeMs }, patterns) {
      const name = eventNamed(type)
      if (name === undefined) return rejected(`patterns do not support events of type ${type}`)
      if (typeof data?.entity?.source !== 'string') return rejected('the event does not name its entity')
      const regroupings = patterns.ofEvents.get(type)
      if (!regroupings) return decided('no-rule', undefined)
      const emissions = regrouped(factsOfEvent(name, EVENTS[name].family, timeMs, data), regroupings)
      return decided(emissions.length > 0 ? 'grouped' : 'no-group', undefined, emissions)
    },
  }
}
