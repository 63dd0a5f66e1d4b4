import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryPublisher } from '../../../lib/adapters/memory/publisher.ts'
import { MemoryStateStore } from '../../../lib/adapters/memory/state-store.ts'
import { sizeOf } from '../../../lib/cloudevents/record.ts'
import { decided, type KeyedProcess, rejected } from '../../../lib/domain/process.ts'
import { READING_TYPES } from '../../../lib/domain/telemetry/families.ts'
import { tick } from '../../../lib/domain/telemetry/tick.ts'
import { type Slot, Unavailable } from '../../../lib/pipeline/ports.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

describe('a batch in the plain case', () => {
  it('given readings, when they come, then each is applied once, in order, and what they cause is published', async () => {
    const stage = new Stage()
    const response = await stage.batch([
      record(0, reading('a')),
      record(1, reading('b')),
      record(2, reading('c')),
    ])
    assert.deepEqual(response, { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, Array(3).fill('applied/counted'))
    assert.deepEqual(await stage.state(ENTITY), { count: 3 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }],
    )
    assert.equal(stage.publisher.calls, 1)
  })

  it('given an emission, then its id and time follow from its cause, and its sequence from the place of that', async () => {
    const [first, second] = [new Stage(), new Stage()]
    const log = [record(0, reading('a')), record(1, reading('b', { at: 7 }))]
    await first.batch(log)
    await second.batch(log.slice(0, 1))
    await second.batch(log.slice(1))
    assert.deepEqual(first.events, second.events)
    assert.equal(first.events[0]?.time, '2026-03-01T12:00:07.000Z')
    assert.equal(first.events[0]?.extensions?.sequence, '0.0000000000000001.0000')
  })

  it('given a traced reading, then what it causes is in its trace, under a span of its own', async () => {
    const stage = new Stage()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await stage.batch([record(0, reading('a')), record(1, reading('b', { extensions: { traceparent } }))])
    const continued = stage.events[0]?.extensions?.traceparent ?? ''
    assert.match(continued, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    assert.notEqual(continued, traceparent)
  })

  it('given ticks and events of other types, then they are ignored with a reason', async () => {
    const stage = new Stage()
    const other = { id: 'x', source: '/elsewhere', type: 'com.example.other', data: {} }
    await stage.batch([record(0, tick(0, '2026-03-01T12:00:00Z')), record(1, other)])
    assert.deepEqual(stage.outcomes, ['ignored/tick', 'ignored/not-mine'])
  })

  it('given several partitions, then each has a slot of its own', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(0, reading('b'), { partition: 1 })])
    assert.deepEqual(await stage.state(ENTITY, 0), { count: 1 })
    assert.deepEqual(await stage.state(ENTITY, 1), { count: 1 })
  })

  it('given an event without any record, then it is refused: a check of nothing is no success', async () => {
    await assert.rejects(new Stage().batch([]), /holds no record/)
  })
})

/** A reading's record with other bytes for its data. */
function logNested(offset: number, json: string) {
  return { ...record(offset, reading('nested', { type: 'com.example.other' })), value: Buffer.from(json) }
}

describe('what came before', () => {
  it('given a batch that was processed, when it is delivered again, then nothing happens a second time', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    await stage.batch(batch)
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.equal(stage.publisher.published.length, 1)
    assert.equal(stage.observer.redeliveries, 2)
  })

  it('given a reading sent again at another offset, then it is a duplicate by its source and id', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a'))])
    await stage.batch([record(2, reading('a'))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known', 'duplicate/id-known'])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('given equal ids of two sources, then both are applied: an id alone names nothing', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a', { source: '/environment/other' }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/counted'])
  })

  it('given the members of the data in another order, then it is the same content', async () => {
    const stage = new Stage()
    const again = reading('a')
    const data = Object.fromEntries(Object.entries(again.data as object).reverse())
    await stage.batch([record(0, reading('a')), record(1, { ...again, data })])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
  })

  it('given the same id with other content, then the second fails, naming both digests', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a', { temperature: 21 }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/id-conflict'])
    assert.match(stage.observer.decisions[1]?.fault?.message ?? '', /[0-9a-f]{16}.*[0-9a-f]{16}/)
  })

  it('given an id older than the window on the clock of the log, then it is new again', async () => {
    const stage = new Stage()
    const at = (ms: number) => ({ timestampMs: Date.parse('2026-03-01T13:00:00Z') + ms })
    // The clock takes two minutes of a pause at most, so it needs many records to pass an hour.
    const filler = Array.from({ length: 31 }, (_, index) =>
      record(index + 1, tick(0, '2026-03-01T12:00:00Z'), at((index + 1) * 120_000)),
    )
    await stage.batch([record(0, reading('a'), at(0)), ...filler.slice(0, 30)])
    await stage.batch([record(31, reading('a'), at(30 * 120_000))])
    await stage.batch([record(32, reading('a'), at(30 * 120_000 + 1))])
    assert.deepEqual(
      stage.outcomes.filter(outcome => outcome !== 'ignored/tick'),
      ['applied/counted', 'duplicate/id-known', 'applied/counted'],
    )
  })
})

