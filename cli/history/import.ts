import type { OffsetRange } from '../../lib/history/coverage.ts'
import { importHistory } from '../../lib/operations/history/import.ts'
import { command } from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf, kafkaAddress } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { boundsOf } from '../state/log.ts'
import { ARGUMENTS, copied, OPTIONS } from './copy.ts'
import { placeOf, requireHistory } from './store.ts'

export default command({
  about: `Copy an export to the history of an environment. Checksums are verified, and topics get the names of the environment.

Offsets of two logs collide. A partition is therefore imported only if Kafka does not have its topic, or if the log in
Kafka is the one that was exported; and, unless a common record proves that, only if the history of the partition has
no objects from elsewhere. The command names the partitions that it refuses.`,
  more: `
If the command is interrupted, repeat it: objects that are already there are kept. An object with other contents is
not replaced without --force, which also skips the checks above. Erasures of the environment apply to the import.

Examples:
  sluice history import ./backup
  sluice history import s3://archive/sluice --env analysis --table readings`,
  args: ARGUMENTS,
  options: OPTIONS,
  async run({ place, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const to = await requireHistory(config, terminal)
    const from = await placeOf(place, terminal, options.env)
    const connections = new CommandConnections(config)
    const bounds = async (topic: string) => {
      const found = await boundsOf(connections, topic)
      if (found === 'away')
        throw new CliFailure(
          `Kafka does not answer at ${kafkaAddress(config)}, so it is unknown whether it has a log of its own for ${topic}.`,
        )
      return found === 'no-topic' ? undefined : found
    }
    const recordIn = async (topic: string, partition: number, range: OffsetRange) => {
      const log = await connections.log()
      return (await log.read(topic, partition, range)).records[0]
    }
    try {
      await copied(options, config.env, terminal, (plan, onProgress) =>
        importHistory(plan, { from, to, stop: terminal.stop, onProgress, bounds, recordIn, nowMs: Date.now }),
      )
    } finally {
      await connections.close()
    }
  },
})
