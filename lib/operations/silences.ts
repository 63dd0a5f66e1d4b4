/** Changes the silences, and appends them to the log at once. */

import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { Config } from '../app/config.ts'
import { appendSilences, keptSilences } from '../app/silences.ts'
import type { SilenceSet } from '../notification/silences.ts'

/** The change is kept, but is not in the log yet: the function `silences` appends it within a minute of Kafka's return. */
export class SilencesNotAppended extends Error {
  override readonly name = 'SilencesNotAppended'
}

/**
 * @param change receives the newest silences, which others may have changed; if it throws, nothing is changed
 * @throws SilencesNotAppended, or what the servers' clients throw while nothing has been changed
 */
export async function changeSilences(
  connections: Connections,
  config: Pick<Config, 'env' | 'contentMode'>,
  change: (set: SilenceSet | undefined, nowMs: number) => SilenceSet,
): Promise<SilenceSet> {
  const nowMs = Date.now()
  const set = await (await keptSilences(connections, config.env)).update(before => change(before, nowMs))
  try {
    await appendSilences(connections, config, set, new Date(nowMs).toISOString())
  } catch (error) {
    // A stored silence that was not appended is appended by the schedule, so the operation need not be repeated.
    if (!(error instanceof Unavailable)) throw error
    throw new SilencesNotAppended(error.message, { cause: error })
  }
  return set
}
