import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { rejection } from '@sluice/test-kit/rejection'
import { listBrokers } from '../../../adapters/aws/msk-brokers.ts'
import {
  AUTHENTICATIONS,
  CONNECTIVITIES,
  type KafkaAuth,
  type MskConnectivity,
} from '../../../adapters/kafka/authentication.ts'
import { ConfigError } from '../../../settings/config-error.ts'
import { resolveKafkaAccess } from '../../../settings/resolve-kafka-access.ts'
import { type MskEmulator, startMsk } from '../../support/msk.ts'

const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const BARE = CLUSTER.replace('telemetry', 'bare')

/** Answer of MSK for a cluster with everything switched on. */
const ANSWER = {
  bootstrapBrokerString: 'b-1.private:9092,b-2.private:9092',
  bootstrapBrokerStringTls: 'b-1.private:9094,b-2.private:9094',
  bootstrapBrokerStringSaslScram: 'b-1.private:9096,b-2.private:9096',
  bootstrapBrokerStringSaslIam: 'b-1.private:9098,b-2.private:9098',
  bootstrapBrokerStringPublicTls: 'b-1.public:9194,b-2.public:9194',
  bootstrapBrokerStringPublicSaslScram: 'b-1.public:9196,b-2.public:9196',
  bootstrapBrokerStringPublicSaslIam: 'b-1.public:9198,b-2.public:9198',
  bootstrapBrokerStringVpcConnectivityTls: 'b-1.vpc:14001,b-2.vpc:14002',
  bootstrapBrokerStringVpcConnectivitySaslScram: 'b-1.vpc:14003,b-2.vpc:14004',
  bootstrapBrokerStringVpcConnectivitySaslIam: 'b-1.vpc:14005,b-2.vpc:14006',
}

const EXPECTED: Readonly<Record<MskConnectivity, Partial<Record<KafkaAuth, string>>>> = {
  private: {
    none: 'b-1.private:9092',
    tls: 'b-1.private:9094',
    iam: 'b-1.private:9098',
    'scram-sha-512': 'b-1.private:9096',
  },
  public: { tls: 'b-1.public:9194', iam: 'b-1.public:9198', 'scram-sha-512': 'b-1.public:9196' },
  'multi-vpc': { tls: 'b-1.vpc:14001', iam: 'b-1.vpc:14005', 'scram-sha-512': 'b-1.vpc:14003' },
}

// Promise docs/kafka-security.md#which-brokers-of-an-msk-cluster | Brokers of MSK follow from the authentication and the connectivity.
describe('the brokers of a cluster on MSK', () => {
  const variables = process.env
  let msk: MskEmulator

  before(async () => {
    msk = await startMsk({
      [CLUSTER]: ANSWER,
      [BARE]: { bootstrapBrokerStringSaslIam: 'b-1.bare:9098' },
    })
    // A region of its own: the one in the ARN counts.
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }
    process.env = { ...variables, ...credentials, AWS_ENDPOINT_URL_KAFKA: msk.endpoint }
  })

  after(() => {
    process.env = variables
    msk.stop()
  })

  for (const connectivity of CONNECTIVITIES)
    for (const auth of AUTHENTICATIONS) {
      const first = EXPECTED[connectivity][auth]
      it(`given ${auth} and ${connectivity}, then ${first ?? 'the list is empty'}`, async () => {
        const asked = listBrokers(CLUSTER, auth, connectivity)
        if (first) {
          const brokers = await asked
          assert.deepEqual([brokers[0], brokers.length], [first, 2])
        } else assert.match(String(await rejection(asked)), /has no listener for KAFKA_AUTH=/)
      })
    }

  it('given a cluster with one listener, then the message names the only way to sign in', async () => {
    assert.deepEqual(await listBrokers(BARE, 'iam'), ['b-1.bare:9098'])
    assert.match(
      String(await rejection(listBrokers(BARE, 'scram-sha-512', 'public'))),
      /no listener for KAFKA_AUTH=scram-sha-512 with MSK_CONNECTIVITY=public; it has iam \(private\)$/,
    )
  })

  it('given a cluster that does not exist, then the message names it', async () => {
    const unknown = CLUSTER.replace('telemetry', 'other')
    assert.match(
      String(await rejection(listBrokers(unknown, 'iam'))),
      /MSK_CLUSTER_ARN: the brokers of arn:.*other.* cannot be read/,
    )
  })

  it('given brokers beside the cluster, then they win, and nothing is looked up', async () => {
    const [asked, access] = [msk.asked, { brokers: ['mine:9098'], clusterArn: CLUSTER, auth: 'iam' } as const]
    assert.deepEqual((await resolveKafkaAccess(access, 'test')).brokers, ['mine:9098'])
    assert.equal(msk.asked, asked)
    assert.deepEqual((await resolveKafkaAccess({ ...access, brokers: [] }, 'test')).brokers, [
      'b-1.private:9098',
      'b-2.private:9098',
    ])
    assert.equal(msk.asked, asked + 1)
  })

  it('given a wrong cluster, then it is an error of the configuration', async () => {
    const access = { brokers: [], clusterArn: BARE, auth: 'tls' } as const
    const error = await rejection(resolveKafkaAccess(access, 'test'))
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /MSK_CLUSTER_ARN: the cluster has no listener for KAFKA_AUTH=tls/)
  })
})
