/** Effects of changed code on stored states: see docs/consumers.md. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { versionError } from '../../../pipeline/model/stored-state.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { READING_TYPES } from '../../support/application.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const [ONE, TWO] = ['/environment/test-site s-1', '/environment/test-site s-2']

/** Counts, in a field that each version names otherwise. */
function counting(version: 1 | 2 | 3, migrate?: KeyedProcess<Record<string, number>>['migrate']) {
  const field = `count${version}`
  const process: KeyedProcess<Record<string, number>> = {
    name: 'counting',
    accepts: READING_TYPES,
    version,
    migrate:
      migrate ?? ((old, from) => ({ [field]: (old as Record<string, number>)[`count${from}`] as number })),
    onEvent: (state, { timeMs }) =>
      completeStep(
        'counted',
        { [field]: (state?.[field] ?? 0) + 1 },
        [],
        [{ name: 't', dueMs: timeMs + 60_000 }],
      ),
    onTimer: state => completeStep('passed', state),
  }
  return process as KeyedProcess<unknown>
}

/** The next version of the code takes over. */
function deploy(stage: Stage, process: KeyedProcess<unknown>): void {
  stage.consumer = { ...stage.consumer, process }
}

async function readStored(stage: Stage, entity = ONE): Promise<string | undefined> {
  const { states } = await stage.store.load(stage.stateKey(), { ...EMPTY_SELECTION, entities: [entity] })
  return states.get(entity)
}

describe('a state that an older version of the code has stored', () => {
  // Promise docs/consumers.md#changing-the-shape-of-a-state | States of older versions are migrated; those of newer ones wait.
  it('given an event, or a timer, of its entity, then the state is migrated in that step', async () => {
    const stage = new Stage(counting(1))
    await stage.batch([record(0, reading('a')), record(1, reading('b', { sensor: 's-2' }))])
    deploy(stage, counting(3))
    await stage.batch([record(2, reading('c'))])
    assert.equal(await readStored(stage), '@0 v3 {"count3":2}')
    await stage.batch([record(200, reading('d', { sensor: 's-3' }))].map(late))
    assert.ok(stage.outcomes.includes('timer/passed'))
    assert.equal(await readStored(stage, TWO), '@1 v3 {"count3":1}')
  })

  // Promise packages/runtime/README.md#states-that-change-and-entities-that-end | A migrate that throws makes its partition wait, and no failures.
  it('given a migration that throws, or returns nothing, then the partition waits for code that can', async () => {
    const broken = () => {
      throw new TypeError('cannot read {"count1":1}')
    }
    for (const migrate of [broken, () => undefined as never, (async () => ({})) as never]) {
      const stage = new Stage(counting(1))
      await stage.batch([record(0, reading('a'))])
      deploy(stage, counting(2, migrate))
      const batch = [record(1, reading('c', { sensor: 's-2' })), record(2, reading('b'))]
      await stage.batch(batch)
      assert.deepEqual(stage.outcomes.slice(1), ['applied/counted'])
      const [waits] = stage.observer.waits
      assert.equal(waits?.reason, 'state-not-migrated')
      const { message = '' } = (waits?.error ?? {}) as Error
      assert.match(
        message,
        /^migrate of counting cannot convert the state of \/environment.*version 1 has stored/,
      )
      assert.ok(!message.includes('count1'), message)
      assert.equal(await readStored(stage), '@0 {"count1":1}')
      deploy(stage, counting(2))
      await stage.batch(batch)
      assert.equal(await readStored(stage), '@0 v2 {"count2":2}')
    }
  })

  it('given a timer of such a state, then the partition waits before it', async () => {
    const stage = new Stage(counting(1))
    await stage.batch([record(0, reading('a'))])
    deploy(
      stage,
      counting(2, () => undefined as never),
    )
    await stage.batch([record(200, reading('d', { sensor: 's-3' }))].map(late))
    assert.deepEqual(stage.outcomes, ['applied/counted'])
    assert.equal(stage.observer.waits[0]?.reason, 'state-not-migrated')
  })

  it('given an impossible version, or no way to it from older ones, then that is an error of the process', () => {
    assert.equal(versionError({}), undefined)
    assert.equal(versionError({ version: 1 }), undefined)
    assert.equal(versionError({ version: 2, migrate: () => 1 }), undefined)
    for (const version of [0, -1, 1.5, Number.NaN])
      assert.match(String(versionError({ version })), /a positive integer/)
    assert.match(String(versionError({ version: 2 })), /no migrate/)
  })
})

describe('a state that a newer version of the code has stored', () => {
  async function rolledBack() {
    const stage = new Stage(counting(2))
    await stage.batch([record(0, reading('a')), record(1, reading('b', { sensor: 's-2' }))])
    deploy(stage, counting(1))
    return stage
  }

  it('given an event of its entity, then what is before it is decided, and it waits with all that follows', async () => {
    const stage = await rolledBack()
    const batch = [
      record(2, reading('c', { sensor: 's-3' })),
      record(3, reading('d')),
      record(4, reading('e', { sensor: 's-3' })),
    ]
    for (let time = 0; time < 2; time += 1) await stage.batch(batch)
    const [waits] = stage.observer.waits
    assert.equal(waits?.reason, 'state-newer-than-code')
    assert.match(String(waits?.error), /s-1 was stored by a later version of counting .*version 1/)
    assert.equal(stage.outcomes.length, 3, 'and the record before it once')
    assert.equal(await readStored(stage), '@0 v2 {"count2":1}')
  })

  it('given a timer of its entity, then it does not fire, and the record that lets it fire waits', async () => {
    const stage = await rolledBack()
    const response = await stage.batch([record(200, reading('c', { sensor: 's-3' }))].map(late))
    assert.equal(response.batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'state-newer-than-code')
    assert.ok(!stage.outcomes.some(outcome => outcome.startsWith('timer')))
  })
})

/** The record, long enough after the others that their timers have passed. */
function late<R extends { readonly timestampMs: number }>(one: R): R {
  return { ...one, timestampMs: one.timestampMs + 3_600_000 }
}
