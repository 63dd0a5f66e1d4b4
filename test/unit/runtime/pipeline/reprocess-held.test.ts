/** Entities that are held for a retry, while their partition is computed anew. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import { completeStep, EMPTY_SELECTION, type KeyedProcess } from '#runtime/test/support/inside'
import { nextAttempt } from '#runtime/test/support/parking'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { reprocessed } from '#runtime/test/support/reprocessing'
import { countHeld } from '../../../../control/queries/states/outcomes.ts'
import { FAMILIES } from '../../../support/families.ts'
import { Stage } from '../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const breaker = { open: async () => Number.NEGATIVE_INFINITY }

interface SeenIds {
  readonly ids: readonly string[]
  readonly takenOver?: boolean
}

/** Lists the events of an entity. Parks, throws at some, and publishes the differing entity at a switch. */
class HeldStage {
  readonly throwsAt = new Set<string>()
  readonly compared: (readonly [string, readonly string[] | undefined, readonly string[] | undefined])[] = []
  readonly stage: Stage
  readonly log: LogRecord[] = []

  constructor(...ids: readonly string[]) {
    const { throwsAt, compared } = this
    const process: KeyedProcess<SeenIds> = {
      name: 'listing',
      accepts: FAMILIES.readingTypes,
      parking: {},
      onEvent(state, { id }) {
        if (throwsAt.has(id)) throw new Error('not yet')
        return completeStep('listed', { ...state, ids: [...(state?.ids ?? []), id] })
      },
      onTakeover(live, rebuilt, { entity }) {
        compared.push([entity, live?.ids, rebuilt?.ids])
        const emission = { name: 'differs', to: 'events', key: entity, type: 'test.differs', source: '/l' }
        return {
          state: rebuilt && { ...rebuilt, takenOver: true },
          emit: [{ ...emission, data: {} } as never],
        }
      },
    }
    this.stage = new Stage(process as KeyedProcess<never>)
    for (const id of ids) this.add(reading(id, { at: this.log.length }))
  }

  add(event: Event): void {
    this.log.push(logRecord(this.log.length, event, { topic: this.stage.topic }))
  }

  async live(): Promise<void> {
    const { appliedOffset } = (this.stage.store.copyState(this.stage.stateKey()) as { version: never })
      .version as { appliedOffset: number }
    await this.stage.batch(this.log.slice(appliedOffset + 1), { ports: { breaker } })
  }

  retry(): void {
    const [failure] = this.stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
    const last = this.log.at(-1) as LogRecord
    this.log.push(nextAttempt(failure?.data as FailureData, this.log.length, last.timestampMs + 1_000))
  }

  get now() {
    return countHeld(Object.fromEntries(this.stage.store.tally(this.stage.stateKey())))
  }

  async seen(): Promise<SeenIds | undefined> {
    return (await this.stage.state(ENTITY)) as SeenIds | undefined
  }
}

describe('reprocessing a partition with held entities', () => {
  it('given an event that does not fail any more, then its entity is compared, and is not held', async () => {
    const held = new HeldStage('a', 'b', 'c')
    held.throwsAt.add('b')
    await held.live()
    assert.deepEqual(held.now, { held: 1, parked: 1 })
    held.throwsAt.clear()
    const { emitted } = await reprocessed(held.stage, held.log)
    assert.deepEqual(held.compared, [[ENTITY, ['a'], ['a', 'b', 'c']]])
    assert.deepEqual([...emitted], [['test.differs', 1]])
    assert.deepEqual(held.now, { held: 0, parked: 0 })
    assert.deepEqual(await held.seen(), { ids: ['a', 'b', 'c'], takenOver: true })
  })

  it('given an event that fails again, then its entity stays held, and what is parked follows its retry', async () => {
    const held = new HeldStage('x', 'a', 'b', 'c')
    held.throwsAt.add('b')
    await held.live()
    await reprocessed(held.stage, held.log, { startOffset: 1, dropsOlder: true })
    assert.deepEqual(held.compared, [[ENTITY, ['x', 'a'], ['a']]])
    assert.deepEqual(held.now, { held: 1, parked: 1 })
    held.throwsAt.clear()
    held.retry()
    held.add(reading('d', { at: 9 }))
    await held.live()
    assert.deepEqual(await held.seen(), { ids: ['a', 'b', 'c', 'd'], takenOver: true })
    assert.deepEqual(held.now, { held: 0, parked: 0 })
  })

  for (const [given, fails] of [
    ['does not hold', false],
    ['holds as well', true],
  ] as const)
    it(`given an entity from before the start that the new state ${given}, then it stays held as it is`, async () => {
      const held = new HeldStage('x', 'a', 'b', 'c')
      held.throwsAt.add('b')
      await held.live()
      const { parkedBytes } = await held.stage.store.load(held.stage.stateKey(), EMPTY_SELECTION)
      if (!fails) held.throwsAt.clear()
      const { older } = await reprocessed(held.stage, held.log, { startOffset: 1 })
      assert.deepEqual([older, held.compared, held.now], [1, [], { held: 1, parked: 1 }])
      const after = await held.stage.store.load(held.stage.stateKey(), EMPTY_SELECTION)
      assert.equal(after.parkedBytes, parkedBytes)
      held.throwsAt.clear()
      held.retry()
      held.add(reading('d', { at: 9 }))
      await held.live()
      assert.deepEqual(await held.seen(), { ids: ['x', 'a', 'b', 'c', 'd'] })
      assert.deepEqual(held.now, { held: 0, parked: 0 })
    })
})
