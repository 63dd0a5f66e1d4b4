/** Runs a test case of ksqlDB in memory, with Sluice's language and its consumer `views`. */
import { isDeepStrictEqual } from 'node:util'
import type { EmitOptions } from '#runtime/consumer'
import { type CompiledTable, viewsInForce } from '../../lib/views/compiled-table.ts'
import { rowSource, type ViewChanged, type ViewRow } from '../../lib/views/event-names.ts'
import { rowsOfGroup } from '../../lib/views/group-rows.ts'
import { type GroupState, groupStep } from '../../lib/views/group-step.ts'
import { compilePlan } from '../../lib/views/language/compile-plan.ts'
import { compileSelect } from '../../lib/views/language/compile-select.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { StatementError } from '../../lib/views/language/statement-error.ts'
import type { ActivatedPlan, Scalar, TablePlan } from '../../lib/views/plan.ts'
import { createActivatedPlan } from '../../lib/views/plan-activation.ts'
import { computePublication } from '../../lib/views/publication.ts'
import { type EntityClock, regroupEvent } from '../../lib/views/regrouping.ts'
import { FAMILIES } from '../support/families.ts'

/** Record of a topic, in the form of the suites. */
interface SuiteRecord {
  readonly topic: string
  readonly timestamp?: number
  readonly key?: unknown
  readonly value?: unknown
  readonly window?: { readonly start: number; readonly end: number }
}

export interface KsqlCase {
  readonly name: string
  readonly statements: readonly string[]
  readonly inputs?: readonly SuiteRecord[]
  readonly outputs?: readonly SuiteRecord[]
  readonly topics?: readonly { readonly keySchema?: unknown }[]
  /** Answers of the REST suite, one for each statement. */
  readonly responses?: readonly { readonly query?: readonly QueryPart[] }[]
}

interface QueryPart {
  readonly row?: { readonly columns: readonly unknown[] }
}

/**
 * Outcome of a case. `lacking`: a statement has a form, a function or a type that the language lacks. `refused`: the language has them,
 * but not in this use. `apart`: the case is about more than this harness compares. `detail` is the reason, or the first difference.
 */
export interface CaseResult {
  readonly outcome: 'equal' | 'different' | 'lacking' | 'refused' | 'apart' | 'failed'
  readonly detail: string
}

/** Row with its columns by name, in upper case unless quoted; null for a row that has ended. */
type Row = Readonly<Record<string, unknown>> | null

/** Returns the outcome of a case that has outputs or answers to compare. */
export function runKsqlCase(given: KsqlCase): CaseResult {
  try {
    const { actual, expected } = given.responses ? askQuestions(given) : collectOutputs(given)
    const at = expected.findIndex((row, i) => !isDeepStrictEqual(row, actual[i]))
    if (at < 0 && actual.length === expected.length) return { outcome: 'equal', detail: '' }
    const [wanted, got] = [expected, actual].map(rows => JSON.stringify(rows[Math.max(at, 0)]))
    const detail =
      at < 0 ? `${actual.length} rows, not ${expected.length}` : `row ${at + 1}: ${got}, not ${wanted}`
    return { outcome: 'different', detail }
  } catch (error) {
    return { outcome: toOutcome(error), detail: String((error as Error).message).split('\n')[0] ?? '' }
  }
}

/** A case whose results this harness does not compare. */
class CaseApart extends Error {}

/** Messages about a use of a form that the language has. Others are about forms, functions and types that it lacks. */
const REFUSED =
  /no bound|at least one second|cannot be kept exactly|rows only as they come|RFC 3339|the time of the event/

function toOutcome(error: unknown): CaseResult['outcome'] {
  if (error instanceof CaseApart) return 'apart'
  if (!(error instanceof StatementError)) return 'failed'
  return REFUSED.test(error.problem) ? 'refused' : 'lacking'
}

