import { consumersOf, readFunctions } from '../../lib/app/functions.ts'
import { listPartitionStates } from '../../lib/queries/partition-states.ts'
import { StateList } from '../../packages/runtime/adapters/redis/state-list.ts'
import { command, flag, JSON_OPTION } from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { listText } from './list-text.ts'

export default command({
  about: `List every partition state in Redis, of any consumer and environment.

The states of a renamed or removed consumer remain in Redis. To remove them, use \`sluice state drop <consumer>
--all-partitions\`.`,
  more: `
Examples:
  sluice state list --orphaned
  sluice state list --json`,
  options: {
    orphaned: flag('only states whose consumer is not a function of this project'),
    json: JSON_OPTION,
  },
  async run({ orphaned, json }, terminal) {
    const consumers = consumersOf(readFunctions())
    await withRedis(configOf(terminal, undefined), async client => {
      const lines = await listPartitionStates(new StateList(client), consumers)
      const shown = orphaned ? lines.filter(({ hasFunction }) => !hasFunction) : lines
      printReport(terminal, shown, json, listText)
    })
  },
})
