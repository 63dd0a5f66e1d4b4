/** Stand-ins for the long-lived stack: a cluster, a bucket, a queue, and a topic of SNS. */
import { alertsTopicName } from '../../lib/app/resource-names.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/aws/resources.ts'
import { STAGE, type Variables } from './deployment/project.ts'
import { ACCOUNT, type Emulator, REGION } from './emulator/requests.ts'
import type { Servers } from './servers.ts'

/** Queue of records that Lambda has given up. */
const GIVEN_UP = 'rehearsal-given-up'
const HISTORY = 'rehearsal-history'

export interface LongLived {
  /** Variables of the command that deploys. */
  readonly variables: Variables
  readonly givenUpQueue: string
}

export async function createLongLived(emulator: Emulator, servers: Servers): Promise<LongLived> {
  const { redisUrl, awsEndpoint } = servers
  const [clusterArn, queue] = await Promise.all([
    createCluster(emulator),
    emulator.json('sqs', 'CreateQueue', { QueueName: GIVEN_UP }),
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
      ON_FAILURE_QUEUE_ARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:${GIVEN_UP}`,
    },
    givenUpQueue: String(queue.QueueUrl),
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
