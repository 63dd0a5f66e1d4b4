/** Live states are compared with their log after random schedules: only what was changed by hand is found. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '../../../../local-servers/testing/sampled.ts'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { Random } from '../../../testing/random.ts'
import { type End, SEEDS, violations } from '../../support/same-log.ts'
import type { Stage } from '../../support/stage.ts'
import { verified } from '../../support/verifying.ts'

const PLAYED = seeds(SEEDS)

describe('live states beside their log', () => {
  const parking = { forMs: 600_000 }
  const seen = {
    late: 0,
    start: 0,
    doubt: 0,
    excepted: 0,
    states: 0,
    timers: 0,
    emission: 0,
    content: 0,
  }

  for (const [name, own] of [
    ['', undefined],
    [' with parking', parking],
  ] as const)
    it(`given ${PLAYED} random schedules with every fault${name}, then only what is changed by hand differs`, async () => {
      for (let seed = 0; seed < PLAYED; seed += 1) {
        const found = await violations(seed, stage => play(stage, seed), own)
        assert.deepEqual(found, [], `seed ${seed}`)
      }
    })

  /** Compares in the end, from the first record that the log still has. */
  function play(stage: Stage, seed: number) {
    const random = new Random(seed + 1_000_000)
    const after = async ({ log, logStart, ...code }: End): Promise<string[]> => {
      const whole = { ...code, log, logStart, stage }
      const report = await check(whole)
      const [{ fromOffset, doubt } = {}] = report.partitions
      seen[fromOffset === 0 ? 'start' : 'late'] += 1
      if (doubt) seen.doubt += 1
      if (Object.keys(report.excepted).length > 0) seen.excepted += 1
      // Where the log begins with a hole, the reader in memory says that something has expired.
      const isWhole = fromOffset === 0 && log[0]?.offset === 0
      const isClear = isWhole && !doubt && Object.keys(report.excepted).length === 0
      for (const what of isClear ? CHANGED : []) {
        const held = stage.store.copyState(stage.stateKey())
        const changed = change(stage, random, what)
        if (changed && (await check({ ...whole, ...changed })).differences.length === 0)
          return [`unseen: ${what}`]
        stage.store.restore(stage.stateKey(), held)
        if (changed) seen[what] += 1
      }
      return report.differences.map(difference => JSON.stringify(difference))
    }
    return { after }
  }

  it('given these schedules, then they have met every beginning, other code, and each kind of change', () => {
    assert.deepEqual(
      Object.entries(seen).filter(([, count]) => count === 0),
      [],
    )
  })
})

const CHANGED = ['states', 'timers', 'emission', 'content'] as const

interface HeldParts {
  readonly states: Map<string, string>
  readonly timers: Map<string, unknown>
}

/** Changes one thing of the live state, or of what was published. Undefined if there is no such thing. */
function change(stage: Stage, random: Random, what: (typeof CHANGED)[number]) {
  const { store, publisher } = stage
  const held = store.copyState(stage.stateKey()) as HeldParts
  const { publishedRecords } = publisher
  if (what === 'states' || what === 'timers') {
    const names = [...held[what]].filter(([, own]) => what === 'timers' || /\d/.test(String(own)))
    if (names.length === 0) return undefined
    const [entity, own] = random.pick(names)
    if (what === 'timers') held.timers.delete(entity)
    else
      held.states.set(
        entity,
        String(own).replace(/\d(?=\D*$)/, digit => String((Number(digit) + 1) % 10)),
      )
    store.restore(stage.stateKey(), held)
    return { what }
  }
  const sequences = stage.events.map(({ id, extensions }) => ({ id, sequence: String(extensions?.sequence) }))
  if (sequences.length === 0) return undefined
  const { id } = random.pick(sequences)
  const isIt = (index: number) => sequences[index]?.id === id
  if (what === 'emission') return { what, published: publishedRecords.filter((_, index) => !isIt(index)) }
  const other = ([name, value]: OutgoingRecord['headers'][number]) =>
    [name, name === 'ce_subject' ? Buffer.from('other') : value] as const
  const changed = (record: OutgoingRecord) => ({
    ...record,
    key: Buffer.from('other'),
    headers: record.headers.map(other),
  })
  return {
    what,
    published: publishedRecords.map((record, index) => (isIt(index) ? changed(record) : record)),
  }
}

type VerifyOptions = Parameters<typeof verified>[0]

function check({
  stage,
  ...given
}: Omit<VerifyOptions, 'store' | 'states' | 'published'> &
  Partial<VerifyOptions> & { readonly stage: Stage }) {
  return verified({
    store: stage.store,
    states: [stage.stateKey()],
    published: stage.publisher.publishedRecords,
    ...given,
  })
}
