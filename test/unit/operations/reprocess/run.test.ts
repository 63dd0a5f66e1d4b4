import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import type { AnyKeyedProcess, Consumer } from '#runtime/pipeline/consumer.ts'
import { computeCode } from '#runtime/pipeline/loading/code.ts'
import { type Operation, Operations } from '#runtime/pipeline/replacing/operations.ts'
import { MemoryLogReader } from '#runtime/testing/memory-log-reader.ts'
import type { Reprocessings } from '../../../../lib/operations/reprocess/reprocessing-store.ts'
import { reprocessAll, type Work } from '../../../../lib/operations/reprocess/run.ts'
import { MemoryReplaceableStates } from '../../../support/memory-replaceable-states.ts'
import { inPages, partsAt } from '../../../support/parts.ts'
import { logRecord, environmentReading as reading } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const PARTITIONS = [0, 1, 2]

/** A live consumer of three partitions, and what a command needs to compute them again. */
class Reprocess {
  readonly stage = new Stage()
  readonly live = new MemoryReplaceableStates(this.stage.store)
  readonly counts: Record<string, number> = {}
  readonly operations: Reprocessings
  readonly #stop = new AbortController()
  readonly #log = PARTITIONS.flatMap(partition =>
    [0, 1, 2].map(offset => logRecord(offset, reading(`r${partition}-${offset}`), { partition })),
  )

  constructor() {
    let stored: object | undefined
    this.operations = new Operations(
      {
        read: async () => stored as never,
        update: async change => {
          stored = change(stored as never)
          return stored as never
        },
      },
      () => 1,
    )
  }

  async begun(): Promise<Operation> {
    for (const partition of PARTITIONS)
      await this.stage.batch(this.#log.filter(record => record.partition === partition))
    return (await this.operations.take({ operation: 'reprocess', attempt: 0 })) as Operation
  }

  /** Runs the command. @param switched called after each partition */
  run(own: Operation, switched: (partition: number) => unknown = () => {}) {
    const consumer = this.stage.consumer as Consumer<AnyKeyedProcess>
    const { live } = this
    const replace = live.replace.bind(live)
    live.replace = async (state, ...of) => {
      const outcome = await replace(state, ...of)
      await switched(state.partition)
      return outcome
    }
    const work: Work = {
      ...{ consumer, live, code: computeCode('v1', consumer), dropsOlder: false },
      memory: () => new MemoryStateStore(),
      log: new MemoryLogReader(this.#log),
    }
    const starts = PARTITIONS.map(partition => ({ partition, offset: 0 }))
    const states = new Map(PARTITIONS.map(partition => [partition, this.stage.stateKey(partition)]))
    const watching = { stop: this.#stop.signal, notice: () => {}, watch: () => () => {} }
    const options = { isTrial: false, counts: this.counts }
    return reprocessAll(this.operations, work, own, starts, states, options, watching)
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
    const command = new Reprocess()
    const order: number[] = []
    const done = await command.run(await command.begun(), partition => order.push(partition))
    assert.deepEqual([order, await command.epochs()], [PARTITIONS, [1, 1, 1]])
    assert.deepEqual(
      done.map(({ partition, epoch, emitted }) => [partition, epoch, emitted]),
      PARTITIONS.map(partition => [partition, 1, {}]),
    )
    assert.deepEqual(command.counts, { switched: 3 })
  })

  it('given what an interrupted command has left, then it is removed before anything is computed', async () => {
    const command = new Reprocess()
    const own = await command.begun()
    const last = command.stage.stateKey(2)
    const left = await command.live.stage(last, inPages(partsAt(3)))
    await command.run(own, async partition => {
      if (partition === 0)
        assert.deepEqual(await command.live.replace(last, left, { live: undefined }), { kind: 'overtaken' })
    })
    assert.deepEqual(await command.epochs(), [1, 1, 1])
  })

  it('given a later command, then the first one stops before its next partition', async () => {
    const command = new Reprocess()
    const own = await command.begun()
    const later = (partition: number) =>
      partition === 0 && command.operations.take({ operation: 'reprocess', attempt: 0 })
    await assert.rejects(command.run(own, later), /a later command computes these states/)
    assert.deepEqual(await command.epochs(), [1, 0, 0])
  })

  it('given a stop, then the partitions that were switched stay so, and the others are as before', async () => {
    const command = new Reprocess()
    const done = await command.run(await command.begun(), () => command.stop())
    assert.deepEqual([done.length, await command.epochs()], [1, [1, 0, 0]])
  })
})
