import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Program, runProgram } from '@sluice/test-kit/program'
import { freePort, isPortInUse } from '#local-servers/ports'
import { PROJECT } from '../../scripts/paths.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'

const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')
const COMMAND = join(PROJECT, 'localstack', 'services-command.ts')

describe('given that it runs with its own ports and data', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  it('given --fresh, when it gets SIGINT twice, as under npm, then the database is gone and it exits with 0', async () => {
    const database = join(folder, 'data', 'storage', 'local.db')
    await mkdir(dirname(database), { recursive: true })
    await writeFile(database, 'rows of an earlier start')
    const ports = { KAFKA_PORT: await freePort(), REDIS_PORT: await freePort(), AWS_PORT: await freePort() }
    const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
    const command = run(['--fresh', '--name', stackName()], { ...env, SLUICE_DATA_DIR: join(folder, 'data') })
    await command.says(/Ctrl-C stops them/)
    command.signal('SIGINT')
    command.signal('SIGINT')
    const { code, output } = await command.ended
    assert.equal(code, 0, output)
    assert.match(output, new RegExp(`export KAFKA_BROKERS=127\\.0\\.0\\.1:${ports.KAFKA_PORT}`))
    for (const port of Object.values(ports)) assert.equal(await isPortInUse(port), false)
    assert.equal(existsSync(database), false)
  })
})

describe('given two that run at once under different names', () => {
  const names = [stackName(), stackName()] as const
  const [one, two] = names
  const running = new Map<string, Program>()

  before(async () => {
    for (const name of names) running.set(name, run(['--name', name]))
    await Promise.all([...running.values()].map(command => command.says(/Ctrl-C stops them/)))
  })

  after(async () => {
    for (const command of running.values()) command.signal('SIGTERM')
    await Promise.all([...running.values()].map(({ ended }) => ended))
    for (const name of names)
      await rm(join(PROJECT, '.local', 'stacks', name), { recursive: true, force: true })
  })

  it('when a third shell names one of them, then it reaches that one without variables', async () => {
    const sent = await inThirdShell('replay', HEATWAVE, '--limit', '5', '--speed', 'max', '--stack', one)
    assert.match(sent.stdout, /^5 acknowledged, 0 not acknowledged/m, sent.output)
    const read = ['consume', '--no-follow', '--json']
    const { stdout } = await inThirdShell('--stack', one, ...read)
    assert.equal(stdout.trimEnd().split('\n').length, 5)
    const other = await inThirdShell('--stack', two, ...read)
    assert.deepEqual([other.code, other.stdout], [0, ''], other.output)
  })
})

/** A name that no real stack has. */
function stackName(): string {
  return `test-${randomUUID().slice(0, 8)}`
}

const NO_SERVERS = { KAFKA_BROKERS: undefined, REDIS_URL: undefined, AWS_ENDPOINT_URL: undefined }

function inThirdShell(...args: string[]) {
  return runProgram('./cli/sluice.ts', args, { env: NO_SERVERS })
}

function run(args: string[], extra: Record<string, string> = {}): Program {
  return new Program(COMMAND, args, {
    env: { ...NO_SERVERS, NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning', ...extra },
  })
}
