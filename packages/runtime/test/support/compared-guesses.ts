import { isDeepStrictEqual } from 'node:util'
import { type KeptState, KeptStates } from '../../adapters/kept/kept-states.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'

const FACTS = [
  ...(['version', 'clock', 'appliedDigest', 'emitted', 'parkedBytes'] as const),
  ...(['failuresFromMs', 'failureMemory', 'origin', 'context', 'outbox', 'known'] as const),
]

/** Kept states of all instances, compared with the stored ones: each guess that is committed must equal a load. */
export class ComparedGuesses {
  /** Differences between committed guesses and loads. */
  readonly differences: string[] = []
  /** Outcomes of the guesses: `proven` and `refused`. */
  readonly outcomes = new Set<string>()
  readonly #taken = new Map<string, KeptState>()

  /** Returns the kept states of an instance. */
  readonly keep = (instance: string): KeptStates => {
    const kept = new KeptStates(instance)
    const take = kept.take.bind(kept)
    kept.take = (stateKey, process) => {
      const state = take(stateKey, process)
      if (state) this.#taken.set(state.bare.mark, state)
      return state
    }
    return kept
  }

  /** Returns a store that compares the guesses of its commits. */
  compare(store: StateStore): StateStore {
    return {
      load: (...args) => store.load(...args),
      trimOutbox: (...args) => store.trimOutbox(...args),
      commit: async (stateKey, change) => {
        const kept = this.#taken.get(change.guess?.mark ?? '')
        const found = kept && change.guess ? await compare(kept, store, stateKey, change.guess.ids) : []
        const answer = await store.commit(stateKey, change)
        if (change.guess) this.outcomes.add(answer === 'refused' ? 'refused' : 'proven')
        if (answer !== 'refused') this.differences.push(...found)
        return answer
      },
    }
  }
}
async function compare(
  { bare, states, timers, sequences, firstThresholdMs }: KeptState,
  store: StateStore,
  stateKey: StateKey,
  ids: readonly string[],
): Promise<string[]> {
  const [entities, origins] = [[...states.keys()], [...sequences.keys()]]
  const { context } = bare
  // The content is left out of the kept context if the process has cached it.
  const contexts = context && context.json === undefined ? [context.hash] : []
  const stored = await store.load(stateKey, {
    ...{ ...EMPTY_SELECTION, entities, ids, origins, contexts },
    ...{ idWindowMs: Number.MAX_SAFE_INTEGER, byteLimit: Infinity, timerLimit: Infinity },
    span: { firstAppendMs: 0, advanceMs: Number.MAX_SAFE_INTEGER },
  })
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ...FACTS.map(fact => [fact, bare[fact], stored[fact]] as const),
    // Stores leave it out if it is empty.
    ['new entities', bare.newEntities || undefined, stored.newEntities],
    ['states', list(states, entities), list(stored.states, entities)],
    ['timers', list(timers, entities), list(stored.timers, entities)],
    ['sequences', list(sequences, origins), list(stored.sequences, origins)],
    ['first threshold', firstThresholdMs, findFirstThreshold(stored)],
  ]
  return pairs
    .filter(([, kept, loaded]) => !isDeepStrictEqual(kept, loaded))
    .map(([name, kept, loaded]) => `${name}: kept ${JSON.stringify(kept)}, stored ${JSON.stringify(loaded)}`)
}

function list(from: ReadonlyMap<string, unknown> | undefined, names: readonly string[]) {
  return names.map(name => [name, from?.get(name) ?? []])
}

function findFirstThreshold({ timers }: Snapshot): number | undefined {
  const thresholds = [...timers.values()].flat().map(({ thresholdMs }) => thresholdMs)
  return thresholds.length > 0 ? Math.min(...thresholds) : undefined
}
