import { type Command, Option } from 'commander'
import {
  environmentOption,
  JSON_OPTION,
  naturalNumber,
  parserOf,
  positiveInteger,
  someText,
} from '../arguments.ts'
import { more } from '../help.ts'
import { fromKind } from '../reprocess/from.ts'
import { type ReprocessOptions, reprocess } from '../reprocess/reprocess.ts'
import type { Terminal } from '../terminal.ts'

const ABOUT = `Compute the states of a consumer anew from the log, and replace the live ones.

New states are built beside the live ones, by the code that is deployed, while the consumer goes on. Each partition is switched in
one step, once its new state has come as far as the live one. Nothing that is emitted on the way is published. At the switch, alerts
are matched by rule and entity: one that both states have goes on as it was told, one that only the live state has is resolved
(reason reprocessed), and one that only the new state has fires.`

const MORE = `
TIME is RFC 3339 or a duration before now; "start" is the first record that the log still has; "checkpoint" is the newest checkpoint of
each partition, "checkpoint:TIME" the newest by then. A state that begins at a time knows nothing of entities that have not
reported since.

The sources of this project must be those that are deployed, with the same settings: otherwise the command refuses.

Examples:
  sluice reprocess alerting --from start --dry-run
  sluice reprocess alerting --from 2026-03-01T00:00:00Z
  sluice reprocess processor --from checkpoint --partition 3
  sluice reprocess alerting --resume`

const AT_ONCE = 4

export function addReprocess(program: Command, terminal: Terminal): void {
  program
    .command('reprocess')
    .summary("compute a consumer's states anew from the log, beside the live ones")
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .addOption(
      new Option('--from <time|checkpoint>', 'where the new states begin').argParser(
        parserOf(fromKind(Date.now())),
      ),
    )
    .option('--topic <topic>', 'the signal, where the consumer reads several', someText)
    .option('--partition <n>', 'only this one', naturalNumber)
    .addOption(
      new Option('--at-once <n>', 'how many partitions side by side')
        .argParser(positiveInteger)
        .default(AT_ONCE),
    )
    .option('--resume', 'go on with what an earlier command has begun')
    .option('--discard', 'remove what an earlier command has begun')
    .option('--dry-run', 'compute everything, say what the switch would tell, and remove it again')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are meant'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: ReprocessOptions) => reprocess(consumer, options, terminal))
}
