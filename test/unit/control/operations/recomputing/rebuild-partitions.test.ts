import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AnyKeyedProcess, type Consumer, CopyStopped, computeCode } from '#runtime/pipeline'
import { MemoryReplaceableStates } from '#runtime/test/support/memory-replaceable-states'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { PartlyDone } from '../../../../../control/operations/operation.ts'
import type { Job } from '../../../../../control/operations/recomputing/job.ts'
import {
  type RebuildResult,
  rebuildPartitions,
} from '../../../../../control/operations/recomputing/rebuild-partitions.ts'
import { Stage } from '../../../../support/stage.ts'

const PARTITIONS = [0, 1, 2]

/** A live consumer of three partitions, and what a command needs to compute them again. */
class Reprocess {
  readonly stage = new Stage()
  readonly live = new MemoryReplaceableStates(this.stage.store)
  readonly counts: Record<string, number> = {}
  readonly #stop = new AbortController()
  readonly #log = PARTITIONS.flatMap(partition =>
    [0, 1, 2].map(offset => logRecord(offset, reading(`r${partition}-${offset}`), { partition })),
  )

  async begun(): Promise<this> {
    for (const partition of PARTITIONS)
      await this.stage.batch(this.#log.filter(record => record.partition === partition))
    return this
  }

  /** Runs the command. @param switched called after each partition */
  run(switched: (partition: number) => unknown = () => {}, isTrial = false) {
    const consumer = this.stage.consumer as Consumer<AnyKeyedProcess>
    const { live } = this
    const replace = live.replace.bind(live)
    live.replace = async (state, ...of) => {
      const outcome = await replace(state, ...of)
      await switched(state.partition)
      return outcome
    }
    const code = computeCode('v1', consumer)
    const job = {
      ...{ consumer, live, code, skipped: this.stage.store, log: new MemoryLogReader(this.#log) },
      ...{ pause: async () => {}, nowMs: () => 1 },
    }
    const rebuild = { startOffset: 0, from: 'start', code, dropsOlder: false, begunMs: 0 }
    const planned = PARTITIONS.map(partition => {
      return { state: this.stage.stateKey(partition), rebuild, nextOffset: 0, appliedOffset: 2 }
    })
    const running = { stop: this.#stop.signal, showProgress: () => {}, counts: this.counts }
    return rebuildPartitions(job as unknown as Job, planned, isTrial, running)
  }

  stop(): void {
    this.#stop.abort()
  }

  async epochs(): Promise<number[]> {
    const facts = await Promise.all(
      PARTITIONS.map(partition => this.live.facts(this.stage.stateKey(partition))),
    )
    return facts.map(({ version }) => version.epoch)
  }
}

describe('a command that computes several partitions', () => {
  it('given three partitions, then each is switched, one after the other', async () => {
    const command = await new Reprocess().begun()
    const order: number[] = []
    const { partitions: done } = await command.run(partition => order.push(partition))
    assert.deepEqual([order, await command.epochs()], [PARTITIONS, [1, 1, 1]])
    assert.deepEqual(
      done.map(({ partition, epoch, emitted }) => [partition, epoch, emitted]),
      PARTITIONS.map(partition => [partition, 1, {}]),
    )
    assert.deepEqual(command.counts, { switched: 3 })
  })

  it('given a dry run, then nothing is switched, or written beside the states', async () => {
    const command = await new Reprocess().begun()
    const { partitions: done } = await command.run(undefined, true)
    assert.deepEqual([done.length, await command.epochs()], [3, [0, 0, 0]])
    const { rebuilds } = command.live
    assert.deepEqual(await rebuilds.find(command.stage.stateKey(0)), undefined)
  })

  it('given a partition that another command takes over, then the error has what was done before', async () => {
    const command = await new Reprocess().begun()
    const { live, stage } = command
    const takeOver = async (partition: number) => {
      if (partition !== 0) return
      const { states } = live.rebuilds
      const load = states.load.bind(states)
      states.load = async (...of) => {
        await live.rebuilds.abandon(stage.stateKey(1))
        return load(...of)
      }
    }
    await assert.rejects(command.run(takeOver), (error: PartlyDone<RebuildResult>) => {
      assert.match(error.message, /test\/1 was not switched: another command has begun/)
      return error instanceof PartlyDone && error.result.partitions.length === 1
    })
    assert.deepEqual(await command.epochs(), [1, 0, 0])
  })

  it('given a stop while a partition is read, then it ends without an error', async () => {
    const command = await new Reprocess().begun()
    command.live.rebuilds.states.load = async () => {
      command.stop()
      throw new CopyStopped('stopped', 'reading was stopped')
    }
    assert.deepEqual((await command.run()).partitions, [])
  })

  it('given a stop, then the partitions that were switched stay so, and the others are as before', async () => {
    const command = await new Reprocess().begun()
    const { partitions: done } = await command.run(() => command.stop())
    assert.deepEqual([done.length, await command.epochs()], [1, [1, 0, 0]])
  })
})
