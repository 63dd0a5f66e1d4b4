/** A partition state is computed anew from the log, beside the live one, and takes its place. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { Received } from '#runtime/consumer/event.ts'
import type { CopyStopped } from '#runtime/pipeline/errors.ts'
import { EMPTY_META } from '#runtime/pipeline/replacing/state-parts.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { createChange } from '../../../support/changes.ts'
import { MemoryReplaceableStates } from '../../../support/memory-replaceable-states.ts'
import { inPages, partsAt } from '../../../support/parts.ts'
import { Random } from '../../../support/random.ts'
import { logRecord, environmentReading as reading } from '../../../support/records.ts'
import { reprocessed } from '../../../support/reprocessing.ts'
import { counting, Stage } from '../../../support/stage.ts'
import { WATCHED_ID_WINDOW_MS, watchedLog } from '../../../support/watched-log.ts'
import { WATCHING } from '../../../support/watching.ts'

const SEEDS = 40
const LENGTH = 30

/** `batch` of a stage whose circuit breaker an operator has reset. */
const breaker = { open: async () => Number.NEGATIVE_INFINITY }

function readings(count: number, from = 0): LogRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const offset = from + index
    return logRecord(offset, reading(`r${offset}`, { at: offset, sensor: `s-${offset % 3}` }))
  })
}

/** All that the live state holds, apart from its version, the mark of its commit, and how many records were decided. */
function readContents(stage: Stage) {
  const { version, tally, mark, ...contents } = stage.store.copyState(stage.stateKey()) as {
    version: { appliedOffset: number }
    tally: unknown
    mark: unknown
  }
  return { appliedOffset: version.appliedOffset, ...contents }
}