/** Compares what the last statement of a case writes. */
function collectOutputs({ statements, inputs = [], outputs = [], topics = [] }: KsqlCase) {
  const text = statements.join('\n')
  const stream = /CREATE\s+STREAM\s+(\S+)\s+AS\s+(SELECT[^;]+);?\s*$/i.exec(text)
  const { plan, events, keys } = readCase(stream ? text.slice(0, stream.index) : text, inputs)
  const sink = stream?.[1] ?? plan.tables.at(-1)?.name ?? ''
  const expected = outputs.filter(
    ({ topic }) => topic.toLowerCase() === sink.replaceAll('`', '').toLowerCase(),
  )
  if (expected.length < outputs.length) throw new CaseApart('it writes more than one topic')
  const selection =
    stream && compileSelect(`${stream[2]?.replace(/\sEMIT\s+CHANGES\s*$/i, '')} EMIT CHANGES`, plan, parse)
  if (selection && !('stream' in selection)) throw new CaseApart('a stream reads a table')
  const rows: { readonly key: object; readonly value: Row; readonly window?: object }[] = []
  let keyNames: readonly string[] = []
  if (selection) {
    const [query] = parse(stream?.[2] ?? '')
    const items = query?.kind === 'select' ? query.items : null
    const isKey = (i: number, name: string) => {
      const value = items?.[i]?.value
      return keys.some(key => isSameName(key, items ? (value?.kind === 'name' ? value.name : '') : name))
    }
    const names = selection.columns.map(({ name }, i) => (isKey(i, name) ? undefined : name))
    const ofKey = selection.columns.flatMap(({ name }, i) => (names[i] === undefined ? [{ name, i }] : []))
    keyNames = ofKey.map(({ name }) => name)
    for (const event of events.filter(({ type }) => selection.stream.types?.includes(type))) {
      const values = selection.selectEvent(event)
      if (!values) continue
      const key = toKey(
        ofKey.map(({ i }) => values[i]),
        keyNames,
      )
      rows.push({ key, value: toRow(names, values) })
    }
  } else {
    const table = plan.tables.at(-1) as TablePlan
    keyNames = table.group.map(({ name }) => name)
    for (const { key, row, window, tombstone } of applyEvents(plan, events).changes) {
      const names = table.columns.filter(({ isKey }) => !isKey).map(({ name }) => name)
      const bounds = window && { start: normalize(window.start), end: normalize(window.end) }
      rows.push({
        key: toKey(key, keyNames),
        value: tombstone
          ? null
          : toRow(
              names,
              names.map(name => row[name]),
            ),
        ...(bounds && { window: bounds }),
      })
    }
  }
  if (keyNames.length === 0 && topics.some(({ keySchema }) => keySchema))
    throw new CaseApart('the columns of its key come from a schema registry')
  const shaped = expected.map(({ key, value, window }, i) => ({
    key: toKey(key, keyNames),
    value: toExpectedRow(value, Object.keys(rows[i]?.value ?? {})),
    ...(window && { window: { start: window.start, end: window.end } }),
  }))
  return { actual: rows, expected: shaped }
}

/** Compares the rows that the questions of a case are answered with. */
function askQuestions({ statements, inputs = [], responses = [] }: KsqlCase) {
  const isQuestion = (text: string) => /^\s*SELECT\s/i.test(text)
  const { plan, events } = readCase(statements.filter(text => !isQuestion(text)).join('\n'), inputs)
  const { changes, states } = applyEvents(plan, events)
  const [actual, expected]: [unknown[], unknown[]] = [[], []]
  for (const [i, text] of statements.entries()) {
    if (!isQuestion(text)) continue
    const selection = compileSelect(text, plan, parse)
    const found =
      'stream' in selection
        ? events
            .filter(({ type }) => selection.stream.types?.includes(type))
            .map(event => selection.selectEvent(event))
        : selection.isPush
          ? changes
              .filter(({ table }) => table === selection.table.name)
              .map(change => selection.selectChange(change))
          : states(selection.table).flatMap(([group, state]) =>
              rowsOfGroup(selection.table, group, state).map(row => selection.selectRow(row)),
            )
    const answers = found.filter(values => values !== undefined).slice(0, selection.limit)
    const rows = (responses[i]?.query ?? []).flatMap(({ row }) => (row ? [row.columns] : []))
    const sort = (all: readonly unknown[]) =>
      selection.isPush ? all : all.map(row => JSON.stringify(row)).toSorted()
    expected.push(...sort(rows.map(columns => columns.map(normalize))))
    actual.push(...sort(answers.map(values => values.map(normalize))))
  }
  return { actual, expected }
}

