/** Reads a rule over several events from its row, and detects errors that the schema cannot express. */
import { parseDuration } from '../../duration.ts'
import { READINGS_TOPIC } from '../../telemetry/readings-topic.ts'
import type { Row, RuleRow } from '../given.ts'
import type { Severity } from '../rule.ts'
import { matchersOf, type Pattern, type PatternRule, type Per, type Step } from './pattern.ts'
import { defaultPatternSummary, patternSummaryError } from './pattern-summary.ts'
import {
  familyOfMatcher,
  type MatcherPath,
  matcherRow,
  type PatternFault,
  readMatcher,
  ungrouped,
} from './read-matcher.ts'

const DAY_MS = 86_400_000
/**
 * Maximum duration of a pattern, in milliseconds. Events older than this may have been deleted from the log, so they could not be
 * read again.
 */
const MAX_MS = READINGS_TOPIC.keptDays * DAY_MS

/** Reads the valid keys of a row. The returned rule may only be used if no error was reported. */
export function readPatternRule(given: RuleRow): PatternRule {
  const { of, report } = given
  const labels = { ...of<Record<string, string>>('labels') }
  const keepFiringForMs = parseDuration(of('keepFiringFor') ?? 0) ?? 0
  const row = of<Row>('pattern')
  const fault: PatternFault = (at, message) => report('pattern', message, at)
  const pattern = row && readPattern(row, fault, given.isFromLog)
  if (pattern) {
    const isEndless = pattern.kind === 'sequence' && !pattern.absence && !pattern.until
    if (isEndless && keepFiringForMs === 0)
      fault([], 'ends with an event, which does not last: give keepFiringFor, or until in the pattern')
    reportGroups(pattern, fault)
  }
  const template = of<string>('summary')
  const error = template === undefined ? undefined : patternSummaryError(template, labels, pattern)
  if (error !== undefined) report('summary', error)
  return {
    name: of<string>('name') ?? '',
    pattern: pattern as Pattern,
    keepFiringForMs,
    severity: of<Severity>('severity') ?? 'info',
    labels,
    summary: template ?? (pattern ? defaultPatternSummary(pattern) : ''),
    paused: of<boolean>('paused') ?? false,
  }
}

function readPattern(row: Row, fault: PatternFault, isFromLog: boolean): Pattern {
  const read = (at: MatcherPath, raw: unknown) => readMatcher(raw as Row, at, fault, isFromLog)
  const common = {
    per: (row.per ?? 'entity') as Per,
    ...(row.until === undefined ? {} : { until: read(['until'], row.until) }),
  }
  if (row.count !== undefined)
    return {
      kind: 'count',
      count: row.count as number,
      event: read(['of'], row.of),
      withinMs: withinOf(row, [], fault),
      ...common,
    }
  const steps: Step[] = []
  let absence: Step | undefined
  const rows = row.sequence as readonly Row[]
  for (const [index, step] of rows.entries()) {
    const at = ['sequence', index]
    const withinMs = withinOfStep(step, index, at, fault)
    if (step.absence === undefined) steps.push({ event: read(at, step), withinMs })
    else {
      reportOthers(step, at, fault)
      absence = { event: read([...at, 'absence'], step.absence), withinMs }
      if (index < rows.length - 1) fault([...at, 'absence'], 'must be the last step: move it to the end')
    }
  }
  if (steps.length === 0)
    fault(['sequence'], 'begins with an absence: put the event before it that starts the wait')
  return { kind: 'sequence', steps, ...(absence && { absence }), ...common }
}

function withinOfStep(step: Row, index: number, at: MatcherPath, fault: PatternFault): number {
  if (index > 0) {
    if (step.within !== undefined) return withinOf(step, at, fault)
    fault([...at, 'within'], 'is missing: must be the maximum time since the previous step, such as 5m')
  } else if (step.within !== undefined && step.absence === undefined)
    fault([...at, 'within'], 'is not allowed in the first step, which has no previous step')
  return 0
}

function withinOf(row: Row, at: MatcherPath, fault: PatternFault): number {
  const ms = parseDuration(row.within)
  if (ms !== undefined && ms > 0 && ms <= MAX_MS) return ms
  fault(
    [...at, 'within'],
    `must be longer than 0 and at most ${READINGS_TOPIC.keptDays}d, the retention of readings`,
  )
  return 0
}

function reportOthers(step: Row, at: MatcherPath, fault: PatternFault): void {
  for (const key of Object.keys(step))
    if (key !== 'absence' && key !== 'within')
      fault([...at, key], 'belongs under absence: { … }, like all keys that describe the absent event')
}

/**
 * Reports patterns whose events cannot be grouped. Every event must have the property by which the pattern groups, and an entity
 * has readings of only one family.
 */
function reportGroups(pattern: Pattern, fault: PatternFault): void {
  const families = [...new Set(matchersOf(pattern).map(familyOfMatcher))]
  for (const family of families) {
    const why = ungrouped(family, pattern.per)
    if (why !== undefined) fault(['per'], why)
  }
  if (pattern.per === 'entity' && families.length > 1)
    fault(
      ['per'],
      `no entity has events of ${families.join(' and ')}: name what they have in common, such as tenant`,
    )
}

/** Returns the keys and values of a pattern as in a rule file. */
export function patternRow(pattern: Pattern): Row {
  const { per, until } = pattern
  const common = { per, ...(until && { until: matcherRow(until) }) }
  if (pattern.kind === 'count')
    return {
      count: pattern.count,
      of: matcherRow(pattern.event),
      within: seconds(pattern.withinMs),
      ...common,
    }
  const { steps, absence } = pattern
  return {
    sequence: [
      ...steps.map(({ event, withinMs }) => ({
        ...matcherRow(event),
        ...(withinMs > 0 && { within: seconds(withinMs) }),
      })),
      ...(absence ? [{ absence: matcherRow(absence.event), within: seconds(absence.withinMs) }] : []),
    ],
    ...common,
  }
}

function seconds(ms: number): string {
  return `${ms / 1000}s`
}
