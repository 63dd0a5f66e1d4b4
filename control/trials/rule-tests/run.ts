/** Runs rule tests, and returns the differences from their expectations. */

import { getPatternPhase, parseRuleIdentity } from '../../../lib/alerting/evaluation.ts'
import {
  type Alert,
  type AlertingState,
  getRuleIdentity,
  type PatternStates,
  parsePatternIdentity,
} from '../../../lib/alerting/index.ts'
import type { Vocabulary } from '../../../lib/app/naming/names.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import { tableOfSource } from '../../../lib/views/index.ts'
import { type Notification, RuleLog } from './rule-log.ts'
import type {
  Expectation,
  ExpectedNotification,
  Observation,
  Phase,
  RuleTest,
  RuleTestFile,
} from './test-rows.ts'

/** Expectation of a test that is not met. */
export type Difference =
  | {
      readonly kind: 'state'
      readonly line: number
      readonly after: number
      readonly rule: string
      readonly entity: string | undefined
      readonly expected: Phase
      readonly actual: Phase
    }
  | {
      readonly kind: 'notifications'
      readonly line: number
      /** Expected notifications that were not sent. */
      readonly missing: readonly ShownNotification[]
      /** Sent notifications that were not expected. */
      readonly unexpected: readonly ShownNotification[]
    }
  | {
      readonly kind: 'refused'
      readonly line: number
      readonly observation: number
      readonly message: string
    }

export type ShownNotification = Readonly<Record<string, unknown>>

export interface TestResult {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly passed: boolean
  readonly differences: readonly Difference[]
}

export async function runTest(
  vocabulary: Vocabulary,
  { file, rules }: RuleTestFile,
  test: RuleTest,
): Promise<TestResult> {
  const log = new RuleLog(vocabulary)
  const differences: Difference[] = []
  const wrong = await log.activate(0, rules)
  if (wrong !== undefined) throw new Error(`the rules are rejected: ${wrong}`)
  for (const [index, observation] of test.observations.entries()) {
    const place = index + 1
    const refused = await applyObservation(log, observation)
    if (refused !== undefined)
      differences.push({ kind: 'refused', line: test.line, observation: place, message: refused })
    for (const expected of test.expect.filter(({ after }) => after === place)) {
      const wrong = await compareState(log, expected)
      if (wrong) differences.push(wrong)
    }
  }
  for (const { entity, line, after } of test.expect)
    if (entity !== undefined && !log.has(entity))
      differences.push({
        kind: 'refused',
        line,
        observation: after,
        message: `no observation is of ${entity}`,
      })
  const difference = compareNotifications(test, log.notifications)
  if (difference) differences.push(difference)
  return { file, line: test.line, name: test.name, passed: differences.length === 0, differences }
}

/** Applies an observation to the log. Returns the reason if `alerting` has rejected it. */
async function applyObservation(log: RuleLog, observation: Observation): Promise<string | undefined> {
  const { atMs, kind } = observation
  if (kind === 'rules') return log.activate(atMs, observation.rules)
  if (kind === 'event') return log.appendEvent(atMs, observation)
  if (kind === 'row') return log.appendRow(atMs, observation)
  if (kind === 'reading') return log.appendReading(atMs, observation)
  await log.tick(atMs)
  return undefined
}

async function compareState(log: RuleLog, expected: Expectation): Promise<Difference | undefined> {
  const { line, after, rule, entity, state } = expected
  const actual = resolvePhase(await log.states(entity), await log.patternStates(entity), rule)
  return actual === state ? undefined : { kind: 'state', line, after, rule, entity, expected: state, actual }
}

const PHASES: readonly Phase[] = ['inactive', 'pending', 'recovering', 'firing']

/**
 * Returns the phase of a rule, which is given by name or identity. If several phases match, returns the one furthest from inactive.
 */
function resolvePhase(
  states: readonly AlertingState[],
  patterns: readonly PatternStates[],
  rule: string,
): Phase {
  const ofPatterns = patterns.flatMap(({ tracked }) =>
    Object.entries(tracked).flatMap(([key, { state }]): Phase[] =>
      isNamed(parsePatternIdentity(key), rule) ? [getPatternPhase(state)] : [],
    ),
  )
  const phases = states.flatMap(({ rules }) =>
    Object.entries(rules).flatMap(([key, { state, noData }]): Phase[] => [
      ...(isNamed(parseRuleIdentity(key), rule) ? [state.phase] : []),
      ...(noData && isNamed(getRuleIdentity({ name: noData.rule, labels: noData.labels }), rule)
        ? ['firing' as const]
        : []),
    ]),
  )
  return PHASES[Math.max(0, ...[...phases, ...ofPatterns].map(phase => PHASES.indexOf(phase)))] as Phase
}

function isNamed(identity: string, rule: string): boolean {
  return identity === rule || identity.split('{')[0] === rule
}

/** Compares notifications, in any order. Each has its time. */
function compareNotifications(test: RuleTest, sent: readonly Notification[]): Difference | undefined {
  const { notifications: expected, line } = test
  if (expected === undefined) return undefined
  const unexpected = [...sent]
  // A general expectation must not use up the only notification that fits a specific one.
  const bySpecificity = expected.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length)
  const missing = bySpecificity.filter(notification => {
    const index = unexpected.findIndex(actual => fits(notification, actual))
    if (index >= 0) unexpected.splice(index, 1)
    return index < 0
  })
  if (missing.length === 0 && unexpected.length === 0) return undefined
  return {
    kind: 'notifications',
    line,
    missing: missing.map(({ atMs, ...one }) => ({ at: formatOffset(atMs), ...one })),
    unexpected: unexpected.map(toShownNotification),
  }
}

function fits(expected: ExpectedNotification, actual: Notification): boolean {
  const fields = toFields(actual)
  const { rule, atMs, ...others } = expected
  if (
    atMs !== actual.atMs ||
    !isNamed(getRuleIdentity({ name: actual.alert.rule, labels: actual.alert.labels }), rule)
  )
    return false
  return Object.entries(others).every(
    ([key, value]) => JSON.stringify(sortEntries(value)) === JSON.stringify(sortEntries(fields[key])),
  )
}

function sortEntries(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}

function toFields({ alert }: { readonly alert: Alert }): Readonly<Record<string, unknown>> {
  const { rule, status, entity, reason, severity, threshold, summary, labels } = alert
  const value = alert.value ?? alert.state
  const kind = status === 'firing' ? 'fired' : 'resolved'
  const { source, subject = '' } = entity
  const entityName = tableOfSource(source) === undefined ? subject : groupText(subject)
  return { rule, kind, entity: entityName, reason, severity, value, threshold, summary, labels }
}

function toShownNotification(actual: Notification): ShownNotification {
  const { rule, kind, entity, reason, value } = toFields(actual)
  return {
    at: formatOffset(actual.atMs),
    rule,
    kind,
    entity,
    reason,
    ...(value === undefined ? {} : { value }),
  }
}

/** Formats a duration as in test files, such as `1h30m`. */
function formatOffset(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const
  let rest = ms
  const parts = units.flatMap(([size, name]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count > 0 ? [`${count}${name}`] : []
  })
  return parts.join('') || '0m'
}
