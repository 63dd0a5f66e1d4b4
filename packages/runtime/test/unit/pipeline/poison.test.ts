import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { estimateSize } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type Emission, type KeyedProcess, reject } from '../../../consumer/process.ts'
import type { KafkaEvent } from '../../../pipeline/batch/receive.ts'
import { CONSUMER_DEFAULTS } from '../../../pipeline/consumer.ts'
import { READING_TYPES } from '../../support/application.ts'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { counting, Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

/** A reading's record with other bytes for its data. */
function logNested(offset: number, json: string) {
  return { ...record(offset, reading('nested', { type: 'com.example.other' })), value: Buffer.from(json) }
}

/** JSON of this many nested arrays with an object in each. */
function nested(pairs: number): string {
  return `${'[{"a":'.repeat(pairs)}0${'}]'.repeat(pairs)}`
}

/** The event with one more header on one of its records. */
function withHeader(event: KafkaEvent, offset: number, header: Record<string, object | null>): KafkaEvent {
  const groups = Object.entries(event.records).map(([name, records]) => [
    name,
    records.map(record =>
      record.offset === offset ? { ...record, headers: [...(record.headers ?? []), header] } : record,
    ),
  ])
  return { records: Object.fromEntries(groups) }
}

describe('records that cannot be processed', () => {
  const garbage = { value: Buffer.from('\u0000garbage') }
  const table: [name: string, content: Parameters<typeof record>[1], code: string][] = [
    ['garbage', garbage, 'not-a-cloudevent'],
    ['an empty value', { value: Buffer.alloc(0) }, 'not-a-cloudevent'],
    ['a tombstone', { value: null }, 'not-a-cloudevent'],
    [
      'a tombstone in structured mode',
      { value: null, headers: [['content-type', Buffer.from('application/cloudevents+json')]] },
      'malformed-event',
    ],
    ['a reading without an id', reading(''), 'malformed-event'],
    ['a reading that breaks its schema', reading('x', { data: { sensorId: 7 } }), 'schema-violated'],
    [
      'a reading of a clock that was never set',
      reading('x', { time: '1970-01-01T00:00:07Z' }),
      'time-too-early',
    ],
    [
      'a reading from before the earliest time',
      reading('x', { time: '1999-12-31T23:59:59.999Z' }),
      'time-too-early',
    ],
    ['a reading from the future', reading('x', { at: 2 * 3600 }), 'time-in-future'],
  ]
  const timeless = reading('x')
  delete (timeless as { time?: string }).time
  for (const [name, timestampMs, message] of [
    [
      'no timestamp',
      -1,
      'the record has no timestamp (-1), and the event has no "time": let the producer write one of them',
    ],
    ['a timestamp in seconds', 1_795_597_200, "the record's timestamp is before 2000-01-01T00:00:00.000Z"],
    ['the timestamp 0', 0, "the record's timestamp is before 2000-01-01T00:00:00.000Z"],
  ] as const)
    it(`given an event without a time in a record with ${name}, then the reason names the timestamp`, async () => {
      for (const earliestTimeMs of [CONSUMER_DEFAULTS.earliestTimeMs, -1e12].slice(
        0,
        timestampMs < 0 ? 2 : 1,
      )) {
        const stage = new Stage()
        stage.consumer = { ...stage.consumer, earliestTimeMs }
        await stage.batch([{ ...record(0, timeless), timestampMs }])
        assert.deepEqual(stage.outcomes, ['failed/time-too-early'])
        assert.equal((stage.events[0]?.data as FailureData | undefined)?.error, message)
      }
    })

  // Promise packages/runtime/README.md#A record that cannot be processed does not block: it becomes a failure record
  // Promise docs/guarantees.md#Poison does not block
  for (const [name, content, code] of table)
    it(`given ${name}, then it fails (${code}) and its batch continues`, async () => {
      const stage = new Stage()
      const poison = record(1, content)
      const response = await stage.batch([record(0, reading('a')), poison, record(2, reading('b'))])
      assert.deepEqual(response, { batchItemFailures: [] })
      assert.deepEqual(stage.outcomes, ['applied/counted', `failed/${code}`, 'applied/counted'])
      const failure = stage.events.find(({ type }) => type === 'io.sluice.failure.v1')
      const data = failure?.data as Record<string, unknown>
      assert.equal(data.errorType, code)
      assert.equal(/read .* as an input$/.test(String(data.error)), code === 'not-a-cloudevent')
      assert.equal(data.originalOffset, 1)
      assert.equal(data.originalValue, poison.value?.toString('base64') ?? null)
      assert.deepEqual(
        data.originalHeaders,
        poison.headers.map(([name, value]) => ({ name, value: String(value?.toString('base64')) })),
      )
      assert.equal(
        stage.publisher.publishedRecords.find(({ topic }) => topic.includes('failures'))?.topic,
        'sluice.telemetry.failures.test',
      )
    })

  for (const [aheadMs, outcome] of [
    [300_000, 'applied/counted'],
    [300_001, 'failed/time-in-future'],
  ] as const)
    it(`given a time ${aheadMs} ms after its record's, and a tolerance of 300000, then ${outcome}`, async () => {
      const stage = new Stage()
      const timestampMs = Date.parse('2026-03-01T12:00:00Z')
      await stage.batch([record(0, reading('a', { at: aheadMs / 1000 }), { timestampMs })])
      assert.deepEqual(stage.outcomes, [outcome])
    })

  for (const [at, outcome] of [
    ['2026-02-26T12:00:00Z', 'applied/counted'],
    ['2026-02-26T11:59:59.999Z', 'failed/time-too-early'],
  ] as const)
    it(`given a time of ${at}, and an earliest time three days before the append time, then ${outcome}`, async () => {
      const stage = new Stage()
      stage.consumer = { ...stage.consumer, oldestMs: 3 * 86_400_000 }
      const timestampMs = Date.parse('2026-03-01T12:00:00Z')
      await stage.batch([record(0, reading('a', { time: at }), { timestampMs })])
      assert.deepEqual(stage.outcomes, [outcome])
      const { error = '' } = (stage.events[0]?.data ?? {}) as Partial<FailureData>
      assert.equal(error, outcome.startsWith('failed') ? '"time" is before 2026-02-26T12:00:00.000Z' : '')
    })

  for (const [form, value] of [
    ['null', null],
    ['an empty object', {}],
    ['an empty list', []],
  ] as const)
    for (const name of ['x-null', 'ce_extension', 'sluice-redrive-consumer'])
      it(`given a null header ${name} that comes as ${form}, then it has no bytes`, async () => {
        const stage = new Stage()
        const log = ['a', 'b', 'c'].map((id, at) => record(at, reading(id)))
        const event = withHeader(kafkaEvent(log), 1, { [name]: value })
        assert.deepEqual(await stage.consume(event), { batchItemFailures: [] })
        assert.equal(stage.outcomes.length, 3)
        assert.deepEqual([stage.outcomes[0], stage.outcomes[2]], ['applied/counted', 'applied/counted'])
        // A header that is null is absent, and one that is empty is not.
        const isAnother = name === 'sluice-redrive-consumer' && form === 'an empty list'
        assert.equal(stage.outcomes[1], isAnother ? 'ignored/redriven-for-another' : 'applied/counted')
      })

  it('given a process that refuses, throws or repeats a name, then the record fails and the state stays', async () => {
    const emission = { name: 'same', to: 'events' as const, key: 'k', type: 't', source: '/s', data: {} }
    const steps: Record<string, () => ReturnType<KeyedProcess<unknown>['onEvent']>> = {
      good: () => completeStep('counted', { seen: true }),
      refuses: () => reject('not in this state'),
      throws: () => {
        throw new TypeError('a bug')
      },
      repeats: () => completeStep('twice', { seen: false }, [emission, emission]),
      huge: () => completeStep('huge', { seen: false }, [{ ...emission, data: 'x'.repeat(2 ** 20) }]),
    }
    const process: KeyedProcess<unknown> = {
      name: 'moody',
      accepts: READING_TYPES,
      onEvent: (_, event) => (steps[event.id] as () => ReturnType<KeyedProcess<unknown>['onEvent']>)(),
    }
    const stage = new Stage(process)
    await stage.batch(Object.keys(steps).map((id, offset) => record(offset, reading(id))))
    assert.deepEqual(stage.outcomes, [
      'applied/counted',
      'failed/rejected',
      'failed/unexpected-error',
      'failed/unexpected-error',
      'failed/emission-too-large',
    ])
    assert.deepEqual(await stage.state(ENTITY), { seen: true })
  })

  for (const [depth, outcome] of [
    [100, 'applied/counted'],
    [101, 'failed/malformed-event'],
    [20_000, 'failed/malformed-event'],
  ] as const)
    it(`given data nested ${depth} levels deep, then it is ${outcome}, and the rest continues`, async () => {
      const stage = new Stage({ ...counting, accepts: [...counting.accepts, 'com.example.other'] } as never)
      // Arrays and objects in turn: both count.
      const json = depth % 2 === 0 ? nested(depth / 2) : `[${nested((depth - 1) / 2)}]`
      await stage.batch([record(0, reading('a')), logNested(1, json), record(2, reading('b'))])
      assert.deepEqual(stage.outcomes, ['applied/counted', outcome, 'applied/counted'])
    })

  it("given a state or an emission that cannot be stored, then its record fails as a consumer's bug", async () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    const process: KeyedProcess<unknown> = {
      name: 'circular',
      accepts: READING_TYPES,
      onEvent: (_, event) => {
        if (event.id === 'state') return completeStep('stored', circular)
        if (event.id === 'good') return completeStep('counted', {})
        return completeStep('emitted', {}, [
          { name: 'e', to: 'events', key: null, type: 't', source: '/s', data: 1n },
        ])
      },
    }
    const stage = new Stage(process)
    await stage.batch(['state', 'emission', 'good'].map((id, offset) => record(offset, reading(id))))
    assert.deepEqual(stage.outcomes, [
      'failed/unexpected-error',
      'failed/unexpected-error',
      'applied/counted',
    ])
  })

  // Promise docs/consumers.md#1-the-process | What a process may not do is its error, and its state stays.
  it('given a process that changes its state and then throws, then the next event finds the old state', async () => {
    const process: KeyedProcess<{ count: number }> = {
      name: 'careless',
      accepts: READING_TYPES,
      onEvent(state = { count: 0 }, event) {
        state.count++
        return event.id === 'bad' ? reject('no') : completeStep('counted', state)
      },
    }
    const stage = new Stage(process as KeyedProcess<unknown>)
    await stage.batch(['a', 'bad', 'b'].map((id, offset) => record(offset, reading(id))))
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
  })

  const vast: [name: string, content: Parameters<typeof record>[1]][] = [
    ['value', { value: Buffer.alloc(2 * 2 ** 20, 1) }],
    ['key', { key: Buffer.alloc(1_000_000, 1), value: Buffer.alloc(1_000_000) }],
    ['header name', { headers: [['\u0001'.repeat(400_000), Buffer.alloc(0)]] }],
    [
      'number of headers',
      { headers: Array.from({ length: 120_000 }, () => ['h', Buffer.alloc(0)] as const) },
    ],
  ]
  for (const [name, content] of vast)
    it(`given a record with a vast ${name}, then its failure record still fits into its topic`, async () => {
      const stage = new Stage()
      await stage.batch([record(0, content)])
      assert.equal(stage.publisher.publishedRecords.length, 1)
      for (const published of stage.publisher.publishedRecords)
        assert.ok(estimateSize(published) <= 2 * 2 ** 20)
    })

  it('given a record near the limit of its topic, then its failure record says where the bytes are', async () => {
    const stage = new Stage()
    await stage.batch([record(0, { value: Buffer.alloc(2 * 2 ** 20, 1) })])
    const data = stage.events[0]?.data as { originalValue: unknown; error: string }
    assert.equal(data.originalValue, null)
    assert.match(data.error, /too large for a failure record.*its position in the log: value$/)
  })
})

