/** Progress of commands. */
import { it } from 'node:test'
import { formatProgress, type Progress } from '../../../lib/support/progress-text.ts'
import { golden } from '../../support/golden.ts'

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
