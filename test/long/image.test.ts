/** The start command of the image, in a folder as the image has it. No Docker is needed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parseEnv, promisify } from 'node:util'
import { PROJECT, Program, runProgram } from '@sluice/test-kit/program'
import { startSchemaRegistry } from '@sluice/test-kit/schema-registry'
import { awsEndpoint, brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml'
import { freePort } from '#local-servers/ports'
import { createResources } from '../../localstack/aws/resources.ts'
import { type Services, startServices } from '../../localstack/start-services.ts'
import { ownServices } from '../integration/localstack/support.ts'
import { TestEnvironment } from '../support/environment.ts'
import { listFaults } from '../support/late-lines.ts'
import { type Postgres, startPostgres } from '../support/postgres.ts'
import { copyProject } from '../support/project-copy.ts'

/** Upper bound for the end, less than `stop_grace_period` in compose.yaml. */
const ENDS_WITHIN_MS = 10_000

/** Preloaded into the program: reports and refuses every address that is not on this machine. */
const NO_NETWORK = String.raw`
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
const isHere = host => host === undefined || /^(localhost$|127\.|0\.0\.0\.0$|::1?$)/.test(host)
const refuse = host => {
  process.stderr.write('left this machine: ' + host + '\n')
  throw new Error('no network')
}
const { lookup } = dns
dns.lookup = (host, ...args) => (isHere(host) ? lookup(host, ...args) : refuse(host))
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const { host } = Object(args.flat()[0])
  return isHere(host) ? connect.apply(this, args) : refuse(host)
}
syncBuiltinESMExports()
process.stderr.write('without network\n')
`

