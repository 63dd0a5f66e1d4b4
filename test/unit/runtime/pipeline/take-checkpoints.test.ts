import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { CopyStopped, Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'
import type { StateKey } from '../../../../packages/runtime/pipeline/model.ts'
import type {
  CheckpointPages,
  CheckpointStore,
  KeptCheckpoint,
} from '../../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { takeCheckpoints } from '../../../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { MemoryCheckpointStore } from '../../../../packages/runtime/testing/checkpoint-store.ts'
import { changeOf, versionAt } from '../../../support/changes.ts'

const partition = (number: number): StateKey => ({
  consumer: 'counting',
  topic: 'readings',
  partition: number,
})
const ALL = [0, 1, 2].map(partition)

class CheckpointRun {
  readonly store = new MemoryStateStore()
  readonly checkpoints: CheckpointStore = new MemoryCheckpointStore()
  readonly written: number[] = []
  nowMs = 10_000

  constructor() {
    const write = this.checkpoints.write.bind(this.checkpoints)
    this.checkpoints.write = async (state, ...rest) => {
      this.written.push(state.partition)
      return write(state, ...rest)
    }
  }

  /** The states contain the applied offset. */
  async commit(state: StateKey, appliedOffset: number): Promise<void> {
    const base = (await this.store.take(state))?.version ?? versionAt(-1)
    const states = new Map([['e', String(appliedOffset)]])
    assert.equal(await this.store.commit(state, changeOf({ base, appliedOffset, states })), 'committed')
  }

  /** Commits this many times while the pages of this state are written. */
  movesWhileRead(moving: StateKey, times: number): { count: number } {
    const moves = { count: 0 }
    const write = this.checkpoints.write.bind(this.checkpoints)
    // Two runs may read it side by side: one commit after the other.
    let last = Promise.resolve()
    const commit = () => {
      last = last.then(() => this.commit(moving, 100 + moves.count))
      return last
    }
    this.checkpoints.write = async (state, kept, pages) =>
      write(state, kept, state.partition === moving.partition ? disturbed(pages) : pages)
    async function* disturbed(pages: CheckpointPages): CheckpointPages {
      for await (const page of pages) {
        if (moves.count < times) {
          moves.count += 1
          await commit()
        }
        yield page
      }
    }
    return moves
  }

  take(states = ALL, { kept = 4, remainingMs = () => 60_000 as number } = {}) {
    const recovery = { checkpoints: this.checkpoints, states: this.store }
    return takeCheckpoints(recovery, states, { kept, nowMs: () => this.nowMs, remainingMs, reserveMs: 1_000 })
  }
}

describe('taking checkpoints', () => {
  it('given states, then each is copied once until it changes; one that is absent is left out', async () => {
    const given = new CheckpointRun()
    for (const state of ALL.slice(0, 2)) await given.commit(state, 1)
    const { bytes, ...first } = await given.take()
    assert.deepEqual([first, bytes > 0], [{ written: 2, unchanged: 0, notTaken: [] }, true])
    await given.commit(partition(1), 2)
    given.nowMs += 1
    assert.deepEqual((await given.take()).unchanged, 1)
    assert.deepEqual(given.written, [0, 1, 1])
  })

  it('given a state that is gone, then what is kept of it stays', async () => {
    const given = new CheckpointRun()
    await given.commit(partition(0), 1)
    await given.take()
    given.store.restore(partition(0), undefined)
    await given.take(ALL, { kept: 1 })
    assert.equal((await given.checkpoints.list(partition(0))).length, 1)
  })

  it('given more than are kept, then those before the whole one before the newest whole one go', async () => {
    const given = new CheckpointRun()
    const offsetsOf = (listed: readonly KeptCheckpoint[]) =>
      listed.map(({ version, after }) => `${after === undefined ? 'whole ' : ''}${version.appliedOffset}`)
    for (let appliedOffset = 0; appliedOffset < 12; appliedOffset += 1) {
      given.nowMs += 1_000
      await given.commit(partition(0), appliedOffset)
      await given.take([partition(0)], { kept: 2 })
    }
    const listed = await given.checkpoints.list(partition(0))
    assert.deepEqual(offsetsOf(listed), ['11', 'whole 10', '9', '8', '7', '6', 'whole 5'])
    await given.commit(partition(0), 12)
    given.checkpoints.write = () => Promise.reject(new Unavailable('checkpoint-unavailable', 'S3 is away'))
    await assert.rejects(given.take([partition(0)], { kept: 2 }), Unavailable)
    assert.deepEqual(await given.checkpoints.list(partition(0)), listed)
  })

  it('given partitions whose first checkpoints are of one run, then their next whole ones are not', async () => {
    const given = new CheckpointRun()
    const wholeIn = new Map<number, number[]>()
    for (let run = 0; run < 12; run += 1) {
      given.nowMs += 1_000
      for (const state of ALL) await given.commit(state, run)
      await given.take()
      for (const { partition } of ALL) {
        const [newest] = await given.checkpoints.list({ ...ALL[0], partition } as StateKey)
        if (newest && newest.after === undefined) wholeIn.set(run, [...(wholeIn.get(run) ?? []), partition])
      }
    }
    assert.deepEqual(Object.fromEntries(wholeIn), { 0: [0, 1, 2], 5: [0], 6: [1], 7: [2], 10: [0] })
  })

  it('given a checkpoint that is gone, then a whole one is taken, even if the state has not changed', async () => {
    const given = new CheckpointRun()
    for (let appliedOffset = 0; appliedOffset < 3; appliedOffset += 1) {
      given.nowMs += 1_000
      await given.commit(partition(0), appliedOffset)
      await given.take([partition(0)])
    }
    const [newest, , whole] = await given.checkpoints.list(partition(0))
    assert.ok(newest && whole)
    await given.checkpoints.remove(partition(0), whole)
    await given.take([partition(0)])
    const [next] = await given.checkpoints.list(partition(0))
    assert.deepEqual([next?.after, next?.version], [undefined, newest.version])
  })

  it('given a clock that went back, then the newest is still the one that was taken last', async () => {
    const given = new CheckpointRun()
    for (const [appliedOffset, nowMs] of [
      [0, 9_000],
      [1, 5_000],
    ] as const) {
      given.nowMs = nowMs
      await given.commit(partition(0), appliedOffset)
      await given.take()
    }
    assert.equal((await given.checkpoints.list(partition(0)))[0]?.version.appliedOffset, 1)
  })

  it('given little time, then the oldest checkpoints are renewed first, and the others are reported', async () => {
    const given = new CheckpointRun()
    for (const [state, nowMs] of [
      [partition(1), 10_000],
      [partition(0), 20_000],
    ] as const) {
      given.nowMs = nowMs
      await given.commit(state, 1)
      await given.take([state])
    }
    given.nowMs = 30_000
    for (const state of ALL) await given.commit(state, 2)
    given.written.length = 0
    let left = 3_000
    const { notTaken } = await given.take(ALL, { remainingMs: () => (left -= 1_000) })
    assert.deepEqual(given.written, [2, 1])
    assert.deepEqual(notTaken, [{ partitionState: partition(0), reason: 'out-of-time', ageMs: 10_000 }])
  })

  it('given a state that never rests, then it is read as it was at one moment', async () => {
    const given = new CheckpointRun()
    for (const state of ALL) await given.commit(state, 1)
    const moves = given.movesWhileRead(partition(0), Number.POSITIVE_INFINITY)
    const { written, notTaken } = await given.take()
    assert.deepEqual([written, notTaken, moves.count > 2], [3, [], true])
    const [kept] = await given.checkpoints.list(partition(0))
    assert.ok(kept)
    for await (const page of given.checkpoints.read(partition(0), kept))
      for (const part of page)
        if (part.kind === 'state') assert.equal(part.state, String(kept.version.appliedOffset))
  })

  it('given a state that is replaced while it is read, then others have their turn, and it is read again', async () => {
    const given = new CheckpointRun()
    for (const state of ALL) await given.commit(state, 1)
    const write = given.checkpoints.write.bind(given.checkpoints)
    let replaced = 0
    given.checkpoints.write = async (state, taken, pages) =>
      write(state, taken, state.partition === 0 ? replacing(pages) : pages)
    async function* replacing(pages: CheckpointPages): CheckpointPages {
      for await (const page of pages) {
        if (replaced++ === 0) given.store.restore(partition(0), given.store.copyOf(partition(1)))
        yield page
      }
    }
    const { written, notTaken } = await given.take()
    assert.deepEqual([written, notTaken], [3, []])
    assert.deepEqual(given.written, [0, 1, 2, 0])
  })

  it('given a state that is replaced each time, then it is reported, with the age of its newest', async () => {
    const given = new CheckpointRun()
    for (const state of ALL) await given.commit(state, 1)
    await given.take()
    for (const state of ALL) await given.commit(state, 2)
    given.nowMs += 900_000
    const write = given.checkpoints.write.bind(given.checkpoints)
    given.checkpoints.write = async (state, taken, pages) => {
      if (state.partition === 1) throw new CopyStopped('moved', 'replaced')
      return write(state, taken, pages)
    }
    const { written, notTaken } = await given.take()
    assert.deepEqual(
      [written, notTaken],
      [2, [{ partitionState: partition(1), reason: 'moving', ageMs: 900_000 }]],
    )
  })

  it('given two runs side by side, then each state has a checkpoint that can be read', async () => {
    const given = new CheckpointRun()
    for (const state of ALL) await given.commit(state, 1)
    for (const state of ALL) given.movesWhileRead(state, Number.POSITIVE_INFINITY)
    await Promise.all([given.take(), given.take()])
    for (const state of ALL) {
      const [newest] = await given.checkpoints.list(state)
      assert.ok(newest)
      for await (const page of given.checkpoints.read(state, newest)) assert.ok(page)
    }
  })

  it('given a state that cannot be copied, then the others are all the same', async () => {
    const given = new CheckpointRun()
    for (const state of ALL) await given.commit(state, 1)
    const failure = new SyntaxError('no JSON')
    const write = given.checkpoints.write.bind(given.checkpoints)
    given.checkpoints.write = async (state, ...rest) => {
      if (state.partition === 1) throw failure
      return write(state, ...rest)
    }
    const { written, notTaken } = await given.take()
    assert.equal(written, 2)
    assert.deepEqual(notTaken, [
      { partitionState: partition(1), reason: 'failed', ageMs: undefined, error: failure },
    ])
  })
})
