import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { failure } from '#runtime/consumer/failure-codes.ts'
import { logOf, metricsIn } from '../../../../support/function-log.ts'
import { EVENTS, STATE_KEY } from '../../../../support/observed.ts'
import { PROJECT } from '../../../../support/program.ts'

const OUTCOMES = [
  ...(['applied', 'duplicate', 'ignored', 'failed', 'parked'] as const),
  ...(['parked-applied', 'parked-ignored', 'parked-failed', 'parked-erased'] as const),
]

describe('the page that lists the telemetry of a function', () => {
  it('has every line and every metric', async () => {
    const page = await readFile(join(PROJECT, 'docs', 'observability.md'), 'utf8')
    const log = await logOf(
      async observer => {
        for (const [, tell] of EVENTS) tell(observer)
        for (const step of ['load', 'commit', 'trimOutbox', 'publish', 'read'] as const)
          observer.recordDuration(step, 1)
        for (const outcome of OUTCOMES) {
          const failed = outcome.endsWith('failed') ? { failure: failure('rejected', 'x') } : {}
          observer.reportDecisions(STATE_KEY, [{ offset: 1, appendMs: 0, outcome, reason: 'any', ...failed }])
        }
      },
      { level: 'DEBUG' },
    )
    const named = log.flatMap(({ kind, message }) => (message === undefined ? [] : [String(kind ?? message)]))
    const lines = new Set(named)
    const metrics = new Set([...metricsIn(log).keys()].map(name => name.split(' ')[0] as string))
    assert.ok(lines.size > 10 && metrics.size > 15, 'a line was logged')
    assert.deepEqual(
      [...lines, ...metrics].filter(name => !page.includes(`\`${name}\``)),
      [],
    )
  })
})
