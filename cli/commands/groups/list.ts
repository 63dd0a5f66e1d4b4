import type { Command } from 'commander'
import { allGroups } from '../../../lib/queries/group-lags.ts'
import { environmentOption, JSON_OPTION } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { groupsText } from '../../groups/text.ts'
import { more } from '../../help.ts'
import { withKafka } from '../../kafka.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions {
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List the consumer groups of the cluster: state, members, and the topics that the members read now.

A group is stable while its members read, rebalancing while they share out the partitions, and empty when it has offsets but no member. With
--json, each member has its client, its host and its partitions.`

const MORE = `
Examples:
  sluice groups list
  sluice groups list --json`

export function addGroupsList(groups: Command, terminal: Terminal): void {
  groups
    .command('list')
    .summary('list consumer groups with state and members')
    .description(ABOUT)
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are asked'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => list(options, terminal))
}

async function list({ json, env }: ListOptions, terminal: Terminal): Promise<void> {
  const groups = await withKafka(configOf(terminal, env), ({ kafka }) => allGroups(kafka))
  printReport(terminal, { groups }, json, groupsText)
}
