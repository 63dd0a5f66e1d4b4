import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { captureLog, listMetrics } from '#runtime/test/support/function-log'
import { reportEverything } from '#runtime/test/support/observed'

describe('the page that lists the telemetry of a function', () => {
  // Promise docs/observability.md#logs | The page has every line and every metric.
  it('has every line and every metric', async () => {
    const page = await readFile(join(PROJECT, 'docs', 'observability.md'), 'utf8')
    const log = await captureLog(reportEverything, { level: 'DEBUG' })
    const named = log.flatMap(({ kind, message }) => (message === undefined ? [] : [String(kind ?? message)]))
    const lines = new Set(named)
    const metrics = new Set([...listMetrics(log).keys()].map(name => name.split(' ')[0] as string))
    assert.ok(lines.size > 10 && metrics.size > 15, 'a line was logged')
    assert.deepEqual(
      [...lines, ...metrics].filter(name => !page.includes(`\`${name}\``)),
      [],
    )
  })
})
