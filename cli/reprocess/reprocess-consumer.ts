/** Runs one reprocessing: checks the deployed version, processes the log again, and switches the partitions to the new states. */

import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisReplaceableStates } from '#runtime/adapters/redis/replaceable-states.ts'
import { RedisSkippedRecords } from '#runtime/adapters/redis/skipped-records.ts'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { computeCode } from '#runtime/pipeline/loading/code.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import type { Operation } from '#runtime/pipeline/replacing/index.ts'
import type { Environment } from '#runtime/settings/index.ts'
import { readConfig } from '../../lib/app/config.ts'
import {
  listLivePartitions,
  requireDeployedVersion,
  resolveStarts,
} from '../../lib/operations/reprocess/plan.ts'
import {
  createReprocessingStore,
  type Reprocessings,
  type SwitchedPartition,
} from '../../lib/operations/reprocess/reprocessing-store.ts'
import {
  BEGIN_AGAIN,
  NOTHING_LEFT,
  type ReprocessProgress,
  reprocessAll,
} from '../../lib/operations/reprocess/run.ts'
import type { From } from '../../lib/operations/reprocess/start.ts'
import { requireRoom } from '../../lib/operations/reprocess/state-size-check.ts'
import { selectStateKeys } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/kafka/topics.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { usageFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { confirm } from '../operation/confirm.ts'
import { resolveSignal } from '../options/consumer.ts'
import { showLine } from '../output/progress.ts'
import { computeVersions, loadConsumer } from '../recomputation/consumer.ts'
import { withEnvironment } from '../servers/environment.ts'
import { resolveEnvironment } from '../servers/settings.ts'
import { readReach } from '../servers/topics.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { formatPlan, formatReprocessing, formatResult } from './text.ts'

export interface ReprocessOptions {
  readonly from: From
  readonly topic?: string
  readonly partition?: number
  readonly dropOlder: boolean
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
export async function reprocessConsumer(
  name: string,
  options: ReprocessOptions,
  terminal: Terminal,
): Promise<void> {
  const { from, env } = options
  if (from.kind === 'time' && from.timeMs > Date.now())
    throw usageFailure(
      `--from ${new Date(from.timeMs).toISOString()} is in the future: no records can be read yet.`,
    )
  const signal = resolveSignal(name, options.topic)
  const variables = resolveEnvironment(terminal, env)
  const config = readConfig(variables)
  const topic = config.names.topicName(signal, config.env)
  await withEnvironment(config, async environment => {
    const { connections } = environment
    const client = await connections.redis()
    const timeMs = from.kind === 'time' ? from.timeMs : undefined
    const reach = await readReach(environment, topic, timeMs)
    const states = selectStateKeys(
      { consumer: name, topic, ...omitUndefined({ partition: options.partition }) },
      config,
      reach.bounds.length,
    )
    const operations = createReprocessingStore(client, config.env, name, topic)
    await runReprocessing(
      { name, from, variables, client, connections, operations, states, reach },
      options,
      terminal,
    )
  })
}

interface ReprocessContext {
  readonly name: string
  readonly from: From
  readonly variables: Environment
  readonly client: RedisClient
  readonly connections: GuardedConnections
  readonly operations: Reprocessings
  readonly states: readonly StateKey[]
  readonly reach: TopicReach
}

async function runReprocessing(
  context: ReprocessContext,
  { dryRun, dropOlder, yes, json }: ReprocessOptions,
  terminal: Terminal,
): Promise<void> {
  const plan = await preparePlan(context)
  const { live, starts, code } = plan
  const { name, states } = context
  terminal.stderr.write(`${name} on ${states[0]?.topic}, code ${code}\n${formatPlan(live, starts)}`)
  if (!dryRun) await confirm('Recompute these states and replace the live ones?', yes, terminal)
  const partitions = await replaceStates(context, plan, { dryRun, dropsOlder: dropOlder }, terminal)
  if (terminal.stop.aborted) {
    terminal.stderr.write(`Stopped. ${dryRun ? NOTHING_LEFT : BEGIN_AGAIN}\n`)
    return
  }
  const report = { consumer: name, code, dryRun, partitions }
  printReport(terminal, report, json, () => formatResult(partitions, dryRun))
  if (dryRun) terminal.stderr.write(`${NOTHING_LEFT}\n`)
}

type ReprocessPlan = Awaited<ReturnType<typeof preparePlan>>

/** Checks that the log can be processed again. @throws OperationFailure, CliFailure, ConfigError */
async function preparePlan({ name, from, variables, client, states, reach }: ReprocessContext) {
  const replaceable = new RedisReplaceableStates(client)
  const consumer = await loadConsumer(name, variables)
  const live = await listLivePartitions(replaceable, states)
  const codeVersion = requireDeployedVersion(live, await computeVersions(name), consumer)
  const starts = resolveStarts(from, live, reach)
  await requireRoom(
    client,
    live.map(({ state }) => state),
  )
  return { consumer, replaceable, live, starts, code: computeCode(codeVersion, consumer) }
}

/** Computes the new states, and replaces the live ones unless it is a dry run. Returns the switched partitions. */
async function replaceStates(
  { name, client, connections, operations, states }: ReprocessContext,
  { consumer, replaceable, live, starts, code }: ReprocessPlan,
  { dryRun, dropsOlder }: { readonly dryRun: boolean; readonly dropsOlder: boolean },
  terminal: Terminal,
): Promise<readonly SwitchedPartition[]> {
  const skipped = new RedisSkippedRecords(client)
  const memory = () => new MemoryStateStore(skipped)
  const log = await connections.log()
  const work = { consumer, live: replaceable, memory, log, code, dropsOlder }
  const byPartition = new Map(live.map(({ state }) => [state.partition, state]))
  const begunMs = Date.now()
  const operation = `reprocess-${name}-${Math.floor(begunMs / 1_000)}`
  const filter = {
    ...{ consumer: name, topic: String(states[0]?.topic), begunAt: new Date(begunMs).toISOString(), code },
    ...(dropsOlder && { 'drop-older': 'yes' }),
    ...(dryRun && { 'dry-run': 'yes' }),
  }
  const watching = {
    stop: terminal.stop,
    notice: (text: string) => terminal.stderr.write(`${text}\n`),
    watch: (progress: ReprocessProgress) =>
      showLine(terminal, () => formatReprocessing(progress, Date.now(), dryRun)),
  }
  return carryOut(connections, { action: 'reprocess', filter, operation }, async counts => {
    const own = (await operations.take({ operation, attempt: 0 })) as Operation
    const kind = { isTrial: dryRun, counts }
    try {
      return await reprocessAll(operations, work, own, starts, byPartition, kind, watching)
    } finally {
      if (await operations.isOwn(own)) await operations.end(own)
    }
  })
}
