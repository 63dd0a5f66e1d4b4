import { type ClusterSettingNames, DEFAULT_NAMES } from '../config/clusters.ts'
import { rootMessage } from '../report/explain.ts'
import type { Listener } from './broker-probe.ts'

/** Report of kafkajs about a failed connection. `broker` is taken from the innermost cause that contains one. */
interface ConnectionFailure {
  readonly message: string
  readonly broker: string | undefined
}

/**
 * Returns the reason why no broker can be used, and the required action.
 *
 * @param probe determines the kind of server at an address; undefined over TLS
 */
export async function whyUnreachable(
  error: unknown,
  brokers: readonly string[],
  probe: ((broker: string) => Promise<Listener>) | undefined,
  names = DEFAULT_NAMES,
): Promise<string | undefined> {
  const failure = error === undefined ? undefined : failureOf(error)
  const at = brokers.join(',')
  if (!probe) return failure && `Kafka does not answer: ${failure.message}; is Kafka running at ${at}?`
  const listeners = await Promise.all(
    brokers.map(async broker => ({ broker, listener: await probe(broker) })),
  )
  const answering = listeners.find(({ listener }) => listener === 'kafka')
  if (answering) return failure && whyNotUsable(answering.broker, failure, brokers, names)
  const found = listeners.map(({ broker, listener }) => FOUND[listener](broker)).join(', ')
  const advice =
    ADVICE[listeners[0]?.listener ?? 'refused']?.(names) ?? `is Kafka running at ${at}? (${names.brokers})`
  return `Kafka does not answer: ${found}; ${advice}`
}

function whyNotUsable(
  answering: string,
  { message, broker = answering }: ConnectionFailure,
  brokers: readonly string[],
  { sasl }: ClusterSettingNames,
): string {
  if (!brokers.includes(broker))
    return (
      `Kafka answers at ${answering}, but names ${broker} as the address of a broker, which cannot be reached from here ` +
      `(${message}): set its advertised.listeners to an address that this machine can reach`
    )
  if (/closed connection/i.test(message))
    return `Kafka at ${answering} closes the connection: it probably requires credentials, so set ${sasl}`
  return `Kafka at ${answering} answers, but the request failed: ${message}`
}

const FOUND: Readonly<Record<Listener, (broker: string) => string>> = {
  kafka: broker => `${broker} does`,
  http: broker => `an HTTP server listens at ${broker}`,
  tls: broker => `${broker} expects TLS`,
  foreign: broker => `something other than Kafka listens at ${broker}`,
  closes: broker => `${broker} closes the connection`,
  silent: broker => `${broker} accepts the connection but does not answer`,
  refused: broker => `nothing listens at ${broker}`,
  'unknown-name': broker => `the host name of ${broker} cannot be resolved`,
  away: broker => `${broker} cannot be reached`,
}

/** Advice for each kind of server that responds. If no server responds, the advice is to start Kafka. */
const ADVICE: Readonly<Partial<Record<Listener, (names: ClusterSettingNames) => string>>> = {
  tls: ({ ssl }) => `set ${ssl}`,
  closes: ({ ssl }) => `if Kafka expects TLS there, set ${ssl}`,
  http: ({ brokers }) => `set the address of Kafka instead (${brokers})`,
  foreign: ({ brokers }) => `set the address of Kafka instead (${brokers})`,
}

function failureOf(error: unknown): ConnectionFailure {
  const causes: (Error & { broker?: string })[] = []
  for (let one = error; one instanceof Error; one = one.cause) causes.unshift(one)
  return {
    message: rootMessage(error),
    broker: causes.find(({ broker }) => broker !== undefined)?.broker,
  }
}

/** Returns the advice for a topic that does not exist. */
export function missingTopic(topic: string, brokers: readonly string[]): string {
  return (
    `topic ${topic} does not exist: create topic ${topic}, for example with kafka-topics.sh --bootstrap-server ` +
    `${brokers[0]} --create --topic ${topic}, or set custom.mskTrigger.createTopics: true.`
  )
}