/** Compiles the statements of a case, each stream over event types of its own, and makes events of its records. */
function readCase(text: string, inputs: readonly SuiteRecord[]) {
  const keys: string[] = []
  const sources = new Map<
    string,
    {
      readonly words: ReadonlyMap<string, string>
      readonly keys: string[]
      readonly columns: readonly (readonly [name: string, type: string])[]
    }
  >()
  const declared = text.replaceAll(
    /(CREATE\s+(?:OR\s+REPLACE\s+)?STREAM\s+(?:IF\s+NOT\s+EXISTS\s+)?\S+\s*)\(((?:[^()]|\([^()]*\))*)\)\s*WITH\s*\(([^)]*)\)/gi,
    (_, head: string, columns: string, properties: string) => {
      const topic = /kafka_topic\s*=\s*'([^']+)'/i.exec(properties)?.[1] ?? ''
      const own = [...columns.matchAll(/(`[^`]+`|\w+)\s+[^,]*?\bKEY\b/gi)].map(([, name = '']) =>
        name.replaceAll('`', ''),
      )
      // The first word wins: a column `Key` stands before its keyword KEY.
      const words = new Map(
        [...columns.matchAll(/\w+/g)].toReversed().map(([word]) => [word.toLowerCase(), word]),
      )
      const names = [
        ...columns.replaceAll(/<[^>]*(?:<[^>]*>[^>]*)*>/g, '').matchAll(/(?:^|,)\s*`?(\w+)`?\s+(\w+)/g),
      ]
      sources.set(topic, { words, keys: own, columns: names.map(([, name = '', type = '']) => [name, type]) })
      keys.push(...own)
      const time = /[\s,(]timestamp\s*=\s*'[^']+'/i.exec(` ${properties}`)?.[0].replace(/^[\s,(]/, ', ') ?? ''
      return `${head} (${columns.replaceAll(/\(\s*\d+\s*(?:,\s*\d+\s*)?\)/g, '')}) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', TYPE = 'test.${topic}'${time})`
    },
  )
  // ksqlDB's tests name formats and topics of what is written, which say nothing of its rows.
  const plain = declared.replaceAll(
    /(CREATE\s+(?:TABLE|STREAM)\s+\S+)\s+WITH\s*\([^)]*\)\s*(?=AS\s)/gi,
    '$1 ',
  )
  const types = [...sources.keys()].map(topic => `test.${topic}`)
  const plan = compilePlan(FAMILIES, [{ name: 'case.sql', text: plain }], parse)
  const events = inputs.map(({ topic, timestamp = 0, key, value }, i) => {
    const source = sources.get(topic)
    const rename = (part: unknown): unknown =>
      Array.isArray(part)
        ? part.map(rename)
        : part !== null && typeof part === 'object'
          ? Object.fromEntries(
              Object.entries(part).map(([name, of]) => [
                source?.words.get(name.toLowerCase()) ?? name,
                rename(of),
              ]),
            )
          : part
    const columns = source?.columns ?? []
    const types = new Map(columns)
    const fields = isRecord(value)
      ? value
      : splitLine(
          value,
          columns.filter(([name]) => !source?.keys.includes(name)),
        )
    const keyFields = isRecord(key)
      ? key
      : splitLine(
          unquote(key),
          columns.filter(([name]) => source?.keys.includes(name)),
        )
    const data = Object.entries({ ...(rename(fields) as object), ...(rename(keyFields) as object) })
    return {
      ...{ id: String(i).padStart(6, '0'), type: `test.${topic}`, source: '/test', subject: 'all' },
      ...{ timeMs: timestamp, time: toInstant(timestamp), datacontenttype: 'application/json' },
      data: Object.fromEntries(data.map(([name, value]) => [name, readTyped(value, types.get(name))])),
    }
  })
  return { plan: createActivatedPlan(plan, []), events, keys, types }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Returns the columns of a value that is not an object: the texts of a delimited line, or the only column. */
function splitLine(
  value: unknown,
  columns: readonly (readonly [name: string, type: string])[],
): Readonly<Record<string, unknown>> {
  const parts = typeof value === 'string' && columns.length > 1 ? value.split(',') : [value]
  return Object.fromEntries(columns.map(([name], i) => [name, parts[i] ?? null]))
}

/** Returns a text as the type of its column, as ksqlDB's formats read it. */
function readTyped(value: unknown, type = 'VARCHAR'): unknown {
  if (typeof value !== 'string' || /^(?:VARCHAR|STRING|STRUCT)$/i.test(type)) return value
  if (value.trim() === '') return null
  return /^BOOLEAN$/i.test(type) ? /^true$/i.test(value) : Number(value)
}

/** Change of a table, and the state of each group after it. */
interface AppliedEvents {
  readonly changes: readonly (ViewChanged & { readonly key: readonly Scalar[] })[]
  readonly states: (table: TablePlan) => readonly (readonly [group: readonly Scalar[], state: GroupState])[]
}

/**
 * Applies events to the tables of a plan. As in the suites, every row is a change of its own: the second for which the consumer
 * collects changes is over at each row.
 */
