import type { Command } from 'commander'
import { environmentOption, JSON_OPTION } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { withKafka } from '../../kafka.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { planText } from '../../topics/plan-text.ts'
import { planned } from '../../topics/planning.ts'

interface PlanOptions {
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show how the topics of the environment differ from the table of topics (lib/app/topics.ts), and what \`sluice topics apply\` would
do about it. Nothing is changed.`

const MORE = `
+ marks a topic to create, ~ a change, ! a change that is refused because records or states would be lost.

Example:
  sluice topics plan --env staging`

export function addTopicsPlan(topics: Command, terminal: Terminal): void {
  topics
    .command('plan')
    .summary('show how topics differ from the table')
    .description(ABOUT)
    .option(...JSON_OPTION)
    .option(...environmentOption('whose topics are compared'))
    .addHelpText('after', more(MORE))
    .action((options: PlanOptions) => plan(options, terminal))
}

async function plan({ json, env }: PlanOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const found = await withKafka(config, planned)
  printReport(terminal, { env: config.env, ...found.plan }, json, planText)
}
