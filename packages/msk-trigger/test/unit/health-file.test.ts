import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { HealthFile } from '../../report/health-file.ts'

describe('the file for a health check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'msk-health-'))
  after(() => rmSync(folder, { recursive: true }))

  it('exists while the event sources read, and not at the start or after the end', () => {
    const file = join(folder, 'reads')
    writeFileSync(file, '')
    let isHealthy = false
    const health = new HealthFile(file, () => isHealthy)
    assert.ok(!existsSync(file), 'that of an earlier process is left')
    const states = [false, true, true, false, true].map(next => {
      isHealthy = next
      health.look()
      return existsSync(file)
    })
    assert.deepEqual(states, [false, true, true, false, true])
    health.close()
    assert.ok(!existsSync(file))
  })

  it('given a file that cannot be written, then the start is refused with its path', () => {
    const file = join(folder, 'missing', 'reads')
    assert.throws(
      () => new HealthFile(file, () => true),
      /the health file .*missing\/reads cannot be written: ENOENT/,
    )
  })
})
