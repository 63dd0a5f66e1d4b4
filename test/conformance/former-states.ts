/** Moving the states of former consumers, with any store. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Consumer } from '#runtime/pipeline/consumer.ts'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { type FormerStates, withFormerStates } from '#runtime/pipeline/replacing/former-states.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { MemoryPublisher } from '#runtime/testing/memory-publisher.ts'
import { changeOf, failureOf } from '../support/changes.ts'
import { Stage } from '../support/stage.ts'

export function formerStatesConformance(name: string, live: () => StateStore, states: () => FormerStates) {
  describe(`${name} with the states of former consumers`, () => {
    const TIMER = { dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }
    const wanted = {
      ...EMPTY_SELECTION,
      entities: ['e'],
      ids: ['ab0123456789', 'cd0123456789'],
      idWindowMs: 3_600_000,
      failures: ['one', 'two'].map(id => ({ id: failureOf(id, 0).id, producerGroup: 0 })),
    }
    const knownTo = (...ids: string[]) =>
      ids.map(id => ({ id: `${id}0123456789`, digest: '12345678', appliedAtMs: 0 }))

    it('given two states, then one load makes one of them, which the store keeps, and fences both', async () => {
      const topic = randomUUID()
      const keyOf = (consumer: string) => ({ consumer, topic, partition: 3 })
      const commit = (consumer: string, change: Parameters<typeof changeOf>[0]) =>
        live().commit(keyOf(consumer), changeOf(change))
      await commit('a', {
        appliedOffset: 7,
        states: new Map([['e', '@4 {"a":1}']]),
        timers: new Map([['e', [{ name: 'x', ...TIMER }]]]),
        ids: knownTo('ab', 'cd'),
        failures: [failureOf('one', 0)],
        tally: new Map([['applied/counted', 8]]),
      })
      await commit('b', {
        appliedOffset: 5,
        states: new Map([['e', '@3 {"b":2}']]),
        timers: new Map([['e', [{ name: 'y', ...TIMER }]]]),
        ids: knownTo('ab'),
        failures: [failureOf('two', 0)],
        tally: new Map([['applied/counted', 6]]),
      })
      const { consumer } = new Stage()
      const application = { ...consumer.application, formerNames: { both: ['a', 'b', 'never'] } }
      const both = { ...consumer, application, process: { ...consumer.process, name: 'both' } } as Consumer
      const store = withFormerStates(both, {
        store: live(),
        publisher: new MemoryPublisher(),
        formerStates: async () => states(),
      })

      const { version, timers, known, failures, formerOffsets, ...rest } = await store.load(
        keyOf('both'),
        wanted,
      )
      assert.deepEqual([version.appliedOffset, formerOffsets], [5, { a: 7, b: 5 }])
      assert.equal(rest.states.get('e'), '@3 {"a":1,"b":2}')
      assert.deepEqual(
        timers
          .get('e')
          ?.map(timer => timer.name)
          .sort(),
        ['x', 'y'],
      )
      assert.deepEqual([[...known.keys()], failures.size], [['ab0123456789'], 2])
      for (const former of ['a', 'b'])
        await assert.rejects(live().load(keyOf(former), wanted), { name: 'Unavailable', code: 'moved' })
      assert.equal((await states().facts(keyOf('never'))).version.epoch, 0)

      const change = changeOf({ base: version, appliedOffset: 6, formerOffsets: formerOffsets ?? {} })
      assert.equal(await store.commit(keyOf('both'), change), 'committed')
      const between = await store.load(keyOf('both'), wanted)
      assert.deepEqual(between.formerOffsets, { a: 7, b: 5 })
      await store.commit(keyOf('both'), changeOf({ base: between.version, appliedOffset: 7 }))
      assert.equal((await store.load(keyOf('both'), wanted)).formerOffsets, undefined)
      assert.equal((await states().meta(keyOf('both'))).tally['applied/counted'], 14)
    })
  })
}
