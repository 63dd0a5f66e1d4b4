import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KafkaAccess } from '../../access/kafka-access.ts'
import { unusedClusters } from '../../config/event-cluster.ts'
import { mixedClusters, readMappings } from '../../config/mappings.ts'
import { readSettings } from '../../config/settings.ts'
import { MappingReports } from '../../report/reports.ts'

const facts = { service: 'shop', stage: 'dev', region: 'eu-west-1' }
const ORDERS = 'arn:aws:kafka:eu-west-1:1:cluster/orders/id-1'
const STOCK = 'arn:aws:kafka:eu-west-1:1:cluster/stock/id-2'
const SECRET = 'arn:aws:secretsmanager:eu-west-1:1:secret:kafka'

const msk = (arn: string, more = {}) => ({ msk: { arn, topic: 't', ...more } })
const kafka = (bootstrapServers: unknown, accessConfigurations = {}) => ({
  kafka: { bootstrapServers, topic: 't', accessConfigurations },
})

/** The mappings of one function with these events. */
function mappingsOf(custom: object, ...events: Record<string, unknown>[]) {
  return readMappings({ f: { events } }, facts, readSettings(custom, {}))
}

function clusterOf(custom: object, event: Record<string, unknown>) {
  return mappingsOf(custom, event)[0]?.cluster
}

describe('the cluster of an msk event', () => {
  const clusters = { [STOCK]: { brokers: 'stock:1' } }

  it('given an entry for its ARN, or for the name in it, then its brokers are those of the entry', () => {
    assert.deepEqual(clusterOf({ clusters }, msk(STOCK))?.brokers, ['stock:1'])
    assert.deepEqual(clusterOf({ clusters: { stock: { brokers: 'stock:1' } } }, msk(STOCK))?.brokers, [
      'stock:1',
    ])
  })

  it('given an entry for another one, then its brokers are those of all events', () => {
    assert.equal(clusterOf({ brokers: 'all:1', clusters }, msk(ORDERS)), undefined)
  })

  it('given neither, then the start ends with one line', () => {
    assert.throws(() => mappingsOf({ clusters }, msk(ORDERS), msk(ORDERS, { topic: 'u' })), {
      name: 'ConfigurationError',
      message: 'no Kafka to read from: set custom.mskTrigger.brokers or KAFKA_BROKERS (host:port, …)',
    })
  })

  it('given an entry without brokers, then it is refused', () => {
    assert.throws(() => clusterOf({ clusters: { stock: { ssl: true } } }, msk(STOCK)), {
      message: 'custom.mskTrigger.clusters.stock.brokers must be a non-empty list of host:port addresses',
    })
  })
})

