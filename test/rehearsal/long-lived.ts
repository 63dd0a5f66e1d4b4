/** Stand-ins for the long-lived stack: a cluster, a bucket, and a topic of SNS. */
import { alertsTopicName } from '../../lib/app/naming/resource-names.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/aws/resources.ts'
import { STAGE, type Variables } from './deployment/project.ts'
import type { Emulator } from './emulator/requests.ts'
import type { Servers } from './servers.ts'

const HISTORY = 'rehearsal-history'

export interface LongLived {
  /** Variables of the command that deploys. */
  readonly variables: Variables
}

export async function createLongLived(emulator: Emulator, servers: Servers): Promise<LongLived> {
  const { redisUrl, awsEndpoint } = servers
  const [clusterArn] = await Promise.all([
    createCluster(emulator),
    emulator.query('sns', 'CreateTopic', { Name: alertsTopicName(STAGE) }),
    emulator.rest('s3', `/${HISTORY}`, 'PUT'),
  ])
  return {
    variables: {
      ...LOCAL_AWS_ENVIRONMENT,
      AWS_ENDPOINT_URL: awsEndpoint,
      MSK_CLUSTER_ARN: clusterArn,
      // The local broker has neither TLS nor IAM.
      KAFKA_AUTH: 'none',
      REDIS_URL: redisUrl,
      SUBNET_IDS: 'subnet-1,subnet-2',
      SECURITY_GROUP_IDS: 'sg-1',
      HISTORY_BUCKET: HISTORY,
    },
  }
}

/** An entry that leads to the local brokers: functions look them up by its ARN. */
async function createCluster(emulator: Emulator): Promise<string> {
  const cluster = await emulator.rest('kafka', '/v1/clusters', 'POST', {
    clusterName: 'rehearsal',
    kafkaVersion: '4.1.0',
    numberOfBrokerNodes: 3,
    brokerNodeGroupInfo: { instanceType: 'kafka.m7g.large', clientSubnets: ['subnet-1', 'subnet-2'] },
  })
  return String(cluster.clusterArn)
}
