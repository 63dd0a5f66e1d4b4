/** Reads a rule over several events from its row, and detects errors that the schema cannot express. */
import { DAY_MS, parseDuration } from '../../support/duration.ts'
import { hasSymbol } from '../../support/short-number.ts'
import { nameHint } from '../../support/suggestion.ts'
import type { Families } from '../../telemetry/families.ts'
import { READINGS_TOPIC } from '../../telemetry/readings-topic.ts'
import { conditionRowInPattern, readCondition } from '../read-condition.ts'
import { describeWatched, dimensionNames, matchRow, readMatch } from '../read-match.ts'
import type { Severity } from '../rule.ts'
import { FIRE_KEYS_IN_PATTERNS } from '../rule-keys.ts'
import { findUnit, formatSeconds, type RuleFileRow, type RuleRow } from '../rule-row.ts'
import { templateError } from '../summary.ts'
import { readFamily, reportUnknownMetric } from '../watched-names.ts'
import { EVENTS, isEventName, listEventFamilies } from './event-names.ts'
import { type GroupField, listMatchers, type Matcher, type Pattern, type PatternRule } from './pattern.ts'
import { PATTERN_PLACEHOLDERS } from './pattern-summary.ts'

type MatcherPath = readonly (string | number)[]
/**
 * Reports an error in a pattern.
 *
 * @param at path of the invalid value: keys and list indexes, starting at the pattern
 */
type PatternFault = (at: MatcherPath, message: string) => void
/** What the readers of all parts of a pattern share with its rule. */
type RuleContext = Pick<RuleRow, 'families' | 'isFromLog'>

/**
 * Maximum duration of a pattern, in milliseconds. Events older than this may have been deleted from the log, so they could not be
 * read again.
 */
const MAX_MS = READINGS_TOPIC.keptDays * DAY_MS

/** Reads the valid keys of a row. The returned rule may only be used if no error was reported. */
export function readPatternRule(ruleRow: RuleRow): PatternRule {
  const { of, report } = ruleRow
  const labels = { ...of<Record<string, string>>('labels') }
  const keepFiringForMs = parseDuration(of('keepFiringFor') ?? 0) ?? 0
  const row = of<RuleFileRow>('pattern')
  const fault: PatternFault = (at, message) => report('pattern', message, at)
  const pattern = row && readPattern(row, fault, ruleRow)
  if (pattern) {
    if (pattern.kind === 'sequence' && keepFiringForMs === 0)
      fault([], 'ends with an event, which does not last: give keepFiringFor')
    if (!ruleRow.isFromLog) {
      reportGroups(ruleRow.families, pattern, fault)
      reportUnits(ruleRow.families, row, fault)
    }
  }
  const template = of<string>('summary')
  const error = template === undefined ? undefined : templateError(template, labels, PATTERN_PLACEHOLDERS)
  if (error !== undefined) report('summary', error)
  return {
    name: of<string>('name') ?? '',
    pattern: pattern as Pattern,
    keepFiringForMs,
    severity: of<Severity>('severity') ?? 'info',
    labels,
    summary: template ?? '{{group}}: {{count}} events within {{within}}',
    paused: of<boolean>('paused') ?? false,
  }
}

function readPattern(row: RuleFileRow, fault: PatternFault, context: RuleContext): Pattern {
  const read = (at: MatcherPath, raw: unknown) => readMatcher(raw as RuleFileRow, at, fault, context)
  const per = (row.per ?? 'entity') as GroupField
  if (row.count !== undefined) {
    const [event, withinMs] = [read(['of'], row.of), readWithin(row, [], fault)]
    return { kind: 'count', per, count: row.count as number, event, withinMs }
  }
  const steps = (row.sequence as readonly RuleFileRow[]).map((step, index) => {
    const at = ['sequence', index]
    return { event: read(at, step), withinMs: readStepWithin(step, index, at, fault) }
  })
  return { kind: 'sequence', per, steps }
}

function readStepWithin(step: RuleFileRow, index: number, at: MatcherPath, fault: PatternFault): number {
  if (index > 0) {
    if (step.within !== undefined) return readWithin(step, at, fault)
    fault([...at, 'within'], 'is missing: must be the maximum time since the previous step, such as 5m')
  } else if (step.within !== undefined)
    fault([...at, 'within'], 'is not allowed in the first step, which has no previous step')
  return 0
}

function readWithin(row: RuleFileRow, at: MatcherPath, fault: PatternFault): number {
  const ms = parseDuration(row.within)
  if (ms !== undefined && ms > 0 && ms <= MAX_MS) return ms
  fault(
    [...at, 'within'],
    `must be longer than 0 and at most ${READINGS_TOPIC.keptDays}d, the retention of readings`,
  )
  return 0
}

/**
 * Reports patterns whose events cannot be grouped. Every event must have the property by which the pattern groups, and an entity
 * has readings of only one family.
 */
