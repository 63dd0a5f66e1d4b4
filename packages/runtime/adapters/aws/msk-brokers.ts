/** Finds the broker addresses of an MSK cluster for each authentication method. */
import type { GetBootstrapBrokersResponse } from '@aws-sdk/client-kafka'
import type { KafkaAuth, MskConnectivity } from '../kafka/authentication.ts'

/** Response field with the broker addresses, by network and authentication method. MSK has no listeners for other combinations. */
const LISTENERS: Readonly<
  Record<MskConnectivity, Partial<Record<KafkaAuth, keyof GetBootstrapBrokersResponse>>>
> = {
  private: {
    none: 'BootstrapBrokerString',
    tls: 'BootstrapBrokerStringTls',
    iam: 'BootstrapBrokerStringSaslIam',
    'scram-sha-512': 'BootstrapBrokerStringSaslScram',
  },
  public: {
    tls: 'BootstrapBrokerStringPublicTls',
    iam: 'BootstrapBrokerStringPublicSaslIam',
    'scram-sha-512': 'BootstrapBrokerStringPublicSaslScram',
  },
  'multi-vpc': {
    tls: 'BootstrapBrokerStringVpcConnectivityTls',
    iam: 'BootstrapBrokerStringVpcConnectivitySaslIam',
    'scram-sha-512': 'BootstrapBrokerStringVpcConnectivitySaslScram',
  },
}

/**
 * Returns `host:port` of each broker for the matching listeners. The region is taken from the ARN.
 *
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
 * @throws Error if the request fails or the cluster has no such listeners; the message names the existing listeners
 */
export async function listBrokers(
  clusterArn: string,
  auth: KafkaAuth,
  connectivity: MskConnectivity = 'private',
): Promise<string[]> {
  const { KafkaClient, GetBootstrapBrokersCommand } = await import('@aws-sdk/client-kafka')
  const region = clusterArn.split(':')[3]
  const client = new KafkaClient(region ? { region } : {})
  const request = client.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }))
  const answer = await request.catch((error: Error) => {
    const why = error.message || error.name
    throw new Error(`MSK_CLUSTER_ARN: the brokers of ${clusterArn} cannot be read: ${why}`, { cause: error })
  })
  const field = LISTENERS[connectivity][auth]
  const brokers = field && answer[field]
  if (!brokers)
    throw new Error(
      `MSK_CLUSTER_ARN: the cluster has no listener for KAFKA_AUTH=${auth} with MSK_CONNECTIVITY=${connectivity}; it has ${formatListeners(answer)}`,
    )
  return brokers.split(',')
}

function formatListeners(answer: GetBootstrapBrokersResponse): string {
  const found = Object.entries(LISTENERS).flatMap(([connectivity, fields]) =>
    Object.entries(fields).flatMap(([auth, field]) => (answer[field] ? [`${auth} (${connectivity})`] : [])),
  )
  return found.join(', ') || 'none yet'
}
