import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { AlertEvent } from '../../lib/operations/alert-log/event.ts'
import {
  type ReadCount,
  readRanges,
  type WriteTimes,
  writtenRanges,
} from '../../lib/operations/alert-log/read.ts'
import { OperationFailure } from '../../lib/operations/failure.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import { PlainLog } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import { CommandConnections } from '../command-connections.ts'
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'

/** Time in milliseconds after which a read shows its progress. */
const QUIET_MS = 1_000

/**
 * Reads the alert events of an environment.
 *
 * @param take receives each event; those of one partition are in order
 * @throws CliFailure if Kafka does not respond, or the topic is missing or unreadable
 */
export async function readAlertEvents(
  config: Config,
  written: WriteTimes,
  take: (event: AlertEvent) => void,
  terminal: Terminal,
): Promise<ReadCount> {
  const connections = new CommandConnections(config)
  const topic = topicName('alerts', config.env)
  const count = { records: 0, others: 0 }
  let hide = () => {}
  let patience: NodeJS.Timeout | undefined
  try {
    const ranges = await writtenRanges(topic, written, async timeMs => {
      return (await reachOf(connections, config, [topic], timeMs)).get(topic) as TopicReach
    })
    const total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
    patience = setTimeout(() => {
      hide = showLine(terminal, () => `${count.records} of ${total} records of the alerts topic read`)
    }, QUIET_MS)
    const log = new PlainLog(await connections.log(), dataReader(config))
    return await readRanges(log, ranges, take, terminal.stop, count)
  } catch (error) {
    throw error instanceof Unavailable || isUnreadable(error)
      ? new OperationFailure(error.message, { cause: error })
      : error
  } finally {
    clearTimeout(patience)
    hide()
    await connections.close()
  }
}
