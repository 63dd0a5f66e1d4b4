import { AnswerCursor, compactString, NO_TAGS, type Question } from './wire.ts'

/** Levels of what a broker can do, by the name of the feature, such as `metadata.version`. */
export interface BrokerFeatures {
  /** The highest level that the broker's own release knows. */
  readonly supported: ReadonlyMap<string, number>
  /** The level that the whole cluster works at. */
  readonly finalized: ReadonlyMap<string, number>
}

/** ApiVersions, version 3 (KIP-511, KIP-584): the levels of features show the release of a broker. Clusters with ZooKeeper have none. */
export function featuresQuestion(): Question<BrokerFeatures> {
  return {
    apiKey: 18,
    name: 'ApiVersions',
    versions: [3],
    encode: () => Buffer.concat([NO_TAGS, compactString('sluice'), compactString('1'), NO_TAGS]),
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
        0: field => featuresIn(field, supported, 1),
        2: field => featuresIn(field, finalized, 0),
      })
      return { supported, finalized }
    },
  }
}

/** Both lists have a range for each feature, each in another order. @param highest index of the highest level */
function featuresIn(field: AnswerCursor, levels: Map<string, number>, highest: 0 | 1): void {
  field.compactArray(() => {
    levels.set(field.compactString() ?? '', [field.int16(), field.int16()][highest] as number)
    field.tags()
  })
}
