/** Fields of one name and several types: no value is NULL without a column that has it, in old and new objects. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { sampled } from '@sluice/test-kit/sampled'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { DataReader } from '#runtime/pipeline'
import { logRecord } from '#runtime/test/support/records'
import { buildHistoryResources } from '../../../../infra/plugins/history-plugin.ts'
import { listColumns } from '../../../../lib/history/columns.ts'
import { decodeColumns, encodeRows, rowsFrom } from '../../../../lib/history/parquet.ts'
import { toHistoryRows, toOriginalRecord } from '../../../../lib/history/row.ts'
import type { TypeSchema } from '../../../../lib/schemas/json-schema.ts'
import type { Families } from '../../../../lib/telemetry/families.ts'
import { NAMES, parseFamilies } from '../../../support/families.ts'
import { addObject, MemoryHistory } from '../../../support/memory-history.ts'
import { askQuestion, privateFolder } from './support.ts'

const toFamily = (name: string, declared: string) =>
  `family: ${name}\nentity: { source: '/${name}', subject: '{id}' }\n${declared}\n`
const LOGS = toFamily('logs', 'fields: { message: {} }\nstates: { level: [info, error] }')
const TANKS = toFamily('tanks', 'metrics: { level: { unit: m } }')
const COUNTS = toFamily('counts', 'metrics: { level: { type: integer } }')
const EACH = [LOGS, TANKS, COUNTS]
const TIME = Date.parse('2026-11-25T09:00:00Z')

const reading = (offset: number, family: string, data: object): LogRecord => {
  const event: Event = {
    ...{ id: `r${offset}`, source: `/${family}`, type: `io.acme.${family}.reading.v1`, subject: 'x' },
    ...{ datacontenttype: 'application/json', data: { id: 'x', ...data } },
  }
  return logRecord(offset, event, { topic: 'readings', timestampMs: TIME + offset })
}

/** Asks with families about objects, each of which was written with families of its time, and records that only Kafka has. */
async function ask(
  families: Families,
  objects: readonly (readonly [Families, readonly LogRecord[]])[],
  records: readonly LogRecord[],
  sql: string,
) {
  const store = new MemoryHistory()
  for (const [then, archived] of objects) await addObject(store, 'readings', archived, then)
  const { rows } = await askQuestion({ records, store }, sql, {}, privateFolder(), families)
  return rows
}

describe('two families with a field of one name', () => {
  const families = parseFamilies(...EACH)
  const records = [
    reading(0, 'logs', { level: 'info', message: 'm' }),
    reading(1, 'tanks', { level: 2.5 }),
    reading(2, 'counts', { level: 4 }),
  ]

  it('given a text and numbers, then the obvious statement has the mean, and the text is beside it', async () => {
    for (const objects of [[], [[families, records]] as const]) {
      const answer = await ask(
        families,
        objects,
        records,
        'SELECT avg(level) AS mean, max(level_text) AS text FROM readings',
      )
      assert.deepEqual(answer, [{ mean: 3.25, text: 'info' }])
    }
  })

  it('given any order of the files, then the columns are the same, also in Athena', () => {
    const describeColumns = (...texts: string[]) => {
      const ordered = parseFamilies(...texts)
      const place = { env: 'test', historyBucket: 'b' } as Parameters<typeof buildHistoryResources>[0]
      const { HistoryReadings } = buildHistoryResources(place, { families: ordered, names: NAMES }) as never
      const { Columns } = (
        HistoryReadings as {
          Properties: { TableInput: { StorageDescriptor: { Columns: { Name: string; Type: string }[] } } }
        }
      ).Properties.TableInput.StorageDescriptor
      const names = listColumns(ordered, 'readings').map(({ name }) => name)
      assert.deepEqual(
        Columns.map(({ Name }) => Name),
        names.filter(name => name !== 'topic'),
      )
      return Columns.map(({ Name, Type }) => `${Name} ${Type}`).sort()
    }
    const all = describeColumns(LOGS, TANKS, COUNTS)
    assert.ok(all.includes('level double') && all.includes('level_text string'))
    for (const texts of [
      [TANKS, COUNTS, LOGS],
      [COUNTS, LOGS, TANKS],
      [COUNTS, TANKS, LOGS],
    ])
      assert.deepEqual(describeColumns(...texts), all)
  })
})

