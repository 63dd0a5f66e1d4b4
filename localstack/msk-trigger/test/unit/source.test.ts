import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSettings } from '../../config/settings.ts'
import type { MemberListener } from '../../poll/member.ts'
import { EventSource } from '../../source.ts'
import { inShort, mappingOf } from './support.ts'

/** A source whose topic exists, and whose group member does what the test says, one call after another. */
function given(...reads: ((listener: MemberListener) => Promise<void>)[]) {
  const log: string[] = []
  const written: string[] = []
  const note = (line: string) => log.push(line)
  const over = Promise.withResolvers<void>()
  const source = new EventSource(mappingOf(), {
    settings: readSettings({ brokers: 'b:1' }, {}),
    log: { notice: note, warning: note, error: note },
    sender: undefined,
    report: line => void written.push(inShort(JSON.parse(line))),
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
  return { run, written }
}
const breaks = async () => assert.fail('not allowed to join the group')
const joinsAndBreaks = async (listener: MemberListener) => {
  listener.reading(new Map())
  await breaks()
}
const readsAndBreaks = async (listener: MemberListener) => {
  listener.reading(new Map())
  listener.fetched()
  await breaks()
}

describe('a source that cannot read', () => {
  it('logs attempts 1, 2, 4 and so on, even if the topic exists', async () => {
    const log = await given(breaks, breaks, breaks).run()
    const attempts = log.map(
      line => /not reading: not allowed to join the group\. .*\(attempt (\d)\)/.exec(line)?.[1],
    )
    assert.deepEqual(attempts, ['1', '2'])
  })

  it('also logs them for a member that joins repeatedly but cannot fetch', async () => {
    const { run, written } = given(joinsAndBreaks, joinsAndBreaks, joinsAndBreaks)
    const log = await run()
    assert.deepEqual(
      log.filter(line => line.includes('attempt')).map(line => /\(attempt (\d)\)/.exec(line)?.[1]),
      ['1', '2'],
    )
    assert.equal(log.filter(line => line.includes('ready')).length, 1)
    assert.deepEqual(written.slice(0, 4), [
      'mapped',
      'stalled reading error 1',
      'stalled reading error 2',
      'stalled reading error 3',
    ])
  })

  it('reports once that a fetch has succeeded', async () => {
    const { run, written } = given(breaks, async listener => {
      listener.reading(new Map())
      listener.fetched()
      listener.fetched()
    })
    const log = await run()
    assert.deepEqual(written, ['mapped', 'stalled reading error 1', 'resumed reading all'])
    assert.deepEqual(
      log.filter(line => line.includes('again after')),
      ['msk  f ← t  reads again after 1 failed attempts'],
    )
  })

  it('starts counting again after it has read', async () => {
    const log = await given(readsAndBreaks, readsAndBreaks).run()
    assert.equal(log.filter(line => line.includes('attempt 1')).length, 2)
  })
})
