/** Previews and the function `intake` agree on every record of the repository's samples, and on arbitrary ones. */
import '../../../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { PROJECT } from '@sluice/test-kit/program'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import { record as anyRecord, STRUCTURED } from '#runtime/test/support/arbitrary-records'
import { readConfig } from '../../../../../control/environment/config.ts'
import { readDocuments } from '../../../../../control/recordings/import/csv-rows.ts'
import { createTrial } from '../../../../../control/recordings/import/mapping-trial.ts'
import { readRecorded } from '../../../../../control/recordings/replay/recorded-items.ts'
import { loadInputs } from '../../../../../lib/intake/adapters/load-inputs.ts'
import { intake } from '../../../../../lib/intake/intake.ts'
import { readInputs } from '../../../../../lib/intake/parse-inputs.ts'
import { createRecordReader, type LoadedInput } from '../../../../../lib/intake/read-record.ts'
import { APPLICATION, FAMILIES } from '../../../../support/families.ts'
import { Stage } from '../../../../support/stage.ts'

const AT = Date.UTC(2026, 2, 1, 12)
const CONFIG = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' })
const INPUTS = await loadInputs(
  FAMILIES,
  readInputs(
    `
inputs:
  - topic: all
  - topic: devices
    mappings: [device]
  - topic: orders
    to: events
    as: { type: com.example.order.v1, subject: { from: [sensor_id, model, subject] }, time: record }
`,
    'inputs.yaml',
    'test',
  ),
  { file: 'config/inputs.yaml', folder: 'config/mappings', env: 'test' },
)

/** Outcome of a record, in the same words for both. */
type Outcome = string | Omit<Event, 'datacontenttype' | 'extensions'>

/** Returns the event as a consumer reads it: that of `intake` has the time of the record if it has no time of its own. */
function toOutcome(event: Event, recordMs: number): Outcome {
  const { datacontenttype: _, extensions: __, time = recordMs, ...others } = event
  return { ...others, time: new Date(time).toISOString() }
}

/** Gives the records to the function, and returns the outcome of each. */
async function decide(input: LoadedInput, records: readonly LogRecord[]): Promise<readonly Outcome[]> {
  const inputs = new Map([[input.topic, input]])
  const stage = new Stage(intake(FAMILIES, [input]) as never)
  const application = { ...APPLICATION, readForeign: createRecordReader(FAMILIES, inputs) }
  stage.consumer = { ...stage.consumer, application }
  await Object.assign(stage, { topic: input.topic }).batch(records, { nowMs: () => AT })
  const outcomes: Outcome[] = []
  const events = [...stage.events]
  for (const [index, outcome] of stage.outcomes.entries()) {
    const event = /^(applied|failed)\//.test(outcome) ? events.shift() : undefined
    if (outcome.startsWith('failed/'))
      outcomes.push(`${outcome}: ${(event?.data as FailureData | undefined)?.error}`)
    else outcomes.push(event ? toOutcome(event, records[index]?.timestampMs ?? 0) : outcome)
  }
  assert.equal(outcomes.length, records.length)
  return outcomes
}

/** Gives the records to the preview, and returns the outcome of each in the words of the function. */
function preview(input: LoadedInput, records: readonly LogRecord[]): readonly Outcome[] {
  const tryRecord = createTrial(CONFIG, input, AT)
  return records.map(record => {
    const trial = tryRecord(record)
    if (trial.accepted) return toOutcome(trial.event, record.timestampMs)
    const { code, reason } = trial
    return reason === 'inputs ignore it' ? `ignored/${code}` : `failed/${code}: ${reason}`
  })
}

