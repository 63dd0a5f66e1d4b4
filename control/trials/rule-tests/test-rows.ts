/** Converts the rows of a test file to tests, and reports errors that a schema cannot express. */

import { listIdentities } from '../../../lib/alerting/evaluation.ts'
import type { AnyRule } from '../../../lib/alerting/index.ts'
import { parseDuration } from '../../../lib/support/duration.ts'
import type { FilePath } from '../../../lib/support/file-errors.ts'
import { describeUnknown } from '../../../lib/support/suggestion.ts'
import type { Families } from '../../../lib/telemetry/index.ts'
import { groupName } from '../../../lib/views/index.ts'
import { parseReading, parseTestEvent, type RawObservation, type TestEvent } from './observation.ts'
import type { FinalRow, Reading } from './rule-log.ts'

export interface RuleTestFile {
  readonly file: string
  readonly rules: readonly AnyRule[]
  readonly tests: readonly RuleTest[]
}

export interface RuleTest {
  readonly name: string
  /** Line number at which the test starts, counted from 1. */
  readonly line: number
  readonly observations: readonly Observation[]
  readonly expect: readonly Expectation[]
  /** Expected notifications. Undefined if the test does not check notifications. */
  readonly notifications: readonly ExpectedNotification[] | undefined
}

interface At {
  /** Time since the start of the test, in milliseconds. */
  readonly atMs: number
}

export type Observation = At &
  (
    | ({ readonly kind: 'reading' } & Reading)
    | { readonly kind: 'event'; readonly testEvent: TestEvent; readonly id?: string }
    | ({ readonly kind: 'row' } & FinalRow)
    | { readonly kind: 'tick' }
    | { readonly kind: 'rules'; readonly rules: readonly AnyRule[] }
  )

export type Phase = 'inactive' | 'pending' | 'firing' | 'recovering'

export interface Expectation {
  readonly line: number
  /** Number of the observation after which the expectation is checked, counted from 1. */
  readonly after: number
  readonly rule: string
  /** Entity or group to check; undefined to check all of them. */
  readonly entity: string | undefined
  readonly state: Phase
}

/** Expected notification. Only fields that the test specifies are compared. */
export interface ExpectedNotification extends At {
  readonly rule: string
  readonly kind: 'fired' | 'resolved'
  readonly entity?: string
  readonly reason?: string
  readonly severity?: string
  readonly value?: number | string
  readonly threshold?: number
  readonly summary?: string
  readonly labels?: Readonly<Record<string, string>>
}

type Report = (at: FilePath, message: string) => void

export interface RawTest {
  readonly name: string
  readonly entity?: string
  readonly observations: readonly (RawObservation & {
    readonly at: unknown
    readonly tick?: true
    readonly rules?: unknown
  })[]
  readonly expect?: readonly Omit<Expectation, 'line'>[]
  readonly notifications?: readonly (Omit<ExpectedNotification, 'atMs'> & { readonly at: unknown })[]
}

/** Entity of tests that do not name one. */
const DEFAULT_ENTITY = 'entity-1'

/** Context that is needed to read a test. */
interface Reader {
  readonly families: Families
  readonly load: (rules: unknown, at: FilePath) => readonly AnyRule[]
  readonly getLine: (at: FilePath) => number
  readonly report: Report
  /** Returns whether a part of the file is wrong in form. */
  readonly isWrong: (...path: FilePath) => boolean
}

/**
 * Reads a test.
 *
 * @param rules rules in the file
 */
export function readTest(
  row: RawTest,
  at: FilePath,
  rules: readonly AnyRule[],
  { families, load, getLine, report, isWrong }: Reader,
): RuleTest {
  const { name, observations: rows = [], expect = [], notifications } = row
  const observations: Observation[] = []
  const allRules = [...rules]
  let isComplete = rules.length > 0
  for (const [place, raw] of rows.entries()) {
    const here = [...at, 'observations', place]
    const atMs = parseOffset(raw.at, here, report)
    if (isWrong(...here)) continue
    if (raw.tick) observations.push({ atMs, kind: 'tick' })
    else if (raw.rules !== undefined) {
      const changed = load(raw.rules, [...here, 'rules'])
      isComplete &&= changed.length > 0
      allRules.push(...changed)
      observations.push({ atMs, kind: 'rules', rules: changed })
    } else {
      const read = parseObservation(
        families,
        raw,
        raw.entity ?? row.entity ?? DEFAULT_ENTITY,
        (key, message) => report([...here, key], message),
      )
      if (read) observations.push({ atMs, ...read, ...(raw.id === undefined ? {} : { id: raw.id }) })
    }
  }
  const names = new Set(
    allRules.flatMap(rule => listIdentities(rule).flatMap(identity => [identity, ...identity.split('{', 1)])),
  )
  const checkName = (rule: string | undefined, here: FilePath) => {
    if (isComplete && rule !== undefined && !names.has(rule))
      report([...here, 'rule'], describeUnknown('rule', rule, names))
  }
  return {
    name,
    line: getLine(at),
    observations,
    expect: expect.map((expected, place) => {
      const here = [...at, 'expect', place]
      checkName(expected.rule, here)
      if (expected.after > rows.length && !isWrong(...at, 'observations'))
        report([...here, 'after'], `there are only ${rows.length} observations`)
      return { ...expected, line: getLine(here) }
    }),
    notifications: notifications?.map(({ at: offset, ...one }, place) => {
      const here = [...at, 'notifications', place]
      checkName(one.rule, here)
      return { ...one, atMs: parseOffset(offset, here, report) }
    }),
  }
}

type ParsedObservation =
  | ({ readonly kind: 'reading' } & Reading)
  | { readonly kind: 'event'; readonly testEvent: TestEvent }
  | ({ readonly kind: 'row' } & FinalRow)

function parseObservation(
  families: Families,
  raw: RawObservation,
  entity: string,
  report: (key: string, message: string) => void,
): ParsedObservation | undefined {
  if (raw.event !== undefined) {
    const testEvent = parseTestEvent(families, raw, entity, report)
    return testEvent && { kind: 'event', testEvent }
  }
  if (raw.table !== undefined)
    return { kind: 'row', table: raw.table, group: groupName([entity]), row: raw.values ?? {} }
  const read = parseReading(families, raw, entity, report)
  return read && { kind: 'reading', ...read }
}

/** Maximum duration of a test, in days. A tick is processed for each minute of a test. */
const MAX_DAYS = 31

/** Parses an offset. Returns milliseconds since the start of the test, and reports an offset that is too large. */
function parseOffset(raw: unknown, at: FilePath, report: Report): number {
  const atMs = /^0[dhms]?$/.test(String(raw)) ? 0 : (parseDuration(raw) ?? Number.POSITIVE_INFINITY)
  if (atMs <= MAX_DAYS * 24 * 60 * 60_000) return atMs
  report([...at, 'at'], `must be at most ${MAX_DAYS}d from the start: a test ticks each minute`)
  return 0
}
