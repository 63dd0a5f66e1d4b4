/** Checks an upgrade of kafkajs: lists everything that the project uses of its internals. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import {
  createCluster,
  hookClusters,
  KAFKAJS_VERSION,
  protocolError,
} from '../../../packages/kafka-records/kafkajs-internals.ts'

const require = createRequire(import.meta.url)
const client = () => new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })

/** Errors that are recognized by their names, because an ES module cannot import their classes. */
const ERRORS = [
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSProtocolError',
  'KafkaJSSASLAuthenticationError',
]

/** Methods that are called, by their owners. */
const METHODS = {
  cluster: [
    'connect',
    'disconnect',
    'refreshMetadata',
    'addTargetTopic',
    'getNodeIds',
    'findBroker',
    'findControllerBroker',
    'findGroupCoordinator',
    'findLeaderForPartitions',
    'findTopicPartitionMetadata',
    'fetchTopicsOffset',
  ],
  brokerPool: ['findConnectedBroker'],
  broker: [
    'disconnect',
    'fetch',
    'listGroups',
    'describeGroups',
    'leaveGroup',
    'offsetFetch',
    'initProducerId',
    'addPartitionsToTxn',
    'endTxn',
  ],
  connectionPool: ['send', 'getConnectionByRequest'],
  connection: ['send', 'rejectRequests', 'disconnect'],
} as const

describe('the internals of kafkajs', () => {
  it('given the installed version, then it is the one whose internals are listed', () => {
    const { version } = require('kafkajs/package.json')
    const what =
      `kafkajs ${version} is installed, and ${KAFKAJS_VERSION} is known. Where the tests of packages/kafka-records ` +
      'and the integration tests of adapters and trigger pass, write the new version into kafkajs-internals.ts.'
    assert.equal(version, KAFKAJS_VERSION, what)
  })

  it('given a client, then it makes clusters with every method that is called', () => {
    const cluster = createCluster(client(), { allowAutoTopicCreation: false, isolationLevel: 1 })
    assert.deepEqual(missing(cluster, METHODS.cluster), [])
    assert.deepEqual(missing(cluster.brokerPool, METHODS.brokerPool), [])
    assert.ok('targetTopics' in cluster)
  })

  it('given a broker, then it and its connections have every method that is called', () => {
    const Broker = require('kafkajs/src/broker/index.js')
    const Connection = require('kafkajs/src/network/connection.js')
    const ConnectionPool = require('kafkajs/src/network/connectionPool.js')
    assert.deepEqual(missing(Broker.prototype, METHODS.broker), [])
    assert.deepEqual(missing(Connection.prototype, METHODS.connection), [])
    assert.deepEqual(missing(ConnectionPool.prototype, METHODS.connectionPool), [])
    const broker = new Broker({ connectionPool: {}, logger: { namespace: () => ({}) } })
    assert.ok('lookupRequest' in broker && 'versions' in broker && 'connectionPool' in broker)
  })

  it('given an answer of a broker, then its error has the name, the type and whether it is retriable', () => {
    const { name, type, retriable } = protocolError(6)
    assert.deepEqual(
      { name, type, retriable },
      { name: 'KafkaJSProtocolError', type: 'NOT_LEADER_FOR_PARTITION', retriable: true },
    )
    assert.equal(protocolError(999).type, 'error 999')
  })

  it('given the errors that are recognized by name, then the library still has them', () => {
    assert.deepEqual(missing(require('kafkajs/src/errors.js'), ERRORS), [])
  })

  it('given a hook, then every cluster that its client makes passes through it, and no other', () => {
    const [own, other] = [client(), client()]
    const seen: object[] = []
    hookClusters(own, cluster => void seen.push(cluster))
    const made = createCluster(own, {})
    createCluster(other, {})
    own.admin()
    assert.equal(seen[0], made)
    assert.equal(seen.length, 2)
  })

  it('given a client without these parts, then the error names the version that has them', () => {
    assert.throws(() => createCluster({}, {}), /no private:Kafka:createCluster.*: install version 2\.2\.4/)
  })
})

function missing(owner: object, names: readonly string[]): string[] {
  return names.filter(name => typeof (owner as Record<string, unknown>)[name] !== 'function')
}