describe('the cluster of a kafka event', () => {
  const servers = ['b-1.example:9092', 'b-2.example:9092']

  it('given no brokers in the settings, then it is the one of the event', () => {
    assert.deepEqual(clusterOf({}, kafka(servers))?.brokers, servers)
  })

  it('given brokers in the settings, then only its servers on this machine are used', () => {
    const custom = { brokers: 'all:1' }
    for (const local of ['localhost:9093', '127.0.0.1:9093', '[::1]:9093'])
      assert.deepEqual(clusterOf(custom, kafka([local]))?.brokers, [local])
    for (const remote of [servers, ['localhost:9093', 'b-1.example:9092'], ['localhost.example:9092']])
      assert.equal(clusterOf(custom, kafka(remote)), undefined)
  })

  it('given an entry for one of its servers, then that has precedence over both', () => {
    const clusters = { 'b-2.example:9092': { brokers: 'here:1', ssl: true } }
    const { brokers, ssl, sasl } = clusterOf({ brokers: 'all:1', clusters }, kafka(servers)) ?? assert.fail()
    assert.deepEqual({ brokers, ssl, sasl }, { brokers: ['here:1'], ssl: true, sasl: undefined })
  })

  it('given an entry without brokers, then its servers are used, with the credentials of the entry', () => {
    const sasl = { mechanism: 'plain', username: 'me', password: 'pw' }
    const clusters = { 'b-1.example:9092': { sasl } }
    const cluster = clusterOf({ brokers: 'all:1', clusters }, kafka(servers, { saslScram512Auth: [SECRET] }))
    assert.deepEqual(cluster?.brokers, servers)
    assert.deepEqual([cluster?.ssl, cluster?.sasl], [false, sasl])
  })

  it('given servers that only CloudFormation knows, then its brokers are those of all events', () => {
    assert.equal(clusterOf({ brokers: 'all:1' }, kafka([{ Ref: 'Servers' }])), undefined)
  })

  const credentials: [access: object, ssl: unknown, sasl: unknown][] = [
    [{ vpcSubnet: ['subnet-1'] }, false, undefined],
    [{ saslPlainAuth: [SECRET] }, {}, { mechanism: 'plain', secret: SECRET }],
    [{ saslScram256Auth: [SECRET] }, {}, { mechanism: 'scram-sha-256', secret: SECRET }],
    [
      { saslScram512Auth: [SECRET], serverRootCaCertificate: [`${SECRET}-ca`] },
      { ca: `${SECRET}-ca` },
      { mechanism: 'scram-sha-512', secret: SECRET },
    ],
    [{ clientCertificateTlsAuth: [SECRET] }, { secret: SECRET }, undefined],
  ]
  for (const [access, ssl, sasl] of credentials)
    it(`given ${Object.keys(access).join(' and ')}, then clients sign in as Lambda does`, () => {
      const cluster = clusterOf({}, kafka(servers, access))
      assert.deepEqual([cluster?.ssl, cluster?.sasl], [ssl, sasl])
    })

  it('given a secret that cannot be read from anywhere, then one line says what to set', () => {
    const cluster = clusterOf({}, kafka(servers, { saslPlainAuth: [SECRET] })) ?? assert.fail()
    assert.throws(() => new KafkaAccess(cluster, {}), {
      name: 'ConfigurationError',
      message:
        'accessConfigurations of the kafka event of function "f" names a secret: neither ' +
        'AWS_ENDPOINT_URL_SECRETS_MANAGER nor AWS_ENDPOINT_URL is set, so the secret cannot be read: the trigger does not access the cloud; or set ssl and ' +
        `sasl under custom.mskTrigger.clusters.${servers}`,
    })
  })
})

describe('equal topics of several clusters', () => {
  const clusters = { orders: { brokers: 'orders:1' }, stock: { brokers: 'stock:1' } }

  it('given brokers for each, then a group may have the same name in both', () => {
    const mappings = mappingsOf({ clusters }, msk(ORDERS), msk(STOCK))
    assert.deepEqual(
      mappings.map(({ groupId, cluster }) => [groupId, cluster?.brokers]),
      [
        ['shop-dev-f-t', ['orders:1']],
        ['shop-dev-f-t', ['stock:1']],
      ],
    )
    assert.deepEqual(mixedClusters(mappings), [])
  })

  it('given the same brokers for each, then two groups with one name are refused', () => {
    const same = { orders: { brokers: 'here:1' }, stock: { brokers: 'here:1' } }
    assert.throws(
      () => mappingsOf({ clusters: same }, msk(ORDERS), msk(STOCK)),
      /give each event a different consumerGroupId/,
    )
  })

  it('given the brokers of all events, then a warning says that they read the same records', () => {
    const mappings = mappingsOf({ brokers: 'all:1' }, msk(ORDERS), msk(STOCK, { consumerGroupId: 'own' }))
    assert.deepEqual(mixedClusters(mappings), [
      `topic t of ${ORDERS} and of ${STOCK} is read from the same brokers: set the brokers of each cluster under ` +
        'custom.mskTrigger.clusters',
    ])
    const oneCluster = mappingsOf({ brokers: 'all:1' }, msk(ORDERS), msk(ORDERS, { consumerGroupId: 'own' }))
    assert.deepEqual(mixedClusters(oneCluster), [])
  })

  it('given an entry that no event uses, then a warning names it', () => {
    const mappings = mappingsOf({ clusters }, msk(ORDERS), kafka(['b:1']))
    assert.deepEqual(unusedClusters(mappings, { orders: {}, 'b:1': {} }), [])
    const [warning] = unusedClusters(mappings, { stok: {} })
    assert.match(warning ?? '', /^custom\.mskTrigger\.clusters\.stok is not read/)
  })

  it('given reports, then they name the cluster', () => {
    const written: string[] = []
    for (const mapping of mappingsOf(
      { brokers: 'all:1', clusters: { stock: clusters.stock } },
      msk(ORDERS),
      msk(STOCK),
    ))
      new MappingReports(mapping, line => written.push(line)).mapped(mapping)
    assert.deepEqual(
      written.map(line => JSON.parse(line).cluster),
      [undefined, STOCK],
    )
  })
})
