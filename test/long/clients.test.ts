/** The programs of `examples/clients` write what Sluice accepts, where it expects it, and read what it writes. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient, type ForeignRecord } from '@sluice/test-kit/foreign-client'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { Kafka, logLevel } from 'kafkajs'
import { type ManagedProcess, startProcess } from '#local-servers/managed-process'
import { isFailure, readEvent } from '#runtime/cloudevents'
import { computePartition, type Event } from '#runtime/consumer'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { CLIENTS, type Client, clientLaunch, installClientExamples } from '../support/client-examples.ts'
import { APPLICATION } from '../support/families.ts'
import { writtenMessage } from '../support/written-message.ts'
import { expectedLines, isPrinted, normalLine } from './client-output.ts'

const PARTITIONS = 12
const EACH = 6
const SENSORS = ['roof', 'cellar', 'café']
const MODES = ['binary', 'structured'] as const
const COMMITS = ['auto', 'manual'] as const
const GROUPS: Readonly<Record<Client, string>> = {
  'kafka-python': 'analysis_group',
  'confluent-kafka': 'telemetry_group',
  kafkajs: 'kafkajs_group',
  java: 'java_group',
}
/** Exit status of the JVM after a request to stop. */
const SIGTERM_OF_JAVA = 143

const ALERT: Event = {
  id: 'fired-1',
  source: '/environment/roof-garden',
  type: 'io.sluice.alert.fired.v1',
  subject: 'café',
  time: '2026-03-01T12:00:00.123Z',
  datacontenttype: 'application/json',
  data: { rule: 'HIGH_TEMP', value: 41.5, summary: '41.5 °C — too hot' },
}

/** Events that are valid, and have no JSON in them. */
const OTHERS: readonly Event[] = [
  { ...ALERT, id: 'bytes', datacontenttype: 'application/octet-stream', data: Buffer.of(0, 255) },
  { ...ALERT, id: 'nothing', data: undefined },
]

interface Running {
  readonly client: Client
  readonly group: string
  readonly process: ManagedProcess
  output(): string
  lines(): string[]
}

