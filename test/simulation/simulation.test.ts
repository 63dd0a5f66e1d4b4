/** All consumers of Sluice under seeds: nothing is lost, twice, out of order, or stands still, whatever happens to any of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { type PlayedSeed, playSeed } from './play.ts'

const SEEDS = 300
/** Seeds of one test. A test must end within the runner's limit, on a slow machine too. */
const SEEDS_AT_ONCE = 50

/** Situations that the seeds must have met, for the promise to be about them. */
const MET = [
  ...['intake applied/taken', 'intake failed/mapping-failed', 'input-redrives failed/mapping-failed'],
  ...['processor applied/window-closed', 'processor duplicate/id-known', 'processor failed/not-a-cloudevent'],
  ...[
    'activity applied/changed',
    'activity timer/silent',
    'storage applied/stored',
    'archiver ignored/archived',
  ],
  ...['alerting applied/fired', 'alerting timer/fired', 'alerting timer/resolved-by-silence'],
  ...['alerting failed/unexpected-error', 'alerting parked/entity-held', 'alerting parked-applied/fired'],
  ...['alerting applied/rules-activated', 'grouping applied/rules-activated', 'patterns applied/fired'],
  ...[
    'views applied/views-activated',
    'views applied/regrouped',
    'views applied/changed',
    'views timer/changed',
  ],
  ...[
    'notifier timer/new',
    'notifier timer/resolved',
    'notifier timer/muted',
    'notifier duplicate/not-higher',
  ],
  ...['deliver applied/delivered', 'deliver applied/superseded', 'deliver failed/not-accepted'],
  ...[
    'dlq-router applied/not-retried',
    'dlq-router applied/retry-1m',
    'dlq-router applied/retries-exhausted',
  ],
  ...['processor recomputed', 'views recomputed'],
  ...['open-dead-letters applied/letter', 'open-dead-letters applied/handled'],
]

describe('all of Sluice under one seed', () => {
  const played: PlayedSeed[] = []

  for (let from = 0; from < seeds(SEEDS); from += SEEDS_AT_ONCE) {
    const to = Math.min(from + SEEDS_AT_ONCE, seeds(SEEDS))
    it(`given every fault under the seeds from ${from} to ${to - 1}, then each consumer ends as without any, and nothing stands still`, async () => {
      for (let seed = from; seed < to; seed += 1) {
        const own = await playSeed({ seed })
        played.push(own)
        assert.deepEqual(own.violations, [], `npm run simulate -- --seed ${seed}`)
      }
    })
  }

  it('given these seeds, then everything has happened in some', () => {
    const met = new Set(played.flatMap(own => [...own.met]))
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
    )
  })

  it('given a seed again, then it plays the same schedule', async () => {
    const [first, second] = [await playSeed({ seed: 3 }), await playSeed({ seed: 3 })]
    assert.ok(first.faults > 0)
    assert.equal(second.story(), first.story())
  })
})
