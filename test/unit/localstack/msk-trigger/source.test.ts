import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MemberListener } from '../../../../localstack/msk-trigger/member.ts'
import { readSettings } from '../../../../localstack/msk-trigger/settings.ts'
import { EventSource } from '../../../../localstack/msk-trigger/source.ts'
import { inShort, mappingOf } from './support.ts'

/** A source whose topic is there, and whose member of the group does what the test says, one time after another. */
function given(...reads: ((listener: MemberListener) => Promise<void>)[]) {
  const log: string[] = []
  const told: string[] = []
  const note = (line: string) => log.push(line)
  const over = Promise.withResolvers<void>()
  const source = new EventSource(mappingOf(), {
    settings: readSettings({ brokers: 'b:1' }, {}),
    log: { notice: note, warning: note, error: note },
    sender: undefined,
    report: line => void told.push(inShort(JSON.parse(line))),
    invoke: async () => {},
    cluster: {
      hasTopic: async () => true,
      largestBatch: async () => 1_048_588,
      committed: async () => new Map(),
      offsetsAt: async () => new Map(),
    },
    member: (_, listener) => ({
      read: async () => {
        const read = reads.shift()
        if (read) return read(listener)
        over.resolve()
      },
      commit: async () => {},
      pause: () => {},
      resume: () => {},
      rejoin: () => {},
      leave: async () => {},
    }),
  })
  const run = async () => {
    const running = source.run()
    await over.promise
    await source.stop(0)
    await running
    return log
  }
  return { run, told }
}
const breaks = async () => assert.fail('the group is not for us')
const joinsAndBreaks = async (listener: MemberListener) => {
  listener.reading(new Map())
  await breaks()
}
const readsAndBreaks = async (listener: MemberListener) => {
  listener.reading(new Map())
  listener.fetched()
  await breaks()
}

describe('what keeps a source from reading', () => {
  it('is told at attempts 1, 2, 4 and so on, also when the topic is there', async () => {
    const log = await given(breaks, breaks, breaks).run()
    const attempts = log.map(
      line => /not reading: the group is not for us\. .*\(attempt (\d)\)/.exec(line)?.[1],
    )
    assert.deepEqual(attempts, ['1', '2'])
  })

  it('is no less told of by a member that joins each time and cannot fetch', async () => {
    const { run, told } = given(joinsAndBreaks, joinsAndBreaks, joinsAndBreaks)
    const log = await run()
    assert.deepEqual(
      log.filter(line => line.includes('attempt')).map(line => /\(attempt (\d)\)/.exec(line)?.[1]),
      ['1', '2'],
    )
    assert.equal(log.filter(line => line.includes('ready')).length, 1)
    assert.deepEqual(told.slice(0, 4), [
      'mapped',
      'stalled reading error 1',
      'stalled reading error 2',
      'stalled reading error 3',
    ])
  })

  it('is over with a fetch that succeeds, which is reported once', async () => {
    const { run, told } = given(breaks, async listener => {
      listener.reading(new Map())
      listener.fetched()
      listener.fetched()
    })
    const log = await run()
    assert.deepEqual(told, ['mapped', 'stalled reading error 1', 'resumed reading all'])
    assert.deepEqual(
      log.filter(line => line.includes('again after')),
      ['msk  f ← t  reads again after 1 failed attempts'],
    )
  })

  it('is told anew when it had read meanwhile', async () => {
    const log = await given(readsAndBreaks, readsAndBreaks).run()
    assert.equal(log.filter(line => line.includes('attempt 1')).length, 2)
  })
})
