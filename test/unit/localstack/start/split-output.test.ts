import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { until } from '@sluice/test-kit/until'
import { followLogs } from '../../../../scripts/log-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-split-'))
after(() => rmSync(folder, { recursive: true }))

const SPLIT = pathToFileURL(join(PROJECT, 'localstack', 'start', 'split-output.ts')).href

/** Starts a function as serverless-offline does: a thread that receives the function's key. */
const HOST = `
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
const env = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: 200 }
const execArgv = ['--import', 'data:text/javascript,globalThis.preloaded = true']
const start = workerData => new Worker(new URL('./handler.mjs', import.meta.url), { workerData, env, execArgv })
const workers = [start({ functionKey: 'clock' }), start({ functionKey: 'clock' }), start({ functionKey: 'dlq-router' }), start({})]
console.log('the framework')
await Promise.all(workers.map(worker => once(worker, 'exit')))
`
const HANDLER = `
import { resourceLimits, workerData } from 'node:worker_threads'
const name = workerData.functionKey ?? 'nobody'
for (let i = 0; i < 50; i++) {
  process.stdout.write(name + ' begins ')
  await new Promise(setImmediate)
  process.stdout.write(i + '\\n')
}
console.error('to stderr °C')
console.log('old objects: ' + resourceLimits.maxOldGenerationSizeMb + ' MB, preloaded: ' + globalThis.preloaded)
process.stdout.write('no line end')
`

describe('given threads that run functions', () => {
  it('then each function has a file with its complete lines, the limits of its memory, and nothing preloaded', async () => {
    writeFileSync(join(folder, 'host.mjs'), HOST)
    writeFileSync(join(folder, 'handler.mjs'), HANDLER)
    const env = { SLUICE_FUNCTION_LOGS: join(folder, 'functions'), NODE_OPTIONS: `--import=${SPLIT}` }
    const { code, output } = await runProgram(join(folder, 'host.mjs'), [], { env })
    assert.equal(code, 0, output)
    const logged = (name: string) =>
      readFileSync(join(folder, 'functions', `${name}.log`), 'utf8').split('\n')
    const clock = logged('clock')
    assert.equal(clock.filter(line => /^clock begins \d+$/.test(line)).length, 100)
    assert.equal(clock.filter(line => line === 'to stderr °C').length, 2)
    assert.equal(clock.filter(line => line === 'no line end').length, 2)
    assert.equal(clock.filter(line => line === 'old objects: 180 MB, preloaded: undefined').length, 2)
    assert.equal(clock.length, 107)
    assert.equal(logged('dlq-router').filter(line => line.startsWith('dlq-router begins')).length, 50)
    assert.match(output, /^the framework$/m)
    assert.match(output, /nobody begins 49/)
    assert.doesNotMatch(output, /clock|dlq-router/)
  })
})

it('existing logs are followed from their end, and later ones from their beginning', async () => {
  const [old, later] = [join(folder, 'old.log'), join(folder, 'later.log')]
  writeFileSync(old, 'before\n')
  const files = [old]
  const seen: string[] = []
  const unfollow = followLogs(
    () => files,
    (line, file) => seen.push(`${file === old ? 'old' : 'later'}: ${line}`),
  )
  writeFileSync(old, 'before\nafter\n')
  writeFileSync(later, 'first\n')
  files.push(later)
  await until('both are read', () => seen.length >= 2, { describe: () => seen })
  writeFileSync(later, 'first\nlast words\n')
  unfollow()
  assert.deepEqual(seen, ['old: after', 'later: first', 'later: last words'])
})
