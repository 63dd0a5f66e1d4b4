/** A comparison of live states with their log finds faults, and counts exceptions apart. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { Received } from '../../../consumer/event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { compareFields } from '../../../pipeline/verifying/differences.ts'
import { READING_TYPES } from '../../support/application.ts'
import { logRecord, environmentReading as reading } from '../../support/records.ts'
import { reprocessed } from '../../support/reprocessing.ts'
import { counting, Stage } from '../../support/stage.ts'
import { verified } from '../../support/verifying.ts'

type VerifyOptions = Partial<Parameters<typeof verified>[0]>

/** A consumer that has decided these readings of one sensor. */
async function played(process: unknown, ids: readonly string[] = ['a', 'b', 'c', 'd']) {
  const stage = new Stage(process as never)
  const log = ids.map((id, offset) => logRecord(offset, reading(id, { sensor: 's', at: offset })))
  await stage.batch(log)
  return { stage, log }
}

function compared(
  { stage, log }: { readonly stage: Stage; readonly log: readonly LogRecord[] },
  given: VerifyOptions = {},
) {
  const { consumer, store, publisher } = stage
  return verified({
    consumer,
    store,
    log,
    states: [stage.stateKey()],
    published: publisher.publishedRecords,
    ...given,
  })
}

const ENTITY = '/environment/test-site s'
const EVENTS = 'sluice.telemetry.events.test'

describe('a comparison of live states with their log', () => {
  it('given emissions that are lost, changed and out of order, then each is named with its place', async () => {
    const whole = await played(counting, ['a', 'b', 'c', 'd', 'e', 'f'])
    const [first, second, third] = whole.stage.publisher.publishedRecords
    assert.ok(first && second && third)
    const changed = { ...second, value: Buffer.from('{"count":9}') }
    const { differences } = await compared(whole, { published: [third, changed] })
    assert.deepEqual(
      differences.map(({ field, live, again, offset }) => [offset, field, live, again]),
      [
        [3, 'order', '0.0000000000000005.00000000', '0.0000000000000003.00000000'],
        [3, 'data.count', '9', '4'],
        [1, '', undefined, 'test.pair'],
      ],
    )
  })

  for (const [key, found] of [
    [null, []],
    [Buffer.from('k'), ['order']],
  ] as const)
    it(`given failures in another order, then that is a difference only with a key: ${key}`, async () => {
      const stage = new Stage(counting)
      const log = [0, 1].map(offset => ({
        ...logRecord(offset, reading('x')),
        key,
        value: null,
        headers: [],
      }))
      await stage.batch(log)
      const published = [...stage.publisher.publishedRecords].reverse()
      const { differences, failures } = await compared({ stage, log }, { published })
      assert.equal(failures, 2)
      assert.deepEqual(
        differences.map(({ field }) => field),
        found,
      )
    })

  it('given an event that the log does not give, then it is named in a topic of this consumer alone', async () => {
    const whole = await played(counting)
    const [first] = whole.stage.publisher.publishedRecords
    assert.ok(first)
    const strange = {
      ...first,
      headers: first.headers.map(
        ([name, value]) => [name, name === 'ce_id' ? Buffer.from('x') : value] as const,
      ),
    }
    const published = [...whole.stage.publisher.publishedRecords, strange]
    assert.deepEqual((await compared(whole, { published })).differences, [])
    const { differences } = await compared(whole, { published, own: [EVENTS] })
    assert.deepEqual(differences, [
      { what: 'emission', topic: EVENTS, id: 'x', offset: 1, field: '', live: 'test.pair' },
    ])
  })

  describe('given a failure by a bug that does not happen again', () => {
    /** Fails at the event b, only the first time. */
    const failing = () => {
      let fails = true
      const process: KeyedProcess<{ ids: string[] }> = {
        name: 'failing',
        accepts: READING_TYPES,
        onEvent(state, { id }) {
          if (id === 'b' && fails) throw new Error('now and then')
          return completeStep('listed', { ids: [...(state?.ids ?? []), id] })
        },
      }
      const mended = () => {
        fails = false
      }
      return { process, mended }
    }

    // Promise docs/verify.md#exceptions | What no log gives again is counted, and not reported.
    it('then what its entity differs by is counted, and not reported', async () => {
      const { process, mended } = failing()
      const whole = await played(process)
      mended()
      const { differences, excepted } = await compared(whole)
      assert.deepEqual([differences, Object.keys(excepted)], [[], ['failures']])
      assert.ok((excepted.failures ?? 0) >= 2)
    })

    it('then a failure that the state remembers, and whose record is lost, is found', async () => {
      const { process } = failing()
      const { differences } = await compared(await played(process), { published: [] })
      assert.deepEqual(
        differences.map(({ what, offset, field }) => [what, offset, field]),
        [['failure', 1, '']],
      )
    })
  })

  it('given a reprocessed state, then differing emissions of before are counted, and later ones found', async () => {
    const { stage, log } = await played(counting)
    await reprocessed(stage, log)
    log.push(
      ...['e', 'f'].map((id, index) => logRecord(4 + index, reading(id, { sensor: 's', at: 4 + index }))),
    )
    await stage.batch(log)
    const [before, , later] = stage.publisher.publishedRecords
    assert.ok(before && later)
    const changed = [before, later].map(record => ({ ...record, value: Buffer.from('{"count":9}') }))
    const { differences, excepted } = await compared({ stage, log }, { published: changed, own: [EVENTS] })
    assert.deepEqual(
      differences.map(({ offset, field }) => [offset, field]),
      [[5, 'data.count']],
    )
    assert.deepEqual(excepted, { replaced: 2 })
  })

  it('given a live state that is replaced meanwhile, then it stops', async () => {
    const whole = await played(counting)
    const { store } = whole.stage
    const live = {
      load: async (...args: Parameters<typeof store.load>) => {
        const snapshot = await store.load(...args)
        return { ...snapshot, version: { ...snapshot.version, epoch: 7 } }
      },
    }
    await assert.rejects(compared(whole, { live }), { why: 'replaced' })
  })
})

