import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { tookAt } from '../../../bench/functions/processor.ts'
import { isDeployed } from '../../../infra/expand-functions.ts'
import { pollerNotice } from '../../../infra/pollers.ts'
import { readEntries } from '../../../lib/app/function-entries.ts'
import { readFunctions } from '../../../lib/app/functions.ts'

const PAGE = readFileSync(new URL('../../../docs/functions.md', import.meta.url), 'utf8')

it('given the table of memory and time, then it has what serverless.yml gives, and its arithmetic holds', () => {
  const rows = PAGE.split('\n').filter(line => line.startsWith('| `') && line.split('|').length === 12)
  assert.ok(rows.length >= 15)
  const entryOf = readEntries()
  for (const row of rows) {
    const cells = row.split('|').map(cell => cell.trim().replaceAll('`', ''))
    const [, name = '', , , , next, , peak, memory, took, timeout] = cells
    const { memoryMb, timeoutSeconds } = entryOf(name)
    assert.deepEqual([Number(memory), Number(timeout)], [memoryMb, timeoutSeconds], name)
    // Both were rounded.
    assert.ok(Math.abs(Number(took) - tookAt(Number(memory), Number(next))) < 3, row)
    assert.ok(Number(peak) * 1.048_576 <= Number(memory) * 0.75, row)
  }
})

it('given the line about pollers, then it is the one that is printed for the functions that ship', () => {
  const shipped = readFunctions().filter(one => isDeployed(one, { console: true }))
  assert.ok(PAGE.includes(pollerNotice(shipped, { env: 'prod', pollers: 'provisioned' })))
})
