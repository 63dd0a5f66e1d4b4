/** Checks whether an event matches a matcher of a pattern. Pure. */
import { haveOneOf, isOneOf, ownIn } from '../../text-match.ts'
import { conditionKind, fires } from '../condition.ts'
import type { Match } from '../rule.ts'
import type { Facts } from './facts.ts'
import type { EventMatcher, Matcher, ReadingMatcher } from './pattern.ts'

export function isMet(matcher: Matcher, facts: Facts): boolean {
  const isKind = matcher.of === 'reading' ? isReading(matcher, facts) : isEvent(matcher, facts)
  return isKind && (matcher.match === undefined || matches(matcher.match, facts))
}

function isReading({ family, metric, condition }: ReadingMatcher, facts: Facts): boolean {
  if (facts.event !== undefined || facts.family !== family) return false
  if (metric === undefined) return true
  const value = facts.data[metric]
  if (condition) return conditionKind(condition).isValue(value) && fires(condition, value)
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}

function isEvent({ event, where }: EventMatcher, { event: own, data }: Facts): boolean {
  return own === event && haveOneOf(where, field => String(data[field]))
}

function matches({ dimensions, entities, tags }: Match, { entity, dimension, tags: own }: Facts): boolean {
  return (
    (entities === undefined || isOneOf(entities, entity.subject ?? '')) &&
    dimensions.every(([name, texts]) => isOneOf(texts, dimension(name))) &&
    haveOneOf(tags, ownIn(own))
  )
}
