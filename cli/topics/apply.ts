import { readFunctions } from '../../lib/app/function-entries.ts'
import { listReaders } from '../../lib/app/functions.ts'
import { listLocalTopics } from '../../lib/app/inputs.ts'
import { type Applying, applyTopics } from '../../lib/operations/topics/apply.ts'
import { type PlannedTopics, planTopicChanges } from '../../lib/operations/topics/cluster-plan.ts'
import { command, environment, flag, JSON_OPTION, type ValuesOf } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { confirm } from '../operation/confirm.ts'
import { type KafkaCommand, withKafka } from '../servers/kafka.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { describeRefused, formatApplied, formatPlan, isEmpty } from './plan-text.ts'

function planTopics({ kafka, offsets, config }: KafkaCommand): Promise<PlannedTopics> {
  const functions = readFunctions()
  const { clusterArn } = config.kafka
  return planTopicChanges({
    kafka,
    offsets,
    env: config.env,
    names: config.names,
    others: listLocalTopics(config),
    listReaders: signal => listReaders(functions, signal),
    ...(clusterArn ? { clusterArn } : {}),
  })
}

type ApplyOptions = ValuesOf<typeof OPTIONS>

const OPTIONS = {
  yes: flag('do not ask for confirmation'),
  json: JSON_OPTION,
  env: environment('of the topics'),
}

export default command({
  about: `Create the missing topics of the environment, and change settings that differ from the topic table
(lib/app/topic-table.ts).

The command shows the plan first and asks for confirmation: + marks a topic to create, ~ a change, and ! a change that is
refused. Changes that would lose records are refused: fewer
partitions, a shorter retention, another cleanup policy, smaller messages. More partitions of a topic that functions
read are also refused, because entities would move away from their states: docs/kafka.md describes how to go to a new
topic. Settings that the table does not have are unchanged. If any change was refused, the exit status is 1.`,
  more: `
Examples:
  sluice topics apply
  sluice topics apply --env staging --yes`,
  options: OPTIONS,
  async run(options, terminal) {
    const config = resolveConfig(terminal, options.env)
    await withKafka(config, command => applyPlan(command, options, terminal))
  },
})

async function applyPlan(command: KafkaCommand, options: ApplyOptions, terminal: Terminal): Promise<void> {
  const { env } = command.config
  const found = await planTopics(command)
  const { creations, changes, refused } = found.plan
  const { stdout, stderr } = terminal
  // With --json, standard output contains only one document with the result.
  const plan = formatPlan({ env, ...found.plan })
  if (options.json) stderr.write(plan)
  else stdout.write(plan)
  const applying: Applying = { created: [], changed: [] }
  try {
    if (creations.length + changes.length > 0) {
      await confirm(`Change the topics of "${env}"?`, options.yes, terminal)
      await carryOut(command.connections, { action: 'topics apply', filter: {} }, async counts => {
        await applyTopics(command.kafka, found, applying).finally(() => {
          counts.created = applying.created.length
          counts.changed = applying.changed.length
        })
      })
    }
  } finally {
    printReport(terminal, { env, ...applying, refused }, options.json, formatApplied)
  }
  if (refused.length > 0) throw new CliFailure(describeRefused(refused))
  if (!isEmpty(found.plan) && !options.json) stdout.write('Done.\n')
}
