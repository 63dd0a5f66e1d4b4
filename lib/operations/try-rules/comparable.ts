/** Decides records that are partly read from the history and partly from the log. Pure. */
import type { Decoded } from '#runtime/pipeline/decoding/index.ts'
import type { Decision } from '#runtime/pipeline/model/index.ts'
import type { Recount } from '#runtime/pipeline/recount.ts'

/**
 * Decides the next records of a partition. Contents of events are not compared, because the history keeps the event of a record, but
 * not always its bytes: an id that is used again has no effect in either case.
 *
 * @param consumer name of the consumer
 */
export function decideComparably(
  recount: Recount,
  consumer: string,
  records: readonly Decoded[],
): readonly Decision[] {
  const decisions: Decision[] = []
  const chunk: Decoded[] = []
  for (const decoded of records) {
    const isRetry = decoded.redriveTarget?.consumer === consumer
    if (isRetry) decisions.push(...recount.decide(chunk.splice(0)))
    chunk.push(withoutContent(isRetry ? toRetry(decoded, recount) : decoded))
  }
  return [...decisions, ...recount.decide(chunk)]
}

function withoutContent(decoded: Decoded): Decoded {
  if (decoded.kind !== 'event') return decoded
  const { source, id } = decoded.event
  return { ...decoded, fingerprint: { id: `${source} ${id}`, digest: '' } }
}

/** Returns a record that retries a failure, with the digest of the failed record. */
function toRetry(decoded: Decoded, recount: Recount): Decoded {
  const { redriveTarget: target } = decoded
  const failure = target && recount.failure(target.failure)
  return failure ? { ...decoded, redriveTarget: { ...target, digest: failure.digest } } : decoded
}
