/** Random schedules of failures and retries: a process that parks keeps the order of each entity, and loses nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CodeChange, importChanged } from '../support/changed-code.ts'
import { type Play, playParking } from '../support/parking-schedule.ts'
import { Random } from '../support/random.ts'
import { SEEDS } from '../support/same-log.ts'

const WIDE = { most: 1_000, bytes: 1_000_000, forMs: 100 * 24 * 3_600_000 }
const TIGHT = { most: 3, forMs: 200_000 }

/** Room for a few events of all entities together. */
const FULL = { ...WIDE, partitionBytes: 2_000 }

const PLAYS: Readonly<Record<string, Play>> = {
  'retries that succeed in the end': {
    parking: WIDE,
    fate: { ended: 0, lost: 0 },
    asIfNothingFailed: true,
  },
  'failures that end': { parking: WIDE, fate: { ended: 0.4, lost: 0 } },
  'failures that are lost, and tight bounds': {
    parking: TIGHT,
    fate: { ended: 0.2, lost: 0.2 },
  },
  'a partition that is full': { parking: FULL, fate: { ended: 0.2, lost: 0 } },
}

/** A schedule takes longer than one of `same-log.ts`. */
const SCHEDULES = Math.ceil(SEEDS / 5)

describe('given random failures and retries', () => {
  for (const [name, play] of Object.entries(PLAYS))
    it(`given ${name}, then each is applied once, in its entity's order`, async () => {
      const met = new Set<string>()
      for (let seed = 0; seed < SCHEDULES; seed += 1) {
        const { found, decisions } = await playParking(new Random(seed), play)
        assert.deepEqual(found, [], `seed ${seed}`)
        for (const { outcome, reason, hold } of decisions) met.add(`${outcome}/${reason}`).add(`hold ${hold}`)
      }
      const wanted = [
        'parked/entity-held',
        'parked-applied/listed',
        'parked-failed/unexpected-error',
        'hold retried',
      ]
      const bounds =
        play.parking === WIDE ? [] : ['hold full', ...(play.parking === TIGHT ? ['hold time'] : [])]
      const ends = play.fate.ended > 0 ? ['hold ended'] : []
      assert.deepEqual(
        [...wanted, ...bounds, ...ends, 'duplicate/id-known', 'timer/silent', 'timer/soon'].filter(
          one => !met.has(one),
        ),
        [],
      )
    })
})

const HOLDING = 'packages/runtime/pipeline/deciding/holding.ts'

/** Each breaks one rule. */
const CHANGES: Readonly<Record<string, CodeChange>> = {
  'parked events are applied in their first order': {
    file: HOLDING,
    from: 'parked: [...hold.parked, record]',
    to: 'parked: [record, ...hold.parked]',
  },
  'a retried event counts from its first place': {
    file: HOLDING,
    from: 'stepOrHold(work, { ...task, waitedFromMs })',
    to: 'stepOrHold(work, task)',
  },
  'a timer between two parked events fires between them': {
    file: HOLDING,
    from: 'timer.thresholdMs < next.clockMs',
    to: 'timer.thresholdMs < 0',
  },
  'the timers of a held entity do not fire': {
    file: HOLDING,
    from: 'isOver ? hold.timers : [holdTimer(work.consumer.process.name, entity, hold)]',
    to: 'isOver ? hold.timers : [...timerQueue.of(entity), holdTimer(work.consumer.process.name, entity, hold)]',
  },
  'those behind a parked event that fails wait for it': {
    file: HOLDING,
    from: 'const parks = parkingOf(work.consumer.process) !== undefined && isRetried(result.code) && !attemptAt',
    to: 'const parks = false',
  },
  'a failed event does not count as a repeat of itself': {
    file: 'packages/runtime/pipeline/deciding/admission.ts',
    from: 'heldFor(work, attemptAt)?.eventId === id ||',
    to: 'false ||',
  },
  'what is no longer parked takes no room': {
    file: HOLDING,
    from: 'work.copy.unparked(parkedBytes(next))',
    to: '',
  },
  'the id of a parked event is known': {
    file: 'packages/runtime/pipeline/deciding/admission.ts',
    from: "  remember(work, task)\n  return decision(task, 'parked'",
    to: "  return decision(task, 'parked'",
  },
}

describe('given that a rule of parking is switched off', () => {
  for (const [rule, change] of Object.entries(CHANGES))
    it(`then it is noticed: ${rule}`, async () => {
      const changed = await importChanged<{ playParking: typeof playParking }>(
        'test/support/parking-schedule.ts',
        [change],
      )
      for (let seed = 0; seed < SCHEDULES; seed += 1)
        for (const play of Object.values(PLAYS)) {
          const found = await changed.playParking(new Random(seed), play).then(
            played => played.found,
            (error: Error) => [error.message],
          )
          if (found.length > 0) return
        }
      assert.fail(`in none of ${SCHEDULES} schedules`)
    })
})
