import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ran } from './terminal.ts'

const FILE = `kafka:
  bootstrap_servers: [file:9092]
  password: hunter2
redis: { url: 'redis://me:hunter2@cache:6379' }
logging: { level: WARN }
`

const all = mkdtempSync(join(tmpdir(), 'config-'))
after(() => rmSync(all, { recursive: true }))

function folderWith(text: string): string {
  const folder = mkdtempSync(join(all, 'folder-'))
  writeFileSync(join(folder, 'sluice.yml'), text)
  return folder
}

async function shown(args: readonly string[], environment: object = {}, text = FILE) {
  const { stdout, status, stderr } = await ran([...args, '--json'], { folder: folderWith(text), environment })
  assert.deepEqual([status, stderr], [0, ''])
  const { settings } = JSON.parse(stdout)
  return Object.fromEntries(settings.map((one: { variable: string }) => [one.variable, one]))
}

describe('sluice config show', () => {
  it('names the origin of each value: option before variable before file before default', async () => {
    const found = await shown(['config', 'show', '--config', 'sluice.yml', '--brokers', 'option:1'], {
      LOG_LEVEL: 'DEBUG',
    })
    assert.deepEqual(found.KAFKA_BROKERS, {
      ...{ variable: 'KAFKA_BROKERS', key: 'kafka.bootstrap_servers' },
      ...{ value: 'option:1', from: 'command line' },
    })
    assert.equal(found.LOG_LEVEL.from, 'environment')
    assert.equal(found.REDIS_URL.from, 'sluice.yml:4')
    assert.equal(found.COMPRESSION.from, 'default')
    assert.equal(found.KAFKA_USERNAME.from, null)
  })

  it('masks secrets, and the credentials of an address', async () => {
    const found = await shown(['config', 'show'], { SLUICE_CONFIG: 'sluice.yml' })
    assert.equal(found.KAFKA_PASSWORD.value, '********')
    assert.equal(found.REDIS_URL.value, 'redis://********@cache:6379')
    assert.doesNotMatch(JSON.stringify(found), /hunter2/)
  })

  it('shows the settings that are named, as text with the file', async () => {
    const { stdout } = await ran(['--config=sluice.yml', 'config', 'show', 'logging'], {
      folder: folderWith(FILE),
    })
    assert.match(
      stdout,
      /^Settings file: sluice.yml\n\nVARIABLE +KEY +VALUE +FROM\nLOG_LEVEL +logging.level +WARN +sluice.yml:5\n$/,
    )
  })

  for (const [what, args, text, message] of [
    ['a setting that does not exist', ['config', 'show', 'nope'], '', /^nope: unknown setting/],
    [
      'a file that does not exist',
      ['--config', 'none.yml', 'config', 'show'],
      '',
      /^none.yml has 1 error:\n.*ENOENT/,
    ],
    ['no name of a file', ['config', 'show', '--config'], '', /^--config needs the name of a file/],
    [
      'a wrong key',
      ['config', 'show', '--config', 'sluice.yml'],
      'loging: {}',
      /line 1: loging: unknown key; did you mean logging\?/,
    ],
  ] as const)
    it(`refuses ${what}, with exit status 2`, async () => {
      const { status, stderr } = await ran(args, { folder: folderWith(text) })
      assert.match(stderr, message)
      assert.equal(status, 2)
    })

  it('leaves the option of that name to topics create', async () => {
    const args = ['topics', 'create', 'x', '--config', 'wrong=', '--brokers', '127.0.0.1:1']
    assert.match((await ran(args)).stderr, /--config/)
  })
})
