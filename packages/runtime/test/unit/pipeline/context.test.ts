/** The context of a partition: set by the log, at its place in the log, for events and timers alike. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { PermanentError } from '../../../consumer/author-errors.ts'
import type { Event } from '../../../consumer/event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import type { LoadSelection } from '../../../pipeline/model/snapshot.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { kafkaEvent } from '../../../testing/records.ts'
import { tick } from '../../support/application.ts'
import { logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')

interface ContextState {
  readonly told: readonly string[]
}

/** Notes which setting each of its steps was given. A fresh one has nothing at hand. */
function noting(read = (data: unknown) => data): KeyedProcess<ContextState, unknown, unknown> {
  return {
    name: 'noting',
    accepts: ['test.event'],
    context: {
      setBy: 'test.setting',
      initial: 'initial',
      read(data) {
        const context = read((data as { setting: unknown }).setting)
        if (context === 'bad') throw new PermanentError('bad is not a setting')
        return context
      },
      reasons: { changed: 'set', unchanged: 'set-already' },
    },
    onEvent: (state, { id, timeMs }, setting) =>
      completeStep(
        'noted',
        { told: [...(state?.told ?? []), `${id}: ${setting}`] },
        [],
        [{ name: 'later', dueMs: timeMs + 20_000 }],
      ),
    onTimer: (state, { name }, setting) =>
      completeStep('fired', { told: [...state.told, `${name}: ${setting}`] }),
  }
}

const createEvent = (id: string, type: string, data: object): Event => ({
  id,
  source: '/noting',
  ...(type === 'test.event' ? { subject: 'x' } : {}),
  type,
  time: new Date(START_MS).toISOString(),
  datacontenttype: 'application/json',
  data,
})
const signal = (id: string) => createEvent(id, 'test.event', {})
const setting = (id: string, value: unknown) => createEvent(id, 'test.setting', { setting: value })
const log = (...rows: readonly (readonly [second: number, content: Event])[]): LogRecord[] =>
  rows.map(([second, content], offset) =>
    logRecord(offset, content, { timestampMs: START_MS + second * 1000 }),
  )
const TICK = tick(0, '2026-03-01T12:00:00Z')
/** Every batch is loaded. */
const LOADING = { keptStates: undefined }
const told = async (stage: Stage) => ((await stage.state('/noting x')) as ContextState | undefined)?.told

describe('given events that set a context', () => {
  it('when one breaks the process, then it is a bug of the process, and nothing is set', async () => {
    const stage = new Stage(
      noting(data => {
        if (data === 'broken') throw new Error('no')
        return data
      }),
    )
    await stage.batch(log([0, setting('s1', 'broken')], [1, signal('a')]))
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error', 'applied/noted'])
    assert.deepEqual(await told(stage), ['a: initial'])
  })
})

