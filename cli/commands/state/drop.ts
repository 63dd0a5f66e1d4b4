import type { Command } from 'commander'
import { consumersOf, readFunctions } from '../../../infra/functions.ts'
import { NOTHING, StateCheckpoints } from '../../../lib/runtime/adapters/redis/checkpoint.ts'
import { StateInspection } from '../../../lib/runtime/adapters/redis/inspection.ts'
import { StateList } from '../../../lib/runtime/adapters/redis/state-list.ts'
import { environmentOption, JSON_OPTION, naturalNumber, someText } from '../../arguments.ts'
import { configOf, withRedis } from '../../connections.ts'
import { CliFailure, usageFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { confirm } from '../../state/confirm.ts'
import { replaced } from '../../state/replaced.ts'
import { nameOf, topicOf } from '../../state/state-keys.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface DropOptions {
  readonly topic: string
  readonly partition?: number
  readonly allPartitions?: true
  readonly yes?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Remove everything that a consumer remembers of a partition.

With its next batch of the partition it reads the log anew from its start, as far back as Kafka keeps it. What it emits
again has the same ids as before, as long as the same records are there. Export it first.

With --all-partitions, everything that is left of a consumer that no function of this project has any more is removed, on
every topic.`

const MORE = `
Examples:
  sluice state drop processor --partition 3
  sluice state drop renamed-long-ago --all-partitions`

export function addStateDrop(state: Command, terminal: Terminal): void {
  state
    .command('drop')
    .summary('let a consumer forget a partition')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option('--partition <n>', 'which one', naturalNumber)
    .option('--all-partitions', 'all, of a consumer that no function has any more')
    .option('--topic <topic>', 'a signal, as readings or failures, or the whole name', someText, 'readings')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are meant'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: DropOptions) => drop({ consumer, ...options }, terminal))
}

async function drop(
  { env, yes, json, partition, allPartitions, ...wanted }: DropOptions & { consumer: string },
  terminal: Terminal,
): Promise<void> {
  if (allPartitions && partition === undefined)
    return removeAll(wanted.consumer, { ...(yes && { yes }), ...(json && { json }) }, terminal)
  if (partition === undefined || allPartitions)
    throw usageFailure('Name one partition with --partition, or take --all-partitions.')
  const config = configOf(terminal, env)
  await withRedis(config, async client => {
    const stateKey = { consumer: wanted.consumer, topic: topicOf(wanted, config.env), partition }
    const { version, entities, outbox } = await new StateInspection(client).summary(stateKey)
    if (version.appliedOffset < 0 && version.epoch === 0)
      throw new CliFailure(
        `There is nothing to drop of ${nameOf(stateKey)}: are the consumer's name, --topic, --partition and --env right?`,
      )
    terminal.stderr.write(
      `${nameOf(stateKey)}: applied offset ${version.appliedOffset} → none, entities ${entities} → 0, ${outbox} waiting to be published\n`,
    )
    await confirm('Drop it?', yes ?? false, terminal)
    const { epoch } = await replaced(new StateCheckpoints(client), stateKey, NOTHING)
    if (json)
      return printReport(
        terminal,
        { ...stateKey, appliedOffsetBefore: version.appliedOffset, appliedOffset: null, epoch },
        json,
        String,
      )
    terminal.stderr.write(
      `Dropped, epoch ${epoch}. The next batch of the partition reads the log from its start.\n`,
    )
  })
}

/** Nothing reads this state any more, so all of it is removed, including the epoch. */
async function removeAll(
  consumer: string,
  { yes, json }: Pick<DropOptions, 'yes' | 'json'>,
  terminal: Terminal,
): Promise<void> {
  if (consumersOf(readFunctions()).includes(consumer))
    throw usageFailure(
      `${consumer} is a function of this project: drop its partitions one by one, with --partition.`,
    )
  await withRedis(configOf(terminal, undefined), async client => {
    const states = new StateList(client)
    const own = (await states.all()).filter(one => one.consumer === consumer)
    if (own.length === 0)
      throw new CliFailure(`Redis holds no state of ${consumer}: \`sluice state list\` shows what it holds.`)
    for (const one of own)
      terminal.stderr.write(`${nameOf(one)}: applied offset ${one.appliedOffset}, entities ${one.entities}\n`)
    const question = `Remove all of it? No function of this project is called ${consumer}; does another one run?`
    await confirm(question, yes ?? false, terminal)
    const partitions = await states.remove(consumer)
    if (json) return printReport(terminal, { consumer, partitions }, json, String)
    terminal.stderr.write(`Removed the states of ${partitions} partitions.\n`)
  })
}
