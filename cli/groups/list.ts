import { allGroups } from '../../lib/queries/group-lags.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { configOf } from '../connections.ts'
import { withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { groupsText } from './text.ts'

export default command({
  about: `List the consumer groups of the cluster: state, members, and the topics that the members currently read.

A group is stable while its members read, rebalancing while partitions are reassigned, and empty if it has offsets but
no members. With --json, each member has its client, its host and its partitions.`,
  more: `
Examples:
  sluice groups list
  sluice groups list --json`,
  options: {
    json: JSON_OPTION,
    env: environment('of the cluster'),
  },
  async run({ json, env }, terminal) {
    const groups = await withKafka(configOf(terminal, env), ({ kafka }) => allGroups(kafka))
    printReport(terminal, { groups }, json, groupsText)
  },
})
