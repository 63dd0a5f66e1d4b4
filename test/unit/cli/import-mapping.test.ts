import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { type Ran, ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-import-mapping-'))
after(() => rmSync(folder, { recursive: true }))

const METRIC = {
  timestamp: '2025-01-16T10:30:45',
  database_type: 'postgresql',
  instance_id: 'db-1',
  metric_name: 'cpu_usage_percent',
  value: 72.5,
  tags: { environment: 'production', tenant: 'shop' },
}
const MOTION = { model: 'nexus4', x: 1, y: 2, z: 9.8, activity: 'stand' }
const CLOUDEVENT = {
  specversion: '1.0',
  type: 'com.sensor.data',
  source: '/sensor/temperature/room1',
  id: 'sensor-123-2025-01-16T10:30:45.123Z',
  subject: 'room/living_room',
  data: { temperature: 72.5, unit: 'F' },
}

function imported(content: string | Buffer, ...options: string[]): Promise<Ran> {
  writeFileSync(join(folder, 'records.jsonl'), content)
  return ran(['import', 'records.jsonl', ...options], { folder })
}

const lines = (...records: object[]) => `${records.map(record => JSON.stringify(record)).join('\n')}\n`

/** The events that were written: read strictly, and held to their schema. */
function eventsIn(text: string): Event<Record<string, unknown>>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const event = readJsonEvent(JSON.parse(line))
      assert.ok(!isFailure(event), line)
      assert.equal(schemaViolation(event.type, event.data), undefined)
      return event as Event<Record<string, unknown>>
    })
}

it('given a CSV file and a mapping, then each row is a reading, and a broken one is named', async () => {
  writeFileSync(join(folder, 'rows.csv'), 'sensor_id,temperature\na,1\nb,2\nc\n')
  const options = ['--mapping', 'plain-sensor', '--skip-invalid']
  const { stdout, stderr } = await ran(['import', 'rows.csv', ...options], { folder })
  assert.deepEqual(
    eventsIn(stdout).map(({ subject }) => subject),
    ['a', 'b'],
  )
  assert.match(
    stderr,
    /^rows\.csv:4: Invalid Record Length: columns length is 2, got 1.*: skipped\nImported 2 events/,
  )
})

describe('JSON lines that are imported by a mapping', () => {
  it('given a mapping that ships, by its name, then each line is a reading', async () => {
    const memory = { ...METRIC, metric_name: 'memory_usage_percent', value: 50 }
    const { status, stdout, stderr } = await imported(lines(METRIC, memory), '--mapping', 'database-metrics')
    assert.equal(stderr, 'Imported 2 events (mapping database-metrics), skipped 0 invalid lines\n')
    assert.equal(status, 0)
    const [first, second] = eventsIn(stdout)
    assert.deepEqual(
      [first?.time, first?.source, first?.subject],
      ['2025-01-16T10:30:45Z', '/database/postgresql', 'db-1'],
    )
    assert.deepEqual(first?.data, {
      databaseType: 'postgresql',
      instanceId: 'db-1',
      tenant: 'shop',
      cpuUsagePercent: 72.5,
      tags: METRIC.tags,
    })
    assert.equal(second?.data?.memoryUsagePercent, 50)
  })

  it('given several mappings, blank lines, gzip and CRLF, then the first that takes a line decides', async () => {
    const text = lines(METRIC, MOTION, CLOUDEVENT).replaceAll('\n', '\r\n\r\n')
    const names = ['device', 'sensor-cloudevent', 'database-metrics'].flatMap(name => ['--mapping', name])
    const { stdout, stderr } = await imported(gzipSync(text), ...names)
    assert.deepEqual(
      eventsIn(stdout).map(({ type, time }) => [type, time]),
      [
        ['io.sluice.database.reading.v1', '2025-01-16T10:30:45Z'],
        ['io.sluice.device.motion.v1', undefined],
        ['io.sluice.environment.reading.v1', '2025-01-16T10:30:45.123Z'],
      ],
      stderr,
    )
    assert.equal(eventsIn(stdout)[2]?.data?.temperature, 22.5)
  })

  it('given the same file again, then the ids are the same; lines that are alike are two events', async () => {
    const ids = async () =>
      eventsIn((await imported(lines(MOTION, MOTION), '--mapping', 'device')).stdout).map(({ id }) => id)
    const once = await ids()
    assert.equal(new Set(once).size, 2)
    assert.deepEqual(await ids(), once)
  })

  it('given a file of one’s own, then its path is the mapping', async () => {
    writeFileSync(
      join(folder, 'own.yaml'),
      'family: device\ntime: { from: t, epoch: ms }\nfields: { deviceId: d, model: { constant: m }, x: { from: g, unit: g } }\n',
    )
    const { stdout, stderr } = await imported(lines({ t: 0, d: 'a', g: 2 }), '--mapping', './own.yaml')
    assert.deepEqual(eventsIn(stdout)[0]?.data, { deviceId: 'a', model: 'm', x: 19.6133 }, stderr)
  })

  it('given one line, and one that is left out, then both are counted in the singular', async () => {
    const { stderr } = await imported(`${lines(MOTION)}[1]\n`, '--mapping', 'device', '--skip-invalid')
    assert.match(stderr, /\nImported 1 event \(mapping device\), skipped 1 invalid line\n$/)
  })

  it('given --key-by, then each event carries its key, and one without the field is named', async () => {
    const { stdout } = await imported(
      lines(METRIC),
      '--mapping',
      'database-metrics',
      '--key-by',
      'tags.environment',
    )
    assert.equal(eventsIn(stdout)[0]?.extensions?.partitionkey, 'production')
    const missing = await imported(lines(METRIC), '--mapping', 'database-metrics', '--key-by', 'tags.region')
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /^records\.jsonl:1: the data has no .*"tags\.region"/)
  })
})

