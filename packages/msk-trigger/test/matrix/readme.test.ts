import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { freePort, freePorts } from '../../../../localstack/services/ports.ts'
import { createTopic } from '../../../../test/support/create-topic.ts'
import { npm, pack } from '../../../../test/support/npm.ts'
import { PROJECT, Program, runProgram } from '../../../../test/support/program.ts'
import { until } from '../../../../test/support/until.ts'
import { KAFKA_VERSION } from '../../broker/install.ts'
import { Reader, readSteps, type Step } from '../integration/quick-start.ts'

const PLUGIN = 'serverless-offline-msk-trigger'
/** Kafka is downloaded once, for all runs of this test. */
const CACHE = join(PROJECT, '.local', 'readme')
const INSTALL_WITHIN_MS = 5 * 60_000

describe('the README, followed to the letter by a stranger', { timeout: 15 * 60_000 }, () => {
  let reader: Reader
  let steps: Step[]
  let port: number
  let tarball: string
  const running: Program[] = []

  before(async () => {
    port = await freePort()
    steps = await readSteps()
    reader = await Reader.create(`127.0.0.1:${port}`)
    ;[tarball = ''] = await pack(reader.folder, PLUGIN)
  })
  after(async () => {
    for (const program of running.toReversed()) {
      program.signal('SIGTERM')
      await program.ended
    }
    await reader?.remove()
  })

  /** Starts a tool of an installed package, as `npx` does, and waits until it says something. */
  async function npx([tool = '', ...args]: readonly string[], line: RegExp): Promise<Program> {
    // The variable is that of the other tests' Kafka, and would take precedence over what the README says.
    const env = { XDG_CACHE_HOME: CACHE, KAFKA_BROKERS: undefined }
    const program = new Program(reader.file(join('node_modules', '.bin', tool)), args, {
      cwd: reader.folder,
      env,
    })
    running.push(program)
    await program.says(line, INSTALL_WITHIN_MS)
    return program
  }

  /** Effect of each command of the README here. An unknown command fails. */
  const commands: readonly (readonly [RegExp, (words: readonly string[]) => Promise<unknown>])[] = [
    [/^npm init -y$/, ([, ...words]) => npm(reader.folder, ...words)],
    [
      /^npm install --save-dev /,
      ([, ...words]) => npm(reader.folder, ...words.map(word => (word === PLUGIN ? `./${tarball}` : word))),
    ],
    [/^docker compose up --detach --wait$/, checkCompose],
    [
      RegExp(`^npx ${PLUGIN} kafka$`),
      ([, ...words]) => npx([...words, '--port', `${port}`, '--fresh'], /^Kafka \S+ is listening on /m),
    ],
    [/^node \w+\.mjs$/, ([, file = '']) => node(file)],
    [/^npx serverless offline$/, ([, ...words]) => offline(words)],
  ]

  async function node(file: string): Promise<void> {
    const { code, output } = await runProgram(reader.file(file), [], { cwd: reader.folder })
    assert.equal(code, 0, output)
  }

  async function offline(words: readonly string[]): Promise<Program> {
    const [http, lambda, websocket] = await freePorts(3)
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    return npx([...words, ...ports], /msk {2}ready: /)
  }

  /**
   * Docker reads the file where a Docker daemon runs. The file is not started, because its ports are those of a developer's Kafka.
   */
  async function checkCompose(): Promise<void> {
    const compose = await readFile(reader.file('compose.yaml'), 'utf8')
    assert.ok(compose.includes(`image: apache/kafka:${KAFKA_VERSION}\n`))
    assert.match(compose, /:9092'\]/)
    const docker = await promisify(execFile)('docker', ['version']).then(
      () => true,
      () => false,
    )
    if (docker) await promisify(execFile)('docker', ['compose', 'config', '--quiet'], { cwd: reader.folder })
  }

  async function follow(step: Step): Promise<void> {
    if (step.do === 'write') return reader.write([step])
    if (step.do === 'see') {
      for (const line of step.lines) await running.at(-1)?.says(reader.line(line))
      return
    }
    if (step.do === 'append') return
    const [, run] = commands.find(([pattern]) => pattern.test(step.command)) ?? []
    assert.ok(run, `the README has a command that no test runs: ${step.command}`)
    await run(step.command.split(' '))
  }

  it('given an empty folder, when every command of it runs, then the handler prints the records', async () => {
    for (const step of steps) await follow(step)
    assert.equal(steps.filter(step => step.do === 'run').length, commands.length)
  })

  it('given a handler that throws, and the settings at the end, then the records go to the other topic', async () => {
    const before = running.pop()
    before?.signal('SIGINT')
    await before?.ended
    await writeFile(
      reader.file('handler.mjs'),
      "export async function orders() {\n  throw new Error('not today')\n}\n",
    )
    await reader.write(steps.filter(step => step.do === 'append'))
    const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      await createTopic(admin, { topic: 'orders-failed', numPartitions: 1 })
      await node('produce.mjs')
      const program = await offline(['serverless', 'offline'])
      await program.says(/failed \(attempt 1, retrying in 200 ms\): .*not today/)
      const written = async () => (await admin.fetchTopicOffsets('orders-failed'))[0]?.high
      await until('both records to be discarded', async () => (await written()) === '2')
    } finally {
      await admin.disconnect()
    }
  })
})
