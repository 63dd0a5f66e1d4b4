import { topicName } from '../../lib/app/topics.ts'
import { lastRunOf, type PartitionStatus, partitionStatuses } from '../../lib/operations/etl/status.ts'
import { rangesOf } from '../../lib/queries/records.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import type { EtlCompleted } from '../../schemas/types.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf } from '../connections.ts'
import { type Column, tableText } from '../table.ts'
import { printReport } from '../terminal.ts'
import { harmless } from '../text-width.ts'
import { reachOf } from '../topics.ts'
import { withWarehouse } from './warehouse.ts'

interface Status {
  readonly env: string
  readonly location: string
  readonly lastRun: EtlCompleted | null
  readonly partitions: readonly PartitionStatus[]
}

export default command({
  about: `Show how far the warehouse is: its watermark in each partition, the offsets of the history above it, and the
last run.

LOADED UP TO is the log time of the last loaded record.`,
  more: `
Examples:
  sluice etl status
  sluice etl status --json`,
  options: {
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ env, json }, terminal) {
    const config = configOf(terminal, env)
    const status = await withWarehouse(config, terminal, async ({ store, target }): Promise<Status> => {
      await target.open()
      const partitions = await partitionStatuses(store, target)
      const topic = topicName('etl', config.env)
      const connections = new CommandConnections(config)
      try {
        const reach = (await reachOf(connections, config, [topic], undefined)).get(topic) as TopicReach
        const lastRun = await lastRunOf(target.location, await connections.log(), rangesOf(topic, reach))
        return { env: config.env, location: target.location, lastRun: lastRun ?? null, partitions }
      } finally {
        await connections.close()
      }
    })
    printReport(terminal, status, json, statusText)
  },
})

const COLUMNS: readonly Column[] = [
  { heading: 'TOPIC', least: 12 },
  { heading: 'PARTITION', align: 'right' },
  { heading: 'NEXT OFFSET', align: 'right' },
  { heading: 'BEHIND', align: 'right' },
  { heading: 'LOADED UP TO' },
]

function statusText({ location, lastRun, partitions }: Status, width: number | undefined): string {
  const last = lastRun
    ? `last run ${lastRun.endedAt}: ${lastRun.outcome}, ${lastRun.records} records`
    : 'no run yet'
  const rows = partitions.map(({ topic, partition, nextOffset, behind, upTo }) => {
    return [harmless(topic), String(partition), String(nextOffset), String(behind), upTo ?? '-']
  })
  const table = rows.length === 0 ? 'Nothing is archived yet.' : tableText(COLUMNS, rows, width)
  return `${harmless(location)}, ${last}\n${table}\n`
}