/** Compares both. A record with the id of an earlier one is a duplicate for the function, or a conflict, which a preview does not know. */
async function compare(records: readonly LogRecord[]): Promise<number> {
  let accepted = 0
  for (const input of records.length > 0 ? INPUTS.values() : []) {
    const own = records.map(record => ({ ...record, topic: input.topic }))
    const decided = await decide(input, own)
    const previewed = preview(input, own)
    for (const [index, outcome] of decided.entries()) {
      const tried = previewed[index]
      if (typeof outcome === 'string' && /^(duplicate|failed)\/id-|^duplicate\//.test(outcome))
        assert.equal(typeof tried, 'object')
      else assert.deepEqual(tried, outcome, `${input.topic}: ${records[index]?.value}`)
      if (typeof tried === 'object') accepted += 1
    }
  }
  return accepted
}

type Part = Pick<LogRecord, 'value' | 'headers' | 'key'>

function inLog(parts: readonly (Part & { readonly timestampMs?: number })[]): readonly LogRecord[] {
  return parts.map((part, offset) => {
    const place = { topic: 'all', partition: 0, offset }
    return { timestampMs: AT - 60_000 + offset, ...part, ...place }
  })
}

/** Returns the records of a file in each form in which they can lie in a topic. */
async function readSample(file: string): Promise<readonly LogRecord[]> {
  const bytes = readFileSync(join(PROJECT, file))
  const text = file.endsWith('.gz') ? gunzipSync(bytes) : bytes
  if (file.startsWith('events/batches/')) {
    const parts: Part[] = []
    for await (const items of readRecorded([text] as never, file))
      for (const { record } of items) if (record) parts.push(record)
    return inLog(parts)
  }
  const values: string[] = []
  if (file.endsWith('.csv')) {
    for await (const row of readDocuments([text] as never, file))
      if ('document' in row) values.push(JSON.stringify(row.document))
  } else values.push(...text.toString().split('\n'))
  return inLog(
    values.flatMap(value => {
      const part = { key: Buffer.from('k'), value: Buffer.from(value) }
      return [
        { ...part, headers: [] },
        { ...part, headers: [STRUCTURED] },
        { ...part, headers: [], timestampMs: -1 },
      ]
    }),
  )
}

describe('given every record of the samples, when it is previewed', () => {
  const files = globSync(
    [
      'events/batches/*.json',
      'events/streams/*',
      'examples/**/*.{json,jsonl}',
      'test/goldens/files/*.{csv,json,jsonl,jsonl.gz}',
    ],
    { cwd: PROJECT, exclude: ['**/node_modules/**', '**/package*.json', '**/tsconfig*.json'] },
  )
  it('there are samples of each kind', () => assert.ok(files.length > 30, files.join(' ')))

  let accepted = 0
  for (const file of files)
    it(`then ${file} has the outcomes, reasons and events of intake`, async () => {
      accepted += await compare(await readSample(file))
    })

  it('then some thousand are events', () => assert.ok(accepted > 3_000, String(accepted)))
})

it('given any record, when it is previewed, then outcome, reason and event are those of intake', async () => {
  const any = fc.record({ record: anyRecord, timestampMs: fc.constantFrom(AT, -1, 0, AT + 3_600_000) })
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 5 }), async sent => {
      await compare(inLog(sent.map(({ record, timestampMs }) => ({ key: null, ...record, timestampMs }))))
    }),
  )
})

describe('given records of which previews once said something else', () => {
  const reading = {
    ...{ specversion: '1.0', id: '3', source: '/environment/f', type: 'io.sluice.environment.reading.v1' },
    ...{ subject: 'f', time: '2026-03-01T11:00:00Z' },
    data: { sensorId: 'f', temperature: 23, location: { site: 'f', latitude: 1, longitude: 2 } },
  }
  const plain = { sensor_id: 'f61', temperature: 21 }
  const tried = (value: object, timestampMs = AT, headers: LogRecord['headers'] = []) => {
    const [record] = inLog([{ key: null, value: Buffer.from(JSON.stringify(value)), headers, timestampMs }])
    return preview(INPUTS.get('all') as LoadedInput, [record as LogRecord])[0]
  }

  it('then a time of the record that cannot be one is refused, by what it is', () => {
    assert.match(String(tried(plain, -1)), /^failed\/time-too-early: the record has no timestamp \(-1\)/)
    for (const ms of [0, 1_795_597_200])
      assert.match(String(tried(plain, ms)), /^failed\/time-too-early: the record's timestamp is before 2000/)
    assert.match(
      String(tried(plain, AT + 3_600_000)),
      /^failed\/time-in-future: the record's timestamp is 1 h later [^:]*$/,
    )
    assert.equal(typeof tried(plain), 'object')
  })

  it('then a reading is passed on without a mapping, with a content type or without', () => {
    for (const headers of [[], [STRUCTURED]]) {
      const found = tried(reading, AT, headers)
      assert.equal(typeof found === 'object' && found.id, '3')
    }
    const foreign = { ...reading, type: 'x.y' }
    assert.match(String(tried(foreign)), /^failed\/mapping-failed: it is a CloudEvent whose type no family/)
  })

  it('then the mapping, those that would take it too, and the fields that are not read are named', () => {
    const [record] = inLog([
      { key: null, value: Buffer.from(JSON.stringify({ ...plain, code: 1 })), headers: [] },
    ])
    const trial = createTrial(CONFIG, INPUTS.get('all') as LoadedInput, AT)(record as LogRecord)
    assert.ok(trial.accepted)
    assert.deepEqual([trial.mapping, trial.others, trial.unused], ['plain-sensor', [], ['code']])
  })
})
