/** Selects the rules that watch a reading. Pure. */
import type { Received } from '../../packages/runtime/consumer/event.ts'
import { familyOf, type ReadingData } from '../telemetry/families.ts'
import { matches } from './match.ts'
import { type Facts, factsOfReading } from './patterns/facts.ts'
import { isMet } from './patterns/matcher.ts'
import { type AnyRule, isPatternRule, type Matcher, matchersOf } from './patterns/pattern.ts'

/** Returns whether an active rule uses the values of the reading, and not only its time. */
export function isWatched(rule: AnyRule, event: Received): boolean {
  const data = event.data as ReadingData
  const family = familyOf(event.type)
  if (isPatternRule(rule)) {
    const facts = family && factsOfReading(event, family, data)
    return facts !== undefined && matchersOf(rule.pattern).some(matcher => asksFor(matcher, facts))
  }
  if (family?.name !== rule.family || data[rule.metric] === undefined) return false
  return rule.match === undefined || matches(rule.match, rule.family, event.subject, data)
}

/** Returns whether the matcher can match readings like this one, regardless of their metrics. */
function asksFor(matcher: Matcher, facts: Facts): boolean {
  if (matcher.of !== 'reading') return false
  const { of, family, match } = matcher
  return isMet({ of, family, ...(match && { match }) }, facts)
}