describe('lines that cannot be imported', () => {
  for (const [given, line, message] of [
    ['no JSON', 'temperature 20', 'it is not a JSON object'],
    ['a list', '[1]', 'it is not a JSON object'],
    ['another form', '{"a":1}', 'no mapping takes it (device: it has no "model")'],
    [
      'what does not fit',
      JSON.stringify({ ...MOTION, x: 'fast' }),
      'mapping-failed: mapping device: "x" must be a number',
    ],
    [
      'a broken CloudEvent',
      '{"specversion":"1.0","id":"1"}',
      'malformed-event: required attribute "source", "type" is missing or empty',
    ],
    [
      'too large a number',
      JSON.stringify(MOTION).replace('9.8', '12345678901234567891'),
      'number-not-exact: mapping device: "z" cannot be represented',
    ],
    [
      'a member that occurs twice',
      JSON.stringify(MOTION).replace('{', '{"x":1,'),
      'mapping-failed: member "x" occurs more than once',
    ],
  ] as const)
    it(`given ${given}, then the line is named, and the import ends; --skip-invalid leaves it out`, async () => {
      const text = `${lines(MOTION)}${line}\n${lines(MOTION)}`
      const failed = await imported(text, '--mapping', 'device')
      assert.equal(failed.status, 1)
      assert.ok(failed.stderr.startsWith(`records.jsonl:2: ${message}`), failed.stderr)
      assert.match(
        failed.stderr,
        /Correct the line, or skip invalid lines .*\nStopped: only the 1 event before it is written/,
      )
      const options = ['--mapping', 'device', '--skip-invalid', '--output', 'out.jsonl', '--json']
      const { status, stdout } = await imported(text, ...options)
      assert.equal(status, 0)
      assert.deepEqual(JSON.parse(stdout), {
        mappings: ['device'],
        events: 2,
        skippedRows: 1,
        complete: true,
      })
      assert.equal(eventsIn(readFileSync(join(folder, 'out.jsonl'), 'utf8')).length, 2)
    })

  for (const content of [lines(METRIC), `\ufeff ${lines(METRIC)}`, lines(METRIC).replaceAll('"', '')])
    it(`given ${JSON.stringify(content.slice(0, 12))} and no mapping, then mappings are listed, and no content`, async () => {
      const { status, stdout, stderr } = await imported(content)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(
        stderr,
        /^records\.jsonl:1: this is a JSON object, .* --mapping\. .* are database-metrics, device,/,
      )
      assert.doesNotMatch(stderr, /postgres|72\.5|db-1|instance_id/)
    })

  it('given a file without a header, or one that is compressed, then its content is not printed', async () => {
    for (const content of [
      '2026-01-01,72.5\n',
      'db-1,2026-01-01T00:00:00Z,72.5\n',
      gzipSync(lines(METRIC)),
    ]) {
      const { status, stderr } = await imported(content)
      assert.equal(status, 1)
      assert.match(
        stderr,
        /^records\.jsonl:1: the header has no .*; the first line does not look like a header\n$/,
      )
    }
  })

  it('given options of CSV files, then they are refused', async () => {
    for (const options of [
      ['--metric', 'x'],
      ['--utc-offset', '+01:00'],
      ['--family', 'environment'],
    ]) {
      const { status, stderr } = await imported(lines(MOTION), '--mapping', 'device', ...options)
      assert.equal(status, 2)
      assert.match(stderr, new RegExp(`${options[0]} is for CSV files: omit it with --mapping`))
    }
  })

  it('given no such mapping, or one with errors, then file, line and key are named', async () => {
    const unknown = await imported(lines(MOTION), '--mapping', 'nothing')
    assert.equal(unknown.status, 1)
    assert.match(
      unknown.stderr,
      /^There is no mapping "nothing"\. Available mappings are database-metrics, device, /,
    )
    const similar = await imported(lines(MOTION), '--mapping', 'devise')
    assert.match(
      similar.stderr,
      /"devise"\. Did you mean device\? Available mappings are .*, weather \(in config\/mappings\)/,
    )
    const path = await imported(lines(MOTION), '--mapping', './nothing.yaml')
    assert.match(path.stderr, /^\.\/nothing\.yaml: there is no such file/)
    writeFileSync(
      join(folder, 'wrong.yaml'),
      'family: device\ntime: record\nfields: { deviceId: d, model: m, w: w }\n',
    )
    const { stderr } = await imported(lines(MOTION), '--mapping', 'wrong.yaml')
    assert.match(
      stderr,
      /^the mapping has errors:\n {2}wrong\.yaml:3:1 {2}fields: nothing is measured.*\n {2}wrong\.yaml:3:\d+ {2}fields\.w: /,
    )
  })
})