describe('unreadable emissions', () => {
  const good = { name: 'e', to: 'events' as const, key: 'k', type: 't', source: '/s', data: {} }
  const table: [name: string, emission: Partial<Emission>][] = [
    ['an empty subject', { subject: '' }],
    ['a source with a space', { source: '/s and more' }],
    ['no type', { type: '' }],
    ['a dataschema that is not an absolute URI', { dataschema: 'schema' }],
    ['bytes for data, which JSON cannot hold', { data: Buffer.from('bytes') }],
  ]
  for (const [name, broken] of table)
    it(`given ${name}, then that is a bug, and its record fails`, async () => {
      const process: KeyedProcess<unknown> = {
        name: 'careless',
        accepts: READING_TYPES,
        onEvent: () => completeStep('emitted', {}, [{ ...good, ...broken }]),
      }
      const stage = new Stage(process)
      await stage.batch([record(0, reading('a'))])
      assert.deepEqual(stage.outcomes, ['failed/unexpected-error'])
      assert.equal(await stage.state(ENTITY), undefined)
    })
})

describe('a process that does what it must not', () => {
  it('given one that changes the event, then its failure record has the original bytes', async () => {
    const process: KeyedProcess<unknown> = {
      name: 'meddling',
      accepts: READING_TYPES,
      onEvent(_, event) {
        const meddled = event as { id: string; data: { temperature: number } }
        meddled.data.temperature = -1
        if (event.id === 'bad') return reject('no')
        meddled.id = 'another'
        return completeStep('counted', {})
      },
    }
    const stage = new Stage(process)
    const bad = record(0, reading('bad'))
    await stage.batch([bad, record(1, reading('a')), record(2, reading('a'))])
    assert.deepEqual(stage.outcomes, ['failed/rejected', 'applied/counted', 'duplicate/id-known'])
    const failureRecord = stage.events[0]?.data as { originalValue: string } | undefined
    assert.equal(failureRecord?.originalValue, bad.value?.toString('base64'))
  })

  it('given one that is asynchronous, then that is its bug, and its rejection ends no invocation', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const late: KeyedProcess<unknown> = {
      name: 'late',
      accepts: READING_TYPES,
      onEvent: (async () => {
        throw new Error('late')
      }) as never,
    }
    const stage = new Stage(late)
    await stage.batch([record(0, reading('a'))])
    await new Promise(setImmediate)
    process.off('unhandledRejection', listen)
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error'])
    assert.deepEqual(unhandled, [])
  })
})
