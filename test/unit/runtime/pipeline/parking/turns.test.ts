import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failureEnded } from '#runtime/test/support/parking'
import { environmentReading as reading } from '#runtime/test/support/records'
import { heldLog, ListingLog } from '../../../../support/listing-log.ts'

describe('given a held entity whose parked events have their turn', () => {
  it('when a parked event fails in its turn, and is dead-lettered, then those behind it follow', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.throwsAt.add('c')
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.deepEqual(await log.append(failureEnded(log.failure())), ['applied/failure-ended'])
    await log.append(reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'd', 'e', 'f'])
    const sequences = log.stage.events.map(({ extensions }) => extensions?.sequence as string)
    assert.deepEqual(sequences, sequences.toSorted())
  })

  it('when a parked event is rejected in its turn, then its redrive is accepted', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.refuses.add('c')
    await log.append(log.again(), reading('e', { at: 4 }))
    log.mood.refuses.clear()
    assert.deepEqual(await log.append(log.again(), log.again()), [
      'applied/listed',
      'duplicate/attempt-known',
    ])
    assert.deepEqual(await log.ids(), ['a', 'b', 'd', 'e', 'c'])
  })

  it('when a dead letter of it is redriven, then that waits behind the parked ones, and once', async () => {
    const log = new ListingLog()
    log.mood.refuses.add('a')
    log.mood.throwsAt.add('b')
    await log.append(reading('a', { at: 0 }), reading('b', { at: 1 }), reading('c', { at: 2 }))
    log.mood.refuses.clear()
    assert.deepEqual(await log.append(log.again(0), log.again(0)), [
      'parked/entity-held',
      'duplicate/attempt-known',
    ])
    log.mood.throwsAt.clear()
    await log.append(log.again(1), reading('d', { at: 3 }), log.again(0))
    assert.deepEqual(await log.ids(), ['b', 'c', 'a', 'd'])
    assert.equal(log.stage.outcomes.at(-1), 'duplicate/attempt-known')
  })

  it('when such a redrive fails in its turn, then its next attempt is accepted, and nothing waits for it', async () => {
    const log = new ListingLog()
    log.mood.refuses.add('a')
    log.mood.throwsAt.add('b')
    await log.append(reading('a', { at: 0 }), reading('b', { at: 1 }), log.again(0))
    log.mood.throwsAt.clear()
    await log.append(log.again(1), reading('c', { at: 2 }))
    assert.deepEqual([log.failure().attempt, log.failure().parks], [2, false])
    log.mood.refuses.clear()
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['b', 'c', 'a'])
  })

  it('when a retry cannot be decoded, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    log.stage.consumer = { ...log.stage.consumer, earliestTimeMs: Date.parse('2026-03-01T12:00:02Z') }
    assert.deepEqual(await log.append(log.again()), ['failed/time-too-early'])
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
  })

  it('when a parked event cannot be decoded in its turn, then it fails, and its redrive is accepted', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    const before = log.stage.consumer
    await log.append(log.again())
    log.stage.consumer = { ...before, earliestTimeMs: Date.parse('2026-03-01T12:00:03Z') }
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-failed/time-too-early',
      'parked-applied/listed',
      'applied/listed',
    ])
    log.stage.consumer = before
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['a', 'b', 'd', 'e', 'c'])
  })
})