describe('reprocessing a partition', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    it(`given the same code from the start of log ${seed}, then the new state equals the live one`, async () => {
      const stage = new Stage(WATCHING.before as never)
      stage.consumer = { ...stage.consumer, idWindowMs: WATCHED_ID_WINDOW_MS }
      const log = watchedLog(new Random(seed), LENGTH)
      await stage.batch(log, { ports: { breaker } })
      const [before, published] = [readContents(stage), stage.events.length]
      const { epoch } = await reprocessed(stage, log)
      assert.equal(epoch, 1)
      assert.deepEqual(readContents(stage), before)
      assert.equal(stage.events.length, published)
    })

  it('given a live consumer that continues until it is fenced, then its next records wait for the switch', async () => {
    const log = readings(40)
    const stage = new Stage()
    await stage.batch(log.slice(0, 20))
    const live = new MemoryReplaceableStates(stage.store)
    atFence(live, {
      before: () => stage.batch(log.slice(20, 35)),
      behind: () => stage.batch(log.slice(35)),
    })
    const { appliedOffset } = await reprocessed(stage, log, { live })
    assert.equal(appliedOffset, 34)
    assert.deepEqual(
      stage.observer.waits.map(({ reason }) => reason),
      ['reprocessing'],
    )
    await stage.batch(log.slice(35))
    const reference = new Stage()
    await reference.batch(log)
    assert.deepEqual(readContents(stage), readContents(reference))
    assert.deepEqual(
      stage.events.map(({ id }) => id),
      reference.events.map(({ id }) => id),
    )
  })

  it('given a comparison that takes too long, then the consumer continues, and no state is switched', async () => {
    const log = readings(40)
    const stage = new Stage()
    await stage.batch(log.slice(0, 20))
    const live = new MemoryReplaceableStates(stage.store)
    const replace = live.replace.bind(live)
    live.replace = async (state, staged, conditions) => {
      // The time of the fence is over.
      if (conditions.continues) await live.unfence(state, conditions.continues.fence)
      await stage.batch(log.slice(20))
      return replace(state, staged, conditions)
    }
    await assert.rejects(
      reprocessed(stage, log, { live }),
      (error: CopyStopped) => error.why === 'waiting' && /longer than 60 s/.test(error.message),
    )
    const reference = new Stage()
    await reference.batch(log)
    assert.deepEqual(readContents(stage), readContents(reference))
  })

  it('given a state that is dropped behind the fence, then it stays, and the command ends', async () => {
    const log = readings(20)
    const stage = new Stage()
    await stage.batch(log)
    const live = new MemoryReplaceableStates(stage.store)
    const replace = live.replace.bind(live)
    live.replace = async (...of) => {
      await stage.store.replace(stage.stateKey(), inPages([{ kind: 'meta', meta: EMPTY_META }]))
      return replace(...of)
    }
    await assert.rejects(
      reprocessed(stage, log, { live }),
      (error: CopyStopped) => error.why === 'replaced' && /dropped or replaced/.test(error.message),
    )
    assert.deepEqual((await live.facts(stage.stateKey())).version, {
      epoch: 1,
      appliedOffset: -1,
      fired: 0,
    })
  })

  it('given a result from the old state, when it is committed after the switch, then it is refused', async () => {
    const log = readings(10)
    const stage = new Stage()
    await stage.batch(log)
    const { version: base } = await stage.store.load(stage.stateKey(), EMPTY_SELECTION)
    await reprocessed(stage, log)
    const { version } = await stage.store.load(stage.stateKey(), EMPTY_SELECTION)
    assert.deepEqual(version, { ...base, epoch: 1 })
    assert.equal(
      await stage.store.commit(stage.stateKey(), createChange({ base, appliedOffset: 10 })),
      'refused',
    )
  })

  it('given other code in the live consumer, then nothing is switched and the error names its version', async () => {
    const log = readings(10)
    const stage = new Stage()
    await stage.batch(log, { codeVersion: () => 'v2' })
    const before = stage.store.copyState(stage.stateKey())
    await assert.rejects(reprocessed(stage, log), { why: 'other-code', message: /code: v2\// })
    assert.deepEqual(stage.store.copyState(stage.stateKey()), before)
  })

  it('given a start after offset 0, then a context that only steps set has what they set from there', async () => {
    const noting = {
      ...counting,
      context: {
        setBy: [],
        initial: [],
        read: (context: unknown) => context,
        reasons: { changed: 'changed', unchanged: 'unchanged' },
      },
      onEvent: (state: never, event: Received, context: readonly string[]) => ({
        ...counting.onEvent(state, event, undefined),
        context: [...context, event.id],
      }),
    }
    const log = readings(4)
    const stage = new Stage(noting as never)
    await stage.batch(log)
    await reprocessed(stage, log, { startOffset: 2, dropsOlder: true })
    const { context } = await stage.store.load(stage.stateKey(), { ...EMPTY_SELECTION, contexts: [] })
    assert.equal(context?.json, '["r2","r3"]')
  })

  it('given a stop in the middle, then nothing is left of it, and the next command begins again', async () => {
    const log = readings(30)
    const stage = new Stage()
    await stage.batch(log)
    const before = stage.store.copyState(stage.stateKey())
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records: 5 } }
    const stopped = new AbortController()
    const memory = () => {
      const store = new MemoryStateStore()
      const commit = store.commit.bind(store)
      let commits = 0
      store.commit = async (...of) => {
        commits += 1
        if (commits === 3) stopped.abort()
        return commit(...of)
      }
      return store
    }
    await assert.rejects(
      reprocessed(stage, log, { memory, stop: stopped.signal }),
      (error: CopyStopped) => error.why === 'stopped',
    )
    assert.deepEqual(stage.store.copyState(stage.stateKey()), before)
    const counts: number[] = []
    await reprocessed(stage, log, { decided: count => counts.push(count) })
    assert.deepEqual(counts, [30])
    const reference = new Stage()
    await reference.batch(log)
    assert.deepEqual(readContents(stage), readContents(reference))
  })

  it('given a second command that stages its state, then the first one does not replace the live one', async () => {
    const log = readings(30)
    const stage = new Stage()
    await stage.batch(log)
    const live = new MemoryReplaceableStates(stage.store)
    const replace = live.replace.bind(live)
    live.replace = async (...of) => {
      await live.stage(stage.stateKey(), inPages(partsAt(3)))
      return replace(...of)
    }
    await assert.rejects(reprocessed(stage, log, { live }), (error: CopyStopped) => error.why === 'overtaken')
    assert.equal((await live.facts(stage.stateKey())).version.epoch, 0)
  })

  it('given a state that outgrows the memory, then it is refused, and nothing changes', async () => {
    const log = readings(30)
    const stage = new Stage()
    await stage.batch(log)
    const before = stage.store.copyState(stage.stateKey())
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records: 5 } }
    await assert.rejects(
      reprocessed(stage, log, { stateBytes: 1_200 }),
      (error: CopyStopped) => error.why === 'too-large' && /computed in memory/.test(error.message),
    )
    assert.deepEqual(stage.store.copyState(stage.stateKey()), before)
    // What has been replaced meanwhile does not count.
    await reprocessed(stage, log, { stateBytes: 2_500 })
  })

  it('given a start that the live consumer has not reached, then it says so and switches nothing', async () => {
    const log = readings(30)
    const stage = new Stage()
    await stage.batch(log.slice(0, 10))
    await assert.rejects(
      reprocessed(stage, log, { startOffset: 20, dropsOlder: true }),
      /live consumer is at offset 9 /,
    )
  })
})

/** Lets something happen when the live state is fenced. */
function atFence(
  live: MemoryReplaceableStates,
  { before, behind }: { before?: () => Promise<unknown>; behind?: () => Promise<unknown> },
): void {
  const fence = live.fence.bind(live)
  live.fence = async (...of) => {
    live.fence = fence
    await before?.()
    const version = await fence(...of)
    await behind?.()
    return version
  }
}
