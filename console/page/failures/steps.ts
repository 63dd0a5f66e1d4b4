import { act } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'

const called = new Set<string>()
const AGAIN_MS = 3_000
/** Number of consecutive failed requests after which the page stops retrying. */
const MAX_FAILED = 5

/** Runs the remaining steps of an operation. Each step is one request. */
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
      // The operation has been stopped, or another page is running it. The page of the operation shows the result.
      if (problemOf(error).code === 'conflict') return
      failed += 1
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
  }
}
