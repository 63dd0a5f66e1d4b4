/** Operation that computes the states of a consumer from the log again, and replaces the live ones. */
import { isDeepStrictEqual } from 'node:util'
import { omitUndefined } from '#runtime/consumer'
import type { Rebuild } from '#runtime/operating/rebuild'
import { RedisReplaceableStates } from '#runtime/operating/redis'
import { type ListedRebuild, StateList } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { either, type Kind, mapKind, oneOf } from '#runtime/settings'
import type { TopicReach } from '../../lib/log/topic-bounds.ts'
import { count } from '../../lib/support/count.ts'
import { OperationFailure, usageFailure } from '../../lib/support/operation-failure.ts'
import { formatSize } from '../../lib/support/size-text.ts'
import { flagField, nameField, numberField, TIME_OR_AGO, textField } from '../questions/field.ts'
import { type ChangedEnvironment, operation, PartlyDone, type Planning } from './operation.ts'
import { type Job, prepareJob } from './recomputing/job.ts'
import {
  describeRebuilt,
  type PlannedRebuild,
  type RebuildResult,
  type RebuiltPartition,
  rebuildPartitions,
} from './recomputing/rebuild-partitions.ts'
import { requireRoom } from './recomputing/size-limits.ts'
import { formatStateKey, resolveSignal } from './state-keys.ts'

/** Start of a rebuild: the values of the option `--from`. */
export type StartPosition =
  /** Start at the first record in the log. */
  | { readonly kind: 'start' }
  /** Start at the first record that was appended at or after this time. */
  | { readonly kind: 'time'; readonly timeMs: number }

export const FROM: Kind<StartPosition> = either<StartPosition>(
  mapKind(oneOf(['start']), kind => ({ kind })),
  mapKind(TIME_OR_AGO, timeMs => ({ kind: 'time', timeMs })),
)

/** Plan to rebuild states. */
interface RebuildPlan {
  readonly consumer: string
  readonly topic: string
  readonly from: string
  readonly code: string
  readonly dropsOlder: boolean
  readonly partitions: readonly PlannedRebuild[]
  /** Partitions that an interrupted run of the same request has switched. */
  readonly switched: readonly number[]
  readonly job: Job
  /** Line about the memory of Redis, if nothing vouches for it. */
  readonly room: string | undefined
  /** Partitions that a dry run has computed; absent if the plan is carried out next. */
  readonly trial?: readonly RebuiltPartition[]
}

/** Plan to remove unfinished rebuilds. */
interface AbandonPlan {
  readonly consumer: string
  readonly topic: string
  readonly unfinished: readonly ListedRebuild[]
}

type Plan = RebuildPlan | AbandonPlan

