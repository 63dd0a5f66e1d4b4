/**
 * Stores silences and publishes them to the log. Used by the commands that change silences, and by the scheduled function `clock`.
 */

import type { Connections, StoredValue } from '#runtime/functions/connections'
import type { SilenceSet } from '../notification/silences.ts'
import { type AppendedSilences, silencesChanged, whyAppend } from '../notification/silences-changed.ts'
import { type AppendingConfig, appendToPartitions } from './append-to-partitions.ts'

/**
 * Returns the stored set of silences. The whole set is one value that is changed by compare-and-set, so concurrent changes by two
 * operators are not lost.
 */
export function openStoredSilences(connections: Connections, env: string): Promise<StoredValue<SilenceSet>> {
  return connections.value(`silences:${env}`)
}

/**
 * Publishes the set of silences to every partition of `notifications`, if publishing is due.
 *
 * @param set current set. Undefined if no silence was ever created, or Redis has lost the set; the silences in the log then apply
 * until they expire.
 * @param at time of the run, RFC 3339
 */
export async function appendSilences(
  connections: Connections,
  config: AppendingConfig,
  set: SilenceSet | undefined,
  at: string,
): Promise<{ readonly silences: number; readonly appended: number; readonly why: string }> {
  if (set === undefined) return { silences: 0, appended: 0, why: 'no-silences' }
  const appended = await appendToPartitions<AppendedSilences>(connections, config, {
    signals: ['notifications'],
    last: await connections.value(`silences-appended:${config.env}`),
    next: { revision: set.revision, atMs: Date.parse(at) },
    why: whyAppend,
    event: partition => silencesChanged(set, partition, at),
  })
  return { silences: set.silences.length, ...appended }
}
