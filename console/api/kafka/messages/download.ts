/** Downloads messages as JSON Lines, in the format of `sluice record` and `sluice replay`. */
import { findRecords } from '../../../../lib/queries/find-records.ts'
import { recordedLine } from '../../../../lib/queries/recorded-line.ts'
import { ProblemError } from '../../problem.ts'
import { limitsOf, type MessagePorts, type Most } from './list.ts'
import type { MessagesQuery } from './query.ts'
import { beginningOf } from './query.ts'
import { RecordFilter } from './rows.ts'

export interface Recording {
  /** One JSON document per line, ordered by time. */
  readonly text: string
  readonly records: number
  /** True if a limit was reached, so that the topic may contain more matching messages. */
  readonly isCut: boolean
}

export interface RecordingLimits {
  readonly records: number
  readonly bytes: number
}

/** Maximum number of concurrent downloads. It is low, because a download keeps its file and the searched records in memory. */
const MAX_AT_ONCE = 2

/** Running downloads. */
export class Downloads {
  #running = 0

  /** Creates a download. Also throws the errors of `recordedMessages`. @throws ProblemError if too many downloads are running */
  async make(...asked: Parameters<typeof recordedMessages>): Promise<Recording> {
    if (this.#running >= MAX_AT_ONCE)
      throw new ProblemError(
        'busy',
        `${MAX_AT_ONCE} downloads are already in progress. Try again in a moment.`,
      )
    this.#running += 1
    try {
      return await recordedMessages(...asked)
    } finally {
      this.#running -= 1
    }
  }
}

/** Limits of the search for the messages of one file. */
const MAX_LOOKED: Most = { records: 500_000, bytes: 256 * 1024 * 1024, ms: 20_000 }

/** Returns the matching messages as a file. Throws the errors of `listedMessages`. */
export async function recordedMessages(
  query: MessagesQuery,
  ports: MessagePorts,
  most: RecordingLimits,
): Promise<Recording> {
  const wanted = new RecordFilter(query, ports.reader)
  const { direction, ranges } = await beginningOf(query, ports.offsets)
  let bytes = 0
  let isFull = false
  const nowMs = () => (isFull ? Number.POSITIVE_INFINITY : ports.nowMs())
  const line = async (record: Parameters<RecordFilter['view']>[0]) => {
    if ((await wanted.view(record)) === undefined) return undefined
    const text = recordedLine(record)
    const withIt = bytes + Buffer.byteLength(text) + 1
    isFull = withIt > most.bytes
    if (isFull) return undefined
    bytes = withIt
    return text
  }
  const limits = { ...limitsOf(ports, MAX_LOOKED), nowMs, wanted: most.records }
  const { found, endedBy } = await findRecords(ports.log, ranges, direction, line, limits)
  const lines = direction === 'forward' ? found : found.toReversed()
  return {
    text: lines.map(text => `${text}\n`).join(''),
    records: lines.length,
    isCut: isFull || endedBy !== 'end',
  }
}
