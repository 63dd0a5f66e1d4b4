/** Changes silences, and publishes them to the log immediately. */

import type { Connections } from '#runtime/lambda/connections.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { Config } from '../app/config.ts'
import { appendSilences, openStoredSilences } from '../clock/stored-silences.ts'
import type { SilenceSet } from '../notification/silences.ts'
import { OperationFailure } from './operation-failure.ts'

/**
 * Error for a change that was stored but not published to the log. The function `clock` publishes it within a minute after Kafka
 * is available again.
 */
export class SilencesNotAppended extends OperationFailure {
  override readonly name = 'SilencesNotAppended'
}

/**
 * Changes the silences.
 *
 * @param change returns the new silences for the current ones. If it throws, nothing is changed.
 * @throws SilencesNotAppended if the change was stored but not published
 * @throws errors of the clients if nothing was changed
 */
export async function changeSilences(
  connections: Connections,
  config: Pick<Config, 'env' | 'names' | 'contentMode'>,
  change: (set: SilenceSet | undefined, nowMs: number) => SilenceSet,
): Promise<SilenceSet> {
  const nowMs = Date.now()
  const set = await (await openStoredSilences(connections, config.env)).update(before =>
    change(before, nowMs),
  )
  try {
    await appendSilences(connections, config, set, new Date(nowMs).toISOString())
  } catch (error) {
    // The scheduled function publishes stored silences later, so the user does not have to repeat the operation.
    if (!(error instanceof Unavailable)) throw error
    throw new SilencesNotAppended(
      `The change is stored, but not active yet: ${error.message.replace(/\.?$/, '.')} The function \`clock\` makes it active within a minute after Kafka is available again.`,
      { cause: error },
    )
  }
  return set
}
