import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { isDeployed } from '../../../infra/expand-functions.ts'
import { pollerNotice } from '../../../infra/pollers.ts'
import { functionSizes, tookAt } from '../../../infra/sizes.ts'
import { readFunctions } from '../../../lib/app/functions.ts'

const PAGE = readFileSync(new URL('../../../docs/functions.md', import.meta.url), 'utf8')

it('given the table of memory and time, then it has what serverless.yml gives, and its arithmetic holds', () => {
  const rows = PAGE.split('\n').filter(line => line.startsWith('| `') && line.split('|').length === 12)
  assert.ok(rows.length >= 15)
  const sizes = functionSizes()
  for (const row of rows) {
    const cells = row.split('|').map(cell => cell.trim().replaceAll('`', ''))
    const [, name = '', , , , next, , peak, memory, took, timeout] = cells
    const size = sizes.get(name)
    assert.deepEqual({ memoryMb: Number(memory), timeoutSeconds: Number(timeout) }, size, name)
    // Both were rounded.
    assert.ok(Math.abs(Number(took) - tookAt(Number(memory), Number(next))) < 3, row)
    assert.ok(Number(peak) * 1.048_576 <= Number(memory) * 0.75, row)
  }
})

it('given the line about pollers, then it is the one that is printed for the functions that ship', () => {
  const shipped = readFunctions().filter(one => isDeployed(one, { console: true }))
  assert.ok(PAGE.includes(pollerNotice(shipped, { env: 'prod', pollers: 'provisioned' })))
})