describe('the examples for clients of Kafka', () => {
  const topic = `clients-${randomUUID()}`
  const { folder, remove } = temporaryFolder()
  let client: ForeignClient
  const consumers: Running[] = []

  before(async () => {
    const admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin()
    const [connected] = await Promise.all([ForeignClient.connect(), admin.connect(), installClientExamples()])
    client = connected
    await createTopic(admin, { topic, numPartitions: PARTITIONS })
    await admin.disconnect()
  })

  after(async () => {
    await Promise.all(consumers.map(({ process }) => process.stop()))
    await client?.close()
    remove()
  })

  async function startClient(example: Client, role: 'producer' | 'consumer', args: string[], group = '') {
    const log = join(folder, `${example}-${role}-${args.join('-')}.log`)
    const env = { TOPIC: topic, ...(group === '' ? {} : { GROUP: group }) }
    const process = await startProcess(await clientLaunch(example, role, args, env), log)
    const output = () => readFileSync(log, 'utf8')
    // The libraries log there too, for instance that a coordinator is not ready yet.
    const lines = () => output().split('\n').slice(0, -1).filter(isPrinted)
    return { process, output, lines }
  }

  // Promise docs/clients.md#write-readings | Sluice accepts what the example producers write, in either mode.
  for (const mode of MODES)
    it(`when each writes in ${mode} mode, then Sluice accepts it, and murmur2 chose the partition`, async () => {
      const before = await client.ends(topic)
      await readEachMode(
        CLIENTS.map(async example => {
          const { process, output, lines } = await startClient(example, 'producer', [mode, String(EACH)])
          assert.equal((await process.exited).code, 0, output())
          for (const line of lines())
            assert.match(line, new RegExp(`^Delivered to ${topic} \\[\\d+\\] @ \\d+$`), example)
          // kafkajs answers for each partition, the others for each record.
          assert.equal(lines().length, example === 'kafkajs' ? places().size : EACH, example)
        }),
      )
      const records = (await client.read(topic)).filter(
        ({ partition, offset }) => Number(offset) >= (before[partition] as number),
      )
      for (const record of records) assert.equal(getMode(record), mode)
      const events = records.map(accepted)
      for (const [n, { key, partition }] of records.entries()) {
        assert.equal(String(key), events[n]?.subject)
        assert.equal(partition, computePartition(key as Buffer, PARTITIONS), `${events[n]?.source} ${key}`)
      }
      const written = events.map(({ source, subject }) => `${source} ${subject}`).sort()
      const expected = CLIENTS.flatMap(example =>
        Array.from({ length: EACH }, (_, n) => `/environment/${example} ${SENSORS[n % 3]}`),
      )
      assert.deepEqual(written, expected.sort())
      assert.equal(new Set(events.map(({ source, id }) => `${source} ${id}`)).size, events.length)
    })

  // Promise docs/clients.md#read-alerts | The example consumers print every event, and with CONTENT_MODE=structured a value is the whole event.
  it('when each reads, with either way to commit, then it prints every event and commits every record', async () => {
    await client.send(topic, [
      ...MODES.flatMap(mode =>
        [ALERT, ...OTHERS].map(event => writtenMessage({ ...event, id: `${event.id} ${mode}` }, mode)),
      ),
      { key: 'café', value: 'not an event' },
    ])
    const events = (await client.read(topic)).map(readOrFailure).filter(event => !isFailure(event)) as Event[]
    assert.equal(events.length, CLIENTS.length * MODES.length * EACH + MODES.length * (1 + OTHERS.length))
    await Promise.all(
      CLIENTS.flatMap(example =>
        COMMITS.map(async commit => {
          const group = commit === 'auto' ? GROUPS[example] : `${example}-${randomUUID()}`
          // Without the variable it has a group of its own.
          const own = commit === 'auto' ? '' : group
          consumers.push({
            client: example,
            group,
            ...(await startClient(example, 'consumer', [commit], own)),
          })
        }),
      ),
    )
    const ends = await client.ends(topic)
    await readEachMode(
      consumers.map(async ({ client: example, group, output, lines }) => {
        const skipped = () => lines().filter(line => line.startsWith(`Skipped ${topic} [`)).length
        await until(
          `${example} has committed everything`,
          async () => (await client.committed(group, topic)).map(offsetOr0).join() === ends.join(),
          { describe: output },
        )
        assert.equal(skipped(), 1, example)
        const printed = lines().filter(line => !line.startsWith('Skipped '))
        assert.deepEqual(printed.map(normalLine).sort(), expectedLines(example, events).sort(), example)
      }),
    )
  })

  // Promise docs/clients.md#when-to-commit | The example consumers commit either way, and close in order when they are stopped.
  it('when they are asked to stop, then each closes in order and ends', async () => {
    assert.equal(consumers.length, CLIENTS.length * COMMITS.length)
    for (const { process } of consumers) process.signal('SIGTERM')
    for (const { client: example, process, output } of consumers)
      assert.equal((await process.exited).code, example === 'java' ? SIGTERM_OF_JAVA : 0, output())
  })

  /** The partitions that readings of the three sensors go to. */
  function places(): Set<number> {
    return new Set(SENSORS.map(sensor => computePartition(Buffer.from(sensor), PARTITIONS)))
  }
})

/** Waits for all of them even if one fails, because they use what `after` takes away. */
async function readEachMode(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Some clients commit an offset of a partition without records, and others do not. */
function offsetOr0(committed: number): number {
  return Math.max(committed, 0)
}

function getMode({ headers }: ForeignRecord): string {
  return String(headers?.['content-type']).startsWith('application/cloudevents') ? 'structured' : 'binary'
}

function readOrFailure({ headers = {}, value }: ForeignRecord) {
  const named = Object.entries(headers).map(([name, bytes]) => [name, bytes as Buffer] as const)
  return readEvent({ value, headers: named })
}

/** The event, which must have the schema of its type. */
function accepted(record: ForeignRecord): Event {
  const event = readOrFailure(record)
  if (isFailure(event)) assert.fail(`${event.code}: ${event.message}`)
  const data = APPLICATION.readData(event)
  if (data.kind === 'failure') assert.fail(`${event.source}: ${data.code}: ${data.message}`)
  return event
}
