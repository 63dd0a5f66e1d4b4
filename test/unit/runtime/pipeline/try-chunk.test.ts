/** The next chunk of a partition is decided, and nothing is kept of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from '../../../../packages/runtime/pipeline/consumer.ts'
import { type Backlog, tryChunk } from '../../../../packages/runtime/pipeline/deciding/try-chunk.ts'
import { Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../../../packages/runtime/pipeline/ports.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const readings = (count: number) =>
  Array.from({ length: count }, (_, offset) => record(offset, reading(`r${offset}`)))

/** The offsets that were decided, and what became of them. */
async function tried(
  stage: Stage,
  all: readonly LogRecord[],
  backlog: Partial<Backlog> = {},
  log?: LogReader,
) {
  const offsets: number[] = []
  const applied = await tryChunk(
    stage.consumer as Consumer<AnyKeyedProcess>,
    { store: stage.store, log: log ?? new MemoryLogReader([...all]) },
    { ...stage.stateKey(), fromOffset: 0, toOffset: all.length - 1, ...backlog },
    ({ offset }) => offsets.push(offset),
  )
  return { offsets, outcomes: applied?.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`) }
}

describe('trying the next chunk', () => {
  it('given records after the applied offset, then each is named before it is decided, and nothing is kept', async () => {
    const stage = new Stage()
    const all = readings(5)
    await stage.batch(all.slice(0, 2))
    const before = stage.store.copyOf(stage.stateKey())
    const { offsets, outcomes } = await tried(stage, all, { fromOffset: 2 })
    assert.deepEqual(offsets, [2, 3, 4])
    assert.deepEqual(outcomes, ['applied/counted', 'applied/counted', 'applied/counted'])
    assert.deepEqual(stage.store.copyOf(stage.stateKey()), before)
  })

  it('given more records than fit into a commit, then as many as fit are decided', async () => {
    const stage = new Stage()
    const limits = { ...stage.consumer.limits, records: 3 }
    stage.consumer = { ...stage.consumer, limits }
    assert.deepEqual((await tried(stage, readings(5))).offsets, [0, 1, 2])
  })

  it('given that the consumer has decided them meanwhile, then nothing is decided', async () => {
    const stage = new Stage()
    const all = readings(2)
    await stage.batch(all)
    assert.deepEqual(await tried(stage, all), { offsets: [], outcomes: undefined })
  })

  it('given that an open transaction hides the last records, then those before it are decided', async () => {
    const all = readings(2)
    const whole = new MemoryLogReader(all)
    const log: LogReader = {
      read: async (topic, partition, range) => {
        if (range.fromOffset >= 2)
          throw new Unavailable('broker-unavailable', 'Kafka returned no records of it')
        return { ...(await whole.read(topic, partition, range)), nextOffset: 2 }
      },
    }
    assert.deepEqual((await tried(new Stage(), all, { toOffset: 3 }, log)).offsets, [0, 1])
    await assert.rejects(tried(new Stage(), all, { fromOffset: 2, toOffset: 3 }, log), Unavailable)
  })
})
