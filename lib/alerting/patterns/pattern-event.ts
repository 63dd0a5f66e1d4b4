/** Event that forwards a reading or another event to its group. It is published only if an active pattern matches. */
import type { Emission } from '#runtime/consumer/index.ts'
import type { EventType } from '../../schemas/event-types.ts'
import { toDataschema } from '../../telemetry/dataschema.ts'
import { type Facts, findGroup, isMet } from './facts.ts'
import type { Regrouping } from './patterns-in-force.ts'

export const PATTERN_EVENT_TYPE = 'io.sluice.pattern.event.v1' satisfies EventType

/** Data of `io.sluice.pattern.event.v1`. Source and subject of the event name the group. */
export interface PatternEvent {
  /** Entity of the original event. */
  readonly entity: Facts['entity']
  /** Property by which the group is formed, such as `tenant` or `tags.floor`, or `entity` for a single entity. */
  readonly per: string
  /** Names of the active matchers that match the event. */
  readonly matches: readonly string[]
}

/** Returns the events that forward an event to its groups: at most one for each kind of group, and none if no pattern matches. */
export function buildPatternEvents(facts: Facts, regroupings: readonly Regrouping[]): readonly Emission[] {
  return regroupings.flatMap(({ per, matchers }) => {
    const matches = [...matchers].flatMap(([name, matcher]) => (isMet(matcher, facts) ? [name] : []))
    const group = matches.length > 0 ? findGroup(facts, per) : undefined
    if (group === undefined) return []
    const data: PatternEvent = { entity: facts.entity, per, matches: matches.sort() }
    return [
      {
        name: `pattern ${per}`,
        to: 'patterns' as const,
        key: `${group.source} ${group.subject ?? ''}`,
        type: PATTERN_EVENT_TYPE,
        ...group,
        dataschema: toDataschema(PATTERN_EVENT_TYPE),
        data,
      },
    ]
  })
}
