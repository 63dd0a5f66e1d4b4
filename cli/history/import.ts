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

Offsets of two logs collide. A partition is therefore imported only if Kafka does not have its topic, and its history
has no objects from elsewhere. The command names the partitions that it refuses.`,
  more: `
If the command is interrupted, repeat it: objects that are already there are kept. An object with other contents is
not replaced without --force, which also skips the checks above: use it to restore a lost bucket, if the log in Kafka
is the one that was exported. Erasures of the environment apply to the import.

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
    const hasTopic = async (topic: string) => {
      const found = await boundsOf(connections, topic)
      if (found !== 'away') return found !== 'no-topic'
      throw new CliFailure(
        `Kafka does not answer at ${kafkaAddress(config)}, so it is unknown whether it has a log of its own for ${topic}.`,
      )
    }
    try {
      await copied(options, config.env, terminal, (plan, onProgress) =>
        importHistory(plan, { from, to, stop: terminal.stop, onProgress, hasTopic, nowMs: Date.now }),
      )
    } finally {
      await connections.close()
    }
  },
})
