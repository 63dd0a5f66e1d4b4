/** Checks that the states of a consumer were computed by the code of this project. */

import type { StateContents, StateFacts } from '#runtime/operating/rebuild'
import {
  type AnyKeyedProcess,
  type Consumer,
  compareCodes,
  computeCode,
  isAbsent,
  type StateKey,
} from '#runtime/pipeline'
import { OperationFailure } from '../../support/operation-failure.ts'
import { formatStateKey } from '../state-keys.ts'

export interface LivePartition {
  readonly state: StateKey
  readonly facts: StateFacts
}

/**
 * Returns the partitions for which the consumer has a state.
 *
 * @throws OperationFailure if the consumer has no states
 */
export async function listLivePartitions(
  live: Pick<StateContents, 'facts'>,
  states: readonly StateKey[],
): Promise<readonly LivePartition[]> {
  const all = await Promise.all(states.map(async state => ({ state, facts: await live.facts(state) })))
  const found = all.filter(({ facts }) => !isAbsent(facts.version))
  const [first] = states
  if (found.length === 0 && first)
    throw new OperationFailure(
      `${first.consumer} has no state of ${first.topic}: check that it is deployed and has processed records, and check --env and --topic.`,
    )
  return found
}

/**
 * Returns the version of the code that computed the live states.
 *
 * @param versions versions of the code in this project
 * @throws OperationFailure if the live states were computed by other code, or with other settings
 */
export function requireDeployedVersion(
  live: readonly LivePartition[],
  versions: ReadonlySet<string>,
  consumer: Consumer<AnyKeyedProcess>,
): string {
  let deployed: string | undefined
  for (const { state, facts } of live) {
    const { code } = facts
    if (code === undefined)
      throw new OperationFailure(
        `${formatStateKey(state)} does not contain the version of its code, because it was dropped, restored or stored by an older version. Try again after its next batch.`,
      )
    const version = code.split('/')[0] as string
    if (!versions.has(version))
      throw new OperationFailure(
        `${formatStateKey(state)} was last updated by version ${version} of the code, but this project has another version ` +
          `(${[...versions].join(', ')}). Nothing was changed: check out the deployed version, or deploy the one that is checked out. Two versions are never mixed.`,
      )
    const own = computeCode(version, consumer)
    if (own !== code && compareCodes(own, code) === 'settings')
      throw new OperationFailure(
        `${state.consumer} runs this code with other settings than this command. Nothing was changed: run the command with the ` +
          "function's ID_WINDOW_SECONDS, FUTURE_TOLERANCE_SECONDS, EARLIEST_TIME, SLUICE_SINCE, LOG_TIME and CONTENT_MODE.",
      )
    deployed ??= version
    if (deployed !== version)
      throw new OperationFailure(
        `Partitions of ${state.consumer} were last updated by two versions, ${deployed} and ${version}: wait until each has processed a batch, or select one with --partition.`,
      )
  }
  return deployed as string
}
