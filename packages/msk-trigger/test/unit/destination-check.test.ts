import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Destination } from '../../config/destination-setting.ts'
import { type CheckParts, checkDestinations } from '../../deliver/destination-check.ts'

/** Returns the log of the start of functions `f`, `g` … with these destinations. */
async function logged(
  destinations: readonly (Destination | undefined)[],
  parts: Partial<Omit<CheckParts, 'cluster' | 'settings'>> & {
    createTopics?: CheckParts['settings']['createTopics']
    cluster?: Partial<CheckParts['cluster']>
  },
): Promise<string[]> {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const mappings = destinations.map((destination, index) => ({
    functionKey: 'fghi'.charAt(index),
    destination,
  }))
  const { createTopics, cluster, ...more } = parts
  await checkDestinations(mappings, {
    settings: { createTopics },
    log: { notice: note, warning: note },
    ending: new AbortController().signal,
    awsProblem: async () => undefined,
    ...more,
    cluster: {
      hasTopic: async () => false,
      createTopic: async () => assert.fail('must not be created'),
      ...cluster,
    },
  })
  return log
}
const topic = { kind: 'kafka', topic: 'failed' } as const
const queue = { kind: 'sqs', arn: 'arn:aws:sqs:eu-west-1:000000000000:failed' } as const
const asTheBrokerDoes = { partitions: -1, replicationFactor: -1 }
const waits = 'Discarded records and their partitions wait until it is available'

describe('the destinations of a trigger that starts', () => {
  it('are not mentioned if they exist or are not set', async () => {
    assert.deepEqual(await logged([topic, queue, undefined], { cluster: { hasTopic: async () => true } }), [])
  })

  it('are named, once with all functions that use them, if a topic does not exist', async () => {
    assert.deepEqual(await logged([topic, queue, topic], {}), [
      `msk  destination kafka://failed of f, h: topic failed does not exist: create topic failed. ${waits}`,
    ])
  })

  it('are created if they are topics and that is configured', async () => {
    const created: unknown[] = []
    const cluster = { createTopic: async (...args: unknown[]) => created.push(args) > 0 }
    const log = await logged([topic, topic], { createTopics: asTheBrokerDoes, cluster })
    assert.deepEqual(log, ['msk  created topic failed'])
    assert.deepEqual(created, [['failed', asTheBrokerDoes]])
  })

  it('are named if the broker refuses to create them', async () => {
    const cluster = { createTopic: async () => assert.fail('not authorized') }
    assert.deepEqual(await logged([topic], { createTopics: asTheBrokerDoes, cluster }), [
      `msk  destination kafka://failed of f: topic failed cannot be used: not authorized. ${waits}`,
    ])
  })

  it('are named with what is wrong if they are in AWS', async () => {
    const awsProblem = async (kind: string, arn: string) => `${kind} ${arn.slice(-6)} does not exist`
    assert.deepEqual(await logged([queue], { awsProblem }), [
      `msk  destination ${queue.arn} of f: sqs failed does not exist. ${waits}`,
    ])
  })

  it('are looked up again while Kafka does not answer, until the trigger stops', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' })
    const ending = new AbortController()
    let asked = 0
    const hasTopic = async () => {
      asked += 1
      setImmediate(() => ending.abort())
      throw away
    }
    assert.deepEqual(await logged([topic], { cluster: { hasTopic }, ending: ending.signal }), [])
    assert.equal(asked, 1)
  })
})
