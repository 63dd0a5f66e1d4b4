import type { Command } from 'commander'
import { NOTHING, SlotCheckpoints } from '../../../lib/adapters/redis/checkpoint.ts'
import { SlotInspection } from '../../../lib/adapters/redis/inspection.ts'
import { environmentOption, JSON_OPTION, naturalNumber, someText } from '../../arguments.ts'
import { configOf, withRedis } from '../../connections.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { confirm } from '../../state/confirm.ts'
import { replaced } from '../../state/replaced.ts'
import { nameOf, topicOf } from '../../state/slots.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface DropOptions {
  readonly topic: string
  readonly partition: number
  readonly yes?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Let a consumer forget all that it remembers of a partition.

With its next batch of the partition it reads the log anew from its start, as far back as Kafka keeps it. What it emits
again has the same ids as before, as long as the same records are there. Export it first.`

const MORE = `
Example:
  sluice state drop processor --partition 3`

export function addStateDrop(state: Command, terminal: Terminal): void {
  state
    .command('drop')
    .summary('let a consumer forget a partition')
    .description(ABOUT)
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .requiredOption('--partition <n>', 'which one', naturalNumber)
    .option('--topic <topic>', 'a signal, as readings or failures, or the whole name', someText, 'readings')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .option(...environmentOption('whose servers are meant'))
    .addHelpText('after', more(MORE))
    .action((consumer: string, options: DropOptions) => drop({ consumer, ...options }, terminal))
}

async function drop(
  { env, yes, json, partition, ...wanted }: DropOptions & { consumer: string },
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, env)
  await withRedis(config, async client => {
    const slot = { consumer: wanted.consumer, topic: topicOf(wanted, config.env), partition }
    const { version, entities, outbox } = await new SlotInspection(client).summary(slot)
    if (version.mark < 0 && version.epoch === 0)
      throw new CliFailure(
        `There is nothing to drop of ${nameOf(slot)}: are the consumer's name, --topic, --partition and --env right?`,
      )
    terminal.stderr.write(
      `${nameOf(slot)}: mark ${version.mark} → none, entities ${entities} → 0, ${outbox} waiting to be published\n`,
    )
    await confirm('Drop it?', yes ?? false, terminal)
    const { epoch } = await replaced(new SlotCheckpoints(client), slot, NOTHING)
    if (json)
      return printReport(terminal, { ...slot, markBefore: version.mark, mark: null, epoch }, json, String)
    terminal.stderr.write(
      `Dropped, epoch ${epoch}. The next batch of the partition reads the log from its start.\n`,
    )
  })
}
