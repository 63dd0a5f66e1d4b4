/** Partitions to compute again, by which code, and from which place. */

import type { AnyKeyedProcess, Consumer } from '../../../packages/runtime/pipeline/consumer.ts'
import type { Generations, StateFacts } from '../../../packages/runtime/pipeline/generations/generations.ts'
import { codeOf, differenceOf } from '../../../packages/runtime/pipeline/loading/code.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import { isAbsent, type Recovery } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'
import { type From, type Start, startAtCheckpoint, startInLog } from './from.ts'

export interface LivePartition {
  readonly state: StateKey
  readonly facts: StateFacts
}

/** Returns the partitions that the consumer has a state of. @throws OperationFailure without any */
export async function livePartitions(
  copies: Pick<Generations, 'facts'>,
  states: readonly StateKey[],
): Promise<readonly LivePartition[]> {
  const all = await Promise.all(states.map(async state => ({ state, facts: await copies.facts(state) })))
  const live = all.filter(({ facts }) => !isAbsent(facts.version))
  const [first] = states
  if (live.length === 0 && first)
    throw new OperationFailure(
      `${first.consumer} has no state of ${first.topic}: is it deployed, has it read anything, and are --env and --topic right?`,
    )
  return live
}

/**
 * The version of the code by which the live consumer decides.
 *
 * @param versions those that the sources of this project have
 * @throws OperationFailure if the live consumer runs other code, or the same with other settings
 */
export function deployedVersion(
  live: readonly LivePartition[],
  versions: ReadonlySet<string>,
  consumer: Consumer<AnyKeyedProcess>,
): string {
  let deployed: string | undefined
  for (const { state, facts } of live) {
    const { code } = facts
    if (code === undefined)
      throw new OperationFailure(
        `${nameOf(state)} does not say which code has decided it: it was stored by an older version, or restored. Its next batch says it.`,
      )
    const version = code.split('/')[0] as string
    if (!versions.has(version))
      throw new OperationFailure(
        `${nameOf(state)} was decided last by version ${version} of the code, and this project's sources are another one ` +
          `(${[...versions].join(', ')}). Nothing was changed: check out what is deployed, or deploy what is checked out; two versions are never mixed.`,
      )
    const own = codeOf(version, consumer)
    if (own !== code && differenceOf(own, code) === 'settings')
      throw new OperationFailure(
        `${state.consumer} runs this code with other settings than this command. Nothing was changed: give the command the ` +
          "function's ID_WINDOW_SECONDS, FUTURE_TOLERANCE_SECONDS, EARLIEST_TIME, SLUICE_SINCE, LOG_TIME and CONTENT_MODE.",
      )
    deployed ??= version
    if (deployed !== version)
      throw new OperationFailure(
        `Partitions of ${state.consumer} were decided last by two versions, ${deployed} and ${version}: wait until each has had a batch, or name one with --partition.`,
      )
  }
  return deployed as string
}

/** @throws OperationFailure if the log or the checkpoints do not have what is asked for */
export async function startsOf(
  from: From,
  live: readonly LivePartition[],
  reach: TopicReach,
  recovery: Recovery | undefined,
): Promise<readonly Start[]> {
  if (from.kind !== 'checkpoint') {
    requireSamePartitions(live)
    return live.map(({ state }) => startInLog(from, state, reach))
  }
  if (!recovery)
    throw new OperationFailure(
      'No checkpoints are kept: CHECKPOINT_BUCKET does not name the bucket they are in.',
    )
  const starts: Start[] = []
  for (const { state } of live) {
    const kept = await recovery.checkpoints.list(state)
    starts.push(startAtCheckpoint(from, state, kept, reach.bounds[state.partition]?.start ?? 0))
  }
  return starts
}

/** After a growth, the log of a partition has entities that have left, and lacks what others did before they came. */
function requireSamePartitions(live: readonly LivePartition[]): void {
  const grown = live.find(({ facts }) => facts.partitioning)
  if (grown)
    throw new OperationFailure(
      `${grown.state.topic} has grown, so the log of a partition is not that of its entities: begin with \`--from checkpoint\`, one of after the growth.`,
    )
}
