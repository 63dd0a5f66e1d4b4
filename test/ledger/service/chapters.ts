/** The consumer that keeps the order behind a retry: it throws at as many attempts at a chapter as the chapter says. */
import { defineProcess } from '#runtime/consumer'
import { getAttempt } from './attempts.ts'

interface Chapter {
  readonly number: number
  /** How many attempts fail. */
  readonly fails?: number
}

interface Story {
  readonly count: number
  readonly numbers: readonly number[]
}

/** The bounds are small, so that they are reached. `test/ledger/count/chapters.ts` has them a second time. */
export const parking = defineProcess<Story, Chapter | undefined>('parking', {
  accepts: ['ledger.chapter.v1'],
  parking: { most: 20, forMs: 30_000 },
  onEvent(state, { data }, { reason }) {
    if (data === undefined) throw new Error('a chapter without data')
    if (getAttempt(data) <= (data.fails ?? 0)) throw new Error(`attempt ${getAttempt(data)} is to fail`)
    const numbers = [...(state?.numbers ?? []), data.number]
    reason('told')
    return { count: numbers.length, numbers }
  },
})
