/** Reads the dead letters that an operation handles, with the records that redrive them. */
import type { OutgoingRecord } from '#runtime/cloudevents'
import { instant } from '#runtime/consumer'
import type { Connections } from '#runtime/functions/connections'
import { TopicOffsets } from '#runtime/operating/kafka'
import type { DeadLetterPlace, PlacedRow } from '../../../lib/log/dead-letters.ts'
import { findTopicBounds } from '../../../lib/log/topic-bounds.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { readLetters } from '../../queries/dead-letters/dead-letter-records.ts'
import {
  buildRedrive,
  findLeftOutReason,
  type RedriveTopics,
} from '../../queries/dead-letters/redrive-decision.ts'
import type { Handling } from './handling.ts'
import type { Tally } from './result.ts'

const LOOK_EVERY_MS = 5_000

/** Dead letter to handle. Without a record to publish, it is only marked as handled. */
export interface EligibleLetter extends DeadLetterPlace {
  readonly row: PlacedRow
  readonly record?: OutgoingRecord
}

/** Number of dead letters to process at once if their records are not read. */
const GROUP = 1_000

/** Yields groups of dead letters to handle, in the order of their partitions. Skipped dead letters are only counted. */
export async function* readEligibleLetters(
  { request, rows, letters, topics, connections, nowMs }: Handling,
  tally: Tally,
  by: string,
): AsyncGenerator<readonly EligibleLetter[]> {
  const wanted = rows.filter(row => {
    const because = findLeftOutReason(row, request)
    if (because) tally.addLeftOut(because)
    return because === undefined
  })
  tally.decided = rows.length - wanted.length
  if (request.command === 'drop') {
    for (let at = 0; at < wanted.length; at += GROUP) {
      const group = wanted.slice(at, at + GROUP).map(row => toEligibleLetter(row))
      tally.decided += group.length
      yield group
    }
    return
  }
  const watch = new TopicWatch(connections, topics, nowMs)
  const written = new Set<string>()
  for await (const group of readLetters(letters.log, letters.topic, wanted)) {
    const at = instant(nowMs())
    const selected: EligibleLetter[] = []
    for (const { row, found } of group) {
      const record = found ? buildRedrive(found, topics, { by, at }) : 'gone'
      if (typeof record === 'string') tally.addLeftOut(record)
      else selected.push(toEligibleLetter(row, record))
    }
    for (const { record } of selected) if (record) written.add(record.topic)
    await watch.check(written)
    tally.decided += group.length
    yield selected
  }
}

function toEligibleLetter(row: PlacedRow, record?: OutgoingRecord): EligibleLetter {
  const { partition, offset } = row
  return { partition, offset, row, ...(record && { record }) }
}

/** Checks periodically that the topics to which a run writes were not recreated. */
class TopicWatch {
  readonly #connections: Pick<Connections, 'kafka'>
  readonly #ends: Map<string, readonly number[]>
  readonly #nowMs: () => number
  #nextMs: number

  /** @param topics topics by name, with their offset bounds at the start of the run */
  constructor(connections: Pick<Connections, 'kafka'>, topics: RedriveTopics, nowMs: () => number) {
    this.#connections = connections
    this.#nowMs = nowMs
    this.#nextMs = nowMs() + LOOK_EVERY_MS
    this.#ends = new Map([...topics].map(([name, { bounds }]) => [name, bounds.map(({ end }) => end)]))
  }

  /**
   * Checks the topics, unless the last check was only a short time ago.
   *
   * @throws OperationFailure if a topic was deleted or recreated
   */
  async check(topics: Iterable<string>): Promise<void> {
    if (this.#nowMs() < this.#nextMs) return
    this.#nextMs = this.#nowMs() + LOOK_EVERY_MS
    const offsets = new TopicOffsets(await this.#connections.kafka())
    try {
      for (const topic of topics) {
        const bounds = await findTopicBounds(offsets, topic)
        const before = this.#ends.get(topic) ?? []
        if (!bounds || before.some((end, partition) => (bounds[partition]?.end ?? 0) < end))
          throw new OperationFailure(
            `${topic} was deleted or recreated meanwhile, so its offsets have changed. Check the dead letters, and begin again.`,
          )
        this.#ends.set(
          topic,
          bounds.map(({ end }) => end),
        )
      }
    } finally {
      await offsets.close()
    }
  }
}
