/** The settings that the manual prints, taken from its pages: `npm start` with servers of its own gets them as they are. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT, Program, runProgram } from '@sluice/test-kit/program'
import { freePort } from '#local-servers/ports'
import { readConfig } from '../../control/environment/config.ts'
import { listTroubles } from '../support/late-lines.ts'

const CONFIGURATION = readPage('configuration')
const KAFKA = readPage('kafka')

/** Existing servers of the test run are not used: the examples name topics that all would share. */
const OWN_SERVERS = { KAFKA_BROKERS: '', REDIS_URL: '', AWS_ENDPOINT_URL: '', SCHEMA_REGISTRY_URL: '' }

/** Port of Kafka in the pages. A test uses a free one. */
const PORT = '127.0.0.1:9092'

/** Variables with the examples of their lines, such as `PARTITIONS`: as in `readings=24,events=6`. */
const EXAMPLES = Object.fromEntries(
  [...CONFIGURATION.matchAll(/^- \*\*`(\w+)`.*?\bas in `([^`]+)`/gm)].map(([, name, value]) => [name, value]),
)

function readPage(name: string): string {
  return readFileSync(join(PROJECT, 'docs', `${name}.md`), 'utf8')
}

function listBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  )
}

describe('given the settings that the manual prints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-printed-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** Starts a stack, waits until a reading is applied, uses the stack, and ends it. */
  async function start(
    settings: string,
    environment: Readonly<Record<string, string | undefined>>,
    use: (sluice: Sluice) => Promise<void>,
  ): Promise<void> {
    const stack = `printed-${process.pid}`
    const file = join(folder, 'settings.yaml')
    writeFileSync(file, settings.replaceAll(PORT, `127.0.0.1:${await freePort()}`))
    const env = { ...OWN_SERVERS, SLUICE_DATA_DIR: join(folder, 'data'), ...environment }
    const options = ['--name', stack, '--fresh', '--config', file]
    const started = new Program(join(PROJECT, 'localstack', 'start.ts'), options, { env })
    try {
      await started.says(/: readings [1-9]\d* · failed 0 /m)
      await use((...args) =>
        runProgram(join(PROJECT, 'cli', 'sluice.ts'), ['--stack', stack, ...args], { env: OWN_SERVERS }),
      )
      assert.deepEqual(listTroubles(started.output), [], started.output)
    } finally {
      started.signal('SIGINT')
      const { code, output } = await started.ended
      assert.equal(code, 0, output)
    }
  }

  it('when npm start gets the settings file, then readings are applied, and the first commands about Kafka succeed', async () => {
    const files = listBlocks(CONFIGURATION, 'yaml')
    assert.equal(files.length, 1)
    const [commands = ''] = listBlocks(KAFKA, 'sh')
    const ending = commands.split('\n').filter(line => /^npx sluice (?:topics|groups) /.test(line))
    assert.ok(ending.length >= 4)
    await start(files[0] ?? '', {}, async sluice => {
      for (const line of ending) {
        const [, , ...args] = line.replace(/ +#.*/, '').split(' ')
        const { code, output } = await sluice(...args)
        assert.equal(code, 0, `${line}: ${output}`)
      }
      const described = await sluice('topics', 'describe', 'readings')
      assert.match(described.stdout, /sensor_data/)
      // The local input of the same name has stepped aside for the readings, and the other one is there.
      const { code, output } = await sluice('publish', '--topic', 'sensor-data', 'examples/hot-sensor.json')
      assert.equal(code, 0, output)
    })
  })

  it('when it gets the names, and variables as their lines show them, then readings are applied', async () => {
    const files = listBlocks(KAFKA, 'yaml')
    assert.equal(files.length, 1)
    // The variable replaces the names of the file.
    await start(files[0] ?? '', { ...EXAMPLES, TOPIC_NAMES: undefined }, async sluice => {
      const partitions = await listPartitions(sluice)
      assert.equal(partitions.get('gds.telemetry.production'), 24)
      assert.ok(partitions.has('gds.telemetry.dlq') && partitions.has('gds.alerts.production'))
    })
  })

  it('when a variable names topics as its line shows, then they have these names', () => {
    const { TOPIC_NAMES } = EXAMPLES
    assert.ok(TOPIC_NAMES)
    const { names } = readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1', TOPIC_NAMES })
    const topics = (['alerts', 'dlq'] as const).map(signal => names.topicName(signal, 'local'))
    assert.deepEqual(topics, ['gds.alerts.local', 'gds.metrics.dlq'])
  })
})

type Sluice = (...args: readonly string[]) => ReturnType<typeof runProgram>

async function listPartitions(sluice: Sluice): Promise<ReadonlyMap<string, number>> {
  const { rows: topics } = JSON.parse((await sluice('topics', 'list', '--json')).stdout)
  return new Map(
    topics.map((topic: { topic: string; partitions: number }) => [topic.topic, topic.partitions]),
  )
}
