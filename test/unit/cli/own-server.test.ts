import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { resolveToken } from '../../../cli/own-server.ts'
import type { Terminal } from '../../../cli/terminal.ts'

describe('the token of a server that a command starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-token-'))
  after(() => rmSync(folder, { recursive: true }))
  const LONG = 'a'.repeat(32)
  const resolve = (file: string | undefined, SLUICE_TOKEN?: string) =>
    resolveToken(file, { folder, environment: { SLUICE_TOKEN } } as unknown as Terminal)

  it('is that of the file, else that of the variable, else a new one at each start', async () => {
    writeFileSync(join(folder, 'own'), `${LONG}\n`)
    assert.deepEqual(await resolve('own', 'b'.repeat(32)), { token: LONG, isGiven: true })
    assert.deepEqual(await resolve(undefined, LONG), { token: LONG, isGiven: true })
    const [first, second] = [await resolve(undefined), await resolve(undefined, '')]
    assert.equal(first.isGiven, false)
    assert.match(first.token, /^[0-9a-f]{32}$/)
    assert.notEqual(first.token, second.token)
  })

  it('is refused if it is short or missing, without being shown', async () => {
    writeFileSync(join(folder, 'short'), 'secret')
    writeFileSync(join(folder, 'empty'), '')
    const refused = (source: string) => ({
      message: `${source}: the token must have at least 32 characters, without spaces`,
    })
    await assert.rejects(resolve('short'), refused('short'))
    await assert.rejects(resolve('empty'), refused('empty'))
    await assert.rejects(resolve(undefined, 'secret'), refused('SLUICE_TOKEN'))
    await assert.rejects(resolve('missing'), /missing: .*does not exist|missing: .*no such file/i)
  })
})
