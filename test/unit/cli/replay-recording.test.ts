import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type LogRecord, type OutgoingRecord, readEvent, toBuffer } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { surveySource } from '../../../cli/replay/publish-recording.ts'
import { type Addressing, buildOutgoingRecord } from '../../../control/recordings/replay/outgoing-record.ts'
import { type Recorded, readRecorded } from '../../../control/recordings/replay/recorded-items.ts'
import { VOCABULARY } from '../../support/families.ts'
import { collected } from './collected.ts'

const EVENTS = join(import.meta.dirname, '..', '..', '..', 'events')
const HEATWAVE = readFileSync(join(EVENTS, 'streams', 'heatwave.jsonl'))
const POISON = readFileSync(join(EVENTS, 'batches', 'poison.json'))
const MIXED = readFileSync(join(EVENTS, 'batches', 'mixed-partitions.json'))

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const recorded = (text: string | Buffer, size = 1 << 20) =>
  groups(readRecorded(inPieces(Buffer.from(text), size), 'f'))

async function groups(source: AsyncIterable<readonly Recorded[]>): Promise<Recorded[]> {
  return (await collected(source)).flat()
}

const LINE = '{"specversion":"1.0","id":"1","source":"/a","type":"t","subject":"ü"}'

describe('reading a recording', () => {
  test('however a text comes in pieces, it is the same recording', async () => {
    const text = Buffer.from(`${LINE}\n\n  \n${LINE.replace('"1"', '"2"')}\r\n${LINE.replace('"1"', '"3"')}`)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: text.length }), async size => {
        const read = await recorded(text, size)
        assert.deepEqual(
          read.map(({ line, event }) => [line, event?.id, event?.subject]),
          [
            [1, '1', 'ü'],
            [4, '2', 'ü'],
            [5, '3', 'ü'],
          ],
        )
      }),
    )
    assert.deepEqual(await recorded(MIXED, 1000), await recorded(MIXED))
  })

  const broken: [text: string, said: RegExp][] = [
    [`${LINE}\noops\n`, /^f:2: not JSON$/],
    [`${LINE}\n{}\n`, /^f:2: not a CloudEvent: required attribute/],
    [`${LINE}\n{"records":{}}\n`, /^f:2: not a CloudEvent/],
    ['[]', /^f:1: not a CloudEvent/],
    ['{"records":{}}', /^f: neither a stream .* nor a captured batch/],
    ['{"records":{"a-0":[{"topic":"a"}]}}', /^f: neither a stream .* nor a captured batch/],
    ['{\n"records": {"a-0": [{"topic": "a"}]}}', /^f: neither a stream .* nor a captured batch/],
    ['oops', /^f:1: not JSON$/],
    [`{"specver\n${LINE}\n`, /^f:1: not JSON$/],
    ['\n{"specver\noops', /^f:2: not JSON$/],
    ['{"records":\n{}}', /^f: neither a stream .* nor a captured batch/],
  ]
  for (const [text, said] of broken)
    test(`refused: ${JSON.stringify(text.replace(LINE, '…'))}`, async () => {
      await assert.rejects(recorded(text), { message: said })
    })

  test('refused: what is not UTF-8', async () => {
    await assert.rejects(recorded(Buffer.from([0xff, 0x0a])), {
      message: 'f:1: the line is not UTF-8: save the text as UTF-8',
    })
    await assert.rejects(recorded(Buffer.from([0x20, 0xc3])), /not UTF-8/)
  })

  test('the records of a batch come in the order in which the log took them', async () => {
    const batch = await recorded(MIXED)
    assert.deepEqual(
      batch.map(({ line }) => line),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    )
    assert.deepEqual(
      batch.map(({ record }) => record?.partition),
      [9, 3, 4, 7, 9, 9, 3, 3, 3, 7],
    )
  })
})

describe('the survey', () => {
  const source = { name: 'f', read: () => readRecorded(inPieces(HEATWAVE, 4_000), 'f') }
  const atMs = (time: string) => Date.parse(`2025-07-01T${time}Z`)

  test('counts what is selected, and knows where the recording starts and the times of the selected events', async () => {
    const { recordedMs, ...whole } = await surveySource(source, { skip: 0 })
    assert.deepEqual([whole.count, recordedMs], [291, 47.5 * 3_600_000])
    assert.equal((await surveySource(source, { skip: 290, limit: 7 })).count, 1)
    const { count, timeRange } = await surveySource(source, { skip: 3, limit: 6 })
    assert.equal(count, 6)
    assert.deepEqual(timeRange, { startMs: atMs('00:00'), firstMs: atMs('00:30'), latestMs: atMs('01:00') })
  })

  test('refuses a recording of which nothing is left', async () => {
    await assert.rejects(surveySource(source, { skip: 291 }), { message: 'f: there is nothing to publish' })
  })
})

