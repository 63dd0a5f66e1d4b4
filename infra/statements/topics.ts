/** Permissions of the function that manages topics. Pure. */

import type { DeclaredFunction } from '../../control/environment/functions.ts'
import { redisSecret } from '../../lib/app/naming/resource-names.ts'
import { SIGNALS, type Signal } from '../../lib/app/naming/topic-table.ts'
import { arnHere, arnInCluster } from '../place/arns.ts'
import type { NamedPlace } from '../place/place.ts'
import { buildKafkaSecretStatements } from './secrets.ts'
import { allow, type Statement } from './statement.ts'

/**
 * Returns the permissions of the function. It creates topics of the environment, and reads and changes their settings. It cannot
 * delete topics, and cannot read or write records. Of the topics of other applications, it can only find out whether they exist. It can add partitions only to topics without readers.
 *
 * @param all all deployed functions
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
export function buildTopicsStatements(all: readonly DeclaredFunction[], place: NamedPlace): Statement[] {
  const { env, names, clusterArn, inputs } = place
  const arns = (signals: readonly Signal[]) =>
    signals.map(signal => arnInCluster(clusterArn, 'topic', names.topicName(signal, env)))
  const read = new Set(all.flatMap(({ consumes, forwards }) => [...consumes, ...forwards]))
  const unread = SIGNALS.filter(signal => !read.has(signal))
  const redis = `secret:${redisSecret(env)}`
  return [
    allow(['kafka:GetBootstrapBrokers'], [clusterArn]),
    allow(['kafka-cluster:Connect'], [clusterArn]),
    allow(
      [
        'kafka-cluster:AlterTopicDynamicConfiguration',
        'kafka-cluster:CreateTopic',
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:DescribeTopicDynamicConfiguration',
      ],
      arns(SIGNALS),
    ),
    ...(inputs.length > 0
      ? [
          allow(
            ['kafka-cluster:DescribeTopic'],
            inputs.map(topic => arnInCluster(clusterArn, 'topic', topic)),
          ),
        ]
      : []),
    ...(unread.length > 0 ? [allow(['kafka-cluster:AlterTopic'], arns(unread))] : []),
    ...buildKafkaSecretStatements(place),
    // The suffix of a secret is unknown until the secret has been created.
    allow(
      ['secretsmanager:CreateSecret'],
      [arnHere('secretsmanager', redis), arnHere('secretsmanager', `${redis}-??????`)],
    ),
    allow(['ssm:PutParameter'], [arnHere('ssm', `parameter/sluice/${env}/generator`)]),
  ]
}
