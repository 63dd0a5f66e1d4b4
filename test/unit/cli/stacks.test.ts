import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import { processStart } from '#local-servers/process-start'
import { mergeSettingsFile } from '../../../control/environment/settings-file.ts'
import { LOCAL_PORTS, readSettings } from '../../../lib/app/settings/index.ts'
import { runningStacks, type Stack, stackFile } from '../../../scripts/running-stacks.ts'
import { stackEnvironment } from '../../../scripts/stack-environment.ts'
import { ran } from './terminal.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-stacks-'))
const dir = join(root, 'stacks')
mkdirSync(dir)
after(() => rmSync(root, { recursive: true }))
afterEach(() => {
  rmSync(dir, { recursive: true })
  mkdirSync(dir)
})

/** Leaves the file of a stack that this process runs. */
function running(name: string, port: number, changes: Partial<Stack> = {}): void {
  const stack: Stack = {
    name,
    state: 'ready',
    command: 'npm start',
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    startedAt: '2026-03-01T12:00:00.000Z',
    variables: {
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      REDIS_URL: `redis://me:secret@127.0.0.1:${port + 1}`,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port + 2}`,
    },
    lambdaPort: port + 3,
    consoleAddress: `http://127.0.0.1:${port + 4}/?token=t`,
    dataDir: join(root, 'data', name),
    logsDir: join(root, 'data', name, 'logs'),
    ...changes,
  }
  writeFileSync(stackFile(name, dir), JSON.stringify(stack))
}

const listBrokers = (environment: object, stack?: string) =>
  stackEnvironment({ ...environment }, stack, dir).KAFKA_BROKERS

describe('the addresses that a command works with', () => {
  it('given no stack, then nothing is added', () => {
    assert.deepEqual(stackEnvironment({ HOME: '/h' }, undefined, dir), { HOME: '/h' })
    assert.deepEqual(stackEnvironment({}, undefined, join(dir, 'none')), {})
  })

  it('given one stack, then they are its, whatever its name', () => {
    running('lab', 20_000)
    assert.deepEqual(stackEnvironment({ HOME: '/h' }, undefined, dir), {
      HOME: '/h',
      KAFKA_BROKERS: '127.0.0.1:20000',
      REDIS_URL: 'redis://me:secret@127.0.0.1:20001',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:20002',
    })
  })

  it('given several, then the default one is meant', () => {
    running('lab', 20_000)
    running('local', 9092)
    assert.equal(listBrokers({}), '127.0.0.1:9092')
  })

  it('given several and none of them the default, then one must be named', () => {
    running('lab', 20_000)
    running('other', 21_000)
    assert.throws(
      () => listBrokers({}),
      /^StackNotFound: Several stacks are running: "lab", "other"\. Select one with --stack lab/,
    )
    assert.equal(listBrokers({}, 'other'), '127.0.0.1:21000')
    assert.equal(listBrokers({ SLUICE_STACK: 'other' }), '127.0.0.1:21000')
    assert.equal(listBrokers({ SLUICE_STACK: 'other' }, 'lab'), '127.0.0.1:20000')
  })

  it('given variables, then each goes before the stack, for its own server', () => {
    running('lab', 20_000)
    const { KAFKA_BROKERS, REDIS_URL } = stackEnvironment({ REDIS_PORT: '7000' }, undefined, dir)
    assert.deepEqual([KAFKA_BROKERS, REDIS_URL], ['127.0.0.1:20000', undefined])
    const cloud = stackEnvironment({ MSK_CLUSTER_ARN: 'arn:aws:kafka:x' }, undefined, dir)
    assert.deepEqual([cloud.KAFKA_BROKERS, cloud.AWS_ENDPOINT_URL], [undefined, undefined])
    running('other', 21_000)
    // Nothing is open for a command that needs Kafka alone.
    assert.equal(listBrokers({ KAFKA_PORT: '1' }), undefined)
  })

  it('given a database in a variable, then it is used, and else that of the stack, also by its name beside other servers', () => {
    running('lab', 20_000, { variables: { KAFKA_BROKERS: 'k:1', STORAGE_URL: 'sqlite:lab.db' } })
    const servers = { KAFKA_BROKERS: 'k:2', REDIS_URL: 'redis://r:1' }
    const getUrl = (environment: object) => stackEnvironment({ ...environment }, undefined, dir).STORAGE_URL
    assert.equal(getUrl({}), 'sqlite:lab.db')
    assert.equal(getUrl({ STORAGE_URL: 'postgres://p' }), 'postgres://p')
    assert.equal(getUrl({ ...servers, SLUICE_STACK: 'lab' }), 'sqlite:lab.db')
    assert.deepEqual([getUrl(servers), getUrl({ ...servers, SLUICE_STACK: 'none' })], [undefined, undefined])
    assert.equal(listBrokers({ ...servers, SLUICE_STACK: 'lab' }), 'k:2')
  })

  it('given variables of Kubernetes for services with the names of servers, then they count as not set', () => {
    const cluster = { KAFKA_PORT: 'tcp://10.0.0.1:9092', REDIS_PORT: 'tcp://10.0.0.2:6379' }
    running('lab', 20_000)
    assert.equal(listBrokers(cluster), '127.0.0.1:20000')
    const ports = readSettings([LOCAL_PORTS], { ...cluster, REDIS_PORT: 'udp://10.0.0.2:1' })
    assert.deepEqual([ports.kafkaPort, ports.redisPort], [9092, 6379])
    assert.throws(() => readSettings([LOCAL_PORTS], { KAFKA_PORT: 'http://10.0.0.1' }), /KAFKA_PORT: must/)
  })

  it('given a name as an option, then it goes before every variable', () => {
    running('lab', 20_000)
    const cloud = {
      MSK_CLUSTER_ARN: 'arn:aws:kafka:x',
      KAFKA_AUTH: 'iam',
      REDIS_URL: 'redis://r:1',
      REDIS_MODE: 'cluster',
    }
    assert.deepEqual(stackEnvironment(cloud, 'lab', dir), {
      KAFKA_BROKERS: '127.0.0.1:20000',
      REDIS_URL: 'redis://me:secret@127.0.0.1:20001',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:20002',
    })
  })

  // Promise docs/local-and-cloud.md#several-stacks
  it('given a stack with an environment, then commands ask that one, unless a variable names another', () => {
    running('lab', 20_000, {
      variables: { KAFKA_BROKERS: 'k:1', SLUICE_ENV: 'production', LAMBDA_PORT: '1' },
    })
    const getEnv = (environment: object, stack?: string) =>
      stackEnvironment({ ...environment }, stack, dir).SLUICE_ENV
    assert.equal(getEnv({}), 'production')
    assert.equal(getEnv({}, 'lab'), 'production')
    assert.equal(getEnv({ SLUICE_ENV: 'test' }), 'test')
    assert.equal(stackEnvironment({ LAMBDA_PORT: '2' }, undefined, dir).LAMBDA_PORT, '2')
    assert.equal(getEnv({ SLUICE_ENV: 'test' }, 'lab'), 'production')
    assert.equal(getEnv({ KAFKA_BROKERS: 'other:9092' }), undefined)
  })

  it('given a name that no stack has, or one that is starting, then it is said so', () => {
    running('lab', 20_000, { state: 'starting' })
    assert.throws(() => listBrokers({}, 'lab'), /"lab" is still starting \(process \d+\)/)
    assert.throws(
      () => listBrokers({}, 'nope'),
      /The stack "nope" is not running; "lab" is\. .*npm start -- --name nope/,
    )
    assert.equal(listBrokers({}), undefined)
  })
})

