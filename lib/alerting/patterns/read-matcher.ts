/** Reads the matchers of a pattern, and reports matchers that can never match an event. */
import { FAMILIES, type FamilyName } from '../../telemetry/families.ts'
import type { Row, RuleRow } from '../given.ts'
import { conditionRowInPattern, readCondition } from '../read-condition.ts'
import { matchRow, readMatch } from '../read-match.ts'
import { FIRE_KEYS_IN_PATTERNS } from '../rule-keys.ts'
import { EVENTS, isEventName } from './events.ts'
import type { Matcher } from './pattern.ts'

export type MatcherPath = readonly (string | number)[]
/**
 * Reports an error in a pattern.
 *
 * @param at path of the invalid value: keys and list indexes, starting at the pattern
 */
export type PatternFault = (at: MatcherPath, message: string) => void

type Texts = string | readonly string[]

/** Returns the family of the entities to which a matcher's events belong. */
export function familyOfMatcher(matcher: Matcher): FamilyName {
  return matcher.of === 'reading'
    ? matcher.family
    : isEventName(matcher.event)
      ? EVENTS[matcher.event].family
      : 'environment'
}

/**
 * Reads one matcher of a pattern.
 *
 * @param row row that has been validated against the schema
 */
export function readMatcher(row: Row, at: MatcherPath, fault: PatternFault, isFromLog: boolean): Matcher {
  const given: RuleRow = {
    row,
    of: <Value>(key: string) => row[key] as Value | undefined,
    report: (key, message, below = []) => fault([...at, key, ...below], message),
    isFromLog,
  }
  return row.event === undefined ? readingMatcher(given, at, fault) : eventMatcher(given, at, fault)
}

function readingMatcher(given: RuleRow, at: MatcherPath, fault: PatternFault): Matcher {
  const { row } = given
  const family = row.family as FamilyName
  const metric = row.metric as string | undefined
  const match = readMatch(given, family)
  const [, ...more] = FIRE_KEYS_IN_PATTERNS.filter(key => row[key] !== undefined)
  for (const key of more)
    fault([...at, key], `one condition is enough: give only one of ${FIRE_KEYS_IN_PATTERNS.join(', ')}`)
  const condition = more.length > 0 ? undefined : readCondition(given, family, metric)
  return {
    of: 'reading',
    family,
    ...(metric === undefined ? {} : { metric }),
    ...(condition && { condition }),
    ...(match && { match }),
  }
}

function eventMatcher(given: RuleRow, at: MatcherPath, fault: PatternFault): Matcher {
  const { row } = given
  const name = row.event as string
  const event = isEventName(name) ? EVENTS[name] : undefined
  const match = readMatch(given, event?.family)
  const where = (row.where ?? {}) as Readonly<Record<string, Texts>>
  const fields: readonly string[] = event?.fields ?? []
  for (const field of Object.keys(where))
    if (!fields.includes(field) && !given.isFromLog)
      fault(
        [...at, 'where', field],
        `${name} has ${fields.length > 0 ? `only ${fields.join(', ')}` : 'no fields to compare'}`,
      )
  return {
    of: 'event',
    event: name,
    where: Object.keys(where)
      .sort()
      .map(field => [field, [where[field] ?? []].flat()] as const),
    ...(match && { match }),
  }
}

/** Returns an error message if events of the family cannot be grouped by this property; undefined if they can. */
export function ungrouped(family: FamilyName, per: string): string | undefined {
  if (per === 'entity' || per.startsWith('tags.')) return undefined
  const { dimensions } = FAMILIES[family]
  return Object.hasOwn(dimensions, per)
    ? undefined
    : `readings of ${family} have no ${per}: the pattern would never fire`
}

/** Returns the keys and values of a matcher as in a rule file. */
export function matcherRow(matcher: Matcher): Row {
  const { match } = matcher
  const matchRows = match && { match: matchRow(match) }
  if (matcher.of === 'event') {
    const where = matcher.where.length > 0 && { where: Object.fromEntries(matcher.where) }
    return { event: matcher.event, ...where, ...matchRows }
  }
  const { family, metric, condition } = matcher
  return {
    family,
    ...(metric === undefined ? {} : { metric }),
    ...(condition && conditionRowInPattern(condition)),
    ...matchRows,
  }
}
