/** Reads the dlq topic as it is now. */
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { Config } from '../../lib/config.ts'
import { Connections } from '../../lib/connections.ts'
import { topicName } from '../../lib/domain/topics.ts'
import { Unavailable } from '../../lib/pipeline/ports.ts'
import { CliFailure } from '../failure.ts'
import { history, type Range } from '../records/history.ts'
import { reachOf } from '../topics.ts'

export interface DlqRange {
  /** Only what was written then or later. */
  readonly sinceMs?: number | undefined
  /** Only this record. */
  readonly at?: { readonly partition: number; readonly offset: number }
}

/**
 * Gives each record of the dlq topic to `take`, in the order of time, until that answers false.
 * @throws CliFailure where Kafka does not answer, or there is no such topic
 */
export async function readDlq(
  config: Config,
  { sinceMs, at }: DlqRange,
  take: (record: LogRecord) => boolean,
): Promise<void> {
  const connections = new Connections(config, 'cli')
  const topic = topicName('dlq', config.env)
  try {
    const reach = await reachOf(connections, config, [topic], sinceMs)
    const { bounds, atTime } = reach.get(topic) ?? { bounds: [], atTime: [] }
    const all = bounds.map(({ start, end }, partition): Range => {
      return { topic, partition, start: Math.max(start, atTime[partition] ?? start), end }
    })
    const ranges = at === undefined ? all : all.flatMap(range => rangeOfOne(range, at))
    for await (const record of history(await connections.log(), ranges)) if (!take(record)) return
  } catch (error) {
    throw error instanceof Unavailable ? new CliFailure(error.message) : error
  } finally {
    await connections.close()
  }
}

function rangeOfOne(range: Range, { partition, offset }: { partition: number; offset: number }): Range[] {
  const isThere = range.partition === partition && offset >= range.start && offset < range.end
  return isThere ? [{ ...range, start: offset, end: offset + 1 }] : []
}
