import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { entryLine, logEntry } from '../../../cli/logs/entry.ts'
import { widthOf } from '../../../cli/text-width.ts'
import { LogFile } from '../../../programs/log-file.ts'
import { ran } from './terminal.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-logs-'))
after(() => rmSync(root, { recursive: true }))

const line = (second: number, message: string, details: object = {}) =>
  JSON.stringify({
    level: 'INFO',
    message,
    timestamp: `2026-03-01T12:00:${String(second).padStart(2, '0')}.000Z`,
    service: 'processor',
    function_name: 'sluice-local-processor',
    ...details,
  })

describe('a line of a log', () => {
  it('that is structured has time, level, message and what else it says', () => {
    assert.deepEqual(logEntry('processor', line(1, 'batch', { records: 5 })), {
      function: 'processor',
      time: '2026-03-01T12:00:01.000Z',
      level: 'INFO',
      message: 'batch',
      details: { records: 5 },
    })
  })

  it('that has another form is its own message, and metrics are left out', () => {
    assert.deepEqual(logEntry('clock', '{"a": 1}'), {
      function: 'clock',
      time: null,
      level: null,
      message: '{"a": 1}',
      details: {},
    })
    assert.equal(logEntry('clock', '{"_aws":{},"ticks":1}'), 'metrics')
  })

  it('is one line for people, which fits and cannot control the terminal', () => {
    const entry = logEntry('processor', line(1, 'batch\u001b[2J', { records: 5, counts: { a: 1 } }))
    assert.ok(entry !== 'metrics')
    assert.equal(
      entryLine(entry, 10, undefined),
      '12:00:01.000  INFO   processor   batch\\u001b[2J  records=5 counts={"a":1}',
    )
    assert.equal(widthOf(entryLine(entry, 10, 40)), 40)
  })
})

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

describe('sluice logs', () => {
  const dataDir = join(root, 'data')
  const environment = { SLUICE_DATA_DIR: dataDir }
  mkdirSync(join(dataDir, 'logs', 'functions'), { recursive: true })
  writeFileSync(join(dataDir, 'logs', 'serverless.log'), 'Starting Offline\n')
  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(dataDir, 'logs', 'functions', `${name}.log`), `${lines.join('\n')}\n`)
  write('processor', line(1, 'a'), '    from console.log', '{"_aws":{}}', line(4, 'd'))
  write('clock', line(2, 'b'), line(3, 'c'))

  it('shows the functions together in the order of time; a plain line stays behind the one before it', async () => {
    const { stdout } = await ran(['logs'], { environment })
    const told = stdout
      .trimEnd()
      .split('\n')
      .map(shown => shown.trim().split(/ {2,}/).at(-1))
    assert.deepEqual(told, ['a', 'from console.log', 'b', 'c', 'd'])
  })

  it('names the functions where one is unknown', async () => {
    const { status, stderr } = await ran(['logs', 'proccesor'], { environment })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Unknown function proccesor\. Did you mean .*processor.*\? The functions are .*clock, .*processor, .*and serverless\.\n$/,
    )
  })

  it('says where it looked where there is nothing', async () => {
    const { status, stderr } = await ran(['logs'], { environment: { SLUICE_DATA_DIR: join(root, 'none') } })
    assert.equal(status, 0)
    assert.match(
      stderr,
      /No function has logged anything yet in .*none.logs: check that `npm start` is running/,
    )
  })
})