function reportGroups(families: Families, pattern: Pattern, fault: PatternFault): void {
  const { per } = pattern
  const sources = listMatchers(pattern).map(matcher => listFamilies(families, matcher))
  if (per === 'entity') {
    const known = new Set(sources.flatMap(source => (source.length === 1 ? source : [])))
    if (known.size > 1)
      fault(
        ['per'],
        `no entity has events of ${[...known].join(' and ')}: name what they have in common, such as tenant`,
      )
    return
  }
  if (per.startsWith('tags.')) return
  for (const watched of new Map(sources.map(source => [source.join(' '), source])).values()) {
    const known = dimensionNames(families, watched)
    if (watched.length > 0 && !known.includes(per))
      fault(
        ['per'],
        `${describeWatched(watched)} have no ${per}: the pattern would never fire.${nameHint(per, ['entity', ...known])}`,
      )
  }
}

/** Returns the families to which the events of a matcher can belong. */
function listFamilies(families: Families, matcher: Matcher): readonly string[] {
  if (matcher.of === 'event') return listFamilyNames(families, matcher.event)
  return matcher.family === '' ? [] : [matcher.family]
}

function listFamilyNames(families: Families, event: string): readonly string[] {
  return isEventName(event) ? listEventFamilies(families, event).map(({ name }) => name) : []
}

/**
 * Reports steps that compare metrics of one name but of different units, because the reader of the rule cannot know which unit a
 * threshold has.
 */
function reportUnits(families: Families, row: RuleFileRow, fault: PatternFault): void {
  const steps = ((row.sequence ?? []) as readonly RuleFileRow[]).map((step, index) => ({
    index,
    family: String(step.family),
    metric: step.metric as string | undefined,
    own: findUnit(families, step.family as string | undefined, step.metric as string | undefined),
    isBare:
      step.unit === undefined &&
      FIRE_KEYS_IN_PATTERNS.some(key => typeof step[key] !== 'string' && step[key] !== undefined),
  }))
  for (const { index, family, metric, own, isBare } of steps) {
    const other = steps.find(step => step.metric === metric && step.own !== undefined && step.own !== own)
    if (own !== undefined && isBare && other)
      fault(
        ['sequence', index, 'metric'],
        `${metric} is ${describeUnit(own)} in ${family} and ${describeUnit(other.own)} in ${other.family}: give the unit of the threshold with unit`,
      )
  }
}

function describeUnit(unit: string | undefined): string {
  return hasSymbol(unit) ? `in ${unit}` : 'without a unit'
}

/** Returns the keys and values of a pattern as in a rule file. */
export function patternRow(pattern: Pattern): RuleFileRow {
  const { per } = pattern
  if (pattern.kind === 'count') {
    const { count, event, withinMs } = pattern
    return { count, of: matcherRow(event), within: formatSeconds(withinMs), per }
  }
  const sequence = pattern.steps.map(({ event, withinMs }) => ({
    ...matcherRow(event),
    ...(withinMs > 0 && { within: formatSeconds(withinMs) }),
  }))
  return { sequence, per }
}

type Texts = string | readonly string[]

/**
 * Reads one matcher of a pattern.
 *
 * @param row row that has been validated against the schema
 */
function readMatcher(row: RuleFileRow, at: MatcherPath, fault: PatternFault, context: RuleContext): Matcher {
  const ruleRow: RuleRow = {
    row,
    of: <Value>(key: string) => row[key] as Value | undefined,
    report: (key, message, below = []) => fault([...at, key, ...below], message),
    families: context.families,
    isFromLog: context.isFromLog,
  }
  return row.event === undefined ? readingMatcher(ruleRow, at, fault) : eventMatcher(ruleRow, at, fault)
}

function readingMatcher(ruleRow: RuleRow, at: MatcherPath, fault: PatternFault): Matcher {
  const { row } = ruleRow
  const family = readFamily(ruleRow)
  const metric = row.metric as string | undefined
  reportUnknownMetric(ruleRow, family, metric)
  const match = readMatch(ruleRow, family === undefined ? [] : [family])
  const [, ...more] = FIRE_KEYS_IN_PATTERNS.filter(key => row[key] !== undefined)
  for (const key of more)
    fault([...at, key], `one condition is enough: give only one of ${FIRE_KEYS_IN_PATTERNS.join(', ')}`)
  const condition = more.length > 0 ? undefined : readCondition(ruleRow, family, metric)
  return {
    of: 'reading',
    family: family ?? '',
    ...(metric === undefined ? {} : { metric }),
    ...(condition && { condition }),
    ...(match && { match }),
  }
}

function eventMatcher(ruleRow: RuleRow, at: MatcherPath, fault: PatternFault): Matcher {
  const { row } = ruleRow
  const name = row.event as string
  const match = readMatch(ruleRow, listFamilyNames(ruleRow.families, name))
  const where = (row.where ?? {}) as Readonly<Record<string, Texts>>
  const fields: readonly string[] = isEventName(name) ? EVENTS[name].fields : []
  for (const field of Object.keys(where))
    if (!fields.includes(field) && !ruleRow.isFromLog)
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

/** Returns the keys and values of a matcher as in a rule file. */
export function matcherRow(matcher: Matcher): RuleFileRow {
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