describe('given a context that is stored', () => {
  /** Notes the context that each load has at hand, and whether it returned content. */
  class Listening extends MemoryStateStore {
    readonly loads: string[] = []
    override async load(stateKey: StateKey, wanted: LoadSelection) {
      const snapshot = await super.load(stateKey, wanted)
      const { contexts } = wanted
      const brought = snapshot.context && ('json' in snapshot.context ? 'content' : 'hash')
      this.loads.push(`${contexts?.length ?? 'none wanted'} at hand, brought ${brought ?? 'nothing'}`)
      return snapshot
    }
  }

  it('when batches follow one another, then its content is loaded once by each process', async () => {
    const store = new Listening()
    const records = log([0, setting('s1', 'one')], [1, TICK], [2, TICK], [3, signal('a')])
    const first = new Stage(noting(), { store })
    for (const record of records.slice(0, 2)) await first.batch([record], LOADING)
    const second = new Stage(noting(), { store })
    for (const record of records.slice(2)) await second.batch([record], LOADING)
    assert.deepEqual(store.loads, [
      '0 at hand, brought nothing',
      '1 at hand, brought hash',
      '0 at hand, brought content',
      '1 at hand, brought hash',
    ])
    const { states } = await store.load(second.stateKey(), {
      entities: ['/noting x'],
      ids: [],
      failures: [],
      idWindowMs: 0,
      span: { firstAppendMs: 0, advanceMs: 0 },
      timerLimit: 1,
      byteLimit: 1_000_000,
    })
    assert.deepEqual([...states.values()], ['@3 {"told":["a: one"]}'])
  })

  it('when steps set one after another, then only the last of a commit is cached, beside those of other partitions', async () => {
    const given: number[] = []
    const stepping: KeyedProcess<ContextState, unknown, readonly string[]> = {
      name: 'stepping',
      accepts: ['test.event'],
      context: {
        setBy: [],
        initial: [],
        read: data => data as readonly string[],
        reasons: { changed: 'set', unchanged: 'set-already' },
      },
      onEvent(_, { id }, ids) {
        given.push(ids.length)
        return { ...completeStep('noted', { told: [] }), context: [...ids, id] }
      },
    }
    const stores = Array.from({ length: 8 }, () => new Listening())
    const stages = stores.map(store => new Stage(stepping, { store }))
    const records = log(...Array.from({ length: 41 }, (_, index) => [index, signal(`e${index}`)] as const))
    for (const [index, stage] of stages.entries())
      await stage.batch(log(...records.slice(0, 40).map((_, at) => [at, signal(`${index}-${at}`)] as const)))
    for (const stage of stages) await stage.batch(records.slice(40), LOADING)
    for (const [index, { loads }] of stores.entries())
      assert.deepEqual(loads, [`${index} at hand, brought nothing`, `${8 + index} at hand, brought hash`])
    assert.deepEqual(given.slice(-8), Array(8).fill(40))
  })

  it('when other code cannot read it, then the initial one counts until the next, and that is logged', async () => {
    const stage = new Stage(noting())
    await stage.batch(log([0, setting('s1', 'new')]))
    const older = noting(data => (data === 'new' ? 'bad' : data))
    stage.consumer = { ...stage.consumer, process: older as never }
    const rest = log([0, TICK], [1, signal('a')], [2, setting('s2', 'old')], [3, signal('b')])
    await stage.batch(rest.slice(1))
    assert.deepEqual(await told(stage), ['a: initial', 'b: old'])
    assert.deepEqual(stage.observer.list('context-unreadable'), [{ why: 'bad is not a setting' }])
  })
})

describe('given a log whose first events have expired', () => {
  const kept = log(
    [0, signal('a')],
    [1, setting('s1', 'expired')],
    [2, signal('b')],
    [3, setting('s2', 'bad')],
    [4, signal('c')],
    [5, setting('s3', 'first')],
    [6, signal('d')],
  ).slice(2)
  const expected = ['b: first', 'c: first', 'd: first']

  it('when no state is there, then the first setting left decides the records before it', async () => {
    for (const size of [5, 1, 2, 3]) {
      const stage = new Stage(noting())
      stage.inLog(kept)
      for (let from = 0; from < kept.length; from += size) await stage.batch(kept.slice(from, from + size))
      assert.deepEqual(await told(stage), expected, `${size} records at a time`)
    }
  })

  it('when the state is from before them, then its setting stays in force', async () => {
    const stage = new Stage(noting())
    await stage.batch(log([0, setting('s0', 'older')], [0, signal('a')]))
    const later = kept.map(record => ({ ...record, offset: record.offset + 1 }))
    await stage.consume(kafkaEvent(later), { ports: { log: new MemoryLogReader(later) } })
    assert.deepEqual(await told(stage), ['a: older', 'b: older', 'c: older', 'd: first'])
  })

  it('when too little time is left, then the search goes on in the next invocation', async () => {
    const stage = new Stage(noting())
    stage.inLog(kept)
    const log = new MemoryLogReader(kept, 1)
    const searched: number[] = []
    const read: typeof log.read = (topic, partition, range, holding) => {
      if (holding !== undefined) searched.push(range.fromOffset)
      return log.read(topic, partition, range, holding)
    }
    for (let invocation = 0; (await told(stage)) === undefined && invocation < 9; invocation += 1) {
      let left = 4
      const remainingMs = () => (left-- > 0 ? 60_000 : 0)
      await stage.consume(kafkaEvent(kept.slice(0, 1)), { remainingMs, ports: { log: { read } } })
    }
    assert.deepEqual(await told(stage), ['b: first'])
    assert.deepEqual([...new Set(searched)].length, searched.length)
  })
})
