import { AnswerCursor, compactString, NO_TAGS, type Question } from './wire.ts'

/** Levels of what a broker can do, by the name of the feature, such as `metadata.version`. */
export interface BrokerFeatures {
  /** The highest level that the broker's own release knows. */
  readonly supported: ReadonlyMap<string, number>
  /** The level that the whole cluster works at. */
  readonly finalized: ReadonlyMap<string, number>
}

/** How this client names itself to the broker. */
const SOFTWARE = { name: 'sluice', version: '1' }

/**
 * The ApiVersions request, version 3 (KIP-511, KIP-584). The protocol has no question for the release of a broker; the levels of its
 * features tell it. Clusters with ZooKeeper have none.
 */
export function featuresQuestion(): Question<BrokerFeatures> {
  return {
    apiKey: 18,
    name: 'ApiVersions',
    versions: [3],
    encode: () =>
      Buffer.concat([NO_TAGS, compactString(SOFTWARE.name), compactString(SOFTWARE.version), NO_TAGS]),
    // Unlike every other flexible answer, it has no tags in its header: a client may not know yet what the broker speaks.
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int16() // error
      answer.compactArray(() => {
        answer.skip(3 * 2)
        answer.tags()
      })
      answer.int32() // throttled for
      const supported = new Map<string, number>()
      const finalized = new Map<string, number>()
      answer.tags({
        0: field => featuresIn(field, supported, 'lowest first'),
        2: field => featuresIn(field, finalized, 'highest first'),
      })
      return { supported, finalized }
    },
  }
}

/** Both lists have a range for each feature, each in another order. */
function featuresIn(
  field: AnswerCursor,
  levels: Map<string, number>,
  order: 'lowest first' | 'highest first',
): void {
  field.compactArray(() => {
    const name = field.compactString() ?? ''
    const range = [field.int16(), field.int16()] as const
    levels.set(name, order === 'lowest first' ? range[1] : range[0])
    field.tags()
  })
}
