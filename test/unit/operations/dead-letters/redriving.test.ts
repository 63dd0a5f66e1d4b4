import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import { deadLetterRow } from '../../../../lib/failures/dead-letter-row.ts'
import { originalEvent } from '../../../../lib/failures/dlq-record.ts'
import { loadMappings } from '../../../../lib/mapping/adapters/mapping-files.ts'
import {
  type RedriveTopics,
  whyLeftByRow,
  whyNotRedriven,
} from '../../../../lib/operations/dead-letters/decide.ts'
import { newOperation, Places } from '../../../../lib/operations/dead-letters/operation.ts'
import { patched, readPatch } from '../../../../lib/operations/dead-letters/patch.ts'
import { type Pace, publishChosen } from '../../../../lib/operations/dead-letters/publish.ts'
import { dropChooser, redriveChooser } from '../../../../lib/operations/dead-letters/redriving.ts'
import { selectedDeadLetters } from '../../../../lib/operations/dead-letters/selection.ts'
import { historyOf, redriveTargetOf } from '../../../../packages/runtime/cloudevents/redrive.ts'
import { digestOf } from '../../../../packages/runtime/pipeline/failures/failure-record.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { MemoryPublisher } from '../../../../packages/runtime/testing/publisher.ts'
import { base64, deadLetterIn, deadLetterRecord, handledRecord } from '../../../support/dead-letters.ts'
import { PROJECT } from '../../../support/program.ts'

const READINGS = 'sluice.telemetry.readings.local'
const MAPPINGS = await loadMappings(join(PROJECT, 'config/mappings'), ['plain-sensor'])
const TOPICS: RedriveTopics = new Map([
  [
    READINGS,
    {
      bounds: Array.from({ length: 12 }, () => ({ start: 0, end: 500 })),
      consumers: new Set(['processor']),
      maxMessageBytes: 4_000,
      growths: [],
    },
  ],
])

function letter(changes: object = {}, offset = 17) {
  const found = deadLetterIn({ ...deadLetterRecord(changes), offset })
  assert.ok(found)
  return found
}

describe('whether a dead letter is redriven', () => {
  const rowOf = (changes: object) => deadLetterRow(letter(changes))
  const why = (changes: object) =>
    whyLeftByRow(rowOf(changes), { isNamed: false, again: false }) ?? whyNotRedriven(letter(changes), TOPICS)
  const cases: [title: string, changes: object, expected: string | undefined][] = [
    ['one that is whole', {}, undefined],
    ['one that is quarantined', { quarantined: true }, 'quarantined'],
    ['one whose value is only in the log', { omitted: ['value'] }, 'incomplete'],
    ['one of another environment', { originalTopic: 'sluice.telemetry.readings.prod' }, 'unknown-topic'],
    ['one of a foreign topic', { originalTopic: 'orders' }, 'unknown-topic'],
    ['one of a partition that is not there', { originalPartition: 12 }, 'no-such-partition'],
    ['one of an offset that the topic has not reached', { originalOffset: 500 }, 'another-log'],
    ['one of a consumer that does not read the topic', { consumer: 'notifier' }, 'unknown-consumer'],
    ['one that Lambda has given up', { errorType: 'lambda-discarded' }, 'never-failed'],
  ]
  for (const [title, changes, expected] of cases)
    test(`given ${title}, then ${expected ?? 'it is'}`, () => {
      assert.equal(why(changes), expected)
    })

  it('given one that is named, then it may be quarantined, and with --again handled before', () => {
    const handled = { action: 'dropped', operations: ['o'] } as const
    const named = (again: boolean, changes: object = {}) =>
      whyLeftByRow({ ...rowOf({ quarantined: true }), ...changes }, { isNamed: true, again })
    assert.equal(named(false), undefined)
    assert.equal(named(false, { handled }), 'handled')
    assert.equal(named(true, { handled }), undefined)
  })
})