export const REPROCESS = operation({
  about: `Recompute the states of a consumer from the log, and replace the live ones.

New states are computed beside the live ones, one partition at a time, by the deployed code, while the consumer continues. Each
partition is switched in one step, once its new state has caught up with the live one. An interrupted command leaves each
partition either unchanged or switched: run it again, and it continues where it stopped. Events emitted during the computation are
not published. At the switch, alerts are matched by rule and entity: one that fires in both states continues under its
id, one that only the live state has is resolved (reason reprocessed), and one that only the new state has fires.`,
  more: `
TIME is RFC 3339 or a duration before now; "start" is the first record that is still in the log. An entity whose state
comes from records before the start is left as it is. With --drop-older, its new state has the later records alone,
and an entity that has not reported since is gone.

The sources of this project must be the deployed ones, with the same settings; otherwise the command fails. With
--dry-run, it computes all states in memory beside the live ones, which go on, and shows about which events a switch would emit. --abandon removes the states that an
interrupted command has left beside the live ones.

Examples:
  sluice reprocess alerting --from start --dry-run
  sluice reprocess alerting --from 2026-03-01T00:00:00Z
  sluice reprocess processor --from start --partition 3 --drop-older
  sluice reprocess alerting --abandon`,
  fields: {
    consumer: nameField('name of the consumer in serverless.yml'),
    from: textField('start of the new states: a time, or "start"', 'start', FROM),
    topic: textField('signal, if the consumer reads several', 'readings'),
    partition: numberField('only this partition'),
    dropOlder: flagField('also replace states that come from records before the start'),
    abandon: flagField('remove what an interrupted command has left'),
  },
  rules: {
    requiresOneOf: [['from', 'abandon']],
    conflicts: [
      ['abandon', 'from'],
      ['abandon', 'dropOlder'],
    ],
  },
  asks: (plan: Plan) =>
    'job' in plan ? 'Recompute these states and replace the live ones?' : 'Remove these unfinished states?',
  async plan(environment, request, planning): Promise<Plan> {
    const { config, functions } = environment
    const { consumer, partition, from } = request
    const topic = config.names.topicName(resolveSignal(functions, consumer, request.topic), config.env)
    const selection = { consumer, topic, ...omitUndefined({ partition }) }
    if (from === undefined) return planAbandoning(environment, selection)
    return planRebuilds(environment, { ...selection, from, dropsOlder: request.dropOlder ?? false }, planning)
  },
  isEmpty: plan => !('job' in plan) && plan.unfinished.length === 0,
  describe: describePlan,
  toDocument: plan => {
    if (!('job' in plan)) return plan
    const { job: _, ...document } = plan
    return document
  },
  toAudit: plan =>
    'job' in plan
      ? {
          ...{ consumer: plan.consumer, topic: plan.topic, from: plan.from, code: plan.code },
          ...(plan.dropsOlder && { 'drop-older': 'yes' }),
        }
      : { consumer: plan.consumer, topic: plan.topic, abandon: 'yes' },
  async carryOut(environment, plan, running): Promise<RebuildResult> {
    if ('job' in plan) return rebuildPartitions(plan.job, plan.partitions, false, running)
    const { rebuilds } = new RedisReplaceableStates(await environment.connections.redis())
    let removed = 0
    for (const state of plan.unfinished) if (await rebuilds.abandon(state)) removed += 1
    running.counts.abandoned = removed
    return { partitions: [], removed }
  },
  describeResult: ({ partitions, removed }, plan) =>
    'job' in plan
      ? describeRebuilt(partitions, false)
      : [`Removed ${count(removed, 'unfinished state')}. The live ones are as before.`],
  afterStop: () =>
    'Partitions that were switched before stay so. Run the command again for the others: with the same code and start, it continues where it stopped.',
})

/** Request to rebuild states. */
interface RebuildRequest {
  readonly consumer: string
  readonly topic: string
  readonly partition?: number
  readonly from: StartPosition
  readonly dropsOlder: boolean
}

async function planRebuilds(
  environment: ChangedEnvironment,
  { from, dropsOlder, ...selection }: RebuildRequest,
  { project, stop, nowMs, trial }: Planning,
): Promise<RebuildPlan> {
  const timeMs = from.kind === 'time' ? from.timeMs : undefined
  if (timeMs !== undefined && timeMs > nowMs)
    throw usageFailure(`--from ${formatFrom(from)} is in the future: no records can be read yet.`)
  const job = await prepareJob(environment, project, selection, timeMs)
  const { code, reach, live } = job
  const request = { from: formatFrom(from), code, dropsOlder }
  const found = await Promise.all(
    job.partitions.map(async partition => ({
      ...partition,
      begun: trial ? undefined : await live.rebuilds.find(partition.state),
    })),
  )
  const begunMs = Math.max(...found.map(({ begun }) => (isOf(begun, request) ? begun.begunMs : 0))) || nowMs
  const asked = { ...request, begunMs }
  const partitions: PlannedRebuild[] = []
  const switched: number[] = []
  for (const { state, facts, begun } of found) {
    const isBegun = isOf(begun, asked)
    if (!isBegun && isOf(facts.rebuild, asked) && facts.codeFrom === facts.rebuild.startOffset) {
      switched.push(state.partition)
      continue
    }
    const unfinished = isBegun && !begun.isSealed ? begun : undefined
    const startOffset = unfinished?.startOffset ?? resolveStart(from, state, reach)
    const rebuild: Rebuild = { startOffset, ...asked }
    const nextOffset = unfinished
      ? (await live.rebuilds.states.facts(state)).version.appliedOffset + 1
      : startOffset
    partitions.push({ state, rebuild, nextOffset, appliedOffset: facts.version.appliedOffset })
  }
  const states = partitions.map(({ state }) => state)
  const room = await requireRoom(job.client, states, trial !== undefined)
  const { consumer, topic } = selection
  const plan = { consumer, topic, from: asked.from, code, dropsOlder, partitions, switched, job, room }
  if (!trial) return plan
  const computed = await rebuildPartitions(job, partitions, true, { stop, ...trial }).catch(error => {
    throw error instanceof PartlyDone ? error.cause : error
  })
  stop.throwIfAborted()
  return { ...plan, trial: computed.partitions }
}

