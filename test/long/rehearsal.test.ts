/** The rehearsal of `npm run deploy:rehearsal`, a test for each step. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Rehearsal } from '../rehearsal/rehearsal.ts'
import { STEPS } from '../rehearsal/steps.ts'

/** A minute less than the file has, so that its servers are stopped in order. */
const WITHIN_MS = 540_000

// Promise docs/rehearsal.md#steps | A deployment to an emulator is used, updated and removed, step by step.
describe('a deployment, rehearsed', { timeout: WITHIN_MS }, () => {
  let rehearsal: Rehearsal

  before(async () => {
    rehearsal = await Rehearsal.begin(() => {}, AbortSignal.timeout(WITHIN_MS))
  })

  after(() => rehearsal?.end())

  for (const { title, run } of STEPS)
    it(title, async () => {
      assert.notEqual(await run(rehearsal), '')
    })
})
