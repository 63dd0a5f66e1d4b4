import type { Command } from 'commander'
import { consumersOf, readFunctions } from '../../../lib/app/functions.ts'
import { listPartitionStates } from '../../../lib/queries/partition-states.ts'
import { StateList } from '../../../packages/runtime/adapters/redis/state-list.ts'
import { JSON_OPTION } from '../../arguments.ts'
import { configOf, withRedis } from '../../connections.ts'
import { more } from '../../help.ts'
import { listText } from '../../state/list-text.ts'
import { printReport, type Terminal } from '../../terminal.ts'

const ABOUT = `List every partition state that Redis holds, of whichever consumer and environment.

A consumer that was renamed, or taken away, leaves its states behind: they are those of which no function of this project
has the name. \`sluice state drop <consumer> --all-partitions\` removes them.`

const MORE = `
Examples:
  sluice state list --orphaned
  sluice state list --json`

interface ListOptions {
  readonly orphaned?: true
  readonly json?: true
}

export function addStateList(state: Command, terminal: Terminal): void {
  state
    .command('list')
    .summary('list every partition state, those without a function included')
    .description(ABOUT)
    .option('--orphaned', 'only those of which no function of this project has the name')
    .option(...JSON_OPTION)
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => list(options, terminal))
}

async function list({ orphaned, json }: ListOptions, terminal: Terminal): Promise<void> {
  const consumers = consumersOf(readFunctions())
  await withRedis(configOf(terminal, undefined), async client => {
    const lines = await listPartitionStates(new StateList(client), consumers)
    const shown = orphaned ? lines.filter(({ hasFunction }) => !hasFunction) : lines
    printReport(terminal, shown, json, listText)
  })
}
