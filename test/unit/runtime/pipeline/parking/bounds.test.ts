import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading as reading } from '#runtime/test/support/records'
import { heldLog, ListingLog, PARKED_READING_BYTES } from '../../../../support/listing-log.ts'

describe('given a held entity, and bounds', () => {
  it('when more come than may be parked, then they are applied in order before the one beyond', async () => {
    const log = await heldLog({ most: 2 })
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'timer/parking-full',
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
    log.mood.throwsAt.clear()
    assert.deepEqual(await log.append(log.again()), ['applied/listed'])
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e', 'b'])
  })

  it('when they take more bytes than may be parked, then they are applied in order before the one beyond', async () => {
    const log = await heldLog({ bytes: 2_000 })
    await log.append(reading('e', { at: 4 }), reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e', 'f'])
  })

  it('when all entities together park too many bytes, then those of the last one are applied', async () => {
    const log = await heldLog({ partitionBytes: 3 * PARKED_READING_BYTES })
    log.mood.throwsAt.add('x')
    const others = ['x', 'y', 'z'].map((id, at) => reading(id, { sensor: 's-2', at: 5 + at }))
    assert.deepEqual(await log.append(...others), [
      'failed/unexpected-error',
      'parked/entity-held',
      'timer/parking-full',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  for (const [what, released] of Object.entries({
    'when it is released, then what it has parked no longer counts': (log: ListingLog) => {
      log.mood.throwsAt.clear()
      return [log.again()]
    },
    'when a parked event fails in its turn, then only those that still wait count': (log: ListingLog) => {
      log.mood.throwsAt.clear()
      log.mood.throwsAt.add('c')
      return [log.again()]
    },
  }))
    it(`${what} for the partition`, async () => {
      const log = await heldLog({ partitionBytes: 2 * PARKED_READING_BYTES })
      const contents = released(log)
      log.mood.throwsAt.add('x')
      const others = ['x', 'y'].map((id, at) => reading(id, { sensor: 's-2', at: 5 + at }))
      assert.equal((await log.append(...contents, ...others)).at(-1), 'parked/entity-held')
      const parkedBytes = (await log.parkedBytes()) / PARKED_READING_BYTES
      assert.equal(Math.ceil(parkedBytes), log.now.parked)
    })

  // Promise docs/consumers.md#order-behind-a-retry
  it('when they are parked for too long, then they are applied, and its retry comes late', async () => {
    const log = await heldLog({ forMs: 3 * 60_000 })
    assert.deepEqual(await log.pass(5 * 60_000), [
      'timer/parking-time',
      'parked-applied/listed',
      'parked-applied/listed',
      'timer/stale',
    ])
    log.mood.throwsAt.clear()
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'stale', 'b'])
  })

  it('when a parked event fails in its turn, then those behind it wait only until the bound since they came', async () => {
    const log = await heldLog({ forMs: 3 * 60_000 })
    await log.pass(2 * 60_000)
    log.mood.throwsAt.clear()
    log.mood.throwsAt.add('c')
    await log.append(log.again())
    assert.deepEqual((await log.pass(60_000)).slice(0, 3), [
      'parked-failed/unexpected-error',
      'timer/parking-time',
      'parked-applied/listed',
    ])
  })

  it('when nothing is parked, then the bound in time ends the hold all the same', async () => {
    const log = new ListingLog({ forMs: 60_000 })
    log.mood.throwsAt.add('a')
    await log.append(reading('a'))
    assert.deepEqual(await log.pass(3 * 60_000), ['timer/parking-time'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })
})
