/** The rehearsal of `npm run deploy:rehearsal`, a test for each step. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Rehearsal } from '../rehearsal/rehearsal.ts'
import { STEPS } from '../rehearsal/steps.ts'

/** Time for one step on a slow machine. The runner allows a minute more, so that the servers are stopped in order. */
const STEP_WITHIN_MS = 11 * 60_000

// Promise docs/rehearsal.md#steps | A deployment to an emulator is used, updated and removed, step by step.
describe('a deployment, rehearsed', () => {
  const tooLong = new AbortController()
  let rehearsal: Rehearsal

  before(() =>
    withinLimit(async () => {
      rehearsal = await Rehearsal.begin(() => {}, tooLong.signal)
    }),
  )

  after(() => rehearsal?.end())

  for (const { title, run } of STEPS)
    it(title, () => withinLimit(async () => assert.notEqual(await run(rehearsal), '')))

  /** Runs a step. After its limit, the commands of the rehearsal are ended, so that this step and the later ones fail. */
  async function withinLimit(step: () => Promise<void>): Promise<void> {
    tooLong.signal.throwIfAborted()
    const limit = setTimeout(() => tooLong.abort(new Error('a step took too long')), STEP_WITHIN_MS)
    try {
      await step()
    } finally {
      clearTimeout(limit)
    }
  }
})