describe('given a folder as the image has it', () => {
  let app: string
  let home: string
  let dockerfile: string
  let environment: TestEnvironment
  let program: Program
  let registry: Awaited<ReturnType<typeof startSchemaRegistry>>

  /** Returns the arguments of Node in the command that follows these words in the Dockerfile. */
  const formatCommand = (words: string): [string, ...string[]] => {
    const [, list = '[]'] = new RegExp(`^${words} (\\[.+\\])$`, 'm').exec(dockerfile) ?? []
    const [node, first = '', ...others] = JSON.parse(list)
    assert.equal(node, 'node')
    return [first, ...others]
  }

  const imageVariables = () => {
    const variables = [...dockerfile.matchAll(/^(?:ENV| {4}) *([A-Z_]+)=(\S+)/gm)].map(([, ...one]) => one)
    assert.ok(variables.length > 3)
    return Object.fromEntries(variables)
  }

  before(async () => {
    ;[app, home, environment] = await Promise.all([
      copyProject('image'),
      mkdtemp(join(tmpdir(), 'sluice-home-')),
      TestEnvironment.create(),
    ])
    registry = await startSchemaRegistry()
    // The registry gives a schema the next id.
    registry.answerBy((request, response) => {
      const [, id] = /\/schemas\/ids\/(\d+)$/.exec(request.url ?? '') ?? []
      if (request.method === 'GET') response.end(JSON.stringify(registry.schemas.get(Number(id))))
      else
        void json(request).then(schema => {
          registry.schemas.set(registry.schemas.size + 1, schema as { schema: string })
          response.end(JSON.stringify({ id: registry.schemas.size }))
        })
    })
    const kept = (await readFile(join(app, '.dockerignore'), 'utf8'))
      .split('\n')
      .flatMap(line => (line.startsWith('!') ? [line.slice(1).split('/')[0]] : []))
    assert.ok(kept.includes('lib') && kept.includes('control'))
    for (const name of await readdir(app))
      if (name !== 'node_modules' && name !== 'Dockerfile' && !kept.includes(name))
        await rm(join(app, name), { recursive: true })
    dockerfile = await readFile(join(app, 'Dockerfile'), 'utf8')
    const [script, ...args] = formatCommand('RUN')
    const { code, output } = await runProgram(join(app, script), args, { cwd: app })
    assert.equal(code, 0, output)
  })

  after(async () => {
    program?.signal('SIGKILL')
    await program?.ended
    await Promise.all([environment?.close(), registry?.close()])
    for (const folder of [app, home]) if (folder) await rm(folder, { recursive: true, force: true })
  })

  // Promise docs/containers.md#the-image | The image starts without a network, answers its health check, writes to its home alone, and ends within the grace period.
  it('when it is started, then it uses no network, answers its health check, and writes to its home alone', async () => {
    const port = await freePort()
    const healthFile = join(home, 'functions-read')
    const guard = join(home, 'no-network.mjs')
    await writeFile(guard, NO_NETWORK)
    const before = await readFiles(app)
    const [script, ...args] = formatCommand('CMD')
    program = new Program(join(app, script), args, {
      cwd: app,
      env: {
        ...imageVariables(),
        HOME: home,
        MSK_TRIGGER_HEALTH: healthFile,
        NODE_OPTIONS: `--import=${pathToFileURL(guard)}`,
        SLUICE_ENV: environment.name,
        SLUICE_GENERATOR: 'off',
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        AWS_ENDPOINT_URL: awsEndpoint(),
        SCHEMA_REGISTRY_URL: registry.uri,
        LAMBDA_PORT: `${port}`,
        LOG_LEVEL: 'WARN',
      },
    })
    const [, check = '', ...checked] = /^ +CMD \["(test)", "(-f)", "(\S+)"\]$/m.exec(dockerfile) ?? []
    assert.equal(checked.at(-1), imageVariables().MSK_TRIGGER_HEALTH)
    const isHealthy = () =>
      promisify(execFile)(check, ['-f', healthFile]).then(
        () => true,
        () => false,
      )
    assert.equal(await isHealthy(), false)
    await program.says(/^msk {2}ready: (\d+) of \1 event sources have joined their groups/m)
    await until('it is healthy', isHealthy, { describe: () => program.output })
    assert.match(program.output, /^without network$/m)
    assert.doesNotMatch(program.output, /left this machine/)
    assert.deepEqual(await readFiles(app), before)
  })

  it('given the producers of examples/, then what they send is applied, with a schema registry and without', async () => {
    const run = (example: string, DEVICES: string, url = '') =>
      new Program(`./examples/${example}/main.mjs`, [], {
        env: {
          KAFKA_BROKERS: brokers().join(),
          TOPIC: environment.topic('readings'),
          DEVICES,
          SCHEMA_REGISTRY_URL: url,
        },
      })
    const producers = [
      run('device-producer', '6'),
      run('device-producer-proto', '3'),
      // Its first three devices are those of the one before: the others come from here alone.
      run('device-producer-proto', '6', registry.uri.replace(/\/$/, '')),
    ]
    const models = ['motion-band-2', 'nexus4', 'asset-tag-1']
    const devices = models.flatMap(model => ['1', '2', 'p1', 'p2'].map(n => `${model}-${n}`))
    const missing = async () => {
      const known = [...(await environment.states('processor')).keys()]
      return devices.filter(device => !known.some(entity => entity.endsWith(device)))
    }
    try {
      await until('each device is known', async () => (await missing()).length === 0, { describe: missing })
      for (const producer of producers) {
        producer.signal('SIGTERM')
        const { code, output } = await producer.ended
        assert.equal(code, 0, output)
        assert.match(output, /^[1-9]\d* readings were delivered$/m)
      }
    } finally {
      for (const producer of producers) producer.signal('SIGKILL')
    }
    assert.deepEqual([...registry.schemas.keys()], [1])
    await Promise.all(['processor', 'activity'].map(name => environment.untilCaughtUp(name)))
    assert.equal(await environment.readLength('failures'), 0)
    const activities = [...(await environment.states('activity')).keys()]
    for (const device of devices)
      assert.ok(
        activities.some(entity => entity.endsWith(device)),
        device,
      )
  })

  it('when it gets SIGTERM, then it ends within the grace period', async () => {
    const beganAtMs = performance.now()
    program.signal('SIGTERM')
    const { code, output } = await program.ended
    assert.equal(code, 0, output)
    assert.ok(performance.now() - beganAtMs < ENDS_WITHIN_MS)
    // The log says that it was stopped on purpose, so the next start raises no alert.
    const last = Map.groupBy(await environment.read('readings'), ({ partition }) => partition)
    assert.ok(last.size > 1)
    for (const records of last.values()) assert.equal(JSON.parse(String(records.at(-1)?.value)).isLast, true)
  })

  describe('given the commands and variables of compose.yaml, and new servers', () => {
    const { functions, topics } = readServices()
    let postgres: Postgres
    let services: Services
    let variables: Readonly<Record<string, string>>
    const run = (command: readonly string[]) => {
      const [node, script = '', ...args] = command
      assert.equal(node, 'node')
      return runProgram(join(app, script), args, { cwd: app, env: variables })
    }
    const sluice = (...args: readonly string[]) => run(['node', 'cli/sluice.ts', ...args])

    before(async () => {
      ;[services, postgres] = await Promise.all([startServices(await ownServices(home)), startPostgres()])
      await createResources({ awsEndpoint: services.awsEndpoint, generator: {} })
      const addresses = {
        'kafka:9092': services.brokers.join(),
        'redis://valkey:6379': services.redisUrl,
        'http://aws:4566': services.awsEndpoint,
        'postgres://sluice:sluice@postgres/sluice': await postgres.createDatabase(),
      }
      variables = { ...imageVariables(), HOME: home, LAMBDA_PORT: `${await freePort()}` }
      const defaults = parseEnv(await readFile(join(PROJECT, 'compose.env'), 'utf8'))
      for (const [name, value = ''] of Object.entries({ ...defaults, ...functions?.environment })) {
        const text = value
          // One can be the default of another.
          .replaceAll(/\$\{\w+:?-([^${}]*)\}/g, '$1')
          .replaceAll(/\$\{\w+:?-([^${}]*)\}/g, '$1')
          // Mounted there.
          .replace(/^\/config\//, `${join(app, 'config')}/`)
        variables = { ...variables, [name]: addresses[text as keyof typeof addresses] ?? text }
      }
    })

    after(() => Promise.all([services?.stop(), postgres?.stop()]))

    /** Returns the variables for a mounted folder with the families of the image, and one that it does not have. */
    const mountFamilies = async () => {
      const folder = join(home, 'families')
      await cp(join(app, 'config', 'families'), folder, { recursive: true })
      const own =
        'family: kiln\nentity: { source: /kilns, subject: "{kiln}" }\nfields: { kiln: {} }\nmetrics: { heat: {} }\n'
      await writeFile(join(folder, 'kiln.yaml'), own)
      return { FAMILIES_DIR: folder }
    }
    const KILN = {
      specversion: '1.0',
      id: '1',
      source: '/kilns',
      subject: 'k-1',
      type: 'io.sluice.kiln.reading.v1',
      time: new Date().toISOString(),
      data: { kiln: 'k-1', heat: 900.5 },
    }

    // Promise docs/containers.md#everything-on-one-machine-compose
    it('then a record of sensor-data is an alert in PostgreSQL, a mounted family is read, and the log has no error', async () => {
      variables = { ...variables, ...(await mountFamilies()) }
      const [shell, option, line = ''] = topics?.command ?? []
      assert.deepEqual([shell, option], ['sh', '-c'])
      let created = ''
      for (const words of line.split(/ && (?:exec )?/)) {
        const { code, output } = await run(words.split(' '))
        assert.equal(code, 0, output)
        created = output
      }
      assert.match(created, /^Created topic: sensor-data$/m)
      const [script, ...args] = formatCommand('CMD')
      program = new Program(join(app, script), args, { cwd: app, env: variables })
      await program.says(/^msk {2}ready: (\d+) of \1 event sources have joined their groups/m)
      const ask = ['sql', "SELECT count(*) AS n FROM alert_log WHERE sensor_id = 'ws_001'", '--format', 'csv']
      let answer = (await sluice(...ask)).output
      assert.equal(answer, 'n\r\n0\r\n')
      const published = await sluice('publish', '--topic', 'sensor-data', 'examples/hot-sensor.json')
      assert.equal(published.code, 0, published.output)
      await until(
        'the alert is in the database',
        async () => {
          answer = (await sluice(...ask)).output
          return /^n\r\n[1-9]/.test(answer)
        },
        { describe: () => `${answer}\n${program.output}` },
      )
      assert.match(program.output, /msk {2}intake ← sensor-data .* ready/)
      const reading = join(home, 'kiln.json')
      await writeFile(reading, JSON.stringify(KILN))
      assert.equal((await sluice('publish', '--topic', 'readings', reading)).code, 0)
      const kilns = () => sluice('entities', 'list', '--family', 'kiln', '--json')
      await until('the reading of the mounted family is applied', async () =>
        (await kilns()).stdout.includes('k-1'),
      )
      assert.deepEqual(listFaults(program.output), [])
      program.signal('SIGTERM')
      assert.equal((await program.ended).code, 0)
    })
  })
})

/** Returns the services of compose.yaml. Compose merges what `<<` names. */
function readServices() {
  const schema = CORE_SCHEMA.withTags([mergeTag])
  const { services } = load(readFileSync(join(PROJECT, 'compose.yaml'), 'utf8'), { schema }) as {
    readonly services: Readonly<Record<string, Service>>
  }
  return services
}

interface Service {
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Returns the files of a folder, without those of its packages. */
async function readFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(name => name !== 'node_modules')
  const all = await Promise.all(
    names.map(name => readdir(join(folder, name), { recursive: true }).catch(() => [])),
  )
  return names.flatMap((name, at) => [name, ...(all[at] ?? []).map(file => join(name, file))]).sort()
}
