import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { writeReportsTo } from '../../report/reports.ts'

describe('the file of reports', () => {
  let folder: string
  let log: string[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reports-'))
    log = []
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const note = (line: string) => void log.push(line)
  const given = (file: string | undefined) => writeReportsTo(file, { notice: note, warning: note })
  const inFolder = () => join(folder, 'reports.jsonl')

  it('given a file that can be written, then it is there at the start, and gets one line per report', () => {
    const write = given(inFolder())
    assert.equal(readFileSync(inFolder(), 'utf8'), '')
    for (const line of ['1', '2']) write(line)
    assert.equal(readFileSync(inFolder(), 'utf8'), '1\n2\n')
    assert.deepEqual(log, [])
  })

  it('given a file that cannot be written, then the start fails and says which', () => {
    const file = join(folder, 'none', 'reports.jsonl')
    assert.throws(() => given(file), { name: 'ConfigurationError', message: new RegExp(`${file}: ENOENT`) })
  })

  // Promise packages/msk-trigger/FAULTS.md#reports | Reports are lines of a file that can be written, and dropped where it cannot.
  it('given a file that can no longer be written, then reports are dropped, which is logged once', () => {
    const write = given(inFolder())
    rmSync(folder, { recursive: true })
    for (const line of ['1', '2']) write(line)
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', /^msk {2}reports cannot be written to .*reports\.jsonl.*: ENOENT/)
  })

  it('given a file that can be written again, then it gets the next reports, and the log says so', () => {
    const write = given(inFolder())
    rmSync(folder, { recursive: true })
    for (const line of ['1', '2']) write(line)
    mkdirSync(folder)
    for (const line of ['3', '4']) write(line)
    assert.equal(readFileSync(inFolder(), 'utf8'), '\n3\n4\n')
    assert.equal(log.length, 2)
    assert.match(log[1] ?? '', /again; 2 of them were dropped$/)
    rmSync(folder, { recursive: true })
    write('5')
    assert.equal(log.length, 3, 'another outage is logged anew')
  })

  it('given no file, then nothing is written', () => {
    given(undefined)('1')
    assert.deepEqual(log, [])
  })
})
