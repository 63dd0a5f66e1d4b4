/** Runs one reprocessing: checks the deployed version, processes the log again, and switches the partitions to the new states. */
import { readConfig } from '../../lib/app/config.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { Counts } from '../../lib/operations/audit.ts'
import type { From, Start } from '../../lib/operations/reprocess/from.ts'
import { requireRoom } from '../../lib/operations/reprocess/memory.ts'
import {
  type Reprocessed,
  type Reprocessings,
  reprocessingsOf,
} from '../../lib/operations/reprocess/operation.ts'
import {
  deployedVersion,
  type LivePartition,
  livePartitions,
  startsOf,
} from '../../lib/operations/reprocess/plan.ts'
import { GO_ON, NOTHING_LEFT, reprocessAll } from '../../lib/operations/reprocess/run.ts'
import { stateKeysOf } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import type { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisGenerations } from '../../packages/runtime/adapters/redis/generations.ts'
import { codeOf } from '../../packages/runtime/pipeline/loading/code.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { REPROCESSING } from '../../packages/runtime/pipeline/reprocessing/reprocess.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import type { CommandConnections } from '../command-connections.ts'
import { environmentOf, withRedis } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { showLine } from '../progress.ts'
import { confirm } from '../state/confirm.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'
import { consumerNamed, signalOf, versionsOf } from './consumer.ts'
import { planText, progressText, resultText } from './text.ts'

export interface ReprocessOptions {
  readonly from?: From
  readonly topic?: string
  readonly partition?: number
  readonly atOnce: number
  readonly resume: boolean
  readonly discard: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly env?: string
}

/**
 * Reprocesses the log of a consumer.
 *
 * @throws CliFailure, ConfigError
 */
export async function reprocess(name: string, options: ReprocessOptions, terminal: Terminal): Promise<void> {
  const { from, resume, discard, yes, env } = options
  if ([from !== undefined, resume, discard].filter(Boolean).length !== 1)
    throw usageFailure('Specify a start with --from, or use --resume or --discard.')
  if (options.dryRun && !from) throw usageFailure('--dry-run needs a start: add --from.')
  if (from?.kind === 'time' && from.timeMs > Date.now())
    throw usageFailure(
      `--from ${new Date(from.timeMs).toISOString()} is in the future: no records can be read yet.`,
    )
  if (!yes && !terminal.stdin.isTTY && !discard && !options.dryRun)
    throw usageFailure('Nothing was changed: there is no terminal to confirm on, so add --yes, or --dry-run.')
  const signal = signalOf(name, options.topic)
  const environment = environmentOf(terminal, env)
  const config = readConfig(environment)
  const topic = topicName(signal, config.env)
  await withRedis(config, async (client, connections) => {
    const timeMs = from?.kind === 'time' ? from.timeMs : undefined
    const reach = (await reachOf(connections, config, [topic], timeMs)).get(topic) as TopicReach
    const states = stateKeysOf(
      {
        consumer: name,
        topic,
        ...(options.partition === undefined ? {} : { partition: options.partition }),
      },
      config.env,
      reach.bounds.length,
    )
    const operations = reprocessingsOf(client, config.env, name, topic)
    if (discard) {
      const filter = { consumer: name, topic }
      await carryOut(connections, { action: 'reprocess discard', filter }, counts =>
        discardAll(new RedisGenerations(client), operations, states, counts),
      )
      terminal.stderr.write(
        `Removed the rebuilt states of ${states.length} partitions. The live states are unchanged.\n`,
      )
      return
    }
    await run({ name, environment, client, connections, operations, states, reach }, options, terminal)
  })
}

interface ReprocessContext {
  readonly name: string
  readonly environment: Environment
  readonly client: RedisClient
  readonly connections: CommandConnections
  readonly operations: Reprocessings
  readonly states: readonly StateKey[]
  readonly reach: TopicReach
}

