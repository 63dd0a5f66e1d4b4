/**
 * The composition in Docker: `npm run test:containers`. It builds the images, runs each command of docs/containers.md as printed, in a
 * folder with what compose.yaml reads, and ends with an empty project of its own. A stack of compose.yaml must not run beside it, since
 * both have the same network.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync, statSync } from 'node:fs'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { until } from '@sluice/test-kit/until'
import { PROJECT } from '../../scripts/paths.ts'

const run = promisify(execFile)
const TOKEN = { console: 'c'.repeat(40), ksql: 'k'.repeat(40) }
/** Outside of the range from which outgoing connections take theirs. */
const PORTS = {
  ...{ KAFKA_PORT: 21_092, REDIS_PORT: 21_379, AWS_PORT: 21_566, REGISTRY_PORT: 21_081 },
  ...{ CONSOLE_PORT: 21_050, KAFKA_UI_PORT: 21_080, KSQL_PORT: 21_088 },
}
const SERVERS = ['kafka', 'valkey', 'aws', 'postgres']
const OWN = ['functions', 'console', 'ksql-runner']
const PRODUCERS = ['device-producer', 'device-producer-proto']
const REGISTRY = 'http://registry:8080/apis/ccompat/v7'

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'sluice-test',
  ...Object.fromEntries(Object.entries(PORTS).map(([name, port]) => [name, String(port)])),
  KSQL_TOKEN: TOKEN.ksql,
}
/** Settings of one's own, against each of which compose.env has another value. */
const SETTINGS = { SLUICE_GENERATOR: 'off', TIME_ZONE: 'Africa/Cairo', SLUICE_TOKEN: TOKEN.console }
const INPUT = 'plant.telemetry'
/** As a clone: its folders can be read by others, and written by their owner alone. */
const FOLDER = await mkdtemp(join(tmpdir(), 'sluice-compose-'))

const saveSettings = (settings: object) =>
  writeFile(
    join(FOLDER, 'sluice.env'),
    Object.entries(settings)
      .map(pair => `${pair.join('=')}\n`)
      .join(''),
  )

/** Returns the text of each file that the containers could have changed. */
const readClone = () =>
  globSync('**', { cwd: FOLDER })
    .filter(file => statSync(join(FOLDER, file)).isFile())
    .map(file => [file, readFileSync(join(FOLDER, file), 'utf8')])

async function docker(args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = FOLDER): Promise<string> {
  const options = { cwd, env: { ...environment, ...more }, maxBuffer: 64 * 1024 * 1024 }
  return (await run('docker', args, options)).stdout
}

const compose = (...args: readonly string[]) => docker(['compose', ...args])
const sluice = (...args: readonly string[]) =>
  compose('exec', '-T', 'functions', 'node', 'cli/sluice.ts', ...args)

interface Container {
  readonly Service: string
  readonly State: string
  readonly Health: string
  readonly ExitCode: number
}

const containers = async (): Promise<readonly Container[]> =>
  (await compose('--profile', '*', 'ps', '--all', '--format', 'json'))
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

async function untilHealthy(...names: readonly string[]): Promise<void> {
  const missing = async () => {
    const all = await containers()
    const isHealthy = (name: string) =>
      all.some(
        ({ Service, State, Health }) =>
          Service === name && State === 'running' && ['', 'healthy'].includes(Health),
      )
    return names.filter(name => !isHealthy(name))
  }
  await until('all are healthy', async () => (await missing()).length === 0, { describe: missing })
}

/** Returns the number of records in the topic of an input, which nothing but this file writes. */
async function countRecords(): Promise<number> {
  const text = await sluice('topics', 'describe', 'sensor-data', '--json')
  const count = Number(/"records": *(\d+)/.exec(text)?.[1])
  assert.ok(count > 0, text)
  return count
}

/** Returns the commands in the manual that begin with some words, to their last line. */
function printedCommands(words: RegExp): readonly string[] {
  const page = readFileSync(join(PROJECT, 'docs', 'containers.md'), 'utf8').replaceAll('\\\n', '')
  return page.split('\n').filter(line => words.test(line))
}

