/** Runs tests of tables on logs in memory, which the consumer `views` reads with the clock and timers of a deployment. */
import { type Event, entityOf, partsOfEntity } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { eventTypeRow } from '../../event-types.ts'
import { tick } from '../../telemetry/tick.ts'
import { activatedPlan, viewsActivated } from '../../views/activation.ts'
import { rowSource, VIEW_ROW_TYPE } from '../../views/event-names.ts'
import type { GroupState } from '../../views/group.ts'
import type { Scalar, TablePlan, ViewPlan } from '../../views/plan.ts'
import { views } from '../../views/process.ts'
import { rowsOfGroup, type TableRow } from '../../views/rows.ts'
import { ConsumerLog } from '../rule-tests/consumer-log.ts'
import { offsetText } from '../rule-tests/run.ts'
import type { ExpectedRow, TestRecord, ViewExpectation, ViewTest, ViewTestFile } from './test-file.ts'

/** Expectation of a test that is not met. */
export type ViewDifference =
  | {
      readonly kind: 'rows'
      readonly line: number
      readonly table: string
      /** Expected rows that the table does not have, and rows that were not expected, as text. */
      readonly missing: readonly string[]
      readonly unexpected: readonly string[]
    }
  | {
      readonly kind: 'late'
      readonly line: number
      readonly table: string
      readonly expected: number
      readonly actual: number
    }
  | { readonly kind: 'refused'; readonly line: number; readonly message: string }

export interface ViewTestResult {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly passed: boolean
  readonly differences: readonly ViewDifference[]
}

const START_MS = Date.UTC(2026, 0, 1)
/** Interval of ticks, in milliseconds, as in the topic `view-rows` of a deployment. */
const TICK_MS = 10_000
/** Ticks that are applied together. */
const MAX_TICKS = 500
/** Share by which numbers may differ, because a test gives them with fewer digits. */
const TOLERANCE = 1e-9

export async function runViewTest({ file, plan }: ViewTestFile, test: ViewTest): Promise<ViewTestResult> {
  const log = new ViewLog()
  const differences: ViewDifference[] = []
  await log.activate(plan)
  const records = [...test.records]
  for (const expected of test.expect) {
    while (records[0] && Math.max(log.atMs, records[0].timeMs) <= expected.atMs)
      for (const message of await log.append(records.shift() as TestRecord))
        differences.push({ kind: 'refused', line: test.line, message })
    // A timer fires when the clock has passed its time.
    if (Number.isFinite(expected.atMs)) await log.pass(expected.atMs + 1)
    const table = plan.tables.find(({ name }) => name === expected.table) as TablePlan
    differences.push(...differencesOf(expected, log.rowsOf(table)))
  }
  return { file, line: test.line, name: test.name, passed: differences.length === 0, differences }
}

/** Logs that `views` reads, in memory. */
class ViewLog {
  readonly #readings = new ConsumerLog('readings', views())
  readonly #events = new ConsumerLog('events', views())
  readonly #rows = new ConsumerLog('view-rows', views())
  readonly #groups = new Map<string, Set<string>>()
  #nowMs = START_MS
  #records = 0

  /** Time in milliseconds since the start. */
  get atMs(): number {
    return this.#nowMs - START_MS
  }

