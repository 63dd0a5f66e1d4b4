import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'
import type { StateKey } from '../../../../packages/runtime/pipeline/model.ts'
import { MemoryPublisher } from '../../../../packages/runtime/testing/publisher.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

describe('services that are unavailable', () => {
  const away = () => Promise.reject(new Unavailable('store-unavailable', 'away'))

  it('given a store out of reach, then nothing is processed and the whole partition is reported', async () => {
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

  it('given one partition whose partition state is out of reach, then the others go on', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    const load = store.load.bind(store)
    store.load = (stateKey: StateKey, wanted) => (stateKey.partition === 0 ? away() : load(stateKey, wanted))
    const batch = [record(0, reading('a')), record(0, reading('b'), { partition: 1 })]
    const response = await stage.batch(batch, { ports: { store } })
    assert.equal(response.batchItemFailures.length, 1)
    assert.deepEqual(stage.outcomes, ['applied/counted'])
  })

  it('given nothing to publish, then a broker out of reach does not matter', async () => {
    const stage = new Stage()
    const publisher = new MemoryPublisher()
    publisher.publish = () => Promise.reject(new Unavailable('broker-unavailable', 'away'))
    assert.deepEqual(await stage.batch([record(0, reading('a'))], { ports: { publisher } }), {
      batchItemFailures: [],
    })
  })

  it('given a publish that fails after the commit, when the batch comes again, then it is published', async () => {
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

  it('given that trimming the outbox fails, then the batch has succeeded and the repeat has the same id', async () => {
    const stage = new Stage()
    const trimOutbox = stage.store.trimOutbox.bind(stage.store)
    stage.store.trimOutbox = away
    const response = await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    assert.deepEqual(response, { batchItemFailures: [] })
    assert.equal(stage.observer.untrimmedEntries, 1)
    stage.store.trimOutbox = trimOutbox
    await stage.batch([record(2, reading('c'))])
    assert.deepEqual(new Set(stage.events.map(({ id }) => id)).size, 1)
    assert.equal(stage.events.length, 2)
  })

  it('given too little time for another chunk, then the rest waits', async () => {
    const stage = new Stage()
    const batch = Array.from({ length: 600 }, (_, offset) => record(offset, reading(`r${offset}`)))
    let chunks = 0
    const response = await stage.batch(batch, {
      remainingMs: () => (chunks++ === 0 ? 60_000 : 100) as number,
    })
    assert.equal(stage.outcomes.length, 500)
    assert.deepEqual(response.batchItemFailures[0]?.itemIdentifier.offset, 500)
    assert.equal(response.batchItemFailures.length, 100)
    assert.equal(stage.observer.waits[0]?.reason, 'out-of-time')
  })
})