describe('the fields in which values differ', () => {
  it('are named by their paths, whatever the order of keys', () => {
    assert.deepEqual(compareFields({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }), [])
    assert.deepEqual(compareFields({ a: { b: [1, 2] }, x: undefined }, { a: { b: [1, 3] }, y: 'z' }), [
      { field: 'a.b.1', live: '2', again: '3' },
      { field: 'y', again: '"z"' },
    ])
  })
})

describe('a log that has lost its start', () => {
  const OTHER = '/environment/test-site other'

  /** An entity from before the third record, and one from after it. */
  async function expired(process: unknown = counting) {
    const stage = new Stage(process as never)
    // Shorter than a second, in which the third record is the only one.
    stage.consumer = { ...stage.consumer, idWindowMs: 500 }
    const log = ['s', 's', 's', 'other', 's', 'other'].map((sensor, offset) =>
      logRecord(offset, reading(`${offset}`, { sensor, at: offset })),
    )
    await stage.batch(log)
    const changed = (entity: string) => {
      const held = stage.store.copyState(stage.stateKey()) as { states: Map<string, string> }
      held.states.set(entity, String(held.states.get(entity)).replace(/"count":\d+/, '"count":70'))
      stage.store.restore(stage.stateKey(), held)
    }
    return { stage, log, changed }
  }

  // Promise docs/verify.md#where-it-begins | An entity from before the first record kept is counted, and never a difference.
  it('given an entity from before, then it is counted, and is no difference', async () => {
    const { stage, log, changed } = await expired()
    for (const change of [() => {}, () => changed(ENTITY)]) {
      change()
      const { differences, states, notComparable } = await compared({ stage, log }, { logStart: 2 })
      assert.deepEqual([differences, states, notComparable], [[], 1, 1])
    }
  })

  it('given an entity whose first record may have an id from before, then it is counted', async () => {
    const { stage, log, changed } = await expired()
    stage.consumer = { ...stage.consumer, idWindowMs: 1_500 }
    changed(OTHER)
    const { differences, notComparable } = await compared({ stage, log }, { logStart: 2 })
    assert.deepEqual([differences, notComparable], [[], 2])
  })

  it('given an entity of which the log has every record, then a change of it is found', async () => {
    const { stage, log, changed } = await expired()
    changed(OTHER)
    const { differences } = await compared({ stage, log }, { logStart: 2 })
    assert.deepEqual(
      differences.map(({ entity, field, live, again }) => [entity, field, live, again]),
      [[OTHER, 'state.count', '70', '2']],
    )
  })

  it('given a context that only steps set, then such an entity is compared', async () => {
    const { stage, log, changed } = await expired({
      ...counting,
      context: {
        setBy: [],
        initial: [],
        read: (context: unknown) => context,
        reasons: { changed: 'changed', unchanged: 'unchanged' },
      },
      onEvent: (state: never, event: Received, context: readonly string[]) => ({
        ...counting.onEvent(state, event, undefined),
        context: [...context, event.id],
      }),
    })
    changed(OTHER)
    const { differences, notComparable } = await compared({ stage, log }, { logStart: 2 })
    assert.deepEqual(
      differences.map(({ entity, field }) => [entity, field]),
      [[OTHER, 'state.count']],
    )
    assert.equal(notComparable, 1)
  })

  it('given a lost emission, then it is found for such an entity alone', async () => {
    const { stage, log } = await expired()
    const { differences, excepted } = await compared({ stage, log }, { logStart: 2, published: [] })
    assert.deepEqual(
      differences.map(({ what, entity }) => [what, entity]),
      [['emission', OTHER]],
    )
    assert.deepEqual(excepted, { 'not-comparable': 1 })
  })
})
