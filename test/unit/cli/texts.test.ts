/** Texts of commands whose data comes from servers. */
import { it } from 'node:test'
import { formatProgress, type Progress } from '../../../cli/output/progress-text.ts'
import { formatStatistics } from '../../../cli/stats.ts'
import { FAMILIES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

it('given statistics, then they line up, with units', () => {
  const times = { last: 22, lastAt: '2026-01-01T00:00:00.000Z' }
  const temperature = { count: 2, mean: 20, standardDeviation: 2, minimum: 18, maximum: 22, ...times }
  const entity = { entity: '/environment/a pump-1', partition: 7, family: 'environment' } as const
  const applied = { 'applied/counted': 4, 'applied/window-closed': 3, 'applied/late': 1 }
  const ignored = { 'ignored/tick': 5, 'ignored/rule-set': 2 }
  const reasons = { ...applied, ...ignored, 'duplicate/id-known': 2, 'failed/rejected': 1 }
  const totals = { applied: 8, duplicate: 2, ignored: 7, failed: 1, parked: 0, reasons, outbox: 2 }
  const intake = {
    ...totals,
    applied: 6,
    reasons: { 'applied/taken': 6, 'duplicate/id-known': 2 },
    outbox: 0,
  }
  golden(
    'stats',
    formatStatistics(FAMILIES, {
      env: 'test',
      entities: [{ ...entity, metrics: { temperature } }],
      totals,
      intake,
    }),
  )
})

it('given progress, then there is a bar where the total is known, with the rate and the time left', () => {
  const standing: Progress = { done: 3_270, total: 7_267, elapsedMs: 2_000 }
  const text = (changed: Partial<Progress> = {}) =>
    formatProgress({ ...standing, ...changed }, 'acknowledged')
  golden('progress', {
    'with a total': text(),
    whole: text({ done: 7_267 }),
    nothing: text({ done: 0, total: 0, elapsedMs: 0 }),
    'without a total': text({ total: undefined }),
  })
})
