/** Reads the alerts topic into the database. */
import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { topicName } from '../../lib/app/topics.ts'
import { type Range, rangesOf, readRecords } from '../../lib/queries/records.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { PlainLog } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { CommandConnections } from '../command-connections.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'
import { type AlertEvent, alertEventIn } from './event.ts'

/** When records were written, in milliseconds since the epoch. */
export interface Written {
  /** Then or later; undefined: from the beginning of the topic on. */
  readonly sinceMs: number | undefined
  /** Before then; undefined: to the present end. */
  readonly untilMs: number | undefined
}

/** How many records were read, and how many of them are not alert events. */
export interface ReadCount {
  readonly records: number
  readonly others: number
}

/** A read that takes longer shows how far it has come. */
const QUIET_MS = 1_000

/**
 * Reads the alert events of an environment.
 *
 * @param take is given each event, those of one partition in their order
 * @throws CliFailure if Kafka does not answer, there is no such topic, or it cannot be read
 */
export async function readAlertEvents(
  config: Config,
  written: Written,
  take: (event: AlertEvent) => void,
  terminal: Terminal,
): Promise<ReadCount> {
  const connections = new CommandConnections(config)
  try {
    const ranges = await rangesIn(connections, config, written)
    const log = new PlainLog(await connections.log(), dataReader(config))
    return await readRanges(log, ranges, take, terminal)
  } catch (error) {
    throw error instanceof Unavailable || isUnreadable(error)
      ? new CliFailure(error.message, 1, { cause: error })
      : error
  } finally {
    await connections.close()
  }
}

async function rangesIn(
  connections: Connections,
  config: Config,
  { sinceMs, untilMs }: Written,
): Promise<Range[]> {
  const topic = topicName('alerts', config.env)
  const ranges = async (timeMs: number | undefined) =>
    [...(await reachOf(connections, config, [topic], timeMs))].flatMap(([name, reach]) =>
      rangesOf(name, reach),
    )
  const whole = await ranges(sinceMs)
  if (untilMs === undefined) return whole
  // A range from that time on begins where this one has to end.
  const later = await ranges(untilMs)
  return whole.map(range => ({
    ...range,
    end: Math.min(range.end, later[range.partition]?.start ?? range.end),
  }))
}

/** Reads the events in ranges of a topic. @throws see `readRecords` */
export async function readRanges(
  log: LogReader,
  ranges: readonly Range[],
  take: (event: AlertEvent) => void,
  terminal: Pick<Terminal, 'stderr' | 'stop'>,
): Promise<ReadCount> {
  const total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  let records = 0
  let others = 0
  let hide = () => {}
  const patience = setTimeout(() => {
    hide = showLine(terminal, () => `${records} of ${total} records of the alerts topic read`)
  }, QUIET_MS)
  try {
    for await (const record of readRecords(log, ranges)) {
      const event = alertEventIn(record)
      if (event) take(event)
      else others++
      records++
      if (terminal.stop.aborted) break
    }
    return { records, others }
  } finally {
    clearTimeout(patience)
    hide()
  }
}
