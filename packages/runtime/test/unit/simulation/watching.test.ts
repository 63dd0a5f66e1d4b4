/** The same log gives the same states, timers and emissions, whatever happens to the invocations; and live states equal their log. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { readEvent } from '../../../cloudevents/reader.ts'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import type { Event } from '../../../consumer/event.ts'
import { Random } from '../../../testing/random.ts'
import { TOPIC } from '../../support/records.ts'
import { type PlayedWatching, playWatching } from '../../support/simulated-watching.ts'
import { verified } from '../../support/verifying.ts'

const PLAYED = seeds(150)

/** Situations that the schedules must have met, for the promise to be about them. */
const MET = [
  ...['counted', 'late'].map(reason => `applied/${reason}`),
  ...['id-known', 'attempt-known'].map(reason => `duplicate/${reason}`),
  ...['tick', 'erasure', 'redriven-for-another'].map(reason => `ignored/${reason}`),
  ...['rejected', 'unexpected-error', 'id-conflict', 'emission-too-large', 'too-many-new-entities'].map(
    code => `failed/${code}`,
  ),
  ...['unknown-failure', 'not-a-cloudevent'].map(code => `failed/${code}`),
  ...['parked/entity-held', 'parked-applied/counted', 'timer/parking-time'],
  ...['silent', 'forgotten', 'pulsed', 'pulse-end', 'echo'].map(reason => `timer/${reason}`),
  ...['breaker-open', 'out-of-time', 'store-unavailable'].map(reason => `waits: ${reason}`),
  ...['a second attempt', 'a redrive that succeeds', 'new code', 'expired', 'range-read-back'],
  ...['guess proven', 'guess refused'],
]

describe('rule 21: the same log gives the same', () => {
  const met = new Set<string>()
  const unlike: string[] = []
  const seen = { late: 0, start: 0, doubt: 0, excepted: 0, states: 0, timers: 0, emission: 0, content: 0 }

  // Promise packages/runtime/README.md#What is emitted happened, and what happened is emitted at least once, with the same id
  // Promise packages/runtime/README.md#If Redis or Kafka is away, nothing is lost
  // Promise packages/runtime/README.md#The same log gives the same states, ids and emissions
  // Promise docs/guarantees.md#The same log gives the same states, emissions and ids: live, late or computed again, however it is cut into batches
  // Promise docs/guarantees.md#What happened is emitted
  // Promise docs/guarantees.md#If Redis or Kafka is away, nothing is lost
  // Promise docs/guarantees.md#rule 21
  // Promise docs/guarantees.md#rule 28
  it(`rule 21: given ${PLAYED} random schedules with every fault, then each ends as an undisturbed reading`, async () => {
    for (let seed = 0; seed < PLAYED; seed += 1) {
      const played = await playWatching(seed)
      assert.deepEqual(played.found, [], `seed ${seed}`)
      for (const name of played.met) met.add(name)
      for (const what of await checkByVerify(played, seed)) unlike.push(`seed ${seed}: ${what}`)
    }
  })

  it('given these schedules, then everything that can happen to a record has happened in some', () => {
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
    )
  })

  // Promise docs/verify.md#verifying | Whatever has happened to invocations, states equal their log; one field or emission that was changed is found.
  it('given the live states of these schedules beside their log, then only what is changed by hand differs', () => {
    assert.deepEqual(unlike, [])
    // They have met every beginning, other code, and each kind of change.
    assert.deepEqual(
      Object.entries(seen).filter(([, count]) => count === 0),
      [],
    )
  })

  /** Compares the live state with its log, then again after each kind of change by hand. Returns false findings, and unseen changes. */
  async function checkByVerify(
    { simulation, group, isNew }: PlayedWatching,
    seed: number,
  ): Promise<string[]> {
    const { log, store } = simulation
    const [own] = group.partitions
    assert.ok(own)
    const verify = (published: readonly OutgoingRecord[] = group.published) =>
      verified({
        ...{ store, states: [own], published, logStart: log.startOffset(TOPIC, 0), log: log.all(TOPIC, 0) },
        consumer: group.codes[isNew ? 1 : 0] as (typeof group.codes)[0],
      })
    const report = await verify()
    const [{ fromOffset, doubt } = {}] = report.partitions
    const isExcepted = Object.keys(report.excepted).length > 0
    seen[fromOffset === 0 ? 'start' : 'late'] += 1
    if (doubt) seen.doubt += 1
    if (isExcepted) seen.excepted += 1
    const found = report.differences.map(difference => JSON.stringify(difference))
    // Where the log begins with a hole, the reader in memory reports expired records.
    if (fromOffset !== 0 || log.all(TOPIC, 0)[0]?.offset !== 0 || doubt || isExcepted) return found
    const random = new Random(seed + 1_000_000)
    for (const what of ['states', 'timers', 'emission', 'content'] as const) {
      const before = store.copyState(own)
      const changed =
        what === 'states' || what === 'timers'
          ? changeState(before as HeldParts, random, what)
          : changePublished(group.published, random, what)
      if (changed === undefined) continue
      if (!Array.isArray(changed)) store.restore(own, changed)
      const { differences } = await verify(Array.isArray(changed) ? changed : undefined)
      if (differences.length === 0) found.push(`unseen: ${what}`)
      store.restore(own, before)
      seen[what] += 1
    }
    return found
  }
})

interface HeldParts {
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, unknown>
}

/** Changes the last digit of a state, or removes the timers of an entity. Returns undefined if there is no such thing. */
function changeState(held: HeldParts, random: Random, what: 'states' | 'timers'): HeldParts | undefined {
  const names = [...held[what]].filter(([, own]) => what === 'timers' || /\d/.test(String(own)))
  if (names.length === 0) return undefined
  const [entity, own] = random.pick(names)
  if (what === 'timers')
    return { ...held, timers: new Map([...held.timers].filter(([name]) => name !== entity)) }
  const state = String(own).replace(/\d(?=\D*$)/, digit => String((Number(digit) + 1) % 10))
  return { ...held, states: new Map([...held.states, [entity, state]]) }
}

/** Removes all copies of an event, or changes their key and subject. Returns undefined if nothing was published. */
function changePublished(published: readonly OutgoingRecord[], random: Random, what: 'emission' | 'content') {
  if (published.length === 0) return undefined
  const ids = published.map(record => (readEvent(record) as Event).id)
  const chosen = random.pick(ids)
  const isIt = (index: number) => ids[index] === chosen
  if (what === 'emission') return published.filter((_, index) => !isIt(index))
  const other = ([name, value]: OutgoingRecord['headers'][number]) =>
    [name, name === 'ce_subject' ? Buffer.from('other') : value] as const
  return published.map((record, index) =>
    isIt(index) ? { ...record, key: Buffer.from('other'), headers: record.headers.map(other) } : record,
  )
}
