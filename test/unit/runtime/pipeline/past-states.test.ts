/** States of before, computed from the log. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import { completeStep, type KeyedProcess, reject } from '#runtime/consumer/process.ts'
import { computePastStates } from '#runtime/pipeline/verifying/past-states.ts'
import { MemoryLogReader } from '#runtime/testing/memory-log-reader.ts'
import { FAMILIES } from '../../../support/families.ts'
import { MemoryReplaceableStates } from '../../../support/memory-replaceable-states.ts'
import { logRecord, environmentReading as reading } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const MINUTE_MS = 60_000

/** Counts, refuses each third reading, and is silent a minute after the last one. */
const watching: KeyedProcess<{ count: number }> = {
  name: 'watching',
  accepts: FAMILIES.readingTypes,
  onEvent(state, { timeMs }) {
    const count = (state?.count ?? 0) + 1
    if (count === 3) return reject('the third')
    return completeStep('counted', { count }, [], [{ name: 'silence', dueMs: timeMs + MINUTE_MS }])
  },
  onTimer: (state, { entity }) =>
    completeStep('silent', { count: state.count + 100 }, [
      { name: 'silent', to: 'events', key: entity, type: 'test.silent', source: '/watching', data: {} },
    ]),
}

describe('an earlier state', () => {
  it('given events, timers and another entity, then its own steps are listed up to the place', async () => {
    const stage = new Stage(watching as KeyedProcess<never>)
    const startMs = logRecord(0, reading('x')).timestampMs
    const log = [
      ['s', 0],
      ['other', 10],
      ['s', 20],
      ['s', 30],
      ['other', 70],
      ['other', 140],
      ['s', 150],
    ].map(([sensor, at], offset) => {
      const event = reading(`${offset}`, { sensor: String(sensor), at: Number(at) })
      return { ...logRecord(offset, event), timestampMs: startMs + Number(at) * 1_000 }
    })
    const past = (toOffset: number) =>
      computePastStates(
        {
          consumer: stage.consumer,
          log: new MemoryLogReader(log),
          memory: () => new MemoryStateStore(),
          live: new MemoryReplaceableStates(stage.store),
          nowMs: () => 0,
          stop: new AbortController().signal,
        },
        stage.stateKey(),
        0,
        toOffset,
        entity => entity.endsWith(' s'),
      )
    const { steps, states, timers } = await past(3)
    assert.deepEqual(
      steps.map(({ offset, decision, timers }) => [offset, decision, timers]),
      [
        [0, 'applied/counted', ['silence']],
        [2, 'applied/counted', ['silence']],
        [3, 'failed/rejected', ['silence']],
      ],
    )
    assert.deepEqual([...states.values()], ['@0 {"count":2}'])
    assert.deepEqual([...timers.keys()], [...states.keys()])
    const later = await past(6)
    assert.deepEqual(
      later.steps.slice(3).map(({ offset, of, emitted, timers }) => [offset, of, emitted, timers]),
      [
        [5, 'timer silence', ['test.silent'], []],
        [6, 'io.sluice.environment.reading.v1', [], ['silence']],
      ],
    )
    assert.deepEqual([...later.states.values()], ['@0 {"count":103}'])
  })
})
