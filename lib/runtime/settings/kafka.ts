import { setting, slice } from './slice.ts'
import { LAST_PORT, list, oneOf, text } from './values.ts'

/** `arn:partition:kafka:region:account:cluster/name/uuid-n`; for a serverless cluster it ends in `-s1`. */
const CLUSTER_ARN = /^arn:aws[a-z-]*:kafka:[a-z]{2}(?:-[a-z]+)+-\d+:\d{12}:cluster\/[\w-]+\/[0-9a-f-]+-\w+$/

function isBroker(text: string): boolean {
  const port = Number(/^[^\s:/@]+:(\d{1,5})$/.exec(text)?.[1])
  return port >= 1 && port <= LAST_PORT
}

export interface KafkaSettings {
  readonly kafka: {
    /** Empty if the cluster is named by its ARN. */
    readonly brokers: readonly string[]
    readonly clusterArn?: string
    readonly auth: 'none' | 'tls' | 'iam'
    readonly region?: string
    /** Which records of transactions the event source mappings deliver. Other readers must use the same setting. */
    readonly isolation: 'read-committed' | 'read-uncommitted'
  }
}

/** Which Kafka cluster to use, and how to connect to it. */
export const KAFKA = slice(
  'Kafka',
  {
    KAFKA_BROKERS: setting(list(isBroker, 'host:port'), {
      description: 'The brokers that are asked first. This or `MSK_CLUSTER_ARN` is needed.',
      setBy: 'deployment',
    }),
    MSK_CLUSTER_ARN: setting(
      text(CLUSTER_ARN, 'the ARN of an MSK cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<id>'),
      {
        description: 'The cluster on Amazon MSK, whose brokers are looked up.',
        setBy: 'deployment',
      },
    ),
    KAFKA_AUTH: setting(oneOf(['none', 'tls', 'iam']), {
      description:
        'How clients connect: `none` in plain text, `tls` encrypted, `iam` encrypted and signed in by IAM.',
      otherwise: '`none` with `KAFKA_BROKERS`, else `iam`',
    }),
    KAFKA_ISOLATION: setting(oneOf(['read-committed', 'read-uncommitted']), {
      description:
        'Which records of transactions the event source mappings deliver. What is read beside them must see the same records.',
      default: 'read-committed',
    }),
    AWS_REGION: setting(text(/^[a-z0-9-]+$/, 'a region'), {
      description: 'The region for which IAM signs.',
      setBy: 'runtime',
    }),
  },
  ({ KAFKA_BROKERS, MSK_CLUSTER_ARN, KAFKA_AUTH, KAFKA_ISOLATION, AWS_REGION }, refuse): KafkaSettings => {
    const brokers = KAFKA_BROKERS ?? []
    if (brokers.length === 0 && !MSK_CLUSTER_ARN)
      refuse('KAFKA_BROKERS', 'must name the cluster, unless MSK_CLUSTER_ARN does')
    return {
      kafka: {
        brokers,
        ...(MSK_CLUSTER_ARN ? { clusterArn: MSK_CLUSTER_ARN } : {}),
        auth: KAFKA_AUTH ?? (brokers.length > 0 ? 'none' : 'iam'),
        ...(AWS_REGION ? { region: AWS_REGION } : {}),
        isolation: KAFKA_ISOLATION,
      },
    }
  },
)
