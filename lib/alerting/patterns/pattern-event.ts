/** Event that carries a reading or another event to its group. It is sent only if an active pattern matches. */
import type { Emission } from '../../../packages/runtime/consumer/process.ts'
import type { EventType } from '../../event-types.ts'
import { dataschemaOf } from '../../telemetry/dataschema.ts'
import { type Facts, groupOf } from './facts.ts'
import type { Regrouping } from './in-force.ts'
import { isMet } from './matcher.ts'

export const PATTERN_EVENT_TYPE = 'io.sluice.pattern.event.v1' satisfies EventType

/** Data of `io.sluice.pattern.event.v1`. Source and subject of the event name the group. */
export interface PatternEvent {
  /** Entity of the original event. */
  readonly entity: Facts['entity']
  /** Property that the group shares, such as `tenant` or `tags.floor`; `entity` for a single entity. */
  readonly per: string
  /** Names of the active matchers that the event meets. */
  readonly matches: readonly string[]
}

/** Returns at most one event for each kind of group. Returns no events if no pattern matches or the event belongs to no group. */
export function regrouped(facts: Facts, regroupings: readonly Regrouping[]): readonly Emission[] {
  return regroupings.flatMap(({ per, matchers }) => {
    const matches = [...matchers].flatMap(([name, matcher]) => (isMet(matcher, facts) ? [name] : []))
    const group = matches.length > 0 ? groupOf(facts, per) : undefined
    if (group === undefined) return []
    const data: PatternEvent = { entity: facts.entity, per, matches: matches.sort() }
    return [
      {
        name: `pattern ${per}`,
        to: 'patterns' as const,
        key: `${group.source} ${group.subject ?? ''}`,
        type: PATTERN_EVENT_TYPE,
        ...group,
        dataschema: dataschemaOf(PATTERN_EVENT_TYPE),
        data,
      },
    ]
  })
}
