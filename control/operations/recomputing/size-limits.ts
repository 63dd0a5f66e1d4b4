/** Checks the sizes of states before they are rebuilt. */
import type { RedisClient } from '#runtime/operating/redis'
import { StateList } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { formatStateKey } from '../state-keys.ts'

const MEBIBYTE = 1024 * 1024

/** Upper bound for a state that a dry run computes in the memory of the command, in mebibytes. */
const IN_MEMORY_MIB = 1024

/**
 * Rejects states that are too large: a dry run computes each in memory, and otherwise Redis has each twice until it is switched. In a
 * cluster, the limit is that of the node with the state.
 *
 * @returns line about the room for which nothing vouches; undefined if there is enough
 * @throws OperationFailure if the memory is insufficient
 */
export async function requireRoom(
  client: RedisClient,
  states: readonly StateKey[],
  isTrial: boolean,
): Promise<string | undefined> {
  const wanted = new Set(states.map(formatStateKey))
  const isSelected = (state: StateKey) => wanted.has(formatStateKey(state))
  const list = new StateList(client)
  const rebuilds = new Map(
    (await list.rebuilds(isSelected)).map(state => [formatStateKey(state), state.bytes]),
  )
  const sizes = new Map<string, Sizes>()
  for (const state of await list.all(isSelected)) {
    const built = rebuilds.get(formatStateKey(state)) ?? 0
    sizes.set(formatStateKey(state), { state, bytes: state.bytes - built, built })
  }
  const [largest] = [...sizes.values()].sort((a, b) => b.bytes - a.bytes)
  if (!largest) return undefined
  if (isTrial) return requireMemory(largest)
  const servers = await list.memory(states)
  for (const { used, most, states } of servers)
    for (const state of states) {
      const size = sizes.get(formatStateKey(state))
      if (most > 0 && size) requireFit(size, most - used, most)
    }
  if (servers.every(({ most, states }) => most > 0 || states.length === 0)) return undefined
  return `Redis does not say how much memory it may use: it needs about ${toMebibytes(largest.bytes)} MiB more, until the largest state is switched.`
}

/** Sizes of a live state and of its unfinished rebuild, in bytes. */
interface Sizes {
  readonly state: StateKey
  readonly bytes: number
  readonly built: number
}

function requireMemory({ state, bytes }: Sizes): undefined {
  const mebibytes = toMebibytes(bytes)
  if (mebibytes <= IN_MEMORY_MIB) return
  throw new OperationFailure(
    `${formatStateKey(state)} has ${mebibytes} MiB, and a dry run computes a state in memory, up to ${IN_MEMORY_MIB} MiB. Nothing was ` +
      'changed: select smaller partitions with --partition, or run it without --dry-run.',
  )
}

/** @throws OperationFailure if the rebuild does not fit */
function requireFit({ state, bytes, built }: Sizes, left: number, most: number): void {
  const more = bytes - built
  if (more <= left) return
  throw new OperationFailure(
    `Redis has ${toMebibytes(left)} MiB left of ${toMebibytes(most)}, and the rebuild of ${formatStateKey(state)} needs about ${toMebibytes(more)}. ` +
      'Nothing was changed: increase its memory.',
  )
}

function toMebibytes(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE)
}
