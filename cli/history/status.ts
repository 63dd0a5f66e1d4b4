import { signalsOfTable } from '../../lib/app/history.ts'
import { topicName } from '../../lib/app/topics.ts'
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import { historyStatus } from '../../lib/queries/history-status.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { configOf } from '../connections.ts'
import { withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { statusText } from './status-text.ts'
import { requireHistory } from './store.ts'

export default command({
  about: `Show the extent of the history: objects and their size, archived offsets of each partition, missing ranges, and
how far the history is behind the topics.

The archiver writes parts. The function history-compactor merges them into compacted objects of about a million rows.`,
  more: `
A range is missing if the archiver was away for longer than the topic keeps its records. The last record of a partition
is archived when a later one is written, so a lag of one record is normal.

Examples:
  sluice history status
  sluice history status --json`,
  options: {
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ json, env }, terminal) {
    const config = configOf(terminal, env)
    const store = await requireHistory(config, terminal)
    const topics = new Map(
      HISTORY_TABLES.map(table => [table, signalsOfTable(table).map(one => topicName(one, config.env))]),
    )
    try {
      const status = await withKafka(config, async ({ offsets, connections }) =>
        historyStatus({ store, offsets, log: await connections.log() }, topics, Date.now()),
      )
      printReport(terminal, { place: store.name, ...status }, json, statusText)
    } finally {
      store.close?.()
    }
  },
})
