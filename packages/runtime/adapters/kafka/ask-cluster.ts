/**
 * Requests to a cluster that bypass the library's admin client, because the admin client fails if a partition of any topic has no
 * leader.
 */
import { type Broker, type Cluster, createCluster, protocolError } from '@sluice/kafka-records'
import {
  askBroker,
  fetchMetadata,
  lookUpBrokers,
  type Setting,
  settingsQuestion,
} from '@sluice/kafka-records/requests'
import { askOver } from './ask-leaders.ts'
import type { Kafka } from './client.ts'

/**
 * Opens a connection, looks up the brokers of the cluster, and sends a request. Repeats the request while the response is
 * retriable.
 */
export function askCluster<T>(
  kafka: Kafka,
  question: (cluster: Cluster, brokers: readonly number[]) => Promise<T>,
): Promise<T> {
  const open = () => openCluster(kafka)
  return askOver(open, async cluster => {
    const brokers = (await fetchMetadata(cluster)).brokers.map(({ id }) => id)
    await lookUpBrokers(cluster, brokers)
    return question(cluster, brokers)
  })
}

/** Returns a cluster that is not connected yet. Requests never create topics. */
export function openCluster(kafka: Kafka): Cluster {
  return createCluster(kafka, { allowAutoTopicCreation: false })
}

/**
 * Returns all settings of a topic or broker, including defaults.
 *
 * @throws an error response, such as UNKNOWN_TOPIC_OR_PARTITION
 */
export async function fetchSettings(
  broker: Broker,
  kind: 'topic' | 'broker',
  name: string,
): Promise<readonly Setting[]> {
  const { errorCode, settings } = await askBroker(broker, settingsQuestion(kind, name))
  if (errorCode !== 0) throw answerError(errorCode)
  return settings
}

/**
 * Returns the client library's error for an error code in a response.
 *
 * @param why error message in the broker's response
 */
export function answerError(code: number, why?: string | null): Error {
  const error = protocolError(code)
  error.message = `the broker answers ${error.type}${why ? `: ${why}` : ''}`
  return error
}
