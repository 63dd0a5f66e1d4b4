/** The behaviour that every `StateStore` must have. The test of each implementation runs this suite. */
import { describe } from 'node:test'
import type { StateStore } from '../../pipeline/ports.ts'
import { commitTests } from './state-store/commits.ts'
import { failureTests } from './state-store/failures.ts'
import { guessTests } from './state-store/guesses.ts'
import { idTests } from './state-store/ids.ts'
import { loadByteTests } from './state-store/load-bytes.ts'
import { timerTests } from './state-store/timers.ts'

export function conformsAsStateStore(name: string, store: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    commitTests(store)
    guessTests(store)
    idTests(store)
    timerTests(store)
    loadByteTests(store)
    failureTests(store)
  })
}