describe('objects of a time when the families were others', () => {
  const SQL = 'SELECT level, level_text FROM readings ORDER BY "offset"'
  const [old, now] = [parseFamilies(LOGS), parseFamilies(...EACH)]
  const text = reading(0, 'logs', { level: 'info' })

  it('given text that had the plain name, then old and new rows are asked for in one statement', async () => {
    const later = [reading(1, 'logs', { level: 'error' }), reading(2, 'tanks', { level: 2 })]
    assert.deepEqual(
      await ask(
        now,
        [
          [old, [text]],
          [now, later],
        ],
        [],
        SQL,
      ),
      [
        { level: null, level_text: 'info' },
        { level: null, level_text: 'error' },
        { level: 2, level_text: null },
      ],
    )
    assert.deepEqual(
      await ask(
        old,
        [
          [old, [text]],
          [now, later],
        ],
        [],
        SQL.replace('level,', 'level, level_number,'),
      ),
      [
        { level: 'info', level_number: null, level_text: null },
        { level: null, level_number: null, level_text: 'error' },
        { level: null, level_number: 2, level_text: null },
      ],
    )
  })

  it('given a field whose type was changed, then its old values are beside the new ones', async () => {
    const changed = parseFamilies(toFamily('logs', 'metrics: { level: {} }'))
    const next = reading(1, 'logs', { level: 3 })
    assert.deepEqual(await ask(changed, [[old, [text]]], [next], SQL), [
      { level: null, level_text: 'info' },
      { level: 3, level_text: null },
    ])
    const waiting = `SELECT coalesce(level::VARCHAR, rest->>'$.data.level') AS level FROM readings ORDER BY "offset"`
    assert.deepEqual(await ask(changed, [], [text, next], waiting), [{ level: 'info' }, { level: '3.0' }])
  })

  it('given a field that the families have no more, then its values are still there', async () => {
    assert.deepEqual(
      await ask(
        parseFamilies(COUNTS),
        [[old, [reading(0, 'logs', { message: 'm' })]]],
        [],
        'SELECT message FROM readings',
      ),
      [{ message: 'm' }],
    )
  })
})

it('given types of inputs whose fields differ, then each kind has a column', async () => {
  const schema = (type: string): TypeSchema['schema'] =>
    ({ type: 'object', properties: { level: { type } } }) as never
  const brought = [
    { type: 'a', schema: schema('string') },
    { type: 'b', schema: schema('number') },
  ] as unknown as TypeSchema[]
  const event = (offset: number, type: string, level: unknown) =>
    logRecord(
      offset,
      { id: `${offset}`, source: '/s', type, datacontenttype: 'application/json', data: { level } },
      { topic: 'events' },
    )
  const { rows } = await askQuestion(
    { records: [event(0, 'a', 'high'), event(1, 'b', 2.5)], brought },
    'SELECT level, level_text FROM events ORDER BY "offset"',
  )
  assert.deepEqual(rows, [
    { level: null, level_text: 'high' },
    { level: 2.5, level_text: null },
  ])
})

