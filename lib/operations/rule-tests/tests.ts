/** Converts the rows of a test file to tests, and reports errors that a schema cannot express. */

import { isDeepStrictEqual } from 'node:util'
import { NO_DATA } from '../../alerting/alert.ts'
import type { LocatedError } from '../../alerting/check-rules.ts'
import { factsOfReading, groupOf } from '../../alerting/patterns/facts.ts'
import { type AnyRule, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { identityOf } from '../../alerting/rule.ts'
import { parseDuration } from '../../duration.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import { groupName } from '../../views/event-names.ts'
import { type Happening, happeningOf } from './happening.ts'
import { type RawObservation, readingOf } from './observation.ts'
import type { FinalRow } from './rule-log.ts'
import type { Expectation, ExpectedNotification, Observation, RuleTest } from './test-file.ts'

/** Groups to which the entities of a test belong, by rule. Only rules that evaluate groups are included. */
class Groups {
  readonly #byRule: ReadonlyMap<string, readonly string[]>

  constructor(rules: readonly AnyRule[], observations: readonly Observation[]) {
    const facts = observations.flatMap(one => {
      if (one.kind === 'event') return [one.happening.facts]
      if (one.kind !== 'reading') return []
      const family = FAMILIES[one.family]
      const named = { source: family.source(one.data), subject: family.subject(one.data) }
      return [factsOfReading({ id: '', type: '', timeMs: 0, entity: '', ...named }, family, one.data)]
    })
    const grouped = rules.filter(isPatternRule).filter(({ pattern }) => pattern.per !== 'entity')
    this.#byRule = new Map(
      grouped.flatMap(rule => {
        const found = facts.flatMap(one => groupOf(one, rule.pattern.per)?.subject ?? [])
        const names = [...new Set(found)]
        return [rule.name, identityOf(rule)].map(name => [name, names] as const)
      }),
    )
  }

  /** Returns whether a rule, given by name or identity, evaluates groups. */
  has(rule: string): boolean {
    return this.#byRule.has(rule)
  }

  of(rule: string): readonly string[] {
    return this.#byRule.get(rule) ?? []
  }

  /** Returns the group of a rule if there is exactly one. */
  only(rule: string): string | undefined {
    const groups = this.of(rule)
    return groups.length === 1 ? groups[0] : undefined
  }
}

type Path = readonly (string | number)[]
export type Fault = (at: Path, message: string, more?: Partial<LocatedError>) => void
type Load = (rules: unknown, at: Path) => Promise<readonly AnyRule[]>

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
  readonly load: Load
  readonly lineOf: (at: Path) => number
  readonly report: Fault
}

/**
 * Reads all tests of a file.
 *
 * @param rules rules in the file
 */
export async function readTests(
  rows: readonly RawTest[],
  rules: readonly AnyRule[],
  reader: Reader,
): Promise<readonly RuleTest[]> {
  const tests: RuleTest[] = []
  for (const [index, row] of rows.entries()) tests.push(await readTest(row, ['tests', index], rules, reader))
  return tests
}

async function readTest(
  row: RawTest,
  at: Path,
  rules: readonly AnyRule[],
  reader: Reader,
): Promise<RuleTest> {
  const { name, expect = [], notifications } = row
  const { observations, entities, changes } = await readObservations(row, at, reader)
  const all = [...rules, ...changes]
  const known = new Set(namesOf(all))
  const groups = new Groups(all, observations)
  const checked = { known, entities, groups, places: row.observations.length, report: reader.report }
  for (const [place, one] of expect.entries()) checkExpected(one, [...at, 'expect', place], checked)
  for (const [place, one] of (notifications ?? []).entries()) {
    checkNames(one, [...at, 'notifications', place], checked)
    offsetAt(one.at, [...at, 'notifications', place], reader.report)
  }
  const only = entities.size === 1 ? [...entities][0] : row.entity
  return {
    name,
    line: reader.lineOf(at),
    observations,
    expect: expect.map(
      ({ after, rule, state, entity = groups.has(rule) ? groups.only(rule) : only }, place) => {
        return { after, rule, state, entity, line: reader.lineOf([...at, 'expect', place]) }
      },
    ),
    notifications: notifications?.map(({ at: offset, ...one }) => ({ ...one, atMs: offsetOf(offset) })),
  }
}

const OF_A_READING = ['id', 'entity', 'table', 'unit', 'site', 'databaseType', 'model', 'tenant', 'tags']

