/** Order for an entity of which an event is retried. Random schedules are in `packages/runtime/test/unit/simulation/parking.test.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failureEnded, failureEndedAt } from '#runtime/test/support/parking'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { heldLog } from '../../../../support/listing-log.ts'

describe('given an event that fails and is retried', () => {
  // Promise docs/failures.md#how-a-failure-is-routed
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
    assert.deepEqual(await log.append(reading('b', { at: 1 })), ['duplicate/id-known'])
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
