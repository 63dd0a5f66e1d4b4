import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSettings } from '../../config/settings.ts'
import type { MemberListener } from '../../poll/member.ts'
import type { TopicState } from '../../poll/topics.ts'
import { EventSource } from '../../source.ts'
import { inShort, mappingOf } from './support.ts'

/** A source whose topic exists, and whose group member does what the test says, one call after another. */
function given(...reads: ((listener: MemberListener) => Promise<void>)[]) {
  return givenTopic({ states: [] }, ...reads)
}

/** The same, with what the brokers say of the topic each time that they are asked. */
function givenTopic(
  { states }: { states: (TopicState | undefined)[] },
  ...reads: ((listener: MemberListener) => Promise<void>)[]
) {
  const log: string[] = []
  const written: string[] = []
  const note = (line: string) => log.push(line)
  const calls: string[] = []
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
      offsetsAt: async (_topic, { at }) => new Map([[0, at === 'LATEST' ? 9 : 1]]),
      topicStates: async () => {
        const state = states.shift()
        return new Map<string, TopicState>(state ? [['t', state]] : [])
      },
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
      rejoin: () => void calls.push('rejoin'),
      refresh: () => void calls.push('refresh'),
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
  return { run, written, calls, source }
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

describe('a source whose topic changes while it is read', () => {
  const [OLD, NEW] = [
    { id: 'a', partitionCount: 1 },
    { id: 'b', partitionCount: 1 },
  ]

  /** What fails while a member reads is only logged. */
  async function logOf(run: () => Promise<string[]>): Promise<string[]> {
    const log = await run()
    assert.deepEqual(
      log.filter(line => line.includes('not reading')),
      [],
    )
    return log
  }

  it('given the same topic, when the group is joined again, then positions are kept', async () => {
    const { run } = givenTopic({ states: [OLD, OLD] }, async listener => {
      assert.equal((await listener.startOffsets([0])).from.get(0), 9, 'the end')
      assert.equal(await listener.isSameTopic(), true)
    })
    await logOf(run)
  })

  it('given one that was created again, then it is read from its beginning, once, with a log line', async () => {
    const { run } = givenTopic({ states: [OLD, NEW, NEW, NEW] }, async listener => {
      await listener.startOffsets([0])
      listener.reading(new Map([[0, 9]]))
      assert.equal(await listener.isSameTopic(), false)
      assert.equal((await listener.startOffsets([0])).from.get(0), 1, 'the beginning')
      listener.reading(new Map([[0, 1]]))
      assert.equal((await listener.startOffsets([0])).from.get(0), 9, 'it is known now')
    })
    const lines = (await logOf(run)).filter(line => line.includes('deleted and created again'))
    assert.equal(lines.length, 1)
  })

  for (const [what, seen, expected] of [
    ['was deleted', undefined, ['rejoin']],
    ['was created again', NEW, ['rejoin']],
    ['has more partitions', { id: 'a', partitionCount: 2 }, ['refresh']],
  ] as const)
    it(`given one that ${what}, when a look shows it, then the source acts once`, async () => {
      const { run, source, calls } = givenTopic({ states: [OLD] }, async listener => {
        await listener.startOffsets([0])
        source.topicSeen(seen)
        assert.deepEqual(calls, [], 'nothing before it reads')
        listener.reading(new Map([[0, 9]]))
        source.topicSeen(seen)
        source.topicSeen(seen)
      })
      await logOf(run)
      assert.deepEqual(calls, expected)
    })
})
