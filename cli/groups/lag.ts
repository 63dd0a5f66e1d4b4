import type { GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import { allGroups, groupLag, withGroupAges } from '../../lib/queries/kafka/group-lags.ts'
import { command, environment, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { configOf, kafkaAddress } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { type KafkaCommand, withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { type LagReport, lagReport, lagText } from './text.ts'

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
    const groups = await withKafka(configOf(terminal, env), command => lagsOf(command, group))
    printReport(terminal, { groups }, json, lagText)
  },
})

async function lagsOf(command: KafkaCommand, wanted: string | undefined): Promise<LagReport[]> {
  const { kafka, offsets, connections } = command
  const reports: LagReport[] = []
  const log = await connections.log()
  for (const group of chosen(await allGroups(kafka), wanted, command)) {
    const found = await groupLag(kafka, offsets, group)
    reports.push(lagReport(await withGroupAges(log, found, Date.now())))
  }
  return reports
}

/**
 * Returns the groups that the user has selected.
 *
 * @throws CliFailure for an unknown group
 */
function chosen(
  all: readonly GroupDescription[],
  wanted: string | undefined,
  { config }: KafkaCommand,
): readonly GroupDescription[] {
  if (wanted === undefined) return all
  const found = all.filter(({ group }) => group === wanted)
  if (found.length > 0) return found
  const names = all.map(({ group }) => group)
  throw new CliFailure(
    `Kafka at ${kafkaAddress(config)} has no consumer group ${wanted}. It has ${names.join(', ') || 'none'}.`,
  )
}
