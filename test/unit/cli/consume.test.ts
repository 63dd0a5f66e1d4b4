import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it, test } from 'node:test'
import { safeParse } from 'valibot'
import { type LogRecord, readEvent } from '#runtime/cloudevents'
import { type DataReader, Unavailable } from '#runtime/pipeline'
import { notPrepared } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import {
  ConsumeOutput,
  type ConsumePlan,
  createFromKind,
  formatRecord,
} from '../../../cli/consume/print-records.ts'
import { toRecordView } from '../../../control/queries/records/record-view.ts'
import { readRecordedLine } from '../../../control/queries/records/recorded-line.ts'
import { dataReader } from '../../../lib/app/data/data-reader.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { NAMES, VOCABULARY } from '../../support/families.ts'
import { sent } from '../../support/serialized.ts'

const AT_MS = Date.parse('2026-03-01T12:00:00.250Z')
const event = environmentReading('r-1', { temperature: 21.5, time: '2026-03-01T11:59:58Z' })
const record: LogRecord = { ...logRecord(42, event), partition: 3, timestampMs: AT_MS }
const notAnEvent: LogRecord = { ...record, headers: [], value: Buffer.from('hello\u001b[2J') }

describe('a record as a line', () => {
  it('has time, place, type, subject and data', () => {
    assert.match(
      formatRecord(NAMES, record, readEvent(record), undefined),
      /^2026-03-01T12:00:00\.250Z {2}3@42 {5}environment\.reading {2}s-1 {2}sensorId=s-1 temperature=21\.5 location=\{/,
    )
    assert.equal(formatRecord(NAMES, record, readEvent(record), 60).length, 60)
  })

  it('without a timestamp says so, and shows no time', () => {
    const timeless = { ...record, timestampMs: -1 }
    const line = formatRecord(NAMES, timeless, readEvent(timeless), undefined)
    assert.match(line, /^no timestamp {14}3@42 /)
    assert.equal(toRecordView(timeless).recordTime, null)
  })

  it('that carries no event is shown with the reason, as text that cannot control the terminal', () => {
    const line = formatRecord(NAMES, notAnEvent, readEvent(notAnEvent), undefined)
    assert.match(line, /✗ not-a-cloudevent: no "ce_" header /)
    assert.doesNotMatch(line, /\p{Cc}/u)
  })

  it('of a topic of others is shown with its key and value, because it need not be an event', () => {
    const plain = {
      ...notAnEvent,
      topic: 'greenhouse',
      key: Buffer.from('bed-1'),
      value: Buffer.from('{"a":1}'),
    }
    assert.match(formatRecord(NAMES, plain, readEvent(plain), undefined), /3@42 {5}bed-1 {2}\{"a":1\}$/)
    const torn = { ...plain, headers: [['ce_id', Buffer.from('1')]] as const }
    assert.match(formatRecord(NAMES, torn, readEvent(torn), undefined), /✗ malformed-event/)
  })

  it('whose data are bytes shows text where it is text, or else base64', () => {
    const headers = record.headers.filter(([name]) => name !== 'content-type')
    const withData = (type: string, value: Buffer) =>
      toRecordView({ ...record, headers: [...headers, ['content-type', Buffer.from(type)]], value }).event
    assert.equal(withData('text/plain', Buffer.from('warm'))?.data, 'warm')
    assert.equal(withData('application/octet-stream', Buffer.from([255]))?.data_base64, '/w==')
  })
})

class TextSink extends Writable {
  text = ''
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

/** Shows records, and returns what is printed. */
async function shown(
  records: readonly LogRecord[],
  plan: Partial<ConsumePlan>,
  reader: DataReader = dataReader(VOCABULARY),
) {
  const [stdout, stderr] = [new TextSink(), new TextSink()]
  const whole = { topic: 't', from: 'start', follow: false, json: false, ...plan } as const
  const output = new ConsumeOutput(NAMES, whole, reader, { stdout, stderr, environment: {} })
  for (const record of records) await output.show(record)
  return { output, lines: stdout.text.split('\n').slice(0, -1), stderr: stderr.text }
}

describe('records that are consumed', () => {
  const ticking = logRecord(1, tick(0, '2026-03-01T12:00:00Z'))

  it('as documents, replay reads them as they were, and people the event or the reason why there is none', async () => {
    const { lines } = await shown([record, notAnEvent, ticking], { json: true })
    const documents = lines.map(line => JSON.parse(line))
    assert.deepEqual(documents.map(readRecordedLine), [record, notAnEvent, ticking])
    assert.deepEqual(documents[0].event.data, event.data)
    assert.equal(documents[1].failure.code, 'not-a-cloudevent')
  })

  it('as flat documents, an event has its data, another record the reason, and ticks are left out', async () => {
    const { lines } = await shown([record, notAnEvent, ticking], { flat: true })
    const [first, second, ...others] = lines.map(line => JSON.parse(line))
    assert.deepEqual([first.event_id, first.temperature], [event.id, 21.5])
    assert.equal(second.error_type, 'not-a-cloudevent')
    assert.deepEqual(others, [])
  })

  it('as lines, what is for functions only is left out', async () => {
    assert.equal((await shown([record, notAnEvent, ticking], {})).lines.length, 2)
  })

  it('given words, then only records that contain each of them are shown', async () => {
    const numbers = await Promise.all(
      ['hello', 'TEMPERATURE 21.5', '21.5 hello', 'none'].map(
        async filter => (await shown([record, notAnEvent], { filter })).lines.length,
      ),
    )
    assert.deepEqual(numbers, [1, 1, 0, 0])
  })

  it('given a registry that is away, then it is said once, and the end fails', async () => {
    const away: DataReader = {
      read: (event, own) => {
        if (!Buffer.isBuffer(event.data)) return event
        throw notPrepared(own)
      },
      prepare: () => Promise.reject(new Unavailable('registry-unavailable', 'it has no answer')),
    }
    const serialized = [0, 1].map(offset => sent(offset, event, 'avro with an id'))
    const { output, stderr, lines } = await shown(serialized, {}, away)
    assert.equal(stderr, 'Some records cannot be read: it has no answer\n')
    assert.equal(lines.length, 2)
    assert.throws(() => output.requireAllRead(), { name: 'CliFailure', status: 1 })
    ;(await shown([record, notAnEvent], {})).output.requireAllRead()
  })
})

describe('--from', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z')
  const places: [text: string, from: unknown][] = [
    ['start', 'start'],
    ['end', 'end'],
    ['17', { offset: 17 }],
    ['1h30m', { timeMs: nowMs - 5_400_000 }],
    ['2026-03-01T11:00:00+01:00', { timeMs: nowMs - 7_200_000 }],
    ['yesterday', undefined],
    ['-1', undefined],
    ['2026-03-01', undefined],
  ]
  for (const [text, from] of places)
    test(text, () => {
      const read = safeParse(createFromKind(nowMs).schema, text)
      assert.deepEqual(read.success ? read.output : undefined, from)
    })
})
