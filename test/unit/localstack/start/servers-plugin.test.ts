import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import ServersPlugin, { SERVERS_READY } from '../../../../localstack/start/servers-plugin.ts'

const built = new ServersPlugin().hooks['before:offline:start']

it('given servers that start meanwhile, then functions wait for them once they are built', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'servers-plugin-'))
  const file = join(folder, 'ready')
  process.env[SERVERS_READY] = file
  t.after(() => {
    delete process.env[SERVERS_READY]
    rmSync(folder, { recursive: true })
  })
  let isWaiting = true
  const over = built().then(() => {
    isWaiting = false
  })
  await new Promise(setImmediate)
  assert.equal(isWaiting, true)
  writeFileSync(file, '')
  await over
})

it('given serverless offline without npm start, then nothing is waited for', async () => {
  await built()
})
