import { AUTHENTICATIONS, CONNECTIVITIES } from '../adapters/kafka/authentication.ts'
import { parseConnectionString } from '../adapters/kafka/event-hubs.ts'
import { type KafkaAccess, kafkaAccess } from './kafka-access.ts'
import { setting, slice } from './slice.ts'
import { type Kind, LAST_PORT, list, oneOf, onOff, parsedBy, text } from './values.ts'

/** `arn:partition:kafka:region:account:cluster/name/uuid-n`; for a serverless cluster it ends in `-s1`. */
const CLUSTER_ARN = /^arn:aws[a-z-]*:kafka:[a-z]{2}(?:-[a-z]+)+-\d+:\d{12}:cluster\/[\w-]+\/[0-9a-f-]+-\w+$/

function isBroker(text: string): boolean {
  const port = Number(/^[^\s:/@]+:(\d{1,5})$/.exec(text)?.[1])
  return port >= 1 && port <= LAST_PORT
}

/** `host:port` of each broker. */
export const BROKERS = list(isBroker, 'host:port')

export const MSK_CLUSTER = text(
  CLUSTER_ARN,
  'the ARN of an MSK cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<id>',
)

const SECRET = text(/\S/, 'the name or the ARN of a secret')
const FILE = text(/\S/, 'a file')

const CONNECTION_STRING: Kind<string> = parsedBy(
  string => (parseConnectionString(string) ? string : undefined),
  'Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…',
)

export interface KafkaSettings {
  readonly kafka: KafkaAccess & {
    /** Which records of transactions the event source mappings deliver. Other readers must use the same setting. */
    readonly isolation: 'read-committed' | 'read-uncommitted'
  }
}

/** Which Kafka cluster to use, and how to connect to it. */
export const KAFKA = slice(
  'Kafka',
  {
    KAFKA_BROKERS: setting(BROKERS, {
      description: 'The brokers that are asked first. This or `MSK_CLUSTER_ARN` is needed.',
      setBy: 'deployment',
    }),
    MSK_CLUSTER_ARN: setting(MSK_CLUSTER, {
      description:
        'The cluster on Amazon MSK, whose brokers are looked up unless `KAFKA_BROKERS` names them.',
      setBy: 'deployment',
    }),
    MSK_CONNECTIVITY: setting(oneOf(CONNECTIVITIES), {
      description:
        'Which brokers of the cluster are looked up: those in its `private` network, its `public` ones, or those for other networks (`multi-vpc`).',
      default: 'private',
    }),
    KAFKA_AUTH: setting(oneOf(AUTHENTICATIONS), {
      description:
        'How clients connect: `none` in plain text, `tls` encrypted, all others encrypted and signed in: see [secured clusters](kafka-security.md).',
      otherwise: '`none` with `KAFKA_BROKERS`, else `iam`',
    }),
    KAFKA_TLS: setting(onOff(), {
      description: '`off` sends user and password in plain text: only for a broker on this machine.',
      default: 'on',
    }),
    KAFKA_SECRET: setting(SECRET, {
      description:
        'The secret to sign in with: `{"username": "…", "password": "…"}` for SCRAM and PLAIN, `{"certificate": "…", "privateKey": "…"}` for a client certificate. It wins over the variables below.',
    }),
    KAFKA_CA_SECRET: setting(SECRET, {
      description: 'The secret with the certificate of the authority, as `{"certificate": "…"}`.',
      otherwise: 'the authorities that Node.js knows',
    }),
    KAFKA_CA_FILE: setting(FILE, {
      description: 'The same, as a file in PEM form.',
      setBy: 'machine',
    }),
    KAFKA_USERNAME: setting(text(/\S/, 'a name'), {
      description: 'The user for SCRAM and PLAIN.',
      setBy: 'machine',
    }),
    KAFKA_PASSWORD: setting(text(/^/, 'a password'), { description: 'Its password.', setBy: 'machine' }),
    KAFKA_CERT_FILE: setting(FILE, {
      description: 'The client certificate for `KAFKA_AUTH=tls`, in PEM form.',
      setBy: 'machine',
    }),
    KAFKA_KEY_FILE: setting(FILE, {
      description: 'Its private key, in PEM form and not encrypted.',
      setBy: 'machine',
    }),
    EVENT_HUBS_CONN_STR: setting(CONNECTION_STRING, {
      description:
        'A connection string of Azure Event Hubs, as the portal shows it: it is all that is needed.',
      setBy: 'machine',
    }),
    KAFKA_ISOLATION: setting(oneOf(['read-committed', 'read-uncommitted']), {
      description:
        'Which records of transactions the event source mappings deliver. What is read beside them must see the same records.',
      default: 'read-committed',
    }),
    AWS_REGION: setting(text(/^[a-z0-9-]+$/, 'a region'), {
      description: 'The region for which IAM signs, where neither the ARN nor the name of a broker tells it.',
      setBy: 'runtime',
    }),
  },
  ({ KAFKA_ISOLATION: isolation, ...settings }, refuse): KafkaSettings => ({
    kafka: { ...kafkaAccess(settings, refuse), isolation },
  }),
)