describe('given any families of two times, when all columns are asked for', () => {
  const NAMED = [
    'level',
    'level_text',
    'level_text_text',
    'windSpeed',
    'wind_speed',
    'topic',
    'place.site',
    'place',
    'place_site',
  ]
  const KINDS = { number: 2.5, integer: 3, text: 't', state: 'on' }
  type Kind = keyof typeof KINDS
  type Declared = Readonly<Record<string, Kind>>

  const toText = (name: string, declared: Declared) => {
    const of = (...kinds: Kind[]) => Object.entries(declared).filter(([, kind]) => kinds.includes(kind))
    // Only fields can be within others.
    const isField = ([path, kind]: [string, Kind]) => kind === 'text' || path.includes('.')
    const metrics = of('number', 'integer')
      .filter(entry => !isField(entry))
      .map(([path, kind]) => `  ${path}: { type: ${kind} }`)
    const states = of('state')
      .filter(entry => !isField(entry))
      .map(([path]) => `  ${path}: any`)
    const fields = Object.entries(declared)
      .filter(isField)
      .map(([path, kind]) => `  ${path}: { type: ${typeof KINDS[kind] === 'number' ? 'number' : 'text'} }`)
    const part = (key: string, lines: string[]) => (lines.length > 0 ? `${key}:\n${lines.join('\n')}\n` : '')
    return toFamily(
      name,
      `${part('fields', fields)}${part('states', states)}${part('metrics', ['  own: {}', ...metrics])}`,
    )
  }
  const toData = (declared: Declared) => {
    const data: Record<string, unknown> = { own: 1 }
    for (const [path, kind] of Object.entries(declared)) {
      const [outer = '', inner] = path.split('.')
      if (inner === undefined) data[outer] ??= KINDS[kind]
      else data[outer] = { [inner]: KINDS[kind] }
    }
    return data
  }
  const declared = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...NAMED), fc.constantFrom(...(Object.keys(KINDS) as Kind[]))),
    { selector: ([path]) => path.split('.')[0] as string, maxLength: 4 },
  )
  const families = fc.array(
    declared.map(entries => Object.fromEntries(entries) as Declared),
    { minLength: 1, maxLength: 3 },
  )

  it('then each value is in one, or in rest, and rows give their records back', async () => {
    await fc.assert(
      fc.asyncProperty(families, families, async (before, after) => {
        const [then, now] = [before, after].map(all =>
          parseFamilies(...all.map((declaration, index) => toText(`f${index}`, declaration))),
        )
        assert.ok(then && now)
        const records = [before, after].map((all, time) =>
          all.map((declaration, index) => reading(time * 10 + index, `f${index}`, toData(declaration))),
        )
        const [old = [], next = []] = records
        const rows = await ask(
          now,
          [
            [then, old],
            [now, next],
          ],
          [],
          'SELECT * FROM readings ORDER BY "offset"',
        )
        const isOneColumn = (...paths: string[]) =>
          new Set(paths.map(path => toColumn(path).replaceAll('_text', ''))).size === 1
        const toColumn = (path: string) => path.replace('.', '_').replace('S', '_s').toLowerCase()
        for (const [index, declaration] of [...before, ...after].entries()) {
          const shown = Object.entries(rows[index] ?? {})
          for (const [path, kind] of Object.entries(declaration)) {
            const isShown = shown.some(
              ([column, value]) =>
                column.replace(/^data_/, '').startsWith(toColumn(path)) && value === KINDS[kind],
            )
            // One schema can have two fields for one column.
            const isTaken = Object.keys(declaration).some(other => other !== path && isOneColumn(other, path))
            const isRest = isTaken && String(rows[index]?.rest).includes(JSON.stringify(KINDS[kind]))
            assert.ok(isShown || isRest, `${path} of ${JSON.stringify([declaration, rows[index]])}`)
          }
        }
        const reader: DataReader = { read: event => event, prepare: async () => {} }
        const read = ({ value }: LogRecord) => JSON.parse(String(value))
        for (const [written, all, of] of [
          [then, old, before],
          [now, next, after],
        ] as const) {
          const bytes = encodeRows(written, 'readings', await toHistoryRows(all, reader))
          const back: LogRecord[] = rowsFrom(now, 'readings', await decodeColumns(bytes)).map(
            toOriginalRecord,
          )
          for (const [index, declaration] of of.entries())
            if (isDeepStrictEqual(declaration, after[index]))
              assert.deepEqual(read(back[index] as LogRecord), read(all[index] as LogRecord))
        }
      }),
      { numRuns: sampled(60) },
    )
  })
})
