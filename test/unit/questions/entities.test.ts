import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatTotals } from '../../../lib/questions/entities.ts'

it('given outcomes, then those that are not usual have their reasons', () => {
  const applied = { 'applied/counted': 4, 'applied/window-closed': 3, 'applied/late': 1 }
  const ignored = { 'ignored/tick': 5, 'ignored/rule-set': 2 }
  const reasons = { ...applied, ...ignored, 'duplicate/id-known': 2, 'failed/rejected': 1 }
  assert.equal(
    formatTotals(
      { applied: 8, duplicate: 2, ignored: 7, failed: 1, parked: 0, reasons, outbox: 2 },
      'readings',
    ),
    '8 readings applied (1 too late for their minute), 2 duplicates, 7 ignored (2 rule sets, 5 ticks of the clock), ' +
      '1 failed (1 rejected); 2 waiting to be published',
  )
})