describe('the file of a stack that was killed', () => {
  it('given that its process is gone, then it does not count', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(child, 'spawn')
    const pid = child.pid as number
    running('lab', 20_000, { pid, processStart: processStart(pid) ?? '' })
    assert.deepEqual(
      runningStacks(dir).map(({ name }) => name),
      ['lab'],
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.deepEqual(runningStacks(dir), [])
  })

  it('given that another process has its number now, then it does not count', () => {
    running('lab', 20_000, { processStart: 'an earlier one' })
    assert.deepEqual(runningStacks(dir), [])
  })
})

it('sluice --stack names a stack for every command, before or behind it', async () => {
  for (const args of [
    ['--stack', 'nope', 'stats'],
    ['stats', '--stack', 'nope'],
  ]) {
    const { status, stderr } = await ran(args, { stacksDir: dir })
    assert.equal(status, 1)
    assert.match(stderr, /^The stack "nope" is not running\. Start it with: npm start -- --name nope\n$/)
  }
  const { status, stderr } = await ran(['--stack', 'No!', 'stats'])
  assert.equal(status, 2)
  assert.match(stderr, /1 to 20 lower-case letters/)
})

it('sluice takes a settings file beside --stack, whose addresses come first', async () => {
  writeFileSync(
    join(dir, 'own.yaml'),
    'kafka: { bootstrap_servers: "other:9092" }\nproducer: { compression: zstd }\n',
  )
  for (const args of [
    ['--stack', 'nope', '--config', 'own.yaml', 'stats'],
    ['stats', '--config=own.yaml', '--stack=nope'],
  ]) {
    const { status, stderr } = await ran(args, { folder: dir, stacksDir: dir })
    assert.deepEqual([status, stderr.split('.')[0]], [1, 'The stack "nope" is not running'])
  }
  running('lab', 20_000)
  const merged = mergeSettingsFile({}, 'own.yaml', dir)
  const { KAFKA_BROKERS, COMPRESSION } = stackEnvironment(merged, 'lab', dir)
  assert.deepEqual([KAFKA_BROKERS, COMPRESSION], ['127.0.0.1:20000', 'zstd'])
})
