import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { type Ran, ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-import-'))
after(() => rmSync(folder, { recursive: true }))

function imported(text: string, ...options: string[]): Promise<Ran> {
  return importedAs('series.csv', text, ...options)
}

function importedAs(name: string, text: string, ...options: string[]): Promise<Ran> {
  writeFileSync(join(folder, name), text)
  return ran(['import', name, ...options], { folder })
}

/** The events that were written: read strictly, and held to their schema. */
function eventsIn(text: string): Event<Record<string, unknown>>[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map(line => {
    const event = readJsonEvent(JSON.parse(line))
    assert.ok(!isFailure(event), line)
    assert.equal(schemaViolation(event.type, event.data), undefined)
    return event as Event<Record<string, unknown>>
  })
}

const FAHRENHEIT = 'timestamp,value\n2026-07-04 00:00:00,32\n2026-07-04 01:00:00,212\n'

describe('a series becomes a stream', () => {
  test('of readings of the family, converted, at their offset', async () => {
    const options = ['--unit', 'F', '--site', 'office', '--utc-offset', '-05:00', '--tenant', 'acme']
    const { status, stdout, stderr } = await imported(FAHRENHEIT, ...options)
    assert.equal(status, 0)
    assert.equal(stderr, 'Imported 2 events (environment temperature, °C), skipped 0 invalid rows\n')
    const [first, second] = eventsIn(stdout)
    assert.equal(first?.time, '2026-07-04T00:00:00-05:00')
    assert.equal(first?.source, '/environment/office')
    assert.equal(first?.subject, 'series')
    assert.deepEqual(first?.data, {
      sensorId: 'series',
      location: { site: 'office', latitude: 0, longitude: 0 },
      tags: { tenant: 'acme' },
      temperature: 0,
    })
    assert.equal(second?.data?.temperature, 100)
  })

  test('of each family', async () => {
    const database = await imported(FAHRENHEIT, '--family', 'database', '--metric', 'activeConnections')
    assert.deepEqual(eventsIn(database.stdout)[0]?.data, {
      databaseType: 'unknown',
      instanceId: 'series',
      tenant: 'default',
      activeConnections: 32,
    })
    const device = await imported(FAHRENHEIT, '--family', 'device', '--entity', 'band', '--unit', 'g')
    assert.deepEqual(eventsIn(device.stdout)[0]?.data, {
      deviceId: 'band',
      model: 'unknown',
      x: 32 * 9.80665,
    })
  })

  test('with other columns, in another order, quoted, with a byte order applied offset and all line ends', async () => {
    const text =
      '\uFEFFnote,"v",at\r\n"a, ""b""",1,2026-01-01T00:00Z\n\n"two\nlines",2,2026-01-01 00:00:01.5 +0130\r'
    const { stdout } = await imported(text, '--timestamp-column', 'at', '--value-column', 'v')
    const events = eventsIn(stdout)
    assert.deepEqual(
      events.map(({ time, data }) => [time, data?.temperature]),
      [
        ['2026-01-01T00:00:00Z', 1],
        ['2026-01-01T00:00:01.5+01:30', 2],
      ],
    )
  })

  test('of several entities in one file, by the column that names them', async () => {
    const text =
      'sensor,timestamp,value\n a ,2026-01-01 00:00:00,1\nb,2026-01-01 00:00:00,2\n,2026-01-01 00:00:00,3\n'
    const { stdout, stderr } = await imported(text, '--entity-column', 'sensor', '--skip-invalid')
    assert.deepEqual(
      eventsIn(stdout).map(({ subject, data }) => [subject, data?.temperature]),
      [
        ['a', 1],
        ['b', 2],
      ],
    )
    assert.match(stderr, /^series\.csv:4: the row has no entity: skipped$/m)
    const both = await imported(text, '--entity-column', 'sensor', '--entity', 'a')
    assert.deepEqual([both.status, both.stdout], [2, ''])
    assert.match(both.stderr, /--entity names one entity .* use only one of them/)
    const missing = await imported(text, '--entity-column', 'id')
    assert.match(missing.stderr, /the header has no column id; it has: sensor, timestamp, value/)
  })

  test('several files go into one stream, each an entity of its own', async () => {
    writeFileSync(join(folder, 'b.csv'), FAHRENHEIT)
    const { stdout } = await importedAs('a.csv', FAHRENHEIT, 'b.csv')
    assert.deepEqual(
      eventsIn(stdout).map(({ subject }) => subject),
      ['a', 'a', 'b', 'b'],
    )
  })

  test('in a file', async () => {
    const { status, stdout } = await imported(FAHRENHEIT, '--output', 'out.jsonl')
    assert.deepEqual([status, stdout], [0, ''])
    assert.equal(eventsIn(readFileSync(join(folder, 'out.jsonl'), 'utf8')).length, 2)
  })
})

describe('ids', () => {
  const REPEATED = 'timestamp,value\n2026-01-01,1\n2026-01-01,1\n'
  const ids = async (name: string, ...options: string[]) =>
    eventsIn((await importedAs(name, REPEATED, ...options)).stdout).map(({ id }) => id)

  test('are the same for the same file, and differ between rows that are alike', async () => {
    const once = await ids('r.csv')
    assert.equal(new Set(once).size, 2)
    assert.deepEqual(await ids('r.csv'), once)
  })

  test('differ where the events differ, or the file has another name', async () => {
    const all = [
      await ids('r.csv'),
      await ids('q.csv', '--entity', 'r'),
      await ids('r.csv', '--entity', 's'),
      await ids('r.csv', '--unit', 'K'),
      await ids('r.csv', '--utc-offset', '+01:00'),
      await ids('r.csv', '--metric', 'humidity'),
    ].flat()
    assert.equal(new Set(all).size, all.length)
  })
})

test('a header with a column twice is refused, by every way to read the file', async () => {
  const table = (header: string) => `${header}\n2026-01-01T00:00:00Z,1,2\n`
  for (const twice of ['timestamp,value,value', 'timestamp,value, value ']) {
    const { status, stderr } = await imported(table(twice), '--skip-invalid')
    assert.equal(status, 1)
    assert.match(stderr, /^series\.csv:1: the header has the column value twice/)
  }
  assert.equal((await imported(table('timestamp,value,other'))).status, 0)
  const { status, stderr } = await imported(
    table('timestamp,other,other'),
    '--mapping',
    'plain-sensor',
    '--skip-invalid',
  )
  assert.equal(status, 1)
  assert.match(stderr, /^series\.csv:1: the header has the column other twice/)
})

describe('broken rows', () => {
  const BROKEN: [row: string, said: string][] = [
    ['2026-01-01', '1 columns, but the header has 2'],
    ['2026-01-01,1,2', '3 columns, but the header has 2'],
    ['1767225600,1', '"1767225600" is not a timestamp such as 2026-01-31 13:45:00'],
    ['2026-02-30,1', '"2026-02-30" is not a timestamp such as 2026-01-31 13:45:00'],
    ['2026-01-01,', '"" must be a number'],
    ['2026-01-01,NaN', '"NaN" must be a number'],
    ['2026-01-01,"1,5"', '"1,5" must be a number'],
    [`2026-01-01,${'1'.repeat(1_001)}`, `"${'1'.repeat(40)}…" must be a number of at most 1000 characters`],
    ['2026-01-01,1e999', 'temperature must be number (from "2026-01-01", "1e999")'],
  ]
  for (const [row, said] of BROKEN)
    test(row.slice(0, 40), async () => {
      const text = `timestamp,value\n2026-01-01,1\n${row}\n2026-01-01,2\n`
      const stopped = await imported(text)
      assert.equal(stopped.status, 1)
      assert.ok(stopped.stderr.startsWith(`series.csv:3: ${said}\n`), stopped.stderr)
      assert.match(stopped.stderr, /only the 1 event before it is written/)
      assert.equal(eventsIn(stopped.stdout).length, 1)
      const skipped = await imported(text, '--skip-invalid')
      assert.equal(skipped.status, 0)
      assert.ok(skipped.stderr.startsWith(`series.csv:3: ${said}: skipped\n`), skipped.stderr)
      assert.match(skipped.stderr, /Imported 2 events .* skipped 1 invalid row\n$/)
      assert.equal(eventsIn(skipped.stdout).length, 2)
    })

  test('what the schema refuses is refused', async () => {
    const { status, stderr } = await imported('timestamp,value\n2026-01-01,101\n', '--metric', 'humidity')
    assert.equal(status, 1)
    assert.match(stderr, /^series\.csv:2: humidity must be <= 100/)
  })

  for (const [text, said] of [
    ['', 'series.csv:1: the file has no header\n'],
    ['time,v\n', 'series.csv:1: the header has no column timestamp and no value; it has: time, v\n'],
    [
      'timestamp,value\n2026-01-01,1\n2026-01-01,"1\n2026-01-01,1\n',
      'series.csv:3: a quote that opens here is not closed\n',
    ],
  ] as const)
    test(`cannot be skipped: ${said.trim()}`, async () => {
      const { status, stderr } = await imported(text, '--skip-invalid')
      assert.equal(status, 1)
      assert.ok(stderr.startsWith(said), stderr)
    })
})

test('whatever the rows hold, each ends as a valid event or as a named broken row', async () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '2026-01-01 00:00:00',
      '2026-01-01T00:00Z',
      '1',
      '-3.5',
      '1e400',
      '"',
      '""',
      '\r',
      '\u0000',
    ),
    fc.string(),
  )
  const row = fc.array(cell, { maxLength: 3 }).map(cells => cells.join(','))
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 6 }), async rows => {
      const { status, stdout, stderr } = await imported(
        `timestamp,value\n${rows.join('\n')}\n`,
        '--skip-invalid',
      )
      assert.doesNotMatch(stderr, /fault of Sluice/)
      assert.ok(status === 0 || /^series\.csv:\d+: a quote/m.test(stderr), stderr)
      eventsIn(stdout)
    }),
    { numRuns: 200 },
  )
})
