import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { freePorts, isPortInUse, LOOPBACK } from '#local-servers/ports.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { pack } from '../support/npm.ts'
import { Program, runProgram } from '../support/program.ts'
import { redisUrl } from '../support/servers.ts'

const NAME = 'boiler-watch'
const COMMANDS = (process.env.PATH ?? '').split(delimiter)

/** Returns the path of a command, which must be a script for Node.js. */
function findScript(name: string): string {
  const path = COMMANDS.map(folder => join(folder, name)).find(existsSync)
  assert.ok(path, `${name} is not on the PATH`)
  return path
}

describe('create-sluice, from its tarball in an empty folder with an empty home', () => {
  const { folder, remove } = temporaryFolder()
  const project = join(folder, NAME)
  const home = join(folder, 'home')
  const shell = join(folder, 'shell')
  const environment = {
    HOME: home,
    TMPDIR: home,
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
    npm_config_prefer_offline: 'true',
    LOCAL_SERVERS_CACHE: LOCAL,
    // It starts its own.
    KAFKA_BROKERS: undefined,
    REDIS_URL: undefined,
  }
  let tarball: string
  let started: Program | undefined
  let ports: Record<'KAFKA_PORT' | 'REDIS_PORT' | 'LAMBDA_PORT', string>

  before(async () => {
    mkdirSync(home)
    mkdirSync(shell)
    symlinkSync('/bin/sh', join(shell, 'sh'))
    const [file = ''] = await pack(folder, 'create-sluice')
    tarball = join(folder, file)
    const [kafka, redis, lambda] = (await freePorts(3)).map(String) as [string, string, string]
    ports = { KAFKA_PORT: kafka, REDIS_PORT: redis, LAMBDA_PORT: lambda }
  })

  after(async () => {
    started?.signal('SIGINT')
    await started?.ended
    remove()
  })

  type Variables = Readonly<Record<string, string>>
  const create = (name: string, env: Variables = {}) =>
    runProgram(findScript('npx'), ['--yes', `file:${tarball}`, name], {
      cwd: folder,
      env: { ...environment, ...env },
    })
  const npm = (args: readonly string[], env: Variables = {}) =>
    new Program(findScript('npm'), args, { cwd: project, env: { ...environment, ...ports, ...env } })

  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, output } = await npm(args).ended
    assert.equal(code, 0, output)
    return output
  }

  it('given a name, then it creates a project of that name, and says what to do next', async () => {
    const { code, output } = await create(NAME)
    assert.equal(code, 0, output)
    assert.match(output, /^ {2}cd boiler-watch\n {2}npm install\n {2}npm test\n {2}npm start$/m)
    assert.match(readFileSync(join(project, 'serverless.yml'), 'utf8'), /^service: boiler-watch$/m)
    assert.deepEqual(readdirSync(join(project, 'packages')), [
      'serverless-offline-msk-trigger.tgz',
      'sluice-local-servers.tgz',
      'sluice-runtime.tgz',
    ])
  })

  it('then it installs, its types are right, and its test passes', async () => {
    await succeed('install')
    const { code, output } = await runProgram('tsc', [], { cwd: project })
    assert.equal(code, 0, output)
    assert.match(await succeed('test'), /^ℹ pass 2$/m)
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

    const cache = join(folder, 'cache')
    const proxy = (['http', 'https'] as const).map(
      name => `-D${name}.proxyHost=${LOOPBACK} -D${name}.proxyPort=1`,
    )
    const { code, output } = await npm(['start'], {
      LOCAL_SERVERS_CACHE: cache,
      REDIS_URL: redisUrl(),
      MAVEN_OPTS: [`-Dmaven.repo.local=${join(folder, 'maven')}`, ...proxy].join(' '),
    }).ended
    assert.equal(code, 1)
    assert.match(output, /^Installing Kafka [\d.]+ with Maven failed[\s\S]*No network\?/m)
    assert.deepEqual(
      readdirSync(join(cache, 'kafka')).filter(name => !name.endsWith('.log')),
      [],
    )
  })

  it('given a folder that is not empty, a bad name, or neither Java, Maven nor Python, then it says so and creates nothing', async () => {
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full', 'mine.txt'), 'mine')
    const before = readdirSync(folder)
    const refusals: readonly (readonly [string, RegExp, Variables?])[] = [
      ['full', /full exists and is not empty\. Choose another name/],
      ['Boiler', /"Boiler" cannot be the name of a project/],
      [
        'other',
        /^Kafka needs Java 17.*\n.*mvn cannot be run.*\n.*Python 3\.11.*\nNothing was created\.$/m,
        { PATH: [shell, dirname(process.execPath)].join(delimiter), JAVA_HOME: '' },
      ],
    ]
    for (const [name, message, env] of refusals) {
      const { code, output } = await create(name, env)
      assert.equal(code, 1, output)
      assert.match(output, message)
    }
    assert.deepEqual(readdirSync(folder), before)
    assert.deepEqual(readdirSync(join(folder, 'full')), ['mine.txt'])
  })
})
