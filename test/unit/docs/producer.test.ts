import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROFILES } from '../../../packages/runtime/settings/producer.ts'
import { PROJECT } from '../../../programs/paths.ts'

const whole = new Intl.NumberFormat('en-US')

it('given the profiles of the producer, then their table says what each of them sets', () => {
  const rows = Object.entries(PROFILES).map(([name, { settings }]) => {
    const { batchRecords, batchBytes, lingerMs, compression, acks, retries, retryBackoffMs, idempotent } =
      settings
    return [
      name === 'balanced' ? '`balanced` (default)' : `\`${name}\``,
      whole.format(batchRecords),
      whole.format(batchBytes),
      `${whole.format(lingerMs)} ms`,
      compression,
      String(acks),
      String(retries),
      `${whole.format(retryBackoffMs)} ms`,
      idempotent ? 'yes' : '',
    ]
  })
  const page = readFileSync(join(PROJECT, 'docs', 'producer.md'), 'utf8')
  const table = page
    .split('\n')
    .filter(line => /^\| `/.test(line) && / (all|1) \| \d/.test(line))
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    )
  assert.deepEqual(table, rows)
})
