import { act } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'

const called = new Set<string>()
const AGAIN_MS = 3_000
/** Number of consecutive failed requests after which the page stops retrying. */
const MAX_FAILED = 5

/** Runs the remaining steps of an operation, one request each. */
export function goOnFromHere(id: string): void {
  if (called.has(id)) return
  called.add(id)
  void callSteps(id).finally(() => called.delete(id))
}

async function callSteps(id: string): Promise<void> {
  for (let failed = 0; failed < MAX_FAILED; ) {
    try {
      const { state } = await act('POST /failures/operation/step', { id })
      if (state !== 'running') return
      failed = 0
    } catch (error) {
      // The operation was stopped or is run by another page. The operation's own page shows all other results.
      if (problemOf(error).code === 'conflict') return
      failed += 1
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
  }
}