async function run(found: ReprocessContext, options: ReprocessOptions, terminal: Terminal): Promise<void> {
  const { name, client, connections, operations, states, reach } = found
  const { dryRun, yes, json, from, atOnce } = options
  const copies = new RedisGenerations(client)
  const consumer = await consumerNamed(name, found.environment)
  const live = await livePartitions(copies, states)
  const codeVersion = deployedVersion(live, await versionsOf(name), consumer)
  const code = codeOf(codeVersion, consumer)
  const recovery = await connections.recovery()
  const { underway: before } = await operations.read()
  const begin = async (): Promise<Reprocessed> => {
    if (before) throw unfinished(name, before)
    const starts = await startsOf(from as From, live, reach, recovery)
    await requireRoom(
      client,
      live.map(({ state }) => state),
      atOnce,
    )
    const begunMs = Date.now()
    const operation = `reprocess-${name}-${Math.floor(begunMs / 1_000)}`
    return { operation, attempt: 0, begunAt: new Date(begunMs).toISOString(), code, starts, switched: [] }
  }
  const planned = from ? await begin() : resumed(before, name, code)
  terminal.stderr.write(
    `${name} on ${states[0]?.topic}, code ${code}\n${planText(live, openStarts(planned, live))}`,
  )
  if (!dryRun) await confirm('Recompute these states and replace the live ones?', yes, terminal)
  const work = { consumer, copies, log: await connections.log(), codeVersion, code }
  const byPartition = new Map(live.map(({ state }) => [state.partition, state]))
  const filter = {
    ...{ consumer: name, topic: String(states[0]?.topic), begunAt: planned.begunAt, code },
    ...(dryRun && { 'dry-run': 'yes' }),
  }
  const done = await carryOut(
    connections,
    { action: 'reprocess', filter, operation: planned.operation },
    async counts => {
      const operation = await operations.take(planned, () => !from)
      if (operation?.operation !== planned.operation) throw unfinished(name, operation ?? planned)
      const options = { atOnce, isTrial: dryRun, counts }
      const servers = { copies, recovery, operations }
      try {
        return await reprocessAll(servers, work, operation, byPartition, options, {
          stop: terminal.stop,
          notice: text => terminal.stderr.write(`${text}\n`),
          watch: progress => showLine(terminal, () => progressText(progress, Date.now(), dryRun)),
        })
      } finally {
        const { underway } = await operations.read()
        if (dryRun) await discardAll(copies, operations, states, {})
        else if (!terminal.stop.aborted && underway && isWhole(underway)) await operations.end(underway)
      }
    },
  )
  if (terminal.stop.aborted) {
    terminal.stderr.write(`Stopped. ${dryRun ? NOTHING_LEFT : GO_ON}\n`)
    return
  }
  printReport(terminal, { consumer: name, code, dryRun, partitions: done }, json, ({ partitions }) =>
    resultText(partitions, dryRun),
  )
  if (dryRun) terminal.stderr.write(`${NOTHING_LEFT}\n`)
}

function isWhole({ starts, switched }: Reprocessed): boolean {
  return starts.every(({ partition }) => switched.includes(partition))
}

function unfinished(name: string, { begunAt }: Reprocessed): CliFailure {
  return new CliFailure(
    `A reprocessing of ${name} was started at ${begunAt} and is not finished: continue it with --resume, or delete it with --discard.`,
  )
}

function resumed(before: Reprocessed | undefined, name: string, code: string): Reprocessed {
  if (!before) throw new CliFailure(`There is no unfinished reprocessing of ${name}: start one with --from.`)
  if (before.code === code) return before
  throw new CliFailure(
    `The reprocessing of ${before.begunAt} was started with another version of the code (${before.code}) than the deployed one (${code}): remove it with --discard and start again.`,
  )
}

function openStarts({ starts, switched }: Reprocessed, live: readonly LivePartition[]): readonly Start[] {
  return starts.filter(
    ({ partition }) =>
      !switched.includes(partition) && live.some(({ state }) => state.partition === partition),
  )
}

async function discardAll(
  copies: RedisGenerations,
  operations: Reprocessings,
  states: readonly StateKey[],
  counts: Counts,
): Promise<void> {
  for (const [index, state] of states.entries()) {
    await copies.drop(state, REPROCESSING)
    counts.partitions = index + 1
  }
  const { underway } = await operations.read()
  if (underway) await operations.end(underway)
}
