import { RedisReplaceableStates } from '#runtime/adapters/redis/replaceable-states.ts'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { StateList } from '#runtime/adapters/redis/state-list.ts'
import { CopyStopped } from '#runtime/pipeline/errors.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import { type Replaced, replaceState, yieldEmptyState } from '#runtime/pipeline/replacing/index.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { getConsumerName, listConsumers, listTriggerTopics } from '../../lib/app/functions.ts'
import { resolveInputs } from '../../lib/app/inputs.ts'
import {
  formatStateKey,
  listSignalTopics,
  requireOwnTopic,
  toAuditFilter,
} from '../../lib/operations/state-keys.ts'
import { readConsumerGroups } from '../../lib/queries/kafka/consumer-groups.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import {
  argument,
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { confirm } from '../operation/confirm.ts'
import { withRedis } from '../servers/redis.ts'
import { awaitAnswer, serverFailure } from '../servers/server-errors.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'

type DropOptions = Omit<ValuesOf<typeof OPTIONS>, 'partition'> & { readonly consumer: string }

const OPTIONS = {
  partition: option('<n>', 'which one', NATURAL),
  allPartitions: flag('all partitions of a consumer that is no longer a function'),
  topic: option(
    '<topic>',
    'signal, or full name of a topic (default: readings; with --all-partitions, every one)',
    SOME_TEXT,
  ),
  yes: flag('do not ask for confirmation'),
  json: JSON_OPTION,
  env: environment('of the consumer'),
}

export default command({
  about: `Remove the state of a consumer for a partition.

With its next batch of the partition, the consumer reads the log again from its start, as far back as Kafka retains
it. Events that it emits again have the same ids as before, as long as the same records are still there.

The option --all-partitions removes all remaining states of a consumer that is no longer a function of this project,
on every topic of the environment. It is rejected while the consumer group has members.`,
  more: `
Examples:
  sluice state drop processor --partition 3
  sluice state drop renamed-long-ago --all-partitions --env staging`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
  },
  options: OPTIONS,
  withoutKafka: true,
  conflicts: [['partition', 'allPartitions']],
  requiresOneOf: [['partition', 'allPartitions']],
  run({ partition, ...values }, terminal) {
    return partition === undefined
      ? removeAll(values, terminal)
      : dropPartition({ ...values, partition }, terminal)
  },
})

async function dropPartition(
  { consumer, partition, topic = 'readings', env, yes, json }: DropOptions & { readonly partition: number },
  terminal: Terminal,
): Promise<void> {
  const config = resolveConfig(terminal, env)
  const stateKey = { consumer, topic: requireOwnTopic({ topic }, config), partition }
  await withRedis(config, async (client, connections) => {
    const { version, entities, outbox } = await new StateInspection(client).summary(stateKey)
    if (version.appliedOffset < 0 && version.epoch === 0)
      throw new CliFailure(
        `There is nothing to drop for ${formatStateKey(stateKey)}: check the consumer's name, --topic, --partition and --env.`,
      )
    terminal.stderr.write(
      `${formatStateKey(stateKey)}: applied offset ${version.appliedOffset} → none, entities ${entities} → 0, ${outbox} waiting to be published\n`,
    )
    await confirm('Drop it?', yes, terminal)
    const operation = { action: 'state drop', filter: toAuditFilter(stateKey) } as const
    const { epoch } = await carryOut(connections, operation, async counts => {
      const put = await emptyState(new RedisReplaceableStates(client), stateKey)
      counts.partitions = 1
      counts.entities = entities
      return put
    })
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

/** Replaces a partition state by an empty one. @throws CliFailure if the state was not replaced */
async function emptyState(states: RedisReplaceableStates, stateKey: StateKey): Promise<Replaced> {
  try {
    return await replaceState(states, stateKey, yieldEmptyState())
  } catch (error) {
    if (!(error instanceof CopyStopped)) throw error
    throw new CliFailure(`${formatStateKey(stateKey)} was not dropped: ${error.message}.`)
  }
}

/** Removes the whole state of a consumer that no longer exists. The epoch is also removed, because no process needs it any more. */
async function removeAll(
  { consumer, topic, env, yes, json }: DropOptions,
  terminal: Terminal,
): Promise<void> {
  if (listConsumers(readFunctions()).includes(consumer))
    throw usageFailure(
      `${consumer} is a function of this project: drop its partitions one by one, with --partition.`,
    )
  const config = resolveConfig(terminal, env)
  const topics =
    topic === undefined
      ? listSignalTopics(config).map(topic => topic.topic)
      : [requireOwnTopic({ topic }, config)]
  const isMeant = (key: StateKey) => key.consumer === consumer && topics.includes(key.topic)
  await withRedis(config, async (client, connections) => {
    const states = new StateList(client)
    const own = (await states.all()).filter(isMeant)
    if (own.length === 0)
      throw new CliFailure(
        `Redis has no state of ${consumer} in "${config.env}": check the name of the consumer, and --env.`,
      )
    for (const state of own)
      terminal.stderr.write(
        `${formatStateKey(state)}: applied offset ${state.appliedOffset}, entities ${state.entities}\n`,
      )
    await confirm(`Remove all of these states? The project has no function ${consumer}.`, yes, terminal)
    const filter = { consumer, 'all-partitions': 'yes', ...(topic && { topic }) }
    const partitions = await carryOut(connections, { action: 'state drop', filter }, async counts => {
      await requireNoMembers(consumer, config, connections)
      return states.remove(isMeant, removed => {
        counts.partitions = removed
      })
    })
    if (json) return printReport(terminal, { consumer, partitions }, json, String)
    terminal.stderr.write(`Removed the states of ${partitions} partitions.\n`)
  })
}

/**
 * Checks that the consumer group has no members.
 *
 * @throws CliFailure if the group has members, or if Kafka does not report them
 */
async function requireNoMembers(
  consumer: string,
  config: Config,
  connections: GuardedConnections,
): Promise<void> {
  const own = readFunctions().filter(declared => getConsumerName(declared) === consumer)
  const inputs = resolveInputs(config).map(({ topic }) => topic)
  const read = own.flatMap(entry => listTriggerTopics(entry, config, inputs))
  // The consumer's own group is asked for even if serverless.yml no longer has the function.
  const groups = new Map<string, Pick<GuardedConnections, 'kafka'>>([
    [config.names.groupName(consumer, config.env), connections],
    ...read.map(({ group, topic }) => [group, connections.at(topic)] as const),
  ])
  const answers = [...groups].map(async ([group, clients]) =>
    readConsumerGroups(await clients.kafka(), [group]),
  )
  const found = await awaitAnswer(Promise.all(answers)).catch(error => {
    const { message } = serverFailure(error, config) as Error
    throw new CliFailure(
      `Nothing was changed, because it is unknown whether the groups ${[...groups.keys()].join(', ')} have members: ${message}`,
    )
  })
  const live = found.flat().find(({ state }) => state !== 'missing' && state !== 'empty')
  if (live)
    throw new CliFailure(
      `Nothing was changed: the consumer group ${live.group} has members, so a function of another project reads for ${consumer}. Remove that function first.`,
    )
}