async function readObservations(row: RawTest, at: Path, { load, report }: Reader) {
  const observations: Observation[] = []
  const entities = new Set<string>()
  const changes: AnyRule[] = []
  const ids: FirstById = new Map()
  for (const [place, raw] of row.observations.entries()) {
    const here = [...at, 'observations', place]
    const atMs = offsetAt(raw.at, here, report)
    if (raw.tick || raw.rules !== undefined)
      for (const key of OF_A_READING)
        if (Object.hasOwn(raw, key)) report([...here, key], 'belongs to a reading, and this is another event')
    if (raw.tick) observations.push({ atMs, kind: 'tick' })
    else if (raw.rules !== undefined) {
      const rules = await load(raw.rules, [...here, 'rules'])
      changes.push(...rules)
      observations.push({ atMs, kind: 'rules', rules })
    } else {
      const { id } = raw
      const entity = raw.entity ?? row.entity ?? DEFAULT_ENTITY
      entities.add(entity)
      const fault = (key: string, message: string) => report([...here, key], message)
      if (raw.event !== undefined) {
        const happening = happeningOf(raw, entity, fault)
        if (!happening) continue
        const { type, data } = happening
        if (id !== undefined)
          checkRepeat(ids, id, { what: { type, data }, place: place + 1 }, [...here, 'id'], report)
        observations.push({ atMs, kind: 'event', happening, ...(id === undefined ? {} : { id }) })
        continue
      }
      if (raw.table !== undefined) {
        const change = { table: raw.table, group: groupName([entity]), row: raw.values ?? {} }
        if (id !== undefined)
          checkRepeat(ids, id, { what: change, place: place + 1 }, [...here, 'id'], report)
        observations.push({ atMs, kind: 'row', ...change, ...(id === undefined ? {} : { id }) })
        continue
      }
      const read = readingOf(raw, entity, fault)
      if (read && id !== undefined)
        checkRepeat(ids, id, { what: read, place: place + 1 }, [...here, 'id'], report)
      if (read) observations.push({ atMs, kind: 'reading', ...read, ...(id === undefined ? {} : { id }) })
    }
  }
  return { observations, entities, changes }
}

/** First observation by event id. */
type FirstById = Map<string, Identified>

interface Identified {
  readonly place: number
  readonly what: Omit<Happening, 'facts'> | NonNullable<ReturnType<typeof readingOf>> | FinalRow
}

function checkRepeat(ids: FirstById, id: string, own: Identified, at: Path, report: Fault): void {
  const first = ids.get(id) ?? own
  ids.set(id, first)
  if (!isDeepStrictEqual(first.what, own.what))
    report(at, `is already the id of observation ${first.place}, which is another event: use a different id`)
}

interface Checked {
  readonly known: ReadonlySet<string>
  readonly entities: ReadonlySet<string>
  readonly groups: Groups
  readonly places: number
  readonly report: Fault
}

function checkExpected(one: Omit<Expectation, 'line'>, at: Path, checked: Checked): void {
  checkNames(one, at, checked)
  const { places, entities, groups, report } = checked
  if (one.after > places) report([...at, 'after'], `there are only ${places} observations`)
  if (one.entity !== undefined) return
  if (groups.has(one.rule)) {
    if (groups.only(one.rule) === undefined)
      report(at, `specify the group as entity: the test has ${groups.of(one.rule).join(', ') || 'none'}`)
  } else if (entities.size > 1) report(at, `specify the entity: the test has ${[...entities].join(', ')}`)
}

function checkNames(one: { rule: string; entity?: string | undefined }, at: Path, checked: Checked): void {
  const { known, entities, groups, report } = checked
  if (known.size > 0 && !known.has(one.rule)) report([...at, 'rule'], `unknown rule ${one.rule}`)
  const isKnown = (entity: string) =>
    groups.has(one.rule) ? groups.of(one.rule).includes(entity) : entities.has(entity)
  if (one.entity !== undefined && !isKnown(one.entity))
    report([...at, 'entity'], `no observation is of ${one.entity}`)
}

/** Returns the names and identities of rules, including the identities of their `NoData` alerts. */
function namesOf(rules: readonly AnyRule[]): readonly string[] {
  return rules.flatMap(rule => [
    rule.name,
    identityOf(rule),
    ...(!isPatternRule(rule) && rule.onSilence === 'no-data'
      ? [NO_DATA, identityOf({ name: NO_DATA, labels: { ...rule.labels, rule: rule.name } })]
      : []),
  ])
}

/** Maximum duration of a test, in days. A tick is processed for each minute of a test. */
const MAX_DAYS = 31

/** Parses an offset. Returns milliseconds since the start of the test, and reports an offset that is too large. */
function offsetAt(raw: unknown, at: Path, report: Fault): number {
  const atMs = offsetOf(raw)
  if (atMs <= MAX_DAYS * 24 * 60 * 60_000) return atMs
  report([...at, 'at'], `must be at most ${MAX_DAYS}d from the start: a test ticks each minute`)
  return 0
}

/**
 * Parses an offset whose form is valid according to the schema. `0m` is accepted for the start. Returns infinity if the number is
 * too large.
 */
function offsetOf(raw: unknown): number {
  return /^0[dhms]?$/.test(String(raw)) ? 0 : (parseDuration(raw) ?? Number.POSITIVE_INFINITY)
}