describe('what is redriven', () => {
  const choose = (changes: object, options: object = {}) =>
    redriveChooser({
      topics: TOPICS,
      by: 'ann',
      nowMs: () => 0,
      patch: undefined,
      again: false,
      onRefused: () => assert.fail(),
      ...options,
    }).byRecord?.(letter(changes))

  it('given a dead letter, then its bytes go to its partition, for the consumer that failed alone', () => {
    const choice = choose({ originalKey: null })
    assert.ok(choice?.kind === 'take' && choice.record)
    const { topic, partition, key, value, headers } = choice.record
    assert.deepEqual([topic, partition, key], [READINGS, 9, null])
    assert.equal(String(value), '{"sensorId":"roof-1","temperature":"28"}')
    const target = redriveTargetOf({ headers })
    assert.deepEqual([target?.consumer, target?.attempt, target?.replaces], ['processor', 2, undefined])
    const [attempt] = historyOf({ headers })
    assert.deepEqual([attempt?.redrivenBy, attempt?.redrivenAt], ['ann', '1970-01-01T00:00:00.000Z'])
  })

  it('given one that its topic would not take with what a redrive adds, then it is left out', () => {
    const choice = choose({ originalValue: base64('x'.repeat(4_000)) })
    assert.deepEqual(choice, { kind: 'leave', because: 'too-large' })
  })

  it('given a patch that breaks it, then it is left out with a reason', () => {
    const told: string[] = []
    const patch = { document: { data: { temperature: 'warm' } }, isWhole: false }
    const choice = choose({}, { patch, onRefused: (_: unknown, why: string) => told.push(why) })
    assert.deepEqual(choice, { kind: 'leave', because: 'patch-refused' })
    assert.match(told.join(), /schema-violated/)
  })

  it('given a drop, then everything that is open is taken, without a record', () => {
    const row = { ...deadLetterRow(letter({ quarantined: true })), partition: 2 }
    assert.deepEqual([dropChooser.byRow(row, false), dropChooser.byRecord], [undefined, undefined])
    const handled = { action: 'redriven', operations: [] } as const
    assert.equal(dropChooser.byRow({ ...row, handled }, false), 'handled')
  })
})