describe('what is published', () => {
  const binary: Addressing = { env: 'test', contentMode: 'binary', keepPartitions: false, ...VOCABULARY }
  const getEvent = (record: OutgoingRecord) => readEvent(record) as Event

  test('a reading goes to readings, keyed by its family; another event by source and subject', async () => {
    const [first] = await recorded(HEATWAVE)
    const record = buildOutgoingRecord(first as Recorded, binary)
    assert.equal(record.topic, 'sluice.telemetry.readings.test')
    assert.equal(String(record.key), 'roof-1')
    const { extensions, ...event } = getEvent(record)
    assert.deepEqual(event, first?.event)
    assert.match(extensions?.traceparent ?? '', /^00-/)
    const [other] = await recorded(LINE)
    assert.equal(String(buildOutgoingRecord(other as Recorded, binary).key), '/a ü')
  })

  test('the log time is that of the record, or the latest one before it, moved with the event', async () => {
    const carried = ({ headers }: OutgoingRecord) =>
      String(headers.find(([name]) => name === 'sluice-logtime')?.[1])
    const carrying: Addressing = { ...binary, carryLogTime: true, shiftMs: 60_000 }
    const [event] = (await recorded(HEATWAVE)) as [Recorded]
    assert.equal(carried(buildOutgoingRecord(event, carrying, 5_000)), '65000')
    const [log] = (await recorded(MIXED)) as [Recorded & { record: LogRecord }]
    assert.equal(carried(buildOutgoingRecord(log, carrying)), String(log.record.timestampMs + 60_000))
    const headers = [...log.record.headers, ['sluice-logtime', Buffer.from('1000')] as const]
    const twice = { ...log, record: { ...log.record, headers } }
    assert.equal(
      carried(buildOutgoingRecord(twice, { ...binary, carryLogTime: true })),
      '1000',
      'the original',
    )
    const [timeless] = (await recorded(LINE)) as [Recorded]
    assert.throws(
      () => buildOutgoingRecord(timeless, carrying),
      /line 1: neither this item nor an earlier one has a time/,
    )
  })

  test('records of a batch go byte for byte to their own signal', async () => {
    for (const recording of await recorded(POISON)) {
      const { key, value, headers } = recording.record as NonNullable<Recorded['record']>
      assert.deepEqual(buildOutgoingRecord(recording, binary), {
        topic: 'sluice.telemetry.readings.test',
        key,
        value,
        headers: headers.map(([name, bytes]) => [name, toBuffer(bytes)]),
      })
      assert.equal(buildOutgoingRecord(recording, { ...binary, keepPartitions: true }).partition, 9)
    }
    const [foreign] = (await recorded(POISON)) as [Recorded]
    const elsewhere = {
      ...foreign,
      record: { ...foreign.record, topic: 'orders' } as Recorded['record'] & object,
    }
    assert.throws(() => buildOutgoingRecord(elsewhere, binary), /record 1: its topic is not one of Sluice's/)
  })

  test('moved in time, an event in a batch keeps its mode and its other headers, and poison stays what it is', async () => {
    const moved: Addressing = { ...binary, shiftMs: 60_000 }
    for (const recording of [...(await recorded(MIXED)), ...(await recorded(POISON))]) {
      const [before, after] = [buildOutgoingRecord(recording, binary), buildOutgoingRecord(recording, moved)]
      if (recording.event === undefined) assert.deepEqual(after, before)
      else {
        const event = getEvent(after)
        assert.equal(Date.parse(event.time ?? ''), Date.parse(recording.event.time ?? '') + 60_000)
        assert.notEqual(event.id, recording.event.id)
        assert.deepEqual({ ...event, id: 0, time: 0 }, { ...recording.event, id: 0, time: 0 })
        assert.deepEqual(
          after.headers.map(([name]) => name).sort(),
          before.headers.map(([name]) => name).sort(),
        )
      }
    }
  })
})
