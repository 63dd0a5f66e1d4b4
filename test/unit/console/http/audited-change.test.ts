import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import { MemoryPublisher } from '#runtime/testing/memory-publisher.ts'
import { makeAuditedChange } from '../../../../console/http/audited-change.ts'
import { ProblemError } from '../../../../console/http/problem.ts'
import { NAMES } from '../../../support/families.ts'

const ABOUT = { by: 'ada', action: 'silence add', filter: { id: 'x' } } as const
const NO_EFFECT_YET = new ProblemError('unavailable', 'It is kept, and holds later.')

function environmentWith(publisher: () => Promise<MemoryPublisher>) {
  const config = { env: 'test', contentMode: 'binary', names: NAMES } as const
  return { connections: { config, publisher, writing: <T>(work: () => Promise<T>) => work() } }
}

describe('a change that is audited', () => {
  it('given a change without effect yet, then it is audited all the same, and the person hears of it', async () => {
    const publisher = new MemoryPublisher()
    const changed = { result: undefined, counts: { silences: 1 }, problem: NO_EFFECT_YET }
    await assert.rejects(
      makeAuditedChange(
        environmentWith(async () => publisher),
        ABOUT,
        async () => changed,
      ),
      NO_EFFECT_YET,
    )
    assert.equal(publisher.publishedRecords.length, 1)
  })

  it('given that nothing was changed, then nothing is audited', async () => {
    const publisher = new MemoryPublisher()
    const environment = environmentWith(async () => publisher)
    await assert.rejects(
      makeAuditedChange(environment, ABOUT, () => Promise.reject(new Error('no'))),
      /no/,
    )
    assert.equal(publisher.publishedRecords.length, 0)
  })

  it('given that Kafka is away, then the person hears that it is done, and has no audit event', async () => {
    const environment = environmentWith(async () => {
      throw new Unavailable('broker-unavailable', 'Kafka does not answer')
    })
    for (const [problem, message] of [
      [
        undefined,
        /^The operation is complete\. The audit event could not be written: Kafka does not answer$/,
      ],
      [NO_EFFECT_YET, /^It is kept, and holds later\. The audit event could not be written: /],
    ] as const)
      await assert.rejects(
        makeAuditedChange(environment, ABOUT, async () => ({
          ...{ result: 1, counts: { silences: 1 } },
          ...(problem && { problem }),
        })),
        { code: 'unavailable', message },
      )
  })
})
