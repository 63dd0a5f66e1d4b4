/** Order for an entity of which an event is retried. Random schedules are in `parking.property.test.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heldLog, ListingLog, listing } from '../../../../support/listing-log.ts'
import { failureEnded, failureEndedAt } from '../../../../support/parking.ts'
import { logRecord, environmentReading as reading } from '../../../../support/records.ts'

describe('given an event that fails and is retried', () => {
  it('when events of its entity follow, then they are parked, and its failure record says so', async () => {
    const log = await heldLog()
    assert.deepEqual(log.stage.outcomes, [
      'applied/listed',
      'failed/unexpected-error',
      'parked/entity-held',
      'parked/entity-held',
    ])
    assert.equal(log.failure().parks, true)
    assert.deepEqual(await log.ids(), ['a'])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  it('when its consumer does not park, then they are applied before it', async () => {
    const log = new ListingLog()
    log.stage.consumer = { ...log.stage.consumer, process: listing(log.mood) as never }
    log.mood.throwsAt.add('b')
    await log.append(reading('b', { at: 1 }), reading('c', { at: 2 }))
    assert.equal(log.failure().parks, false)
    assert.deepEqual(await log.ids(), ['c'])
  })

  it('when events of another entity follow, then they are applied', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(reading('x', { sensor: 's-2', at: 5 })), ['applied/listed'])
  })

  it('when it is rejected for good, then nothing waits for it', async () => {
    const log = new ListingLog()
    log.mood.refuses.add('b')
    assert.deepEqual(await log.append(reading('b'), reading('c', { at: 1 })), [
      'failed/rejected',
      'applied/listed',
    ])
    assert.equal(log.failure().parks, false)
  })

  it('when its retry succeeds, then the parked ones follow it before the next record, in their first order', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    assert.deepEqual(await log.append(log.again()), ['applied/listed'])
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })

  it('when its retry succeeds, then the sequence of what is emitted still ascends', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('e', { at: 4 }))
    const sequences = log.stage.events.map(({ extensions }) => extensions?.sequence as string)
    assert.deepEqual(sequences, [...sequences].sort())
    assert.equal(new Set(sequences).size, sequences.length)
  })

  it('when its retry fails again, then the entity stays held, until one succeeds', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(log.again()), ['failed/unexpected-error'])
    assert.deepEqual([log.failure().attempt, log.failure().parks], [2, true])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e'])
  })

  it('when its retry fails for good, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.refuses.add('b')
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.equal(log.failure().parks, false)
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
  })

  it('when it is dead-lettered, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(failureEnded(log.failure())), ['applied/failure-ended'])
    await log.append(reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
  })

  it('when a producer ends it that knows its place alone, then it stays held', async () => {
    const log = await heldLog()
    const forged = failureEndedAt(
      log.failure().consumer,
      logRecord(log.failure().originalOffset, reading('forged', { at: 1 }), { topic: log.stage.topic }),
      1,
    )
    assert.deepEqual(await log.append(forged), ['ignored/failure-ended'])
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e'])
  })

  it('when the failure of another consumer is ended, or its own again, then that is ignored', async () => {
    const log = await heldLog()
    const other = failureEnded({ ...log.failure(), consumer: 'another' })
    const own = failureEnded(log.failure())
    assert.deepEqual(await log.append(other, own, own), [
      'ignored/failure-ended',
      'applied/failure-ended',
      'parked-applied/listed',
      'parked-applied/listed',
      'ignored/failure-ended',
    ])
  })
})