/** Returns whether a rebuild is of this request, and of its run if the request has one. */
function isOf(rebuild: Rebuild | undefined, request: Partial<Rebuild>): rebuild is Rebuild {
  return rebuild !== undefined && isDeepStrictEqual({ ...rebuild, ...request }, rebuild)
}

async function planAbandoning(
  environment: ChangedEnvironment,
  { consumer, topic, partition }: Omit<RebuildRequest, 'from' | 'dropsOlder'>,
): Promise<AbandonPlan> {
  const list = new StateList(await environment.connections.redis())
  const isSelected = (state: StateKey) =>
    state.consumer === consumer &&
    state.topic === topic &&
    (partition === undefined || state.partition === partition)
  return { consumer, topic, unfinished: await list.rebuilds(isSelected) }
}

function describePlan(plan: Plan): readonly string[] {
  const { consumer, topic } = plan
  if (!('job' in plan)) {
    if (plan.unfinished.length === 0) return [`${consumer} has no unfinished states of ${topic}.`]
    return plan.unfinished.map(state => `${formatStateKey(state)}: ${formatSize(state.bytes)}`)
  }
  const lines = plan.partitions.map(({ state, rebuild: { startOffset }, nextOffset, appliedOffset }) => {
    const start = nextOffset === startOffset ? '' : `, begun at offset ${startOffset}`
    return `  partition ${state.partition}: from offset ${nextOffset} to ${appliedOffset} and on${start}`
  })
  return [
    `${consumer} on ${topic}, code ${plan.code}`,
    ...(plan.switched.length === 0
      ? []
      : [`  already switched by the interrupted command: ${plan.switched.join(', ')}`]),
    ...lines,
    ...(plan.room === undefined ? [] : [plan.room]),
    ...(plan.trial ? describeRebuilt(plan.trial, true) : []),
  ]
}

/** Returns the value as text that means the same at any time. */
function formatFrom(from: StartPosition): string {
  return from.kind === 'time' ? new Date(from.timeMs).toISOString() : from.kind
}

/**
 * Returns the first offset that a rebuild reads. If `from` is a time, the bounds of the topic include the first offsets at that time.
 *
 * @throws OperationFailure if the log no longer contains the requested start
 */
export function resolveStart(from: StartPosition, state: StateKey, { bounds, atTime }: TopicReach): number {
  const { partition } = state
  const first = bounds[partition]?.start ?? 0
  if (from.kind !== 'time') return first
  // The value is -1 or absent if all records are older than the requested time.
  const found = atTime[partition] ?? -1
  const offset = found < 0 ? (bounds[partition]?.end ?? 0) : found
  if (first > 0 && offset <= first)
    throw new OperationFailure(
      `${state.topic}/${partition} begins at offset ${first} now: records from ${new Date(from.timeMs).toISOString()} on have expired. ` +
        'Use a later time, or `--from start` for all remaining records.',
    )
  return offset
}
