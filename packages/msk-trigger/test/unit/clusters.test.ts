import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unusedClusters } from '../../config/clusters.ts'
import { readMappings } from '../../config/mappings.ts'
import { readSettings } from '../../config/settings.ts'

const facts = { service: 'shop', stage: 'dev', region: 'eu-west-1' }
const ORDERS = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/id-1'
const STOCK = 'arn:aws:kafka:eu-west-1:123456789012:cluster/stock/id-2'

const msk = (arn: string, more = {}) => ({ msk: { arn, topic: 't', ...more } })
const kafka = (bootstrapServers: unknown) => ({
  kafka: { bootstrapServers, topic: 't', accessConfigurations: {} },
})

/** The mappings of one function with these events. */
function resolveMappings(custom: object, ...events: Record<string, unknown>[]) {
  return readMappings({ f: { events } }, facts, readSettings(custom, {}))
}

function resolveCluster(custom: object, event: Record<string, unknown>) {
  return resolveMappings(custom, event)[0]?.cluster
}

describe('the cluster of an msk event', () => {
  const clusters = { [STOCK]: { brokers: 'stock:1' } }

  it('given an entry for its ARN, or for the name in it, then its brokers are those of the entry', () => {
    assert.deepEqual(resolveCluster({ clusters }, msk(STOCK))?.brokers, ['stock:1'])
    assert.deepEqual(resolveCluster({ clusters: { stock: { brokers: 'stock:1' } } }, msk(STOCK))?.brokers, [
      'stock:1',
    ])
  })

  it('given an entry for another one, then its brokers are those of all events', () => {
    assert.equal(resolveCluster({ brokers: 'all:1', clusters }, msk(ORDERS)), undefined)
  })

  it('given neither, then the start ends with one line', () => {
    assert.throws(() => resolveMappings({ clusters }, msk(ORDERS), msk(ORDERS, { topic: 'u' })), {
      name: 'ConfigurationError',
      message: 'no Kafka to read from: set custom.mskTrigger.brokers or KAFKA_BROKERS (host:port, …)',
    })
  })

  it('given an entry without brokers, then it is refused', () => {
    assert.throws(() => resolveCluster({ clusters: { stock: { ssl: true } } }, msk(STOCK)), {
      message: 'custom.mskTrigger.clusters.stock.brokers must be a list of host:port, not nothing',
    })
  })

  it('given two entries, then they are refused', () => {
    const two = { stock: { brokers: 'stock:1' }, orders: { brokers: 'orders:1' } }
    assert.throws(() => resolveCluster({ clusters: two }, msk(STOCK)), {
      message: 'custom.mskTrigger.clusters must have one cluster at most',
    })
  })
})

describe('the cluster of a kafka event', () => {
  const servers = ['b-1.example:9092', 'b-2.example:9092']

  it('given an entry for one of its servers, then it is that one', () => {
    const clusters = { 'b-2.example:9092': { brokers: 'here:1', ssl: true } }
    const { brokers, ssl, sasl } =
      resolveCluster({ brokers: 'all:1', clusters }, kafka(servers)) ?? assert.fail()
    assert.deepEqual({ brokers, ssl, sasl }, { brokers: ['here:1'], ssl: true, sasl: undefined })
  })

  it('given no entry, or servers that only CloudFormation knows, then its brokers are those of all events', () => {
    for (const own of [servers, ['localhost:9093'], [{ Ref: 'Servers' }]])
      assert.equal(resolveCluster({ brokers: 'all:1' }, kafka(own)), undefined)
  })
})

describe('equal topics of two clusters', () => {
  const custom = { brokers: 'all:1', clusters: { stock: { brokers: 'stock:1' } } }

  it('given brokers for each, then a group may have the same name in both', () => {
    const mappings = resolveMappings(custom, msk(ORDERS), msk(STOCK))
    assert.deepEqual(
      mappings.map(({ groupId, cluster }) => [groupId, cluster?.brokers]),
      [
        ['shop-dev-f-t', undefined],
        ['shop-dev-f-t', ['stock:1']],
      ],
    )
  })

  it('given an entry that no event uses, then a warning names it', () => {
    const mappings = resolveMappings(
      { brokers: 'all:1' },
      msk(ORDERS, { consumerGroupId: 'own' }),
      kafka(['b:1']),
    )
    assert.deepEqual(
      unusedClusters(mappings, { orders: { brokers: ['o:1'] }, 'b:1': { brokers: ['b:1'] } }),
      [],
    )
    const [warning] = unusedClusters(mappings, { stok: { brokers: ['s:1'] } })
    assert.match(warning ?? '', /^custom\.mskTrigger\.clusters\.stok is not read/)
  })
})
