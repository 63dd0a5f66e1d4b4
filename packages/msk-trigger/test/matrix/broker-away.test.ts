import assert from 'node:assert/strict'
import process from 'node:process'
import { after, afterEach, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { assertAllInOrder } from '../integration/ordered.ts'
import { type OwnBroker, startOwnBroker } from '../integration/own-broker.ts'
import { Project } from '../integration/project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const PARTITIONS = 3
const FUNCTIONS = ['quick', 'slow', 'failing', 'reporting'] as const
/** Batches of one function that are in flight and not committed when a broker ends. */
const BATCH_SIZE = 10
const MAX_REPEATED = 20 * BATCH_SIZE

const HANDLERS: Readonly<Record<(typeof FUNCTIONS)[number], string>> = {
  quick: '',
  slow: 'await delay(100)',
  failing: `if (attempt % 3 === 0) throw new Error('boom')`,
  // Names the last record of each partition, every other time.
  reporting: `
    if (attempt % 2 === 0) return null
    const name = r => ({ itemIdentifier: { partition: r.topic + '-' + r.partition, offset: r.offset } })
    return { batchItemFailures: Object.values(event.records).map(list => name(list.at(-1))) }`,
}

describe('the only broker is away in the middle of a run', { timeout: 600_000 }, () => {
  let broker: OwnBroker
  let kafka: TestKafka
  let project: Project
  let topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const formerly = process.env.KAFKA_BROKERS

  before(async () => {
    broker = await startOwnBroker()
    // The variable takes precedence over the setting.
    process.env.KAFKA_BROKERS = broker.address
  })
  afterEach(async () => {
    await project?.remove()
    await kafka?.close()
  })
  after(async () => {
    process.env.KAFKA_BROKERS = formerly
    await broker?.remove()
  })

  async function given(): Promise<void> {
    kafka = await TestKafka.connect([broker.address])
    topics = await kafka.topics(Object.fromEntries(FUNCTIONS.map(name => [name, PARTITIONS])))
    const msk = (name: string) => ({
      arn,
      topic: topic(name),
      batchSize: BATCH_SIZE,
      maximumBatchingWindow: 0,
      provisionedPollerConfig: { minimumPollers: 1 },
      ...(name === 'reporting' && { functionResponseType: 'ReportBatchItemFailures' }),
    })
    const functions = FUNCTIONS.map(name => [name, { timeout: 60, events: [{ msk: msk(name) }] }])
    project = await Project.create(Object.fromEntries(functions), HANDLERS)
    await project.start()
  }

  /** Records for every partition of every topic, sent until they are acknowledged. */
  async function send(from: number, to: number): Promise<void> {
    for (const name of FUNCTIONS)
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        await until(`${name} takes records`, async () => {
          await kafka.send(topic(name), numbered(from, to, partition))
          return true
        })
  }

  /** The offsets after the last records: a request that was repeated has left its records twice. */
  async function ends(name: string): Promise<number[]> {
    const found: number[] = []
    // A broker that was restarted does not lead its partitions at once.
    await until('the broker leads again', async () => {
      for (const { partition, high } of await kafka.admin.fetchTopicOffsets(topic(name)))
        found[partition] = Number(high)
      return true
    })
    return found
  }

  async function untilAllDelivered(): Promise<void> {
    for (const name of FUNCTIONS)
      await kafka.untilCommitted(project.group(name, topic(name)), topic(name), await ends(name))
    for (const name of FUNCTIONS) {
      const repeated = assertAllInOrder(project.invocations(name), topic(name), await ends(name))
      if (name === 'quick' || name === 'slow') assert.ok(repeated <= MAX_REPEATED, `${name}: ${repeated}`)
    }
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const)
    it(`given ${signal} and a restart at once, then no record is lost or out of order`, async () => {
      await given()
      await send(0, 100)
      await until('all functions to run', () => FUNCTIONS.every(name => project.invocations(name).length > 0))
      await broker.kill(signal)
      await broker.restart()
      await send(100, 150)
      await untilAllDelivered()
    })

  it('given one that stays away until its consumers have given up, then they all come back', async () => {
    await given()
    await send(0, 100)
    await until('all functions to run', () => FUNCTIONS.every(name => project.invocations(name).length > 0))
    await broker.kill('SIGKILL')
    await project.untilSays(/Retrying \(attempt 4\)/)
    await broker.restart()
    await send(100, 150)
    await untilAllDelivered()
    assert.match(project.output, /reads again after \d+ failed attempts/)
  })

  it('given one that goes three times in a row, then the last one loses nothing, either', async () => {
    await given()
    for (let round = 0; round < 3; round += 1) {
      await send(round * 50, round * 50 + 50)
      await broker.kill('SIGKILL')
      await broker.restart()
    }
    await untilAllDelivered()
  })
})
