/** Reads files with tests of tables, and reports each error with its line. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import validators from '../../../schemas/compiled-view-tests.js'
import { positionsIn } from '../../alerting/rule-positions.ts'
import { parseDuration } from '../../duration.ts'
import { byPosition, type FilePath, type LocatedError } from '../../file-errors.ts'
import { StatementError } from '../../views/language/statement-error.ts'
import type { Scalar, ViewPlan } from '../../views/plan.ts'
import { yamlDocument } from '../../yaml-document.ts'
import { OperationFailure } from '../failure.ts'
import { fileFailure } from '../file-failure.ts'
import { schemaFaults } from '../rule-tests/schema-faults.ts'
import { planOf } from './statements.ts'

export interface ViewTestFile {
  readonly file: string
  readonly plan: ViewPlan
  readonly tests: readonly ViewTest[]
}

export interface ViewTest {
  readonly name: string
  /** Line number at which the test starts, counted from 1. */
  readonly line: number
  readonly records: readonly TestRecord[]
  /** Expectations in the order of their times. */
  readonly expect: readonly ViewExpectation[]
}

/** Record of a test. Times are in milliseconds since the start of the test. */
export interface TestRecord {
  readonly timeMs: number
  readonly type: string
  readonly source?: string
  readonly subject?: string
  readonly id?: string
  readonly data: object
}

export interface ViewExpectation {
  readonly line: number
  readonly table: string
  /** Time until which records are applied; infinity for all records. */
  readonly atMs: number
  readonly late?: number
  readonly rows: readonly ExpectedRow[]
}

/** Columns of an expected row. Only these are compared. */
export interface ExpectedRow {
  readonly window?: { readonly start?: number; readonly end?: number; readonly final?: boolean }
  readonly columns: Readonly<Record<string, Scalar | readonly Scalar[]>>
}

interface RawFile {
  readonly statements: string
  readonly tests: readonly {
    readonly name: string
    readonly records: readonly (Omit<TestRecord, 'timeMs'> & { readonly time: unknown })[]
    readonly expect: readonly {
      readonly table: string
      readonly at?: unknown
      readonly late?: number
      readonly rows: readonly RawRow[]
    }[]
  }[]
}

type RawRow = ExpectedRow['columns'] & {
  readonly window?: { readonly start?: unknown; readonly end?: unknown; readonly final?: boolean }
}

/**
 * Reads a test file and the statements that it names.
 *
 * @param path path of the file
 * @param shown file name in messages
 * @throws OperationFailure if the file cannot be read
 */
export async function readViewTests(
  path: string,
  shown: string,
): Promise<{ readonly faults: readonly LocatedError[]; readonly tests?: ViewTestFile }> {
  const text = await readFile(path, 'utf8').catch(error => {
    throw fileFailure(shown, error)
  })
  const yaml = yamlDocument(text)
  if ('message' in yaml) return { faults: [{ file: shown, ...yaml }] }
  const position = positionsIn(text)
  const fault = (at: FilePath, message: string): LocatedError => {
    return { file: shown, ...position(at), key: at.join('.'), message }
  }
  const violations = schemaFaults(yaml.content, validators['io.sluice.view-tests.v1'])
  if (violations.length > 0)
    return { faults: violations.map(one => fault(one.path, one.message)).sort(byPosition) }
  const { statements, tests } = yaml.content as RawFile
  try {
    const plan = await planOf(join(dirname(path), statements), join(dirname(shown), statements))
    const faults = tests.flatMap(({ expect }, index) =>
      expect.flatMap((one, place) => {
        const at = ['tests', index, 'expect', place]
        const columns = plan.tables.find(({ name }) => name === one.table)?.columns.map(({ name }) => name)
        if (!columns) return [fault([...at, 'table'], `the statements have no table ${one.table}`)]
        return one.rows.flatMap((row, of) =>
          Object.keys(row)
            .filter(name => name !== 'window' && !columns.includes(name))
            .map(name =>
              fault([...at, 'rows', of, name], `${one.table} has the columns ${columns.join(', ')}`),
            ),
        )
      }),
    )
    const lineOf = (at: FilePath) => position(at).line
    if (faults.length > 0) return { faults }
    return {
      faults,
      tests: { file: shown, plan, tests: tests.map((one, index) => testOf(one, index, lineOf)) },
    }
  } catch (error) {
    if (error instanceof StatementError) return { faults: [error.located] }
    if (error instanceof OperationFailure) return { faults: [fault(['statements'], error.message)] }
    throw error
  }
}

function testOf(
  { name, records, expect }: RawFile['tests'][number],
  index: number,
  lineOf: (at: FilePath) => number,
): ViewTest {
  const expected = expect.map(({ table, at, late, rows }, place) => ({
    ...{ table, line: lineOf(['tests', index, 'expect', place]), rows: rows.map(rowOf) },
    ...(late === undefined ? {} : { late }),
    atMs: at === undefined ? Number.POSITIVE_INFINITY : offsetOf(at),
  }))
  return {
    name,
    line: lineOf(['tests', index]),
    records: records.map(({ time, ...record }) => ({ ...record, timeMs: offsetOf(time) })),
    expect: expected.sort((a, b) => (a.atMs === b.atMs ? 0 : a.atMs - b.atMs)),
  }
}

function rowOf({ window, ...columns }: RawRow): ExpectedRow {
  if (!window) return { columns }
  const { start, end, final } = window
  return {
    columns,
    window: {
      ...(start === undefined ? {} : { start: offsetOf(start) }),
      ...(end === undefined ? {} : { end: offsetOf(end) }),
      ...(final === undefined ? {} : { final }),
    },
  }
}

/** Parses an offset whose form is valid according to the schema. `0m` is accepted for the start. */
function offsetOf(raw: unknown): number {
  return /^0[dhms]?$/.test(String(raw)) ? 0 : (parseDuration(raw) ?? Number.POSITIVE_INFINITY)
}
