import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { stackPorts, stackVariables, withStack } from '../../../localstack/own-stack.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { runningStack, stackFile } from '../../../scripts/running-stacks.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-with-stack-'))
after(() => rmSync(dir, { recursive: true }))

const request = (name: string, environment = {}) => ({ name, command: 'npm start', environment })
const ADDRESSES = {
  variables: { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://u:p@127.0.0.1:2' },
  lambdaPort: 3,
}

describe('a running stack', () => {
  it('has a file that only its owner can read, from its start to its end', async () => {
    await withStack(
      request('lab'),
      async stack => {
        assert.equal(runningStack('lab', dir)?.state, 'starting')
        stack.ready(ADDRESSES)
        const found = runningStack('lab', dir)
        assert.deepEqual(
          [found?.state, found?.variables, found?.lambdaPort],
          ['ready', ADDRESSES.variables, 3],
        )
        assert.equal(statSync(stackFile('lab', dir)).mode & 0o777, 0o600)
      },
      dir,
    )
    assert.deepEqual(readdirSync(dir), ['lab'])
  })

  // Promise docs/local-and-cloud.md#several-stacks | Stacks have names, ports and data of their own, and a command uses the environment of its stack.
  it('has its own ports and folder, and passes its name on', async () => {
    await withStack(
      request('lab', { REDIS_PORT: '7777' }),
      async ({ environment }) => {
        const { SLUICE_DATA_DIR, SLUICE_STACK, KAFKA_PORT, REDIS_PORT, AWS_PORT, LAMBDA_PORT } = environment
        assert.deepEqual([SLUICE_DATA_DIR, SLUICE_STACK, REDIS_PORT], [join(dir, 'lab'), 'lab', '7777'])
        for (const port of [KAFKA_PORT, AWS_PORT, LAMBDA_PORT]) assert.match(port ?? '', /^2\d{4}$/)
        assert.equal(runningStack('lab', dir)?.logsDir, join(dir, 'lab', 'logs'))
      },
      dir,
    )
  })

  it('forgets statements that were sent with --fresh only', async () => {
    const file = join(dir, 'new', 'views', 'local.sql')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '')
    const found: boolean[] = []
    for (const fresh of [false, true])
      await withStack({ ...request('new'), fresh }, async () => void found.push(existsSync(file)), dir)
    assert.deepEqual(found, [true, false])
  })

  it('passes on its environment, which it has from the settings, or else is "local"', async () => {
    for (const [set, env] of [
      [{ SLUICE_ENV: 'production' }, 'production'],
      [{}, 'local'],
    ] as const)
      await withStack(
        request('lab', set),
        async stack => {
          assert.deepEqual([stack.env, stack.environment.SLUICE_ENV], [env, env])
          assert.equal(stackVariables(stack.environment, {}).SLUICE_ENV, env)
        },
        dir,
      )
  })

  it('rejects another of its name with one message, and keeps its file', async () => {
    await withStack(
      request('lab'),
      async () => {
        await assert.rejects(
          withStack(request('lab'), async () => assert.fail('it ran'), dir),
          {
            name: 'UserError',
            message:
              `The stack "lab" already runs: process ${process.pid} (npm start). Stop it first (Ctrl-C in its terminal), ` +
              'or give this one another name: --name lab2',
          },
        )
        assert.equal(existsSync(stackFile('lab', dir)), true)
      },
      dir,
    )
  })

  it('can be started once if several starts happen at the same time', async () => {
    const release = Promise.withResolvers<void>()
    const refused: string[] = []
    const starts = Array.from({ length: 4 }, () =>
      withStack(request('lab'), () => release.promise, dir).catch(error => void refused.push(error.name)),
    )
    await until('all but one are refused', () => refused.length === 3, { describe: () => refused })
    release.resolve()
    await Promise.all(starts)
    assert.deepEqual(refused, ['UserError', 'UserError', 'UserError'])
  })

  it('replaces one that was killed', async () => {
    writeFileSync(
      stackFile('lab', dir),
      JSON.stringify({ pid: process.pid, processStart: 'earlier', variables: {} }),
    )
    await withStack(request('lab'), async () => assert.equal(runningStack('lab', dir)?.pid, process.pid), dir)
  })
})

describe('the ports of a stack', () => {
  const free = async () => false

  it('are the same each time, and differ between names', async () => {
    const lab = await stackPorts('lab', {}, free)
    assert.deepEqual(await stackPorts('lab', {}, free), lab)
    assert.notDeepEqual(await stackPorts('other', {}, free), lab)
    assert.equal(new Set(Object.values(lab)).size, 8)
  })

  it('change while one of them is in use', async () => {
    const usual = await stackPorts('lab', {}, free)
    const taken = Number(usual.AWS_PORT)
    const moved = await stackPorts('lab', {}, async port => port === taken)
    assert.equal(Number(moved.KAFKA_PORT), Number(usual.KAFKA_PORT) + 10)
  })

  it('are taken from the variables that are set', async () => {
    const { KAFKA_PORT, ...rest } = await stackPorts('lab', { KAFKA_PORT: '1' }, free)
    assert.equal(KAFKA_PORT, undefined)
    assert.equal(Object.keys(rest).length, 7)
    const servers = { KAFKA_PORT: '1', REDIS_PORT: '2', AWS_PORT: '3', LAMBDA_PORT: '4', REGISTRY_PORT: '5' }
    const all = { ...servers, CONSOLE_PORT: '6', KAFKA_UI_PORT: '7', KSQL_PORT: '8' }
    assert.deepEqual(await stackPorts('lab', all, async () => true), {})
  })

  it('must be set by variables if all are occupied', async () => {
    await assert.rejects(
      stackPorts('lab', {}, async () => true),
      { name: 'UserError', message: /KAFKA_PORT, REDIS_PORT, .*KAFKA_UI_PORT, and KSQL_PORT/ },
    )
  })
})

it('other programs receive the client settings of servers that were already running', () => {
  const environment = { REDIS_MODE: 'cluster', KAFKA_AUTH: '', HOME: '/h' }
  assert.deepEqual(stackVariables(environment, { REDIS_URL: 'redis://r:1' }), {
    REDIS_URL: 'redis://r:1',
    REDIS_MODE: 'cluster',
  })
})

it('the folders of its files are those of the project, for shells in other folders', () => {
  const variables = stackVariables({ VIEWS_DIR: 'greenhouse/views', RULES_DIR: '/etc/rules' }, {})
  assert.deepEqual(variables, {
    RULES_DIR: '/etc/rules',
    VIEWS_DIR: join(PROJECT, 'greenhouse', 'views'),
  })
})
