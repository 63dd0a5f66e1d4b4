import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { StateList } from '#runtime/adapters/redis/state-list.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { listConsumers, writesRows, writesSegments } from '../../lib/app/functions.ts'
import { resolveSignals } from '../../lib/app/topic-table.ts'
import {
  type ErasedTopic,
  type ErasureReport,
  planErasure,
  runErasure,
} from '../../lib/operations/erase/erase.ts'
import type { ConsumerErasure } from '../../lib/operations/erase/wait-until-applied.ts'
import { durationText } from '../../lib/support/duration.ts'
import {
  argument,
  command,
  DURATION,
  environment,
  flag,
  JSON_OPTION,
  optionWithDefault,
  SOME_TEXT,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { confirm } from '../operation/confirm.ts'
import { showLine } from '../output/progress.ts'
import { missingTopicFailure } from '../servers/environment.ts'
import { type LogBounds, readLogBounds } from '../servers/log-bounds.ts'
import { withRedis } from '../servers/redis.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { formatPlan, formatReport, formatWaiting } from './erasure-text.ts'

const DEFAULT_TIMEOUT_MS = 120_000

export default command({
  about: `Erase one entity from the states of all consumers.

The erasure is an event in the log: in every partition of readings and of patterns, each consumer forgets the entity
at that position. It therefore remains in effect even if Redis loses the state and the log is read again. Later events
of the entity create a new state.

The command waits until every consumer has applied the erasure. At the end, it lists the copies that it does not reach,
such as those in Kafka's log and in the history.`,
  more: `
ENTITY is source, a space and subject, or only the subject if no other entity has it. The exit status is 1 if a
consumer has not applied the erasure in time, or if another state contains the entity; the erasure stays in the log.

Examples:
  sluice state erase roof-1 --dry-run
  sluice state erase '/greenhouse/north roof-1'`,
  args: {
    entity: argument('source, a space and subject, or the subject', SOME_TEXT),
  },
  options: {
    dryRun: flag('show the states of the entity, without changing anything'),
    timeout: optionWithDefault(
      '<duration>',
      'time to wait for the consumers',
      DURATION,
      DEFAULT_TIMEOUT_MS,
      '2m',
    ),
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the entity'),
  },
  confirms: ['yes', 'dryRun'],
  async run({ entity: wanted, dryRun, timeout, yes, json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    await withRedis(config, async (client, connections) => {
      const servers = {
        config,
        connections,
        inspection: new StateInspection(client),
        states: new StateList(client),
      }
      const topics = await readErasureTopics(connections, config)
      const plan = await planErasure(
        servers,
        wanted,
        topics.map(({ topic, partitions, consumers }) => ({ topic, partitions, consumers })),
      )
      if (dryRun) return printReport(terminal, { dryRun, ...plan }, json, formatPlan)
      terminal.stderr.write(formatPlan(plan))
      for (const topic of topics) requireKafka(topic, config)
      await confirm('Erase this entity in every partition?', yes, terminal)
      const report = await carryOut(
        connections,
        { action: 'state erase', filter: { entity: plan.entity } },
        async counts => {
          let now: readonly ConsumerErasure[] = []
          let hide: (() => void) | undefined
          const onProgress = (consumers: readonly ConsumerErasure[]) => {
            now = consumers
            hide ??= showLine(terminal, () => formatWaiting(now))
          }
          const watching = { stop: terminal.stop, onProgress }
          return await runErasure(servers, plan, timeout, watching, counts).finally(() => hide?.())
        },
      )
      printReport(terminal, report, json, formatReport)
      requireComplete(report, timeout, terminal)
    })
  },
})

interface ErasureTopic extends ErasedTopic {
  readonly bounds: LogBounds
}

/**
 * Returns the topics with their partitions. The partitions are read from Kafka or, if Kafka does not respond, from the topic table.
 */
export async function readErasureTopics(
  connections: Pick<Connections, 'kafka'>,
  config: Config,
): Promise<readonly ErasureTopic[]> {
  // Sinks store no state of an entity.
  const functions = readFunctions().filter(entry => !writesSegments(entry) && !writesRows(entry))
  const topics: ErasureTopic[] = []
  for (const signal of resolveSignals(['erased'])) {
    const { topic, partitions } = config.names.topicSize(signal, config.env)
    const bounds = await readLogBounds(connections, config, topic)
    const partitionCount = Array.isArray(bounds) ? bounds.length : partitions
    topics.push({ topic, partitions: partitionCount, consumers: listConsumers(functions, signal), bounds })
  }
  return topics
}

/**
 * Checks that Kafka has the topic.
 *
 * @throws CliFailure if Kafka does not answer, refuses the request, or does not have the topic
 */
export function requireKafka({ bounds, topic }: ErasureTopic, config: Config): void {
  const failure = bounds === 'no-topic' ? missingTopicFailure(topic, config) : bounds
  if (failure instanceof CliFailure) throw new CliFailure(`Nothing was changed: ${failure.message}`)
}

/**
 * Checks that the erasure is complete.
 *
 * @throws CliFailure if a consumer may still have state of the entity
 */
function requireComplete(
  { consumers, notReached, erasureId }: ErasureReport,
  timeoutMs: number,
  terminal: Terminal,
): void {
  const behind = consumers.filter(({ outcome }) => outcome === 'not-yet').map(({ consumer }) => consumer)
  if (behind.length > 0) {
    const stays = `The erasure ${erasureId} remains in the log, and is applied when the consumers reach it.`
    // If the user has stopped the command, print the message only. Its exit status is set elsewhere.
    if (terminal.stop.aborted) terminal.stderr.write(`Stopped. ${stays}\n`)
    else
      throw new CliFailure(
        `Pending after ${durationText(timeoutMs)}: ${behind.join(', ')}. ${stays} ` +
          `\`sluice state show ${behind[0]}\` shows its lag, and \`--dry-run\` the remaining states.`,
      )
  } else if (notReached.length > 0) throw new CliFailure('The erasure is incomplete: see above.')
}
