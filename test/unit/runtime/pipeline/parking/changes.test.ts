import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading as reading } from '#runtime/test/support/records'
import { TICK_TYPE, tick } from '../../../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../../../support/families.ts'
import { heldLog, type ListedIds, listing } from '../../../../support/listing-log.ts'

describe('given a held entity, and time or other code', () => {
  it('when later code has stored its state, then the partition waits, and parks nothing', async () => {
    const log = await heldLog()
    const newer = { ...listing(log.mood, {}), version: 2, migrate: (old: unknown) => old as ListedIds }
    log.mood.throwsAt.clear()
    log.stage.consumer = { ...log.stage.consumer, process: newer as never }
    await log.append(log.again())
    log.stage.consumer = { ...log.stage.consumer, process: listing(log.mood, {}) as never }
    await log.append(reading('e', { at: 4 }))
    assert.equal(log.stage.observer.waits.at(-1)?.reason, 'state-newer-than-code')
    log.stage.consumer = { ...log.stage.consumer, process: newer as never }
    await log.append(reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('when a tick of its own entity comes, then that is ignored, and an event that sets a context sets it', async () => {
    const log = await heldLog()
    const accepting = {
      ...listing(log.mood, {}),
      accepts: [...FAMILIES.readingTypes, TICK_TYPE],
      context: {
        setBy: 'test.context',
        initial: 0,
        read: (data: unknown) => data,
        reasons: { changed: 'set', unchanged: 'kept' },
      },
    }
    log.stage.consumer = { ...log.stage.consumer, process: accepting as never }
    const own = { source: '/environment/test-site', subject: 's-1' }
    assert.deepEqual(
      await log.append(
        { ...tick(0, '2026-03-01T12:00:00Z'), ...own },
        { ...own, id: 'x', type: 'test.context', data: 1 },
      ),
      ['ignored/tick', 'applied/set'],
    )
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  it('when the next version of the code does not accept a parked event, then it is ignored', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    await log.append(log.again())
    const process = { ...listing(log.mood, {}), accepts: ['another.type'] }
    log.stage.consumer = { ...log.stage.consumer, process: process as never }
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-ignored/not-mine',
      'parked-ignored/not-mine',
      'ignored/not-mine',
    ])
  })
})
