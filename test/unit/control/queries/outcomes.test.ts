import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOutcomes } from '../../../../control/queries/states/outcomes.ts'
import { listStateKeys } from '../../../../control/tables/table.ts'
import { createInspection } from '../tables/stored.ts'

/** A clock whose last record was appended then. The clock itself counts from the first record. */
const at = (lastAppendMs: number) => ({ nowMs: 1, lastAppendMs, highestAppendMs: lastAppendMs })

describe('how records ended', () => {
  it('given counters of several partitions, then they are summed by outcome and by reason', async () => {
    const inspection = createInspection({
      'c t/0': {
        details: { clock: at(9_000), outbox: 1, tally: { 'applied/counted': 2, 'ignored/tick': 5 } },
      },
      'c t/2': {
        details: { clock: at(7_000), outbox: 2, tally: { 'applied/counted': 1, 'failed/rejected': 1 } },
      },
    })
    assert.deepEqual(await readOutcomes(inspection, listStateKeys('c', { topic: 't', partitions: 3 })), {
      applied: 3,
      duplicate: 0,
      ignored: 5,
      failed: 1,
      parked: 0,
      reasons: { 'applied/counted': 3, 'ignored/tick': 5, 'failed/rejected': 1 },
      outbox: 3,
      position: 0,
      decidedMs: 7_000,
    })
  })

  it('given parked records, then each counts once: as what has become of it, or as parked', async () => {
    const tally = {
      'applied/counted': 1,
      'applied/erased': 2,
      'applied/failure-ended': 1,
      'parked/entity-held': 7,
      'parked-applied/counted': 2,
      'parked-failed/rejected': 1,
      'parked-ignored/not-mine': 1,
      'parked-erased/erased': 1,
    }
    const inspection = createInspection({ 'c t/0': { details: { tally } } })
    const { applied, duplicate, ignored, failed, parked } = await readOutcomes(
      inspection,
      listStateKeys('c', { topic: 't', partitions: 1 }),
    )
    assert.deepEqual([applied, duplicate, ignored, failed, parked], [3, 0, 5, 1, 2])
  })

  it('given timers that fired, then they are a reason, and no record', async () => {
    const inspection = createInspection({ 'c t/0': { details: { tally: { 'timer/forgotten': 4 } } } })
    const { applied, duplicate, ignored, failed, reasons } = await readOutcomes(
      inspection,
      listStateKeys('c', { topic: 't', partitions: 1 }),
    )
    assert.deepEqual([applied, duplicate, ignored, failed], [0, 0, 0, 0])
    assert.deepEqual(reasons, { 'timer/forgotten': 4 })
  })
})
