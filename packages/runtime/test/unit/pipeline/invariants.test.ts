/** A broken invariant stops its partition under its name, before the store or the broker keeps anything wrong. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commitChange } from '../../../pipeline/commit.ts'
import { park } from '../../../pipeline/deciding/parking.ts'
import { PartitionStopped } from '../../../pipeline/errors.ts'
import { PendingRecords } from '../../../pipeline/log/pending-records.ts'
import { trimPublished } from '../../../pipeline/publish.ts'
import { RebuiltState } from '../../../pipeline/reprocessing/rebuilt-state.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const records = (...offsets: number[]) => offsets.map(offset => record(offset, reading(`r${offset}`)))
const nameOf = (error: unknown) =>
  error instanceof PartitionStopped && error.code === 'invariant-broken' && error.message.split(':')[0]
const broken = (name: string) => (error: unknown) => nameOf(error) === name

describe('given a port that breaks its contract, when a batch is processed', () => {
  const twice = (answer: Record<string, []>, list: string) => ({
    ...answer,
    [list]: answer[list]?.flatMap(one => [one, one]),
  })
  for (const [port, method, name, change] of [
    ['store', 'commit', 'answer-is-known', () => undefined],
    ['store', 'load', 'outbox-in-order', (answer: never) => twice(answer, 'outbox')],
    ['log', 'read', 'nothing-is-skipped', (answer: never) => twice(answer, 'records')],
    ['publisher', 'publish', 'all-are-acknowledged', () => []],
  ] as const)
    it(`given a wrong answer to ${method}, then ${name} stops the partition, and the next batch completes it`, async () => {
      const stage = new Stage()
      const away = { publisher: { publish: () => Promise.reject(new Error('away')) } }
      await stage.batch(records(0, 1), { ports: away })
      stage.inLog(records(2, 3))
      const target = stage.ports[port] as unknown as Record<string, (...of: unknown[]) => Promise<never>>
      const right = target[method]?.bind(target) ?? assert.fail()
      Object.assign(target, { [method]: async (...of: unknown[]) => change(await right(...of)) })
      await stage.batch(records(4, 5))
      target[method] = right
      const [, stop] = stage.observer.waits
      assert.deepEqual([stop?.reason, nameOf(stop?.error)], ['invariant-broken', name])
      assert.deepEqual(await stage.batch(records(4, 5)), { batchItemFailures: [] })
      assert.deepEqual(await stage.state('/environment/test-site s-1'), { count: 6 })
      assert.equal(new Set(stage.events.map(({ id }) => id)).size, 3)
    })
})

describe('given a defect in a decision, when the decision is to be committed', () => {
  const entry = { position: 'a' }
  const applied = { outcome: 'applied', offset: 0 }
  const change = { appliedOffset: 0, fired: 0, outbox: [] as object[] }
  const unchanged = { ...change, appliedOffset: -1 }
  const cases: [string, string, object, object[]][] = [
    ['no progress', 'version-grows', unchanged, [applied]],
    ['no decision and no reason to wait', 'version-grows', unchanged, []],
    ['a timer that is not counted', 'version-grows', unchanged, [{ outcome: 'timer' }]],
    ['an undecided record', 'nothing-is-skipped', { ...change, appliedOffset: 1 }, [applied]],
    ['a record that is decided twice', 'nothing-is-skipped', change, [applied, applied]],
    ['an emission that is not stored', 'outbox-holds-decisions', change, [{ ...applied, emitted: [entry] }]],
    ['an entry without a decision', 'outbox-holds-decisions', { ...change, outbox: [entry] }, [applied]],
  ]
  for (const [defect, name, made, decisions] of cases)
    it(`given ${defect}, then the partition stops as ${name}, and nothing is committed`, async () => {
      const pending = new PendingRecords(records(0, 1, 2), new Stage().consumer)
      const loaded = pending.all.map(one => ({ record: one }))
      const snapshot = { version: { epoch: 0, appliedOffset: -1, fired: 0 }, outbox: [] }
      const part = { snapshot, loaded, applied: { change: made, decisions } }
      const run = { ports: { store: { commit: () => assert.fail('committed') } }, pending, invocation: {} }
      await assert.rejects(commitChange(run as never, part as never), broken(name))
    })

  it('given entries that were not published, then they stay in the outbox', async () => {
    const run = { ports: { store: { trimOutbox: () => assert.fail('trimmed') } } }
    const trimmed = trimPublished(run as never, { outbox: [entry] } as never)
    await assert.rejects(trimmed, broken('published-before-trimmed'))
  })

  it('given a released entity that is still held, then none of its later events is parked', () => {
    const task = { record: { offset: 1 } } as never
    assert.throws(() => park({} as never, task, { parked: [] } as never), broken('waits-before-parking'))
  })

  it('given a rebuilt state with contents of the live one, then it applies no further records', async () => {
    const rebuilds = { begin: async () => ({ run: 1, continues: true }), describe: async () => {} }
    const advancing = { rebuilds, consumer: new Stage().consumer, nowMs: () => 0 }
    const rebuilt = await RebuiltState.begin(advancing as never, new Stage().stateKey(), {} as never)
    await rebuilt.seal({} as never)
    await assert.rejects(rebuilt.advanceTo(1), broken('sealed-stays'))
  })
})