function applyEvents(plan: ActivatedPlan, events: ReturnType<typeof readCase>['events']): AppliedEvents {
  const context = viewsInForce(plan)
  const changes: (ViewChanged & { readonly key: readonly Scalar[] })[] = []
  const states = new Map<string, { readonly source: string; readonly state: GroupState }>()
  const clocks = new Map<string, EntityClock | undefined>()
  const add = (source: string, subject: string, nowMs: number, row?: Parameters<typeof groupStep>[3]) => {
    const table = context.bySource.get(source) as CompiledTable
    const { e: _, d: __, ...before } = states.get(`${source} ${subject}`)?.state ?? { w: [] }
    const counted = groupStep(table, before, nowMs, row)
    const published = computePublication(table, JSON.parse(subject), before, counted)
    if (published.state) states.set(`${source} ${subject}`, { source, state: published.state })
    // Kafka Streams has no window that begins before the epoch.
    for (const { row, isEnd } of published.changes.filter(({ row }) => (row.window?.startMs ?? 0) >= 0))
      changes.push({
        ...{
          table: table.plan.name,
          generation: table.plan.generation,
          row: row.values,
          key: JSON.parse(subject),
        },
        ...(row.window && {
          window: { start: toInstant(row.window.startMs), end: toInstant(row.window.endMs) },
        }),
        ...(row.isFinal && { final: true }),
        ...(isEnd && { tombstone: true }),
      })
  }
  for (const event of events) {
    const types = new Map(events.map(({ type }) => [type, { topic: 'events' }]))
    const step = {
      context,
      reason: () => {},
      emit: (_: string, __: string, data: ViewRow, { source = '', subject = '' }: EmitOptions) => {
        for (const [entity, { source: own }] of states)
          if (context.bySource.get(own)?.plan.isFinalOnly)
            add(own, entity.slice(own.length + 1), event.timeMs)
        add(source, subject ?? '', event.timeMs, { ...data, timeMs: event.timeMs, id: event.id })
      },
    }
    clocks.set(
      event.type,
      regroupEvent(step as never, types as never, event as never, clocks.get(event.type)),
    )
  }
  return {
    changes,
    states: ({ name, generation }) =>
      [...states].flatMap(([entity, { source, state }]) =>
        source === rowSource(name, generation)
          ? [[JSON.parse(entity.slice(source.length + 1)), state] as const]
          : [],
      ),
  }
}

function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Returns a key by the names of its columns. A key of the suites is an object, a delimited line, or the value of the only column. */
function toKey(key: unknown, names: readonly string[]): object {
  if (isRecord(key))
    return Object.fromEntries(Object.entries(normalize(key) as object).filter(([, value]) => value !== null))
  const isLine = typeof key === 'string' && names.length > 1
  const values: readonly unknown[] = Array.isArray(key) ? key : isLine ? key.split(',') : [key]
  const columns = values.map((value, i) => [
    names[i]?.toUpperCase() ?? `column ${i + 1}`,
    normalize(unquote(value)),
  ])
  return Object.fromEntries(columns.filter(([, value]) => value !== null))
}

/** Returns a text of a delimited line without its quotes. */
function unquote(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^"(.*)"$/, '$1') : value
}

/** Returns a row of columns. A column without a name belongs to the key. A row of nulls is a record without a value. */
function toRow(names: readonly (string | undefined)[], values: readonly unknown[]): Row {
  const columns = names.flatMap((name, i) =>
    name === undefined ? [] : [[name.toUpperCase(), normalize(values[i])] as const],
  )
  return columns.every(([, value]) => value === null) ? null : Object.fromEntries(columns)
}

/** Returns a row of a suite under the columns that ours has; those of a delimited line in their order. */
function toExpectedRow(value: unknown, columns: readonly string[]): Row {
  if (value === null || value === undefined) return null
  const named = isRecord(value)
    ? Object.entries(value)
    : String(value)
        .split(',')
        .map((text, i) => [columns[i] ?? '', text] as const)
  const values = new Map(named.map(([name, of]) => [name.toUpperCase(), of]))
  const names = [...new Set([...columns, ...values.keys()])]
  return toRow(
    names,
    names.map(name => values.get(name)),
  )
}

/** Returns a value in a form that is the same on both sides: numbers as numbers, times in milliseconds. */
function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize)
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, of]) => [name.toUpperCase(), normalize(of)]))
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/.test(value)) return Number(value)
  if (typeof value === 'string' && /^\d{4}-.*Z$/.test(value)) return Date.parse(value)
  if (value === 'true' || value === 'false') return value === 'true'
  return value === '' ? null : (value ?? null)
}
