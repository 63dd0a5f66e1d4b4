import { type Command, Option } from 'commander'
import { environmentOption, JSON_OPTION, naturalNumber, someText, timeOrAgo } from '../arguments.ts'
import { more } from '../help.ts'
import type { Terminal } from '../terminal.ts'
import { type VerifyOptions, verifyConsumer } from '../verify/verify.ts'

const ABOUT = `Read the log of a consumer again beside it, and compare states, emissions and failures with the live ones.

The log is applied in memory by the code of this project, from the newest checkpoint of --since or earlier, or from the start of the
log where there is none. Nothing is changed: neither Redis nor Kafka is written to, and no consumer group is used.`

const MORE = `
The sources of this project must be those that are deployed, with the same settings: otherwise the command refuses. It holds the entities of one
partition in memory, and the emissions of the time that it looks at.

The exit status is 0 if all is equal, 1 if something differs, and 3 if it could not be compared. What no log gives again is counted with its
reason: other code, states that were restored or reprocessed, expired records, failures by a bug or a receiver.

Examples:
  sluice verify processor
  sluice verify alerting --since 2026-03-01T00:00:00Z --partition 3
  sluice verify processor --from-start --json`

const SINCE = '1h'

export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .summary('compare what a consumer has made of its log with the log itself')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .addOption(
      new Option('--since <time>', 'a time (RFC 3339), or a duration before now')
        .argParser(timeOrAgo)
        .default(timeOrAgo(SINCE), SINCE),
    )
    .option('--from-start', 'from the start of the log, without a checkpoint')
    .option('--topic <topic>', 'the signal, where the consumer reads several', someText)
    .option('--partition <n>', 'only this one', naturalNumber)
    .option('--all', 'list every difference, not only the first 20')
    .option(
      '--metric',
      'print a line for CloudWatch (embedded metric format), and the report on standard error',
    )
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are meant'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: VerifyOptions) => verifyConsumer(consumer, options, terminal))
}
