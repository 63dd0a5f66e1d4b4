import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { readPipSettings } from '../../install.ts'
import { requirePython } from '../../requirements.ts'

it('given a pip.conf with a mirror and packages of the user, then uv gets the mirror, and errors name the file', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-pip-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  await promisify(execFile)(await requirePython(), ['-m', 'venv', dir])
  const PIP_CONFIG_FILE = join(dir, 'given.conf')
  const mirror = 'http://127.0.0.1:28106/simple'
  const lines = [
    '[global]',
    'user = true',
    `index-url = ${mirror}`,
    'trusted-host =',
    '  127.0.0.1',
    '  mirror',
  ]
  await writeFile(PIP_CONFIG_FILE, lines.join('\n'))
  const read = (more: object = {}) =>
    readPipSettings(dir, { PATH: process.env.PATH, PIP_CONFIG_FILE, ...more })
  const { variables, sources } = await read()
  assert.equal(variables.UV_DEFAULT_INDEX, mirror)
  assert.equal(variables.UV_INSECURE_HOST, '127.0.0.1 mirror')
  assert.ok(sources.includes(PIP_CONFIG_FILE))
  const other = await read({ PIP_INDEX_URL: 'http://127.0.0.1:1/simple' })
  assert.equal(other.variables.UV_DEFAULT_INDEX, 'http://127.0.0.1:1/simple')
  assert.ok(other.sources.includes('PIP_INDEX_URL'))
})
