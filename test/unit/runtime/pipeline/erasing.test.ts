/** Effects of a process on the erasure of an entity. The effects of every erasure are in `rules/erasing.test.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildRedriveHeaders } from '#runtime/cloudevents/redrive.ts'
import { failureId } from '#runtime/consumer/failure-event.ts'
import { completeStep, type Emission, type KeyedProcess } from '#runtime/consumer/process.ts'
import { erasing } from '../../../support/erasures.ts'
import { FAMILIES } from '../../../support/families.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const ONE = { source: '/environment/test-site', subject: 's-1' }
const ENTITY = '/environment/test-site s-1'

type Counted = { readonly count: number }
type Hook = NonNullable<KeyedProcess<Counted>['onErase']>

function stageWith(onErase?: Hook, version = 1): Stage {
  return new Stage(counting(onErase, version))
}

function counting(onErase?: Hook, version = 1): KeyedProcess<never> {
  const process: KeyedProcess<Counted> = {
    name: 'counting',
    accepts: FAMILIES.readingTypes,
    version,
    migrate: old => ({ count: (old as Counted).count * 100 }),
    onEvent: (state, { timeMs }) =>
      completeStep(
        'counted',
        { count: (state?.count ?? 0) + 1 },
        [],
        [{ name: 't', dueMs: timeMs + 60_000 }],
      ),
    onTimer: state => completeStep('passed', state),
    ...(onErase && { onErase }),
  }
  return process as KeyedProcess<never>
}

const last = (data: unknown): Emission => ({
  name: 'last',
  to: 'events',
  key: null,
  type: 'test.last.v1',
  source: '/counting',
  data,
})

describe('given a process that asks for erasures', () => {
  it('when an entity is erased, then what it emits as the last of it is published, and the state is gone', async () => {
    const stage = stageWith(({ count }, { source, subject, timeMs }) => [
      last({ count, source, subject, timeMs }),
    ])
    const erasure = record(2, erasing(ONE))
    await stage.batch([record(0, reading('a')), record(1, reading('b')), erasure])
    const [event] = stage.events
    assert.deepEqual(event?.data, { count: 2, ...ONE, timeMs: erasure.timestampMs })
    assert.equal(event?.time, new Date(erasure.timestampMs).toISOString())
    assert.equal(await stage.state(ENTITY), undefined)
  })

  it('when an older version has stored the state, then it gets the migrated one', async () => {
    const stage = stageWith()
    await stage.batch([record(0, reading('a'))])
    stage.consumer = { ...stage.consumer, process: counting(({ count }) => [last(count)], 2) as never }
    await stage.batch([record(1, erasing(ONE))])
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [100],
    )
  })

  const failing: [what: string, hook: Hook, code: string][] = [
    [
      'it throws',
      () => {
        throw new Error('a bug')
      },
      'unexpected-error',
    ],
    ['it emits more than its topic takes', () => [last('x'.repeat(1_100_000))], 'emission-too-large'],
    ['it returns a promise', (async () => []) as never, 'unexpected-error'],
    ['it returns nothing', (() => undefined) as never, 'unexpected-error'],
  ]
  for (const [what, hook, code] of failing)
    it(`when ${what}, then the record fails, and the entity is erased`, async () => {
      const stage = stageWith(hook)
      const erasure = record(1, erasing(ONE))
      await stage.batch([record(0, reading('a')), erasure])
      assert.deepEqual(stage.outcomes, ['applied/counted', `failed/${code}`])
      assert.equal(await stage.state(ENTITY), undefined)
      const redriven = { consumer: 'counting', failure: failureId('counting', erasure), attempt: 2 }
      await stage.batch([
        {
          ...erasure,
          offset: 2,
          headers: [...erasure.headers, ...buildRedriveHeaders({ ...redriven, history: [] })],
        },
        // The timer was removed with the state.
        { ...record(200, reading('b', { sensor: 's-2' })) },
      ])
      assert.deepEqual(stage.outcomes.slice(2), ['applied/nothing-to-erase', 'applied/counted'])
    })
})

describe('given a state that a later version of the code has stored', () => {
  async function rolledBack(onErase?: Hook): Promise<Stage> {
    const stage = stageWith(undefined, 2)
    await stage.batch([record(0, reading('a'))])
    stage.consumer = { ...stage.consumer, process: counting(onErase) as never }
    await stage.batch([record(1, erasing(ONE))])
    return stage
  }

  it('when the process asks for erasures, then the erasure waits for code that can read the state', async () => {
    const stage = await rolledBack(() => [])
    assert.deepEqual(stage.outcomes, ['applied/counted'])
    assert.equal(stage.observer.waits[0]?.reason, 'state-newer-than-code')
  })
})
