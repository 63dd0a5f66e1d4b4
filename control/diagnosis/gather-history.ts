/** Lists the newest objects of the history. */

import type { Named } from '../../lib/app/naming/names.ts'
import { topicRow } from '../../lib/app/naming/topic-table.ts'
import { getTableSignal, HISTORY_TABLES, type HistoryStore, listObjects } from '../../lib/history/index.ts'
import { DAY_MS } from '../../lib/support/duration.ts'
import type { ArchiveFacts } from './facts.ts'
import { observe, withTimeout } from './observe.ts'

/**
 * Returns the objects of each archived topic, for twice the retention of the topic: an outage that loses records lasts longer than
 * the retention, and is then reported for about as long.
 */
export async function gatherArchiveFacts(
  store: HistoryStore,
  { env, names }: Named,
  nowMs: number,
): Promise<ArchiveFacts[]> {
  const facts: ArchiveFacts[] = []
  for (const table of HISTORY_TABLES) {
    const signal = getTableSignal(table)
    const topic = names.topicName(signal, env)
    const days = 2 * topicRow(signal).keptDays + 1
    const query = { table, topics: [topic], sinceMs: nowMs - days * DAY_MS }
    const list = () => withTimeout(listObjects(store, query), 'history')
    facts.push({ topic, days, objects: await observe(list) })
  }
  return facts
}
