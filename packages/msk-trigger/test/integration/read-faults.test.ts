import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, it, mock } from 'node:test'
import { type Broker, hookClusters } from '@sluice/kafka-records'
import { gzip } from '@sluice/kafka-records/codecs/zlib'
import { until } from '@sluice/test-kit/until'
import kafkajs from 'kafkajs'
import { readSettings } from '../../config/settings.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import { Cluster, createClientFactory } from '../../poll/cluster-client.ts'
import { GroupMember } from '../../poll/member.ts'
import { Outage } from '../../report/attempts.ts'
import { EventSource } from '../../source.ts'
import { createMapping } from '../unit/support.ts'
import { BROKERS, TestKafka } from './kafka.ts'

type Answer = Awaited<ReturnType<Broker['fetch']>>

describe('a fault in reading ends with a line, and the records are read again', () => {
  let kafka: TestKafka

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => mock.restoreAll())
  after(() => kafka?.close())

  /** Sends a compressed record, and reads it. @param change changes each answer of the broker */
  async function given(change: (answer: Answer) => Answer = answer => answer) {
    const topic = await kafka.topic('faulty', 1)
    const { GZIP } = kafkajs.CompressionTypes
    await kafka.producer.send({ topic, messages: [{ value: 'x' }], compression: GZIP })
    const settings = readSettings({ brokers: BROKERS }, {})
    const connect = createClientFactory(settings.brokers, {})
    const connectFaulty: typeof connect = clientId => {
      const client = connect(clientId)
      hookClusters(client, cluster => {
        const find = cluster.findBroker
        cluster.findBroker = async node => {
          const broker = await find.call(cluster, node)
          const fetch: Broker['fetch'] = async request => change(await broker.fetch(request))
          return Object.create(broker, { fetch: { value: fetch } })
        }
      })
      return client
    }
    const lines: string[] = []
    const note = (line: string) => void lines.push(line)
    const invoked = Promise.withResolvers<void>()
    const cluster = new Cluster(connect('questions'))
    const startingPosition = { at: 'TRIM_HORIZON' } as const
    const source = new EventSource(createMapping({ topic, groupId: randomUUID(), startingPosition }), {
      ...{ settings, cluster, report: () => {}, log: { notice: note, warning: note, error: note } },
      ...{ outage: new Outage(), reserved: new Semaphore(Number.POSITIVE_INFINITY), sender: undefined },
      invoke: async () => invoked.resolve(),
      member: (mapping, listener) => new GroupMember(connectFaulty, mapping, settings, listener),
    })
    const running = source.run()
    /** Resolves once the line has been logged and, after it, the record was delivered. */
    const ended = async (line: RegExp) => {
      await until(`a line ${line}`, () => lines.some(one => line.test(one)), { describe: async () => lines })
      await invoked.promise
      await source.stop(0)
      await running
      await cluster.close()
      assert.equal(lines.filter(one => one.includes('not reading')).length, 1)
    }
    return { topic, ended }
  }

  it('given an answer of a broker that is not understood', async () => {
    let isFaulty = true
    const { ended } = await given(answer => {
      const { responses } = answer
      if (!isFaulty || responses.length === 0) return answer
      isFaulty = false
      return { responses: [{ ...responses[0], partitions: [{ messages: undefined as never }] }] }
    })
    await ended(/ not reading: Cannot read properties of undefined .*\. Retrying \(attempt 1\)$/)
  })

  it('given that decoding never ends, then after ten minutes', async () => {
    const begun = Promise.withResolvers<void>()
    const decompress = mock.method(gzip, 'atOnce', () => {
      begun.resolve()
      return new Promise(() => {})
    })
    const { topic, ended } = await given()
    await begun.promise
    decompress.mock.restore()
    const now = performance.now.bind(performance)
    mock.method(performance, 'now', () => now() + 11 * 60_000)
    const what = `${topic}/0 at offset 0: its records were not decoded within 10 minutes, and are fetched again`
    await ended(new RegExp(` not reading: ${what}\\. Retrying \\(attempt 1\\)$`))
  })
})
