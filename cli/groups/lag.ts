import type { GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import { formatKafkaAddress } from '../../lib/operations/server-messages.ts'
import { addGroupAges, listGroups, readGroupLag } from '../../lib/queries/kafka/consumer-groups.ts'
import { command, environment, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { type KafkaCommand, withKafka } from '../servers/kafka.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { buildLagReport, formatLags, type LagReport } from './text.ts'

export default command({
  about: `Show consumer groups with their state, and their lag in each partition: the number of records that are not consumed, and the age of the
oldest. Without a group, all groups of the cluster are shown.`,
  more: `
Lag is counted from the committed offset to the end of the partition or, without a committed offset, from the first
record. Transaction markers count as records.

Examples:
  sluice groups lag sluice-alerting-local
  sluice groups lag --json`,
  args: {
    consumerGroup: optionalArgument('full name of a group', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    env: environment('of the cluster'),
  },
  async run({ consumerGroup: group, json, env }, terminal) {
    const groups = await withKafka(resolveConfig(terminal, env), command => readLags(command, group))
    printReport(terminal, { groups }, json, formatLags)
  },
})

async function readLags(command: KafkaCommand, wanted: string | undefined): Promise<LagReport[]> {
  const { kafka, offsets, connections } = command
  const reports: LagReport[] = []
  const log = await connections.log()
  for (const group of chooseGroups(await listGroups(kafka), wanted, command)) {
    const found = await readGroupLag(kafka, offsets, group)
    reports.push(buildLagReport(await addGroupAges(log, found, Date.now())))
  }
  return reports
}

/**
 * Returns the groups that the user has selected.
 *
 * @throws CliFailure for an unknown group
 */
function chooseGroups(
  all: readonly GroupDescription[],
  wanted: string | undefined,
  { config }: KafkaCommand,
): readonly GroupDescription[] {
  if (wanted === undefined) return all
  const found = all.filter(({ group }) => group === wanted)
  if (found.length > 0) return found
  const names = all.map(({ group }) => group)
  throw new CliFailure(
    `Kafka at ${formatKafkaAddress(config)} has no consumer group ${wanted}. It has ${names.join(', ') || 'none'}.`,
  )
}
