import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Addressing, outgoing } from '../../../lib/operations/replay/outgoing.ts'
import { type Recorded, readRecorded } from '../../../lib/operations/replay/recorded.ts'
import { type Selection, selected, survey } from '../../../lib/operations/replay/selection.ts'
import { parseFilter } from '../../../lib/queries/record-filter.ts'
import { bufferOf } from '../../../packages/runtime/cloudevents/header-bytes.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
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

  test('records from a pipe are passed on before the next piece arrives', async () => {
    const { promise: never } = Promise.withResolvers<Buffer>()
    const pipe = (async function* () {
      yield Buffer.from(`${LINE}\n{"specversion`)
      yield await never
    })()
    const { value } = await readRecorded(pipe, 'f').next()
    assert.deepEqual(value?.length, 1)
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
    await assert.rejects(recorded(Buffer.from([0xff, 0x0a])), { message: 'f:1: the text is not UTF-8' })
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

describe('selection', () => {
  const ALL = { limit: Number.POSITIVE_INFINITY, forMs: Number.POSITIVE_INFINITY }
  const read = () => readRecorded(inPieces(HEATWAVE, 4_000), 'f')
  const filterOf = (text: string) => parseFilter(text) ?? assert.fail(text)
  const part = async (selection: Selection) =>
    (await groups(selected(read(), selection))).map(({ line }) => line)

  test('from a line on, and only what fits; the survey counts the same', async () => {
    const hot = [filterOf('subject=roof-1'), filterOf('data.temperature>42'), filterOf('key=roof-1')]
    for (const [fromLine, filters, expected] of [
      [290, [], [290, 291]],
      [292, [], []],
      [100, hot, [138, 223, 226, 229, 232, 235, 238, 241, 244, 247, 250, 253]],
      [1, [filterOf('eventTime=x')], []],
    ] as const) {
      assert.deepEqual(await part({ fromLine, filters }), expected)
      assert.equal((await survey(read(), { fromLine, filters }, ALL)).count, expected.length)
    }
    assert.equal((await part({ fromLine: 1, filters: [] })).length, 291)
    const batch = selected(readRecorded(inPieces(MIXED, 4_000), 'f'), {
      fromLine: 1,
      filters: [filterOf('key=Zürich-1')],
    })
    assert.equal((await groups(batch)).length, 3)
  })

  test('the survey ends at the limits, and says so', async () => {
    const counts = async (limits: object) => {
      const { count, isCut } = await survey(read(), { fromLine: 1, filters: [] }, { ...ALL, ...limits })
      return [count, isCut]
    }
    assert.deepEqual(await counts({}), [291, false])
    assert.deepEqual(await counts({ limit: 291 }), [291, false])
    assert.deepEqual(await counts({ limit: 290 }), [290, true])
    assert.deepEqual(await counts({ forMs: 3_600_000 }), [6, true])
  })

  test('the survey knows where the recording starts, and the times of what is selected', async () => {
    const found = await survey(read(), { fromLine: 4, filters: [] }, { ...ALL, limit: 6 })
    const atMs = (time: string) => Date.parse(`2025-07-01T${time}Z`)
    assert.deepEqual(found.extent, {
      startMs: atMs('00:00'),
      firstMs: atMs('00:30'),
      latestMs: atMs('01:00'),
    })
    assert.deepEqual([found.spanMs, found.firstPaceMs], [30 * 60_000, atMs('00:30')])
  })
})

describe('what is published', () => {
  const binary: Addressing = { env: 'test', contentMode: 'binary', keepPartitions: false }
  const eventOf = (record: OutgoingRecord) => readEvent(record) as Event

  test('a reading goes to readings, keyed by its family; another event by its subject', async () => {
    const [first] = await recorded(HEATWAVE)
    const record = outgoing(first as Recorded, binary)
    assert.equal(record.topic, 'sluice.telemetry.readings.test')
    assert.equal(String(record.key), 'roof-1')
    const { extensions, ...event } = eventOf(record)
    assert.deepEqual(event, first?.event)
    assert.match(extensions?.traceparent ?? '', /^00-/)
    const [other] = await recorded(LINE)
    assert.equal(String(outgoing(other as Recorded, binary).key), 'ü')
  })

  test('a reading that breaks its schema is published all the same', async () => {
    const text = LINE.replace('"t"', '"io.sluice.environment.reading.v1"').replace(
      '}',
      ',"data":{"sensorId":1}}',
    )
    const [broken] = await recorded(text)
    assert.equal(String(outgoing(broken as Recorded, binary).key), 'ü')
  })

  test('the mode is the one asked for, else the configured one', async () => {
    const [first] = (await recorded(HEATWAVE)) as [Recorded]
    const isStructured = (addressing: Addressing) =>
      outgoing(first, addressing).headers.some(([, value]) =>
        String(value).startsWith('application/cloudevents'),
      )
    assert.equal(isStructured({ ...binary, contentMode: 'structured' }), true)
    assert.equal(isStructured({ ...binary, contentMode: 'structured', mode: 'binary' }), false)
    assert.equal(isStructured({ ...binary, mode: 'structured' }), true)
  })

  test('records of a batch go byte for byte to their own signal', async () => {
    for (const one of await recorded(POISON)) {
      const { key, value, headers } = one.record as NonNullable<Recorded['record']>
      assert.deepEqual(outgoing(one, binary), {
        topic: 'sluice.telemetry.readings.test',
        key,
        value,
        headers: headers.map(([name, bytes]) => [name, bufferOf(bytes)]),
      })
      assert.equal(outgoing(one, { ...binary, keepPartitions: true }).partition, 9)
    }
    const [foreign] = (await recorded(POISON)) as [Recorded]
    const elsewhere = {
      ...foreign,
      record: { ...foreign.record, topic: 'orders' } as Recorded['record'] & object,
    }
    assert.throws(() => outgoing(elsewhere, binary), /record 1: its topic is not one of Sluice's/)
  })

  test('moved in time, an event in a batch keeps its mode and its other headers, and poison stays what it is', async () => {
    const moved: Addressing = { ...binary, shiftMs: 60_000 }
    for (const one of [...(await recorded(MIXED)), ...(await recorded(POISON))]) {
      const [before, after] = [outgoing(one, binary), outgoing(one, moved)]
      if (one.event === undefined) assert.deepEqual(after, before)
      else {
        const event = eventOf(after)
        assert.equal(Date.parse(event.time ?? ''), Date.parse(one.event.time ?? '') + 60_000)
        assert.notEqual(event.id, one.event.id)
        assert.deepEqual({ ...event, id: 0, time: 0 }, { ...one.event, id: 0, time: 0 })
        assert.deepEqual(
          after.headers.map(([name]) => name).sort(),
          before.headers.map(([name]) => name).sort(),
        )
      }
    }
  })
})