describe('records that cannot be processed', () => {
  const garbage = { value: Buffer.from('\u0000garbage') }
  const table: [name: string, content: Parameters<typeof record>[1], code: string][] = [
    ['garbage', garbage, 'not-a-cloudevent'],
    ['an empty value', { value: Buffer.alloc(0) }, 'not-a-cloudevent'],
    ['a tombstone', { value: null }, 'not-a-cloudevent'],
    ['a reading without an id', reading(''), 'malformed-event'],
    ['a reading that breaks its schema', reading('x', { data: { sensorId: 7 } }), 'schema-violated'],
    ['a reading from the future', reading('x', { at: 2 * 3600 }), 'time-in-future'],
  ]
  for (const [name, content, code] of table)
    it(`given ${name}, then it leaves as a failure (${code}) and the rest of its batch goes on`, async () => {
      const stage = new Stage()
      const poison = record(1, content)
      const response = await stage.batch([record(0, reading('a')), poison, record(2, reading('b'))])
      assert.deepEqual(response, { batchItemFailures: [] })
      assert.deepEqual(stage.outcomes, ['applied/counted', `failed/${code}`, 'applied/counted'])
      const failure = stage.events.find(({ type }) => type === 'io.sluice.failure.v1')
      const data = failure?.data as Record<string, unknown>
      assert.equal(data.errorType, code)
      assert.equal(data.originalOffset, 1)
      assert.equal(data.originalValue, poison.value?.toString('base64') ?? null)
      assert.deepEqual(
        data.originalHeaders,
        poison.headers.map(([name, value]) => ({ name, value: value.toString('base64') })),
      )
      assert.equal(
        stage.publisher.published.find(({ topic }) => topic.includes('failures'))?.topic,
        'sluice.telemetry.failures.test',
      )
    })

  it('given a batch of poison delivered again, then each failure has left once', async () => {
    const stage = new Stage()
    await stage.batch([record(0, garbage)])
    await stage.batch([record(0, garbage)])
    assert.equal(stage.publisher.published.length, 1)
  })

  it('given a process that refuses, throws, or names two emissions alike, then the record fails and the state stays', async () => {
    const emission = { name: 'same', to: 'events' as const, key: 'k', type: 't', source: '/s', data: {} }
    const steps: Record<string, () => ReturnType<KeyedProcess<unknown>['onEvent']>> = {
      good: () => decided('counted', { seen: true }),
      refuses: () => rejected('not in this state'),
      throws: () => {
        throw new TypeError('a bug')
      },
      repeats: () => decided('twice', { seen: false }, [emission, emission]),
      huge: () => decided('huge', { seen: false }, [{ ...emission, data: 'x'.repeat(2 ** 20) }]),
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

  it('given data that is nested too deeply to be walked, then that is the failure of its record alone', async () => {
    const stage = new Stage()
    const depth = 20_000
    const nested = logNested(1, `${'['.repeat(depth)}${']'.repeat(depth)}`)
    await stage.batch([record(0, reading('a')), nested, record(2, reading('b'))])
    assert.equal(stage.outcomes[0], 'applied/counted')
    assert.match(stage.outcomes[1] ?? '', /^(failed|ignored)\//)
    assert.equal(stage.outcomes[2], 'applied/counted')
  })

  it('given a state or an emission that cannot be stored, then that is a bug of the consumer, and its record fails', async () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    const process: KeyedProcess<unknown> = {
      name: 'circular',
      accepts: READING_TYPES,
      onEvent: (_, event) => {
        if (event.id === 'state') return decided('stored', circular)
        if (event.id === 'good') return decided('counted', {})
        return decided('emitted', {}, [
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

  it('given a process that changes its state and then gives up, then the next event finds the state as it was', async () => {
    const process: KeyedProcess<{ count: number }> = {
      name: 'careless',
      accepts: READING_TYPES,
      onEvent(state = { count: 0 }, event) {
        state.count++
        return event.id === 'bad' ? rejected('no') : decided('counted', state)
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
    it(`given a record with a vast ${name}, then its letter still fits into its topic`, async () => {
      const stage = new Stage()
      await stage.batch([record(0, content)])
      assert.equal(stage.publisher.published.length, 1)
      for (const published of stage.publisher.published) assert.ok(sizeOf(published) <= 2 * 2 ** 20)
    })

  it('given a record near the limit of its topic, then its letter says where the bytes are instead of growing too large', async () => {
    const stage = new Stage()
    await stage.batch([record(0, { value: Buffer.alloc(2 * 2 ** 20, 1) })])
    const data = stage.events[0]?.data as { originalValue: unknown; error: string }
    assert.equal(data.originalValue, null)
    assert.match(data.error, /too large for a letter.*its place in the log: value$/)
  })
})

describe('what the outside does', () => {
  const away = () => Promise.reject(new Unavailable('store-unavailable', 'away'))

  it('given a store out of reach, then nothing is processed and the partition is reported from its first record', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    store.load = away
    const response = await stage.batch([record(4, reading('a')), record(5, reading('b'))], {
      ports: { store },
    })
    assert.deepEqual(
      response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
      [
        { partition: 'sluice.telemetry.readings.test-0', offset: 4 },
        { partition: 'sluice.telemetry.readings.test-0', offset: 5 },
      ],
    )
    assert.deepEqual(stage.outcomes, [])
    assert.equal(stage.observer.waits[0]?.reason, 'store-unavailable')
  })

  it('given one partition whose slot is out of reach, then the others go on', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    const load = store.load.bind(store)
    store.load = (slot: Slot, wanted) => (slot.partition === 0 ? away() : load(slot, wanted))
    const batch = [record(0, reading('a')), record(0, reading('b'), { partition: 1 })]
    const response = await stage.batch(batch, { ports: { store } })
    assert.equal(response.batchItemFailures.length, 1)
    assert.deepEqual(stage.outcomes, ['applied/counted'])
  })

  it('given a mapping without partial responses, when a partition must wait, then the handler throws', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    store.load = away
    const held = stage.batch([record(4, reading('a'))], { ports: { store }, partialResponses: false })
    await assert.rejects(held, { name: 'BatchHeld', message: /readings\.test\/0 from 4/ })
  })

  it('given a publish that fails after the commit, when the batch comes again, then what was decided is published', async () => {
    const stage = new Stage()
    const publisher = new MemoryPublisher()
    publisher.publish = () => Promise.reject(new Unavailable('broker-unavailable', 'away'))
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const response = await stage.batch(batch, { ports: { publisher } })
    assert.equal(response.batchItemFailures.length, 2)
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }],
    )
  })

  it('given emissions left over, when the next batch comes, then they leave before anything newer', async () => {
    const stage = new Stage()
    const publisher = new MemoryPublisher()
    publisher.publish = () => Promise.reject(new Unavailable('broker-unavailable', 'away'))
    await stage.batch([record(0, reading('a')), record(1, reading('b'))], { ports: { publisher } })
    await stage.batch([record(2, reading('c')), record(3, reading('d'))])
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }, { count: 4 }],
    )
  })

  it('given a settle that fails, then the batch has succeeded and the repeat has the same id', async () => {
    const stage = new Stage()
    const settle = stage.store.settle.bind(stage.store)
    stage.store.settle = away
    const response = await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    assert.deepEqual(response, { batchItemFailures: [] })
    assert.equal(stage.observer.unsettledEntries, 1)
    stage.store.settle = settle
    await stage.batch([record(2, reading('c'))])
    assert.deepEqual(new Set(stage.events.map(({ id }) => id)).size, 1)
    assert.equal(stage.events.length, 2)
  })

  it('given another invocation that was faster, then this one decides again and emits only what the slot took', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = async (slot, change) => {
      stage.store.commit = commit
      await stage.batch(batch)
      return commit(slot, change)
    }
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.equal(stage.publisher.published.length, 1)
  })

  it('given a commit whose reply was lost, when the batch comes again, then its emissions leave once and nothing is applied twice', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = async (slot, change) => {
      await commit(slot, change)
      throw new Unavailable('store-unavailable', 'the reply was lost')
    }
    await stage.batch(batch)
    stage.store.commit = commit
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }],
    )
  })

  it('given too little time for another wave, then the rest waits', async () => {
    const stage = new Stage()
    const batch = Array.from({ length: 600 }, (_, offset) => record(offset, reading(`r${offset}`)))
    let waves = 0
    const response = await stage.batch(batch, { remainingMs: () => (waves++ === 0 ? 60_000 : 100) as number })
    assert.equal(stage.outcomes.length, 500)
    assert.deepEqual(response.batchItemFailures[0]?.itemIdentifier.offset, 500)
    assert.equal(response.batchItemFailures.length, 100)
    assert.equal(stage.observer.waits[0]?.reason, 'out-of-time')
  })

  it('given a topic that was made anew, then the partition stops instead of dropping its records as duplicates', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    const response = await stage.batch([record(0, reading('c'), later)])
    assert.equal(response.batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'another-log')
  })

  it('given a store that knows nothing of a log with a past, then that is reported', async () => {
    const stage = new Stage()
    await stage.batch([record(7, reading('a'))])
    assert.deepEqual(stage.observer.startsWithoutMarkAt, [7])
  })

  it('given offsets that nobody delivered, then that is reported', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a'))])
    await stage.batch([record(5, reading('b'))])
    assert.deepEqual(stage.observer.stretches, [{ fromOffset: 1, toOffset: 4 }])
  })
})
