/** Where the commands about silences read and write. */
import type { Config } from '../../lib/app/config.ts'
import { keptSilences } from '../../lib/app/silences.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { SilenceSet } from '../../lib/notification/silences.ts'
import type { Counts, Operation } from '../../lib/operations/audit.ts'
import { changeSilences as changeKept, SilencesNotAppended } from '../../lib/operations/silences.ts'
import type { CommandConnections } from '../command-connections.ts'
import { configOf, kafkaAddress, reasonOf, requireTopic, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import type { Terminal } from '../terminal.ts'

/** The silences as they are kept; undefined if there has never been one. */
export async function readSilences(
  terminal: Terminal,
  env: string | undefined,
): Promise<{ readonly env: string; readonly set: SilenceSet | undefined }> {
  const config = configOf(terminal, env)
  const set = await withRedis(config, async (_, connections) =>
    (await keptSilences(connections, config.env)).read(),
  )
  return { env: config.env, set }
}

/**
 * Changes the silences, and appends them to the log at once.
 *
 * @param change receives the newest silences, which others may have changed; if it throws, nothing is changed
 * @throws CliFailure if a server does not answer
 */
export async function changeSilences(
  terminal: Terminal,
  env: string | undefined,
  operation: Operation,
  change: (set: SilenceSet | undefined, nowMs: number) => SilenceSet,
): Promise<SilenceSet> {
  const config = configOf(terminal, env)
  return withRedis(config, async (_, connections) => {
    const publisher = await connections.publisher()
    await requireTopic(publisher, topicName('notifications', config.env), config)
    return carryOut(connections, operation, counts => changed(connections, config, change, counts))
  })
}

async function changed(
  connections: CommandConnections,
  config: Config,
  change: Parameters<typeof changeKept>[2],
  counts: Counts,
): Promise<SilenceSet> {
  try {
    const set = await changeKept(connections, config, change)
    counts.silences = 1
    return set
  } catch (error) {
    if (!(error instanceof SilencesNotAppended)) throw error
    counts.silences = 1
    throw new CliFailure(
      `It is kept, but Kafka at ${kafkaAddress(config)} does not answer, so it does not hold yet: the function \`silences\` ` +
        `appends it within a minute of Kafka's return. (${reasonOf(error.cause)})`,
    )
  }
}
