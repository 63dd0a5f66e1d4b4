import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, Program, runProgram } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { freePort, freePorts, isPortInUse, LOOPBACK } from '#local-servers/ports'
import { TestKafka } from '../../packages/msk-trigger/test/integration/kafka.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { NewUser } from '../registry/new-user.ts'
import { Registry } from '../registry/registry.ts'
import { PUBLISHED, readManifest } from '../support/packages.ts'

const { version } = readManifest('')
const TRIGGER = 'serverless-offline-msk-trigger'
/** Oldest major version of Node.js that the trigger and the local servers support. */
const NODE_22 = join(PROJECT, 'test', 'node_modules', 'node22', 'bin', 'node')

describe('the packages, published to a registry, for a user who has nothing else', () => {
  const { folder, remove } = temporaryFolder()
  let registry: Registry
  let user: NewUser

  before(async () => {
    registry = await Registry.start({ folder: join(folder, 'registry'), port: await freePort() })
    user = await NewUser.create(folder, registry.url)
  })

  after(async () => {
    await registry?.stop()
    remove()
  })

  it('given the command of a release, then each package is there in this version, as npm wants it', async () => {
    const output = await registry.publish()
    assert.deepEqual(
      [...output.matchAll(/^\+ (\S+)$/gm)].map(([, name]) => name).sort(),
      PUBLISHED.map(name => `${name}@${version}`).sort(),
    )
    assert.doesNotMatch(output, /auto-corrected/)
  })

  describe('npm create sluice', () => {
    const NAME = 'boiler-watch'
    let project: string
    let started: Program | undefined
    let ports: Record<'KAFKA_PORT' | 'REDIS_PORT' | 'LAMBDA_PORT', string>

    before(async () => {
      project = join(user.folder, NAME)
      const [kafka, redis, lambda] = (await freePorts(3)).map(String) as [string, string, string]
      ports = { KAFKA_PORT: kafka, REDIS_PORT: redis, LAMBDA_PORT: lambda }
    })

    after(async () => {
      started?.signal('SIGINT')
      await started?.ended
    })

    const create = (name: string, env: Readonly<Record<string, string>> = {}) =>
      user.npm(user.folder, ['create', 'sluice', name], env).ended
    const npm = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      user.npm(project, args, { ...ports, ...env })

    it('given a name, then it creates a project of that name, and says what to do next', async () => {
      const { code, output } = await create(NAME)
      assert.equal(code, 0, output)
      assert.match(output, /^ {2}cd boiler-watch\n {2}npm install\n {2}npm test\n {2}npm start$/m)
      assert.match(readFileSync(join(project, 'serverless.yml'), 'utf8'), /^service: boiler-watch$/m)
    })

    it('then it installs the published packages, its types are right, and its test passes', async () => {
      await user.succeed(project, 'install')
      const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
      for (const name of PUBLISHED.filter(name => name !== 'create-sluice'))
        assert.ok(packages[`node_modules/${name}`].resolved.startsWith(registry.url), name)
      const { code, output } = await runProgram('tsc', [], { cwd: project })
      assert.equal(code, 0, output)
      assert.match(await user.succeed(project, 'test'), /^ℹ pass 2$/m)
    })

    it('then npm start prints the first alert and those of own readings, and Ctrl-C ends everything', async context => {
      const startedAtMs = Date.now()
      const start = npm(['start'])
      started = start
      await start.says(/^Alert {2}boiler {2}overheating\.fired {2}\{"celsius":95,"limit":80\}$/m)
      context.diagnostic(`first alert after ${Date.now() - startedAtMs} ms`)
      await start.says(/^Code that you save takes effect at the next start\.$/m)
      await start.says(/^Ctrl-C stops everything\.$/m)
      const [, variable = '', value = '', sent = ''] =
        /another terminal: (KAFKA_BROKERS)=(\S+) npm (run send -- boiler 99)$/m.exec(start.output) ?? []
      assert.equal(value, `${LOOPBACK}:${ports.KAFKA_PORT}`)
      const { code, output } = await npm([...sent.replace('boiler 99', 'oven 20 99').split(' ')], {
        [variable]: value,
      }).ended
      assert.equal(code, 0, output)
      await start.says(/^Alert {2}oven {2}overheating\.fired {2}\{"celsius":99,"limit":80\}$/m)
      start.signal('SIGINT')
      assert.match((await start.ended).output, /^kafka +stopped /m)
      for (const port of Object.values(ports)) assert.equal(await isPortInUse(Number(port)), false, port)
    })

    it('given a port in use, or no network for a first download, then npm start says which, and leaves no half installation', async () => {
      const busy = createServer().listen(Number(ports.LAMBDA_PORT), LOOPBACK)
      const refused = await npm(['start']).ended
      busy.close()
      assert.equal(refused.code, 1)
      assert.match(
        refused.output,
        new RegExp(`^Port ${ports.LAMBDA_PORT} for Lambda's endpoint is in use.*LAMBDA_PORT=`, 'm'),
      )

      const cache = join(folder, 'no-servers')
      const proxy = (['http', 'https'] as const).map(
        name => `-D${name}.proxyHost=${LOOPBACK} -D${name}.proxyPort=1`,
      )
      const { code, output } = await npm(['start'], {
        LOCAL_SERVERS_CACHE: cache,
        REDIS_URL: redisUrl(),
        MAVEN_OPTS: [`-Dmaven.repo.local=${join(folder, 'maven')}`, ...proxy].join(' '),
      }).ended
      assert.equal(code, 1)
      assert.match(output, /^Installing Kafka [\d.]+ failed[\s\S]*No network\?/m)
      assert.deepEqual(
        readdirSync(join(cache, 'kafka')).filter(name => !name.endsWith('.log')),
        [],
      )
    })

    it('given a folder that is not empty, a bad name, or no Python, then it says so and creates nothing', async () => {
      mkdirSync(join(user.folder, 'full'))
      writeFileSync(join(user.folder, 'full', 'mine.txt'), 'mine')
      const shell = join(folder, 'shell')
      mkdirSync(shell)
      symlinkSync('/bin/sh', join(shell, 'sh'))
      const before = readdirSync(user.folder)
      const refusals: readonly (readonly [string, RegExp, Readonly<Record<string, string>>?])[] = [
        ['full', /full exists and is not empty\. Choose another name/],
        ['Boiler', /"Boiler" cannot be the name of a project/],
        [
          'other',
          /^Kafka and Valkey are installed with Python 3\.11.*\nNothing was created\.$/m,
          { PATH: [shell, dirname(process.execPath)].join(delimiter), JAVA_HOME: '' },
        ],
      ]
      for (const [name, message, env] of refusals) {
        const { code, output } = await create(name, env)
        assert.equal(code, 1, output)
        assert.match(output, message)
      }
      assert.deepEqual(readdirSync(user.folder), before)
      assert.deepEqual(readdirSync(join(user.folder, 'full')), ['mine.txt'])
    })
  })

  describe(`${TRIGGER}, added to a project that has serverless-offline`, () => {
    let kafka: TestKafka
    let project: string
    let started: Program | undefined

    before(async () => {
      kafka = await TestKafka.connect()
      const { devDependencies, ...manifest } = readManifest('packages/msk-trigger/example')
      const { [TRIGGER]: _, ...others } = devDependencies ?? {}
      cpSync(join(PROJECT, 'packages', 'msk-trigger', 'example'), join(user.folder, 'orders'), {
        recursive: true,
      })
      project = user.makeProject('orders', { ...manifest, devDependencies: others })
    })

    after(async () => {
      started?.signal('SIGKILL')
      await started?.ended
      await kafka?.close()
    })

    it('given its one command, then npm installs it, without the packages that are part of its code', async () => {
      await user.succeed(project, 'install')
      assert.ok(!existsSync(join(project, 'node_modules', TRIGGER)))
      await user.succeed(project, 'install', '--save-dev', TRIGGER)
      const { devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
      assert.equal(devDependencies[TRIGGER], `^${version}`)
      assert.ok(!existsSync(join(project, 'node_modules', '@sluice')))
    })

    it('says on an older Node what it needs, in one sentence, before it loads anything else', async () => {
      const alone = join(user.folder, 'alone.mjs')
      cpSync(join(project, 'node_modules', TRIGGER, 'dist', 'index.js'), alone)
      for (const version of ['18.20.8', '20.20.2', '22.17.1']) {
        const script = join(user.folder, 'older-node.cjs')
        writeFileSync(
          script,
          `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })
           import('./alone.mjs').then(() => console.log('loaded'), error => console.log(error.name + ': ' + error.message))`,
        )
        const { output } = await runProgram(script, [])
        assert.equal(
          output,
          `ServerlessError: ${TRIGGER} needs Node 22.18 or later, and this is ${version}.\n`,
        )
      }
    })

    it('given records in Kafka, then its function gets them, and failed ones go to the other topic', async () => {
      const [topic, failed] = await Promise.all([kafka.topic('orders', 1), kafka.topic('failed', 1)])
      const file = join(project, 'serverless.yml')
      const config = readFileSync(file, 'utf8')
        .replace('127.0.0.1:9092\n', `${brokers().join(',')}\n`)
        .replace('topic: orders', `topic: ${topic}`)
        .replace('kafka://orders-failed', `kafka://${failed}`)
      writeFileSync(file, config)
      const ports = await freePorts(3)
      const options = ['httpPort', 'lambdaPort', 'websocketPort'].map((name, n) => `--${name}=${ports[n]}`)
      const start = user.npm(project, ['start', '--', ...options])
      started = start
      await start.says(/msk {2}ready: 1 of 1 event sources have joined their groups/)
      await kafka.send(topic, [
        { value: '{"id":1}' },
        { value: 'not an order', key: 'k' },
        { value: '{"id":2}' },
      ])
      await start.says(/took order 1[\s\S]*took order 2/)
      await kafka.untilCommitted(`orders-dev-orders-${topic}`, topic, [3])
      assert.deepEqual(
        (await kafka.records(failed)).map(({ key }) => String(key)),
        ['k'],
      )
      start.signal('SIGINT')
      await start.ended
    })

    it('given Node 22, then handlers in JavaScript, TypeScript without a bundler, and serverless-esbuild get records', async () => {
      const dependencies = { ...readManifest('').dependencies, ...readManifest('test/tools').dependencies }
      const bundler = ['esbuild', 'serverless-esbuild'].map(name => `${name}@${dependencies[name]}`)
      await user.succeed(project, 'install', '--save-dev', ...bundler)
      const code = (kind: string) => `export const run = async event => {
        for (const { value } of Object.values(event.records).flat())
          console.log('${kind} ' + process.version + ' ' + Buffer.from(value, 'base64'))
      }`
      const typed = (kind: string) => code(kind).replace('event =>', '(event: { records: object }) =>')
      for (const [file, text] of [
        ['plain.js', code('plain')],
        ['typed.ts', typed('typed')],
        // What only a bundler finds: a module without its extension.
        ['bundled.ts', "export { run } from './found'"],
        ['found.ts', typed('bundled')],
      ] as const)
        writeFileSync(join(project, file), text)
      for (const [kinds, plugins] of [
        [['plain', 'typed'], []],
        [['bundled'], ['serverless-esbuild']],
      ] as const) {
        const topic = await kafka.topic('kinds', 1)
        await kafka.send(topic, [{ value: 'taken' }])
        const events = (kind: string) => [
          {
            msk: {
              arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id',
              topic,
              consumerGroupId: `${topic}.${kind}`,
            },
          },
        ]
        // JSON is YAML.
        const config = JSON.stringify({
          service: 'kinds',
          provider: { name: 'aws', runtime: 'nodejs22.x', region: 'eu-west-1' },
          plugins: [...plugins, TRIGGER, 'serverless-offline'],
          custom: {
            mskTrigger: { brokers: brokers() },
            esbuild: { format: 'esm', outputFileExtension: '.mjs' },
          },
          functions: Object.fromEntries(
            kinds.map(kind => [kind, { handler: `${kind}.run`, events: events(kind) }]),
          ),
        })
        writeFileSync(join(project, 'kinds.yml'), config)
        const ports = await freePorts(3)
        const options = ['httpPort', 'lambdaPort', 'websocketPort'].map((name, n) => `--${name}=${ports[n]}`)
        started = new Program(
          join(project, 'node_modules', '.bin', 'serverless'),
          ['offline', '--config', 'kinds.yml', ...options],
          { cwd: project, node: NODE_22 },
        )
        for (const kind of kinds) await started.says(new RegExp(`^${kind} v22\\.\\S+ taken$`, 'm'))
        started.signal('SIGINT')
        assert.equal((await started.ended).code, 0)
      }
    })
  })

  describe('@sluice/local-servers', () => {
    it('given Node 22, then it starts the servers, and ends them', async () => {
      const project = user.makeProject('servers', { type: 'module' })
      await user.succeed(project, 'install', '@sluice/local-servers')
      const script = join(project, 'run.mjs')
      writeFileSync(
        script,
        `import { runWithServers } from '@sluice/local-servers'
         await runWithServers({ folder: '.local' }, async ({ variables }) =>
           console.log(process.version, ...Object.keys(variables)))`,
      )
      const [kafka, redis] = (await freePorts(2)).map(String)
      const { code, output } = await runProgram(script, [], {
        cwd: project,
        node: NODE_22,
        env: {
          KAFKA_BROKERS: undefined,
          REDIS_URL: undefined,
          KAFKA_PORT: kafka,
          REDIS_PORT: redis,
          LOCAL_SERVERS_CACHE: LOCAL,
        },
      })
      assert.equal(code, 0, output)
      assert.match(output, /^v22\.\S+ .*KAFKA_BROKERS.*$/m)
      assert.match(output, /^kafka +stopped /m)
    })
  })
})
