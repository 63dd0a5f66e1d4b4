/** Decides records that are partly read from the history and partly from the log. */

import type { Replay } from '#runtime/operating/replay'
import type { Decision, Decoded } from '#runtime/pipeline'

/**
 * Decides the next records of a partition. Contents of events are not compared, because the history keeps the event of a record, but
 * not always its bytes: an id that is used again has no effect in either case.
 */
export async function decideComparably(
  replay: Replay,
  records: readonly Decoded[],
): Promise<readonly Decision[]> {
  const decisions: Decision[] = []
  const chunk: Decoded[] = []
  for (const decoded of records) {
    const isRetry = decoded.redriveTarget?.consumer === replay.stateKey.consumer
    if (isRetry) decisions.push(...(await replay.decideDecoded(chunk.splice(0))))
    chunk.push(withoutContent(isRetry ? await toRetry(decoded, replay) : decoded))
  }
  return [...decisions, ...(await replay.decideDecoded(chunk))]
}

function withoutContent(decoded: Decoded): Decoded {
  if (decoded.kind !== 'event') return decoded
  const { source, id } = decoded.event
  return { ...decoded, fingerprint: { id: `${source} ${id}`, digest: '' } }
}

/** Returns a record that retries a failure, with the digest of the failed record. */
async function toRetry(decoded: Decoded, replay: Replay): Promise<Decoded> {
  const { redriveTarget: target } = decoded
  const failure = target && (await replay.findFailure(target.failure, decoded.record))
  return failure ? { ...decoded, redriveTarget: { ...target, digest: failure.digest } } : decoded
}
