/** Sends requests that kafkajs does not support, or whose responses it discards, over the connections of kafkajs. */
import { type Broker, sendRequest } from '../kafkajs-internals.ts'
import type { Question } from './wire.ts'

/**
 * Sends a request in the newest version that this package and the broker support.
 *
 * @throws the protocol error UNSUPPORTED_VERSION if there is no such version; UnreadableBytes if the response is truncated; errors
 *   of the connection
 */
export async function askBroker<Answer>(broker: Broker, question: Question<Answer>): Promise<Answer> {
  const { apiKey, name } = question
  const { minVersion, maxVersion } = broker.versions?.[apiKey] ?? { minVersion: 0, maxVersion: -1 }
  const common = question.versions.filter(version => version >= minVersion && version <= maxVersion)
  if (common.length === 0) {
    const error = new Error(`the broker does not support any version of ${name} that this client supports`)
    throw Object.assign(error, { type: 'UNSUPPORTED_VERSION', retriable: false })
  }
  const version = Math.max(...common)
  return sendRequest(broker, {
    ...{ apiKey, apiVersion: version, apiName: name },
    encode: () => question.encode(version),
    decode: payload => ({ answer: question.decode(payload, version) }),
  })
}
