import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { askBroker, type Question } from '@sluice/kafka-records/requests'
import { compactArray, compactString, int8, int32, NO_TAGS } from '@sluice/kafka-records/requests/wire'
import { createTopic } from '@sluice/test-kit/create-topic'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import kafkajs from 'kafkajs'
import { askCluster } from '../../../adapters/kafka/ask-cluster.ts'
import { kafkaClient } from '../../../adapters/kafka/client.ts'
import { describeGroups, listVisibleGroups } from '../../../adapters/kafka/groups.ts'

const NOTHING = int8(0)

/** Returns a ConsumerGroupHeartbeat request, version 1 (KIP-848), by which a member joins. kafkajs does not know the protocol. */
function joinQuestion(group: string, topic: string): Question<number> {
  return {
    apiKey: 68,
    name: 'ConsumerGroupHeartbeat',
    version: 1,
    encode: () =>
      Buffer.concat([
        ...[NO_TAGS, compactString(group), compactString(randomUUID()), int32(0)],
        ...[NOTHING, NOTHING, int32(60_000)], // instance, rack, time limit of a rebalance
        ...[compactArray([topic], compactString), NOTHING, NOTHING], // topics, regular expression, assignor
        ...[compactArray([], compactString), NO_TAGS],
      ]),
    decode: bytes => bytes.readInt16BE(5), // after tags and throttle time
  }
}

it('given a group of the newer protocol with a member, then its state and members are unknown, not missing', async t => {
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin()
  const [topic, group, gone] = [randomUUID(), randomUUID(), randomUUID()]
  await admin.connect()
  await createTopic(admin, { topic, numPartitions: 1 })
  await admin.disconnect()
  let code: number | string | undefined
  // A coordinator that has just been chosen answers that it is loading.
  await until('a member has joined', async () => {
    code = await askCluster(kafka, async cluster =>
      askBroker(await cluster.findGroupCoordinator({ groupId: group }), joinQuestion(group, topic)),
    ).catch((error: { readonly type?: string }) => error.type)
    return code === 0 || code === 'UNSUPPORTED_VERSION'
  })
  if (code === 'UNSUPPORTED_VERSION') return t.skip('this Kafka has no newer protocol')
  const unknown = { group, state: 'unknown', members: null }
  assert.deepEqual(await describeGroups(kafka, [group, gone]), [
    unknown,
    { group: gone, state: 'missing', members: [] },
  ])
  assert.deepEqual(
    (await listVisibleGroups(kafka)).filter(listed => listed.group === group),
    [unknown],
  )
})
