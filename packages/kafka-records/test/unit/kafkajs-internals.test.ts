/** Lists what the project uses of the internals of kafkajs, so that an upgrade shows what is gone. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { createCluster, KAFKAJS_VERSION } from '../../kafkajs-internals.ts'

const require = createRequire(import.meta.url)
const Broker = require('kafkajs/src/broker/index.js')
const Connection = require('kafkajs/src/network/connection.js')
const ConnectionPool = require('kafkajs/src/network/connectionPool.js')

const cluster = createCluster(new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }), {})

/** Methods that are called, and errors that are recognized by their names because an ES module cannot import their classes. */
const USED: readonly (readonly [owner: object, names: string])[] = [
  [
    cluster,
    `connect disconnect refreshMetadata addTargetTopic getNodeIds findBroker findControllerBroker findGroupCoordinator
    findLeaderForPartitions findTopicPartitionMetadata fetchTopicsOffset`,
  ],
  [cluster.brokerPool, 'findConnectedBroker'],
  [Broker.prototype, 'disconnect fetch listGroups describeGroups leaveGroup offsetFetch initProducerId'],
  [ConnectionPool.prototype, 'send getConnectionByRequest'],
  [Connection.prototype, 'rejectRequests disconnect'],
  [
    require('kafkajs/src/errors.js'),
    `KafkaJSBrokerNotFound KafkaJSConnectionClosedError KafkaJSConnectionError KafkaJSGroupCoordinatorNotFound
    KafkaJSLockTimeout KafkaJSNoBrokerAvailableError KafkaJSNumberOfRetriesExceeded KafkaJSSASLAuthenticationError
    KafkaJSTimeout`,
  ],
]

describe('the internals of kafkajs', () => {
  it('given the installed version, then it is the one whose internals are listed', () => {
    const { version } = require('kafkajs/package.json')
    assert.equal(
      version,
      KAFKAJS_VERSION,
      `kafkajs ${version} is installed, and ${KAFKAJS_VERSION} is known. If the tests of packages/kafka-records and the ` +
        'integration tests of adapters and trigger pass, write the new version into kafkajs-internals.ts.',
    )
  })

  it('given what is used of them, then the installed version has it', () => {
    const missing = USED.flatMap(([owner, names]) =>
      names.split(/\s+/).filter(name => typeof (owner as Record<string, unknown>)[name] !== 'function'),
    )
    assert.deepEqual(missing, [])
    const broker = new Broker({ connectionPool: {}, logger: { namespace: () => ({}) } })
    assert.ok('lookupRequest' in broker && 'versions' in broker && 'targetTopics' in cluster)
  })
})