describe('a patch', () => {
  const location = { site: 'vienna', latitude: 48, longitude: 16 }
  const FIT = { data: { temperature: 28, location } }

  it('given a merge patch, then the event has the change, all else, and the digest of what it replaces', () => {
    const found = letter()
    const { key, value, headers } = found.original
    const result = patched(found, { document: { ...FIT, time: '2026-03-01T12:00:00Z' }, isWhole: false })
    assert.ok(result.kind === 'patched')
    const pairs = headers.map(({ name, value }) => [name, value] as const)
    assert.equal(result.patch.replaces, digestOf({ key, value, headers: pairs }))
    const after = originalEvent({
      original: {
        key,
        value: result.patch.value ?? null,
        headers: (result.patch.headers ?? []).map(([name, value]) => ({ name, value })),
      },
    })
    assert.deepEqual(after?.data, { sensorId: 'roof-1', temperature: 28, location })
    assert.deepEqual([after?.id, after?.subject, after?.time], ['1', 'roof-1', '2026-03-01T12:00:00Z'])
  })

  it('given headers that are not of the event, then they stay', () => {
    const { originalHeaders } = letter().deadLetter
    const foreign = { name: 'trace', value: base64('abc') }
    const result = patched(letter({ originalHeaders: [...originalHeaders, foreign] }), {
      document: FIT,
      isWhole: false,
    })
    assert.ok(result.kind === 'patched')
    assert.deepEqual(
      result.patch.headers?.filter(([name]) => name === 'trace').map(([, value]) => String(value)),
      ['abc'],
    )
  })

  const broken: [title: string, changes: object, document: object, why: RegExp][] = [
    ['data that its schema refuses', {}, { data: { temperature: 'warm' } }, /schema-violated: .*temperature/],
    ['data that is removed', {}, { data: null }, /schema-violated/],
    ['no id', {}, { ...FIT, id: null }, /not a CloudEvent: .*id/],
    ['another subject', {}, { ...FIT, subject: 'roof-2' }, /source and subject cannot be changed/],
    ['an attribute that is not one', {}, { ...FIT, Shouted: 'x' }, /not a CloudEvent/],
    [
      'a record that is not an event',
      { originalHeaders: [], originalValue: base64('[]') },
      FIT,
      /only a whole event can take its place/,
    ],
  ]
  for (const [title, changes, document, why] of broken)
    test(`given ${title}, then it is refused`, () => {
      const result = patched(letter(changes), { document: document as never, isWhole: false })
      assert.ok(result.kind === 'refused')
      assert.match(result.why, why)
    })

  describe('given a record whose data is Avro', () => {
    const avro = letter({
      originalValue: Buffer.of(0, 1, 2).toString('base64'),
      originalHeaders: letter().deadLetter.originalHeaders.map(header =>
        header.name === 'content-type' ? { ...header, value: base64('application/avro') } : header,
      ),
    })
    const change = (document: object) =>
      patched(avro, { document: document as never, isWhole: 'specversion' in document })
    const whole = {
      specversion: '1.0',
      id: '1',
      source: '/environment/vienna',
      type: 'io.sluice.environment.reading.v1',
      subject: 'roof-1',
      data: { sensorId: 'roof-1', ...FIT.data },
    }

    it('when the patch is of the data, then it is refused, and the sentence says what to give', () => {
      for (const document of [FIT, { data_base64: 'AAEC' }, { datacontenttype: null }, { type: 'x' }]) {
        const result = change(document)
        assert.ok(result.kind === 'refused', JSON.stringify(document))
        assert.match(result.why, /^its data is application\/avro, .* cannot be patched: use a whole event/)
      }
    })

    it('when the patch is of another attribute, then the data keeps its bytes and its format', () => {
      const result = change({ time: '2026-03-01T12:00:00Z' })
      assert.ok(result.kind === 'patched')
      assert.deepEqual(result.patch.value, Buffer.of(0, 1, 2))
      const headers = new Map(result.patch.headers?.map(([name, value]) => [name, String(value)]))
      assert.equal(headers.get('content-type'), 'application/avro')
      assert.equal(headers.get('ce_time'), '2026-03-01T12:00:00Z')
    })

    it('when the whole event is given in JSON, then it takes the place; with other bytes it is refused', () => {
      const result = change(whole)
      assert.ok(result.kind === 'patched')
      assert.match(String(result.patch.value), /"temperature":28/)
      const { data: _, ...rest } = whole
      assert.equal(change({ ...rest, data_base64: 'AAEC' }).kind, 'refused')
    })
  })

  describe('given a record of plain JSON', () => {
    const HEADERS = [{ name: 'traceparent', value: base64('t') }]
    const plain = (record: object) =>
      letter({ originalHeaders: HEADERS, originalValue: base64(JSON.stringify(record)) })
    const change = (record: object, document: object) =>
      patched(plain(record), { document: document as never, isWhole: false, mappingsOf: () => MAPPINGS })
    const HOT = { sensor_id: 's1', temperature: 'hot', site: 'a', more: { kept: 1, gone: 2 } }

    it('when it is patched, then its JSON changes, its key and headers stay, and the failed bytes are named', () => {
      const result = change(HOT, { temperature: 21.5, more: { gone: null } })
      assert.ok(result.kind === 'patched')
      const { value, replaces, ...others } = result.patch
      assert.equal(String(value), '{"sensor_id":"s1","temperature":21.5,"site":"a","more":{"kept":1}}')
      assert.deepEqual(others, {})
      const headers = [['traceparent', Buffer.from('t')] as const]
      const before = { key: Buffer.from('roof-1'), value: Buffer.from(JSON.stringify(HOT)), headers }
      assert.equal(replaces, digestOf(before))
    })

    const refusals: [title: string, record: object, document: object, why: RegExp][] = [
      ['data that the mapping refuses', HOT, { temperature: 'warm' }, /^mapping-failed: .*"temperature"/],
      ['data that the schema refuses', HOT, { temperature: 1, humidity: 200 }, /^schema-violated: /],
      ['data that no mapping takes', HOT, { temperature: null }, /^not-a-cloudevent: .*no "temperature"/],
      ['another entity', HOT, { temperature: 1, sensor_id: 's2' }, /^"sensorId" cannot be changed: another/],
      ['another source', HOT, { temperature: 1, site: 'b' }, /^"location.site" cannot be changed/],
      ['an entity where there was none', { temperature: 1 }, { sensor_id: 's1' }, /^"sensorId" cannot be/],
      [
        'a source where there was none',
        { ...HOT, site: null },
        { temperature: 1, site: 'b' },
        /location.site/,
      ],
    ]
    for (const [title, record, document, why] of refusals)
      it(`when the patch gives it ${title}, then it is refused`, () => {
        const result = change(record, document)
        assert.ok(result.kind === 'refused')
        assert.match(result.why, why)
      })

    it('when it looks like an event without being one, then it is changed as it was written', () => {
      const result = change({ specversion: '1.0', ...HOT }, { temperature: 1 })
      assert.ok(result.kind === 'patched')
      assert.match(String(result.patch.value), /^\{"specversion":"1\.0","sensor_id":"s1","temperature":1,/)
    })

    for (const [title, bytes] of [
      ['text that is not UTF-8', Buffer.from('7b2261223a22ff227d', 'hex')],
      ['a number that would change', Buffer.from('{"a":1e999}')],
    ] as const)
      it(`when it has ${title}, then it is refused`, () => {
        const found = letter({ originalHeaders: [], originalValue: bytes.toString('base64') })
        const document = { temperature: 1 }
        const result = patched(found, { document, isWhole: false, mappingsOf: () => MAPPINGS })
        assert.ok(result.kind === 'refused')
        assert.match(result.why, /neither an event nor a JSON object/)
      })

    it('when its topic has no mappings, then the sentence says how it gets some', () => {
      const result = patched(plain(HOT), { document: { temperature: 1 }, isWhole: false })
      assert.ok(result.kind === 'refused')
      assert.match(result.why, /has no mappings: name some by TOPIC_MAPPINGS, or give a whole event$/)
    })
  })

  it('given a whole event, then it takes the place even of what cannot be read', () => {
    const document = readPatch(
      JSON.stringify({
        specversion: '1.0',
        id: '1',
        source: '/environment/vienna',
        type: 'io.sluice.environment.reading.v1',
        subject: 'roof-1',
        data: { sensorId: 'roof-1', ...FIT.data },
      }),
    )
    assert.ok(typeof document !== 'string' && document.isWhole)
    assert.equal(patched(letter({ originalHeaders: [] }), document).kind, 'patched')
  })

  for (const text of ['', '[]', '{}', 'null', '{"n":123456789012345678}'])
    test(`given ${text || 'nothing'}, then it is not a patch`, () => {
      assert.equal(typeof readPatch(text), 'string')
    })
})

describe('the dead letters of an operation', () => {
  const at = (offset: number, changes: object = {}) => ({
    ...deadLetterRecord(changes, undefined, `y${offset}`),
    partition: 0,
    offset,
  })
  const word = (offset: number, operation: string, of: number) => ({
    ...handledRecord({
      ...{ action: 'redriven', by: 'ann', at: '2026-03-01T13:00:00Z', operation },
      ranges: [{ from: of, to: of }],
    }),
    partition: 0,
    offset,
  })
  const records = [
    at(0),
    at(1, { consumer: 'alerting' }),
    at(2, { consumer: undefined }),
    at(3),
    word(4, 'own', 3),
    at(5),
    word(6, 'other', 5),
  ]
  const source = {
    topic: 'sluice.telemetry.dlq.local',
    log: new MemoryLogReader(records),
    bounds: async () => [{ start: 0, end: records.length }],
  }
  const select = async (ats: readonly string[], filter: object = {}) => {
    const { rows, missing } = await selectedDeadLetters(source, { ats, filter, operation: 'own' })
    return { offsets: rows.map(({ offset }) => offset), missing }
  }

  it('given conditions, then the dead letters that meet them are meant, and the broken ones of that time', async () => {
    assert.deepEqual(await select([], { consumer: 'processor' }), { offsets: [0, 2, 5], missing: [] })
    assert.deepEqual(await select([], { consumer: 'alerting', untilMs: 0 }), { offsets: [], missing: [] })
  })

  it('given places and ids, then those are meant, handled by others or not, and the rest is missing', async () => {
    const all = ['0@0', 'y1', '0@2', '0@5', '0@9', 'x1', '0@4']
    assert.deepEqual(await select(all), { offsets: [0, 1, 2, 5], missing: ['0@9', 'x1', '0@4'] })
  })

  it('given a patch, then the open letters of other consumers for the same plain record are meant, too', async () => {
    const plain = (offset: number, changes: object = {}) =>
      at(offset, { originalHeaders: [], originalValue: base64('{}'), ...changes })
    const alerting = { consumer: 'alerting' }
    const written = [
      plain(0),
      plain(1, alerting),
      plain(2, { ...alerting, originalOffset: 187 }),
      plain(3, { ...alerting, originalPartition: 8 }),
      plain(4, { consumer: 'activity', quarantined: true }),
      plain(5, { consumer: 'grouping' }),
      word(6, 'other', 5),
      at(7, alerting),
      { ...plain(8, { consumer: 'late' }), timestampMs: 50 },
      plain(9, { consumer: 'last' }),
    ]
    const log = new MemoryLogReader(written)
    const here = { topic: source.topic, log, bounds: async () => [{ start: 0, end: written.length }] }
    const offsets = async (ats: readonly string[], operation = 'own', ofAllConsumers = true) => {
      const selection = { ats, filter: { untilMs: 50 }, operation, ofAllConsumers }
      return (await selectedDeadLetters(here, selection)).rows.map(({ offset }) => offset)
    }
    assert.deepEqual(await offsets(['0@0']), [0, 1, 9])
    assert.deepEqual(await offsets(['0@1', '0@4']), [0, 1, 4, 9])
    assert.deepEqual(await offsets(['0@7']), [7])
    assert.deepEqual(await offsets(['0@0'], 'own', false), [0])
    assert.deepEqual(await offsets(['0@5'], 'other'), [0, 1, 9], 'it continues after the one that is named')
  })

  it('given an operation that continues after a stop, then dead letters that it handled are excluded', async () => {
    assert.deepEqual(await select(['0@3', '0@5']), { offsets: [5], missing: [] })
  })
})

describe('publishing what is chosen', () => {
  const DOING = {
    operation: newOperation(0),
    action: 'redriven' as const,
    by: 'ann',
    dlqTopic: 'dlq',
    contentMode: 'binary' as const,
  }
  const record = (offset: number) => ({
    topic: READINGS,
    key: null,
    value: Buffer.from(`${offset}`),
    headers: [],
  })
  const taken = (offset: number) => ({ partition: offset % 2, offset, record: record(offset) })
  async function* groups(...all: number[][]) {
    for (const group of all) yield group.map(taken)
  }
  const pace = (changes: Partial<Pace> = {}): Pace => ({
    perSecond: undefined,
    nowMs: () => 0,
    wait: async () => {},
    isStopped: () => false,
    ...changes,
  })
  const handledIn = (publisher: MemoryPublisher) =>
    publisher.published
      .filter(({ topic }) => topic === 'dlq')
      .map(({ partition, value }) => [partition, JSON.parse(String(value)).ranges])

  it('given several partitions, then records leave in order, and each partition gets its ranges', async () => {
    const publisher = new MemoryPublisher()
    await publishChosen(groups([0, 1, 2], [3, 5]), publisher, DOING, pace(), () => {})
    const values = publisher.published
      .filter(({ topic }) => topic === READINGS)
      .map(({ value }) => String(value))
    assert.deepEqual(values, ['0', '1', '2', '3', '5'])
    assert.deepEqual(handledIn(publisher), [
      [
        0,
        [
          { from: 0, to: 0 },
          { from: 2, to: 2 },
        ],
      ],
      [
        1,
        [
          { from: 1, to: 1 },
          { from: 3, to: 3 },
          { from: 5, to: 5 },
        ],
      ],
    ])
    const places = new Places()
    for (const offset of [4, 5, 6, 9]) places.add({ partition: 0, offset })
    const [told] = places.records(DOING, 0)
    assert.deepEqual(JSON.parse(String(told?.value)).ranges, [
      { from: 4, to: 6 },
      { from: 9, to: 9 },
    ])
  })

  it('given a rate, then a batch is a quarter of a second, and each waits until it is due', async () => {
    const waits: number[] = []
    const publisher = new MemoryPublisher()
    const wait = async (ms: number) => void waits.push(ms)
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    await publishChosen(groups(numbers), publisher, DOING, pace({ perSecond: 40, wait }), () => {})
    assert.deepEqual(waits, [250, 500])
  })

  it('given a rate and a long read before or between, then the time of the read is not caught up', async () => {
    let nowMs = 0
    const left: number[] = []
    const wait = async (ms: number) => {
      nowMs += ms
    }
    async function* slow() {
      nowMs += 20_000
      yield* groups(Array.from({ length: 30 }, (_, offset) => offset))
      nowMs += 20_000
      yield* groups(Array.from({ length: 20 }, (_, offset) => 30 + offset))
    }
    const limits = pace({ perSecond: 40, wait, nowMs: () => nowMs })
    await publishChosen(slow(), new MemoryPublisher(), DOING, limits, () => left.push(nowMs))
    const gaps = left.slice(1).map((at, index) => at - (left[index] ?? 0))
    assert.equal(left.length, 5)
    assert.ok(
      gaps.every(gap => gap >= 250),
      `${left}`,
    )
  })

  it('given a stop, then what was published is handled, and no more is published', async () => {
    const publisher = new MemoryPublisher()
    let published = 0
    const isStopped = () => published >= 10
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    const limits = pace({ perSecond: 40, isStopped })
    await publishChosen(groups(numbers), publisher, DOING, limits, batch => {
      published += batch.length
    })
    const all = handledIn(publisher).flatMap(([, ranges]) => ranges)
    assert.deepEqual([published, all.length], [10, 10])
  })

  it('given that Kafka does not take a batch, then only what it took before is handled', async () => {
    const publisher = new MemoryPublisher(topic => (topic === READINGS && publisher.calls > 1 ? 0 : 1e9))
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    const run = publishChosen(groups(numbers), publisher, DOING, pace({ perSecond: 40 }), () => {})
    await assert.rejects(run, /too large/)
    assert.deepEqual(handledIn(publisher), [])
    assert.equal(publisher.published.length, 10)
  })

  it('given that the topic cannot be read on, then what was published is handled', async () => {
    const publisher = new MemoryPublisher()
    async function* torn() {
      yield* groups(Array.from({ length: 12 }, (_, offset) => offset))
      throw new Error('torn')
    }
    await assert.rejects(
      publishChosen(torn(), publisher, DOING, pace({ perSecond: 40 }), () => {}),
      /torn/,
    )
    assert.equal(handledIn(publisher).flatMap(([, ranges]) => ranges).length, 10)
  })
})
