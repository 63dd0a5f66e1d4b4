import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../../localstack/paths.ts'
import { freePort, portInUse } from '../../../localstack/services/ports.ts'
import { until } from '../../support/until.ts'
import { temporaryFolder } from './support.ts'

const COMMAND = join(PROJECT, 'localstack', 'services-command.ts')

describe('given the command that runs the servers alone', () => {
  it('when it is asked for help, then it names its options and ports', async () => {
    const { code, output } = await finished(run(['--help']))
    assert.equal(code, 0)
    assert.match(output, /--fresh.*--docker.*KAFKA_PORT \(9092\)/s)
  })

  it('when an option is unknown, then one message says which and where to look', async () => {
    const { code, output } = await finished(run(['--frehs']))
    assert.equal(code, 1)
    assert.equal(output, "Unknown option '--frehs'. Try: npm run services -- --help\n")
  })
})

describe('given that it runs on ports and data of its own', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  it('when it gets SIGINT twice, as from a terminal under npm, then it ends all in order with exit code 0', async () => {
    const ports = { KAFKA_PORT: await freePort(), REDIS_PORT: await freePort(), AWS_PORT: await freePort() }
    const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
    const command = run([], { ...env, SLUICE_DATA_DIR: join(folder, 'data') })
    const result = finished(command)
    let shown = ''
    command.stdout?.on('data', text => {
      shown += text
    })
    await until('it is ready', () => shown.includes('Ctrl-C stops them') || command.exitCode !== null)
    command.kill('SIGINT')
    command.kill('SIGINT')
    const { code, output } = await result
    assert.equal(code, 0, output)
    assert.match(output, new RegExp(`export KAFKA_BROKERS=127\\.0\\.0\\.1:${ports.KAFKA_PORT}`))
    for (const port of Object.values(ports)) assert.equal(await portInUse(port), false)
  })
})

function run(args: string[], extra: Record<string, string> = {}) {
  const { KAFKA_BROKERS: _k, REDIS_URL: _r, AWS_ENDPOINT_URL: _a, ...env } = process.env
  const flags = ['--disable-warning=TimeoutNegativeWarning']
  return spawn(process.execPath, [...flags, COMMAND, ...args], {
    env: { ...env, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finished(command: ReturnType<typeof run>): Promise<{ code: number; output: string }> {
  let output = ''
  const add = (text: Buffer) => {
    output += text
  }
  command.stdout.on('data', add)
  command.stderr.on('data', add)
  const [code] = await once(command, 'close')
  return { code, output }
}
