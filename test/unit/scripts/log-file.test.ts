import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { LogFile } from '../../../scripts/log-file.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-logs-'))
after(() => rmSync(root, { recursive: true }))

describe('a log that is read while it is written', () => {
  const path = join(root, 'growing.log')

  it('yields whole lines and whole characters, and restarts where the file does', () => {
    const log = new LogFile(path)
    assert.deepEqual(log.read(), [])
    writeFileSync(path, 'one\ntw')
    assert.deepEqual(log.read(), ['one'])
    const [degree, celsius] = [Buffer.from('°').subarray(0, 1), Buffer.from('°').subarray(1)]
    appendFileSync(path, degree)
    assert.deepEqual(log.read(), [])
    appendFileSync(path, Buffer.concat([celsius, Buffer.from('\n\n')]))
    assert.deepEqual(log.read(), ['tw°', ''])
    writeFileSync(path, 'new\n')
    assert.deepEqual(log.read(), ['new'])
  })
})