  async activate(plan: ViewPlan): Promise<void> {
    const event = viewsActivated(activatedPlan(plan, []), 0, instant(START_MS))
    for (const log of [this.#rows, this.#readings, this.#events]) await log.append([this.#nowMs, event])
  }

  /** Appends a record at its time or, if that time has passed, at the current time. Returns reasons of rejections. */
  async append(record: TestRecord): Promise<readonly string[]> {
    await this.pass(record.timeMs)
    const { type, source = '/test', subject, id = `record ${this.#records++}`, data, timeMs } = record
    const event: Event = {
      ...{ id, source, type, time: instant(START_MS + timeMs), datacontenttype: 'application/json', data },
      ...(subject === undefined ? {} : { subject }),
    }
    const isEvent = eventTypeRow(type)?.topic === 'events'
    const log = isEvent ? this.#events : this.#readings
    const { emitted, refused } = await log.append([this.#nowMs, event])
    const messages = [...refused]
    for (const row of emitted) {
      if (row.type !== VIEW_ROW_TYPE) continue
      const entities = this.#groups.get(row.source) ?? new Set()
      this.#groups.set(row.source, entities.add(entityOf(row)))
      const { refused } = await this.#rows.append([this.#nowMs, row])
      messages.push(...refused)
    }
    return messages
  }

  /** Lets time pass, so that all timers until then fire. */
  async pass(atMs: number): Promise<void> {
    const endMs = START_MS + atMs
    while (this.#nowMs < endMs) {
      const ticks: [number, Event][] = []
      while (this.#nowMs < endMs && ticks.length < MAX_TICKS) {
        this.#nowMs = Math.min(endMs, this.#nowMs + TICK_MS)
        ticks.push([this.#nowMs, tick(0, instant(this.#nowMs))])
      }
      await this.#rows.append(...ticks)
    }
  }

  rowsOf(table: TablePlan): { readonly rows: readonly TableRow[]; readonly late: number } {
    const rows: TableRow[] = []
    let late = 0
    for (const entity of this.#groups.get(rowSource(table.name, table.generation)) ?? []) {
      const [state] = this.#rows.states<GroupState>([entity])
      if (!state) continue
      const group: readonly Scalar[] = JSON.parse(partsOfEntity(entity).subject ?? '[]')
      rows.push(...rowsOfGroup(table, group, state))
      late += state.l ?? 0
    }
    return { rows, late }
  }
}

function differencesOf(
  { line, table, rows: expected, late: expectedLate }: ViewExpectation,
  { rows, late }: { readonly rows: readonly TableRow[]; readonly late: number },
): ViewDifference[] {
  const unexpected = [...rows]
  const missing = expected.filter(one => {
    const index = unexpected.findIndex(row => isAlike(one, row))
    if (index >= 0) unexpected.splice(index, 1)
    return index < 0
  })
  const differences: ViewDifference[] = []
  if (missing.length + unexpected.length > 0)
    differences.push({
      ...{ kind: 'rows', line, table },
      missing: missing.map(({ window, columns }) => rowText(columns, window)),
      unexpected: unexpected.map(({ values, window, isFinal }) => {
        const { startMs, endMs } = window ?? { startMs: 0, endMs: 0 }
        const bounds = { start: startMs - START_MS, end: endMs - START_MS, final: isFinal === true }
        return rowText(values, window && bounds)
      }),
    })
  if (expectedLate !== undefined && expectedLate !== late)
    differences.push({ kind: 'late', line, table, expected: expectedLate, actual: late })
  return differences
}

function isAlike({ window, columns }: ExpectedRow, row: TableRow): boolean {
  const { start, end, final } = window ?? {}
  const bounds = row.window
  if (start !== undefined && bounds?.startMs !== START_MS + start) return false
  if (end !== undefined && bounds?.endMs !== START_MS + end) return false
  if (final !== undefined && (row.isFinal === true) !== final) return false
  return Object.entries(columns).every(([name, value]) => isSame(value, row.values[name]))
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'number' && typeof actual === 'number')
    return Math.abs(expected - actual) <= TOLERANCE * Math.max(Math.abs(expected), Math.abs(actual))
  if (!Array.isArray(expected) || !Array.isArray(actual)) return expected === actual
  return expected.length === actual.length && expected.every((one, index) => isSame(one, actual[index]))
}

function rowText(columns: Readonly<Record<string, unknown>>, window: ExpectedRow['window']): string {
  const { start, end, final } = window ?? {}
  const bounds = {
    ...(start === undefined ? {} : { start: offsetText(start) }),
    ...(end === undefined ? {} : { end: offsetText(end) }),
    ...(final === undefined ? {} : { final }),
  }
  const all = { ...columns, ...(window ? { window: bounds } : {}) }
  return Object.entries(all)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ')
}