async function ask(ksql: string): Promise<string> {
  const authorization = `Bearer ${TOKEN.ksql}`
  const request = { method: 'POST', headers: { authorization }, body: JSON.stringify({ ksql }) }
  return (await fetch(`http://127.0.0.1:${PORTS.KSQL_PORT}/ksql`, request)).text()
}

/** Asks ksql-runner and the console from another container of the network, and Lambda's endpoint, which must not answer. */
const FOREIGN = `
const ask = (url, token) => fetch(url, { headers: { authorization: 'Bearer ' + token } }).then(({ status }) => status, () => 0)
console.log(JSON.stringify([
  await ask('http://ksql-runner:8088/info', '${TOKEN.ksql}'), await ask('http://console:8050/api/environment', '${TOKEN.console}'),
  await ask('http://ksql-runner:8088/info', 'wrong'), await ask('http://functions:3002/', ''),
]))`

describe('given Docker and compose.yaml', () => {
  let files: unknown
  before(async () => {
    const version = await docker(['compose', 'version', '--short']).catch(() => '')
    const engine = await docker(['info', '--format', '{{.ServerVersion}}']).catch(() => '')
    assert.ok(
      version.trim() && engine.trim(),
      'No Docker engine with the compose plugin answers. Install Docker and start it, or set DOCKER_HOST.',
    )
    const networks = await docker(['network', 'ls', '--format', '{{.Name}}'])
    assert.ok(
      !networks.split('\n').includes('dataeng-network'),
      'Another stack has the network dataeng-network. End it first: docker compose --profile "*" down',
    )
    await chmod(FOLDER, 0o755)
    for (const name of ['compose.yaml', 'compose.env', 'config'])
      await cp(join(PROJECT, name), join(FOLDER, name), { recursive: true })
    await writeFile(join(FOLDER, 'config', 'inputs.yaml'), `inputs: [{ topic: ${INPUT} }]\n`)
    await saveSettings(SETTINGS)
    files = readClone()
    await docker(['compose', '--profile', '*', 'build'], {}, PROJECT)
    await compose('up', '--detach')
    await untilHealthy(...SERVERS, ...OWN)
  })

  after(async () => {
    await compose('--profile', '*', 'down', '--volumes')
    await rm(FOLDER, { recursive: true })
  })

  it('then each command of the manual does what it says, as printed', async () => {
    const commands = printedCommands(/^(docker compose exec|curl) /)
    assert.ok(commands.length >= 5)
    // Nothing is stored yet.
    const queries = commands.toSorted((a, b) => Number(b.includes(' sql ')) - Number(a.includes(' sql ')))
    for (const command of queries) {
      const here = command.replace(' exec ', ' exec -T ').replace(':8088', `:${PORTS.KSQL_PORT}`)
      const { stdout } = await run('bash', ['-c', here], { cwd: FOLDER, env: environment })
      assert.doesNotMatch(stdout, /"error_code"|✗/, `${command}\n${stdout}`)
    }
  })

  it('then the topic of a declared input is there, and the settings of sluice.env count', async () => {
    assert.match(await sluice('topics', 'describe', INPUT), /partition/i)
    const shown = await compose('exec', '-T', 'functions', 'printenv', ...Object.keys(SETTINGS))
    assert.equal(shown, `${Object.values(SETTINGS).join('\n')}\n`)
  })

  it('then Kafka has printed few lines', async () => {
    assert.ok((await compose('logs', 'kafka')).split('\n').length < 100)
  })

  // Promise docs/containers.md#your-own-names-rules-and-tables
  it('then a table is created at the first try, outlives its container, and leaves the files alone', async () => {
    const created = await ask(
      'CREATE TABLE kept AS SELECT model, COUNT(*) AS n FROM device_motions GROUP BY model;',
    )
    assert.match(created, /"SUCCESS"/)
    await compose('up', '--detach', '--force-recreate', '--no-deps', 'ksql-runner')
    await untilHealthy('ksql-runner')
    assert.match(await ask('SHOW TABLES;'), /"KEPT"/)
    assert.doesNotMatch(await compose('logs', 'ksql-runner'), /✗/)
    assert.deepEqual(readClone(), files)
  })

  it('given other names of topics, then the start is refused with the old and the new one', async () => {
    await saveSettings({ ...SETTINGS, TOPIC_NAMES: 'readings=plant.readings' })
    await assert.rejects(compose('up', '--detach'))
    assert.match(
      await compose('logs', 'topics'),
      /readings: sluice\.telemetry\.readings\.local → plant\.readings/,
    )
    await saveSettings(SETTINGS)
    await compose('up', '--detach')
    await untilHealthy(...SERVERS, ...OWN)
  })

  it('given the image beside these servers, when it runs as printed, then it is healthy', async () => {
    const [command = ''] = printedCommands(/^docker run /)
    await compose('stop', 'functions')
    const here = command.replace(' run ', ' run --detach ').replace(/ sluice$/, ' sluice:local')
    const { stdout } = await run('bash', ['-c', here], { cwd: FOLDER, env: environment })
    const health = () => docker(['inspect', '--format', '{{.State.Health.Status}}', stdout.trim()])
    await until('it is healthy', async () => (await health()).trim() === 'healthy', { describe: health })
    await docker(['stop', stdout.trim()])
    await compose('start', 'functions')
    await untilHealthy('functions')
  })

  it('then a record of an input is an alert in the database', async () => {
    await sluice('publish', '--topic', 'sensor-data', 'examples/hot-sensor.json')
    const ask = () => sluice('sql', 'SELECT count(*) AS n FROM alert_log', '--format', 'csv')
    await until('the alert is there', async () => /^n\r?\n[1-9]/.test(await ask()), { describe: ask })
  })

  it('then another container asks with the tokens, and cannot reach Lambda', async () => {
    const args = ['--rm', '--network', 'dataeng-network', 'sluice:local', 'node', '--input-type=module']
    const answers = await docker(['run', ...args, '--eval', FOREIGN])
    assert.deepEqual(JSON.parse(answers), [200, 200, 401, 0])
  })

  for (const name of [...SERVERS, ...OWN])
    it(`when ${name} is restarted, then all are healthy again`, async () => {
      await compose('restart', name)
      await untilHealthy(...SERVERS, ...OWN)
    })

  it('when the stack is ended and started again, then it has all its records', async () => {
    const before = await countRecords()
    await compose('down')
    await compose('up', '--detach')
    await untilHealthy(...SERVERS, ...OWN)
    assert.equal(await countRecords(), before)
  })

  it('given the profiles, then both producers send, one of them with schemas of the registry', async () => {
    const profiles = ['--profile', 'devices', '--profile', 'registry']
    await docker(['compose', ...profiles, 'up', '--detach'], { SCHEMA_REGISTRY_URL: REGISTRY })
    await untilHealthy(...SERVERS, ...OWN, ...PRODUCERS, 'registry')
    const logs = () => compose('logs', ...PRODUCERS)
    await until(
      'both send',
      async () =>
        /proto.* sends .* with schema \d/.test(await logs()) &&
        /device-producer-1 .* sends/.test(await logs()),
      { describe: logs },
    )
    const models = async () => (await sluice('entities', 'list', '--family', 'device', '--json')).length
    await until('their readings are applied', async () => (await models()) > 100)
  })

  it('when all are stopped, then those of Sluice have ended by themselves, with success', async () => {
    await compose('--profile', '*', 'stop')
    const own = (await containers()).filter(({ Service }) =>
      [...OWN, ...PRODUCERS, 'topics'].includes(Service),
    )
    assert.equal(own.length, 6)
    for (const { Service, ExitCode } of own) assert.equal(ExitCode, 0, Service)
  })
})
