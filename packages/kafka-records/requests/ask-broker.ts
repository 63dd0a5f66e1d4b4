/** Questions that kafkajs does not know, or whose answers it throws away, over its connections. */
import { type Broker, sendRequest } from '../kafkajs-internals.ts'
import type { Question } from './wire.ts'

/**
 * Asks in the newest version that both sides speak.
 *
 * @throws the answer UNSUPPORTED_VERSION without such a version; UnreadableBytes; an error of the connection
 */
export async function askBroker<Answer>(broker: Broker, question: Question<Answer>): Promise<Answer> {
  const { apiKey, name } = question
  const { minVersion, maxVersion } = broker.versions?.[apiKey] ?? { minVersion: 0, maxVersion: -1 }
  const common = question.versions.filter(version => version >= minVersion && version <= maxVersion)
  if (common.length === 0) {
    const error = new Error(`the broker does not know ${name} as it is asked`)
    throw Object.assign(error, { type: 'UNSUPPORTED_VERSION', retriable: false })
  }
  const version = Math.max(...common)
  return sendRequest(broker, {
    ...{ apiKey, apiVersion: version, apiName: name },
    encode: () => question.encode(version),
    decode: payload => ({ answer: question.decode(payload, version) }),
  })
}
