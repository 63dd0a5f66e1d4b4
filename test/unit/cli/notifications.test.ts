import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-notifications-'))
after(() => rmSync(root, { recursive: true }))

const ROUTES = 'routes: [{ name: a, receivers: [sns, chat] }]\n'
const RECEIVERS =
  'receivers:\n  - { name: sns, kind: sns }\n  - { name: chat, kind: webhook, format: slack, secret: chat }\n'

function checked(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
) {
  rmSync(join(root, 'n'), { recursive: true, force: true })
  mkdirSync(join(root, 'n'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'n', name), text)
  return ran(['notifications', 'check', ...args], { folder: root, environment })
}

describe('sluice notifications check', () => {
  it('given the files that ship, then it names what is in them', async () => {
    const { status, stdout } = await ran(['notifications', 'check'], { folder: PROJECT })
    assert.deepEqual([status, stdout], [0, 'notifications: 1 route, 1 receiver: sns\n'])
  })

  it('given NOTIFICATIONS_DIR and --json, then that folder is read, and the report is one document', async () => {
    const files = { 'routes.yaml': ROUTES, 'receivers.yaml': RECEIVERS }
    const { status, stdout } = await checked(files, ['--json'], { NOTIFICATIONS_DIR: 'n' })
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), {
      folder: 'n',
      routes: ['a'],
      receivers: [
        { name: 'sns', kind: 'sns' },
        { name: 'chat', kind: 'webhook' },
      ],
      errors: [],
    })
  })

  it('given errors in both files, then each is on its own line, and the exit status is 1', async () => {
    const files = {
      'routes.yaml': 'routes:\n  - { name: a, receivers: [sns], groupWait: 5 }\n',
      'receivers.yaml':
        'receivers:\n  - { name: sns, kind: pigeon }\n  - { name: chat, kind: webhook, timeout: 40s }\n',
    }
    const { status, stdout, stderr } = await checked(files, ['n'])
    assert.equal(status, 1)
    assert.equal(
      stdout,
      'n/routes.yaml:2:34  a.groupWait: must be a duration such as 30s, 5m or 4h\n' +
        'n/receivers.yaml:2:18  sns.kind: must be one of sns, webhook\n' +
        'n/receivers.yaml:3:5  chat.url: has neither url nor a secret that holds one\n' +
        'n/receivers.yaml:3:34  chat.timeout: must be from 1s to 30s\n',
    )
    assert.equal(stderr, '4 errors in n.\n')
    const { errors } = JSON.parse((await checked(files, ['n', '--json'])).stdout)
    assert.deepEqual(errors[0], {
      file: 'n/routes.yaml',
      line: 2,
      column: 34,
      message: 'must be a duration such as 30s, 5m or 4h',
    })
  })

  it('given a route to a receiver that nobody defines, then it is named, with those that there are', async () => {
    const files = {
      'routes.yaml': 'routes: [{ name: a, receivers: [pager] }]\n',
      'receivers.yaml': RECEIVERS,
    }
    const { status, stdout } = await checked(files, ['n'])
    assert.deepEqual(
      [status, stdout],
      [1, 'n/routes.yaml: there is no receiver "pager" in receivers.yaml: it has sns, chat\n'],
    )
  })

  it('given no such files, then both are named', async () => {
    const { status, stdout } = await checked({}, ['n'])
    assert.deepEqual(
      [status, stdout],
      [
        1,
        'NOTIFICATIONS_DIR: n/routes.yaml: there is no such file\nNOTIFICATIONS_DIR: n/receivers.yaml: there is no such file\n',
      ],
    )
  })
})
