import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { isFailure, readJsonEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { FAMILIES } from '../../support/families.ts'
import { type Ran, ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-import-'))
after(() => rmSync(folder, { recursive: true }))

function imported(name: string, text: string, ...options: string[]): Promise<Ran> {
  writeFileSync(join(folder, name), text)
  return ran(['import', name, ...options], { folder })
}

function writeMapping(name: string, unit: string): string {
  writeFileSync(
    join(folder, name),
    `family: environment
time: { from: timestamp, timeZone: UTC }
fields:
  sensorId: { constant: s }
  location.site: { constant: office }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
  temperature: { from: value, unit: ${unit} }
`,
  )
  return name
}

const CELSIUS = writeMapping('celsius.yaml', '°C')
const KELVIN = writeMapping('kelvin.yaml', 'K')

/** The events that were written: read strictly, and held to their schema. */
function listEvents(text: string): Event<Record<string, unknown>>[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map(line => {
    const event = readJsonEvent(JSON.parse(line))
    assert.ok(!isFailure(event), line)
    assert.equal(schemaViolation(FAMILIES, event.type, event.data), undefined)
    return event as Event<Record<string, unknown>>
  })
}

describe('ids', () => {
  const REPEATED = 'timestamp,value\n2026-01-01 08:00,1\n2026-01-01 08:00,1\n'
  const ids = async (name: string, mapping = CELSIUS) =>
    listEvents((await imported(name, REPEATED, '--mapping', mapping)).stdout).map(({ id }) => id)

  test('are the same for the same file, and differ between rows that are alike', async () => {
    const once = await ids('r.csv')
    assert.equal(new Set(once).size, 2)
    assert.deepEqual(await ids('r.csv'), once)
  })

  test('differ where the file has another name, and are those of the record, whatever the mapping makes of it', async () => {
    const once = await ids('r.csv')
    assert.equal(new Set([...once, ...(await ids('q.csv'))]).size, 4)
    assert.deepEqual(await ids('r.csv', KELVIN), once)
  })
})

describe('lines without a time', () => {
  const DEVICE =
    'family: environment\ntime: record\nfields: { sensorId: id, temperature: t, location.site: { constant: a }, location.latitude: { constant: 0 }, location.longitude: { constant: 0 } }\n'

  test('are refused with the way out, and shown with a note', async () => {
    writeFileSync(join(folder, 'record.yaml'), DEVICE)
    const told =
      /mapping record: its `time: record` is that of a record in Kafka, .*`time: \{ from: timestamp \}`/
    for (const [name, text] of [
      ['a.jsonl', '{"id":"a","t":1}\n'],
      ['a.csv', 'id,t\na,1\n'],
    ] as const) {
      const { status, stdout, stderr } = await imported(name, text, '--mapping', './record.yaml')
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, told)
      const tried = await ran(['mappings', 'try', name, '--mapping', './record.yaml'], { folder })
      assert.equal(tried.status, 0)
      assert.match(tried.stdout, /1 record: 1 event/)
      assert.match(tried.stderr, told)
    }
  })

  test('are refused, too, if they are readings already, and those with a time are passed on', async () => {
    const reading = {
      specversion: '1.0',
      id: '1',
      source: '/environment/a',
      subject: 'a',
      type: 'io.sluice.environment.reading.v1',
    }
    const data = { sensorId: 'a', temperature: 1, location: { site: 'a', latitude: 0, longitude: 0 } }
    const { status, stderr } = await imported('e.jsonl', JSON.stringify({ ...reading, data }))
    assert.equal(status, 1)
    assert.match(stderr, /^e\.jsonl:1: the event has no "time"/)
    const timed = await imported(
      'e.jsonl',
      JSON.stringify({ ...reading, time: '2099-01-01T00:00:00Z', data }),
    )
    assert.deepEqual(
      listEvents(timed.stdout).map(({ id }) => id),
      ['1'],
      'a recording can be replayed at any time',
    )
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
        'series.csv',
        `timestamp,value\n${rows.join('\n')}\n`,
        '--mapping',
        CELSIUS,
        '--skip-invalid',
      )
      assert.doesNotMatch(stderr, /fault of Sluice/)
      assert.ok(status === 0 || /^series\.csv:\d+: (a quote|none of its rows)/m.test(stderr), stderr)
      listEvents(stdout)
    }),
    { numRuns: 200 },
  )
})
