/** Reads and changes silences for the `silence` commands. */
import type { Config } from '../../lib/app/config.ts'
import type { SilenceSet } from '../../lib/notification/silences.ts'
import type { Counts, Operation } from '../../lib/operations/audited-operation.ts'
import { changeSilences as changeKept, SilencesNotAppended } from '../../lib/operations/silence-changes.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { carryOut } from '../operation/carry-out.ts'
import { requireTopic } from '../servers/kafka.ts'
import { withRedis } from '../servers/redis.ts'
import { resolveConfig } from '../servers/settings.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Changes the stored silences, and appends them to the log immediately.
 *
 * @param change receives the current silences and returns the new ones; if it throws, nothing is changed
 * @throws CliFailure if a server does not answer
 */
export async function changeSilences(
  terminal: Terminal,
  env: string | undefined,
  operation: Operation,
  change: (set: SilenceSet | undefined, nowMs: number) => SilenceSet,
): Promise<SilenceSet> {
  const config = resolveConfig(terminal, env)
  return withRedis(config, async (_, connections) => {
    await requireTopic(connections, config.names.topicName('notifications', config.env))
    return carryOut(connections, operation, counts => storeChange(connections, config, change, counts))
  })
}

async function storeChange(
  connections: GuardedConnections,
  config: Config,
  change: Parameters<typeof changeKept>[2],
  counts: Counts,
): Promise<SilenceSet> {
  try {
    const set = await changeKept(connections, config, change)
    counts.silences = 1
    return set
  } catch (error) {
    if (error instanceof SilencesNotAppended) counts.silences = 1
    throw error
  }
}
