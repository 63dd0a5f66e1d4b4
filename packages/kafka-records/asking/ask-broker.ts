/** Questions that kafkajs does not know, or whose answers it throws away, over its connections. */
import { type Broker, sendRequest, type VersionRange } from '../kafkajs-internals.ts'
import type { Question } from './wire.ts'

/** The broker does not know the question. It has the form of the library's errors for answers of brokers. */
export class UnsupportedQuestion extends Error {
  override readonly name = 'UnsupportedQuestion'
  readonly type = 'UNSUPPORTED_VERSION'
  readonly retriable = false
}

/** @throws UnsupportedQuestion; Malformed; an error of the connection */
export async function askBroker<Answer>(broker: Broker, question: Question<Answer>): Promise<Answer> {
  const { apiKey, name } = question
  const version = versionFor(question, broker.versions?.[apiKey])
  if (version === undefined) throw new UnsupportedQuestion(`the broker does not know ${name} as it is asked`)
  return sendRequest(broker, {
    ...{ apiKey, apiVersion: version, apiName: name },
    encode: () => question.encode(version),
    decode: payload => ({ answer: question.decode(payload, version) }),
  })
}

/** The newest version that both sides speak; undefined if there is none. */
function versionFor(
  { versions }: Pick<Question<unknown>, 'versions'>,
  spoken: VersionRange | undefined,
): number | undefined {
  if (!spoken) return undefined
  const { minVersion, maxVersion } = spoken
  const common = versions.filter(version => version >= minVersion && version <= maxVersion)
  return common.length === 0 ? undefined : Math.max(...common)
}
