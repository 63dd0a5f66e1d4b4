/** Event that forwards a reading or another event to its group. It is published only if an active pattern matches. */
import type { Step } from '#runtime/consumer'
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

/**
 * Forwards an event to its groups: at most one event for each kind of group. Returns the number of events, which is 0 if no pattern
 * matches.
 */
export function emitPatternEvents(step: Step, facts: Facts, regroupings: readonly Regrouping[]): number {
  let count = 0
  for (const { per, matchers } of regroupings) {
    const matches = [...matchers].flatMap(([name, matcher]) => (isMet(matcher, facts) ? [name] : []))
    const group = matches.length > 0 ? findGroup(facts, per) : undefined
    if (group === undefined) continue
    const data: PatternEvent = { entity: facts.entity, per, matches: matches.sort() }
    const { source, subject } = group
    const key = `${source} ${subject ?? ''}`
    const dataschema = toDataschema(PATTERN_EVENT_TYPE)
    const attributes = { key, type: PATTERN_EVENT_TYPE, source, subject: subject ?? null, dataschema }
    step.emit('patterns', `pattern ${per}`, data, attributes)
    count += 1
  }
  return count
}
