/** Emissions of one consumer are counted once by the next, whatever either of them loses and however late it is read again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '../../../../local-servers/testing/sampled.ts'
import { Random } from '../../../testing/random.ts'
import { EmissionChain, type Situation } from '../../support/emission-chain.ts'

const SEEDS = 90
const STEPS = 120

const SITUATIONS: readonly Situation[] = [
  'timer',
  'parked',
  'failed',
  'failed-again-after-loss',
  'redriven',
  'source-lost',
  'reader-lost',
  'guess',
  'takeover',
  'two-takeovers-at-one-offset',
  'late-copy',
  'recreated',
  'not-higher',
  'not-trimmed',
]

describe('emissions with an origin', () => {
  const met = new Set<Situation>()

  it('given losses, takeovers, late copies and recreated topics, then each emission counts once', async () => {
    for (let seed = 0; seed < seeds(SEEDS); seed += 1) {
      // In every other run, nothing is kept.
      const chain = new EmissionChain(new Random(seed), seed % 2 === 0)
      await chain.play(STEPS)
      assert.deepEqual(await chain.violations(), [], `seed ${seed}`)
      for (const situation of chain.met) met.add(situation)
    }
  })

  it('given these runs, then they met every situation', () => {
    assert.deepEqual(
      SITUATIONS.filter(situation => !met.has(situation)),
      [],
    )
  })
})
