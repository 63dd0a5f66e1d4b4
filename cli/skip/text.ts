/** Texts of `sluice skip`. Pure. */
import type { FoundRecord } from './find.ts'

export type NamedRecord = Pick<FoundRecord, 'partition' | 'offset'>

export interface SkipReport {
  readonly env: string
  readonly consumer: string
  readonly dryRun: boolean
  readonly topics: readonly TopicSkips[]
}

/** Records of one topic of the consumer. */
export interface TopicSkips {
  readonly topic: string
  readonly found: readonly FoundRecord[]
  /** Records that had already been skipped before the command. */
  readonly before: readonly NamedRecord[]
  /** Records of `found` that are now skipped. */
  readonly skipped: readonly FoundRecord[]
}

/** Returns a list such as `3@120, 4@7`. */
export function placesText(places: readonly NamedRecord[]): string {
  return places.map(({ partition, offset }) => `${partition}@${offset}`).join(', ')
}

export function foundText(
  consumer: string,
  topic: string,
  found: readonly FoundRecord[],
  before: readonly NamedRecord[],
): string {
  const earlier = before.length > 0 ? `Already skipped: ${placesText(before)}\n` : ''
  if (found.length === 0)
    return `${earlier}${consumer} on ${topic}: all of the next records can be processed. Nothing has to be skipped.\n`
  const lines = found.map(one => `  ${placesText([one])}  ${one.why}${one.helps ? '' : NOT_ITSELF}`)
  return `${earlier}${consumer} on ${topic}:\n${lines.join('\n')}\n`
}

const NOT_ITSELF =
  ', even if it is skipped: the cause is a timer or a parked event before it, or its decoding'

export function skipText({ consumer, topics }: SkipReport): string {
  const skipped = topics.filter(one => one.skipped.length > 0)
  if (skipped.length === 0) return ''
  return (
    `Skipped: ${skipped.map(one => `${placesText(one.skipped)} of ${one.topic}`).join('; ')}. ` +
    `The next batch of ${consumer} turns them into dead letters with the code "skipped", and processes the rest.\n` +
    `Once the code is fixed: sluice dlq redrive --consumer ${consumer} --code skipped\n`
  )
}
