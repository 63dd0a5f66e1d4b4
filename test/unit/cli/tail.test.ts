import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { safeParse } from 'valibot'
import { type LineLayout, recordLine } from '../../../cli/records/line.ts'
import { fromKind } from '../../../lib/operations/log-position.ts'
import { parseFilter } from '../../../lib/queries/record-filter.ts'
import { recordView } from '../../../lib/queries/record-view.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'

const AT_MS = Date.parse('2026-03-01T12:00:00.250Z')

function record(changes: Partial<LogRecord> = {}): LogRecord {
  const attributes = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: '1',
    ce_source: '/environment/vienna',
    ce_type: 'io.sluice.environment.reading.v1',
    ce_subject: 'roof-1',
    ce_time: '2026-03-01T11:59:58+00:00',
  }
  return {
    topic: 'sluice.telemetry.readings.local',
    partition: 3,
    offset: 42,
    timestampMs: AT_MS,
    key: Buffer.from('roof-1'),
    value: Buffer.from('{"temperature":21.5,"location":{"site":"vienna"},"tags":null}'),
    headers: Object.entries(attributes).map(([name, value]) => [name, Buffer.from(value)] as const),
    ...changes,
  }
}

const notAnEvent = record({ headers: [], value: Buffer.from('hello\u001b[2J') })
const binary = record({ headers: [], key: null, value: Buffer.from([0xff, 0x00]) })

describe('a record for programs', () => {
  it('given an event, then its attributes and data stand there, and where and when it was written', () => {
    const { headers, ...view } = recordView(record())
    assert.equal(headers.length, 7)
    assert.deepEqual(view, {
      topic: 'sluice.telemetry.readings.local',
      partition: 3,
      offset: 42,
      recordTime: '2026-03-01T12:00:00.250Z',
      eventTime: '2026-03-01T11:59:58+00:00',
      key: { text: 'roof-1' },
      event: {
        specversion: '1.0',
        id: '1',
        source: '/environment/vienna',
        type: 'io.sluice.environment.reading.v1',
        subject: 'roof-1',
        time: '2026-03-01T11:59:58+00:00',
        datacontenttype: 'application/json',
        data: { temperature: 21.5, location: { site: 'vienna' }, tags: null },
      },
      failure: null,
      value: null,
    })
  })

  it('given an event in structured mode, then it is the same', () => {
    const { headers: _, ...binaryMode } = recordView(record())
    const structured = record({
      headers: [['content-type', Buffer.from('application/cloudevents+json')]],
      value: Buffer.from(JSON.stringify(binaryMode.event)),
    })
    const { headers: __, ...structuredMode } = recordView(structured)
    assert.deepEqual(structuredMode, binaryMode)
  })

  it('given an event whose data are bytes, then they are text where they are text, or else base64', () => {
    const headers = record().headers.filter(([name]) => name !== 'content-type')
    const withData = (type: string, value: Buffer) =>
      recordView(record({ headers: [...headers, ['content-type', Buffer.from(type)]], value })).event
    assert.equal(withData('text/plain', Buffer.from('warm'))?.data, 'warm')
    assert.equal(withData('application/octet-stream', Buffer.from([255]))?.data_base64, '/w==')
  })

  it('given no event, then it says why, and holds the bytes', () => {
    const view = recordView(binary)
    assert.deepEqual([view.event, view.key, view.value], [null, null, { base64: '/wA=' }])
    assert.equal(view.failure?.code, 'not-a-cloudevent')
  })
})

describe('a record for people', () => {
  const layout: LineLayout = { env: 'local', columns: undefined, nowMs: AT_MS, topicWidth: 8 }

  it('is one line: record time, event time, topic, place, type, subject, data with what is plain first', () => {
    assert.equal(
      recordLine(recordView(record()), layout),
      '2026-03-01T12:00:00.250Z  2026-03-01T11:59:58.000Z  readings  3@42     environment.reading  roof-1  ' +
        'temperature=21.5 tags=null location={"site":"vienna"}',
    )
  })

  it('that carries no event is shown with the reason, as text that cannot control the terminal', () => {
    const line = recordLine(recordView(notAnEvent), layout)
    assert.match(line, /✗ not-a-cloudevent: no "ce_" header .* {2}hello\\u001b\[2J$|base64:/)
    assert.doesNotMatch(line, /\p{Cc}/u)
  })
})

describe('--filter', () => {
  const fitting: [condition: string, fits: boolean][] = [
    ['subject=roof-1', true],
    ['subject=roof', false],
    ['subject~^roof-\\d$', true],
    ['type~reading', true],
    ['subject~^(\\w|\\u0072)+-\\d$', true],
    ['data.temperature>21', true],
    ['data.temperature>100', false],
    ['data.temperature>=21.5', true],
    ['data.temperature<9', false],
    ['data.location.site=vienna', true],
    ['data.location={"site":"vienna"}', true],
    ['data.none.at.all=1', false],
    ['data.none!=1', true],
    ['data.none>1', false],
    ['data.tags~.', false],
    ['data.location>1', false],
    ['key=roof-1', true],
    ['time>2026-03-01T11:00:00Z', true],
    ['recordTime<2026-03-01T13:00:00+01:00', false],
    ['failure=malformed-event', false],
    ['failure!=malformed-event', true],
    // The value is all that is behind the operator.
    ['subject=roof-1=2', false],
    ['data.__proto__~.', false],
  ]
  for (const [condition, fits] of fitting)
    test(`${condition} ${fits ? 'fits' : 'does not fit'}`, () =>
      assert.equal(parseFilter(condition)?.(recordView(record())), fits))

  test('of what carries no event, by its failure', () =>
    assert.equal(parseFilter('failure=not-a-cloudevent')?.(recordView(binary)), true))

  for (const condition of ['', 'subject', '=1', 'subject~(', '1=1', 'subject == ('])
    test(`"${condition}" is refused, or compares text`, () => {
      const filter = parseFilter(condition)
      assert.notEqual(filter?.(recordView(record())), true)
    })
})

describe('--from', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z')
  const places: [text: string, from: unknown][] = [
    ['start', 'start'],
    ['end', 'end'],
    ['17', { offset: 17 }],
    ['10m', { timeMs: nowMs - 600_000 }],
    ['1h30m', { timeMs: nowMs - 5_400_000 }],
    ['2026-03-01T11:00:00+01:00', { timeMs: nowMs - 7_200_000 }],
    ['yesterday', undefined],
    ['-1', undefined],
    ['2026-03-01', undefined],
  ]
  for (const [text, from] of places)
    test(text, () => {
      const read = safeParse(fromKind(nowMs).schema, text)
      assert.deepEqual(read.success ? read.output : undefined, from)
    })
})
