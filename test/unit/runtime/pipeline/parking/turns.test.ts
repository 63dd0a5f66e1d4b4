import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading as reading } from '#runtime/test/support/records'
import { heldLog } from '../../../../support/listing-log.ts'

describe('given a held entity whose parked events have their turn', () => {
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
