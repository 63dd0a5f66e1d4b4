import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FaultSocket } from '../../../../localstack/msk-trigger/fault-socket.ts'
import { type Fault, Faults, readFault } from '../../../../localstack/msk-trigger/faults.ts'
import { injectFault } from '../../../../localstack/msk-trigger/inject-fault.ts'

describe('faults', () => {
  it('strike as often as they were asked for', () => {
    const faults = new Faults()
    assert.equal(faults.strikes('crash'), false)
    faults.arm({ fault: 'crash' })
    faults.arm({ fault: 'duplicate', times: 2 })
    assert.deepEqual([faults.strikes('crash'), faults.strikes('crash')], [true, false])
    const twice = [1, 2, 3].map(() => faults.strikes('duplicate'))
    assert.deepEqual(twice, [true, true, false])
  })

  it('hold one partition or all, until they are released', () => {
    const faults = new Faults()
    faults.arm({ fault: 'hold', partition: 1 })
    assert.deepEqual([faults.isHeld(0), faults.isHeld(1)], [false, true])
    faults.arm({ fault: 'release', partition: 1 })
    assert.equal(faults.isHeld(1), false)
    faults.arm({ fault: 'hold' })
    assert.equal(faults.isHeld(7), true)
    faults.arm({ fault: 'release' })
    assert.equal(faults.isHeld(7), false)
  })

  for (const [text, message] of [
    ['{"fault":"burn","function":"f"}', /fault must be one of duplicate, .*, not "burn"/],
    ['{"fault":"crash"}', /function must be a text, not nothing/],
    ['{"fault":"crash","function":"f","at":1}', /at is not known/],
    ['{"fault":"hold","function":"f","partition":-1}', /partition must be/],
    ['{"fault":"crash","function":"f","times":0}', /times must be/],
    ['{"fault":"crash","function":"f","topic":1}', /topic must be a text/],
    ['7', /a fault is an object, not 7/],
    ['crash', /JSON/],
  ] as const) {
    it(`are refused where they cannot be meant: ${text}`, () => {
      assert.throws(() => readFault(text), message)
    })
  }
})

describe('the socket for faults', () => {
  async function given() {
    const folder = await mkdtemp(join(tmpdir(), 'faults-'))
    const injected: Fault[] = []
    const log: string[] = []
    const listening = Promise.withResolvers<void>()
    const note = (line: string) => {
      log.push(line)
      listening.resolve()
    }
    const source = (functionKey: string, topic: string) => ({
      functionKey,
      topic,
      inject: async (fault: Fault) => void injected.push(fault),
    })
    const sources = [source('f', 't'), source('g', 't'), source('g', 'u')]
    const path = join(folder, 'faults.sock')
    const socket = new FaultSocket(path, sources, { notice: note, warning: note, error: note })
    socket.listen()
    await listening.promise
    const end = () => {
      socket.close()
      return rm(folder, { recursive: true })
    }
    return { path, injected, log, end }
  }

  it('passes a fault on to the event source that is meant, and answers when it is there', async () => {
    const { path, injected, log, end } = await given()
    try {
      await injectFault(path, { fault: 'crash', function: 'f' })
      await injectFault(path, { fault: 'hold', function: 'g', topic: 'u', partition: 2 })
      assert.deepEqual(
        injected.map(({ fault, topic }) => [fault, topic]),
        [
          ['crash', undefined],
          ['hold', 'u'],
        ],
      )
      assert.match(log.join('\n'), /fault: \{"fault":"hold"/)
    } finally {
      await end()
    }
  })

  it('says why it does not', async () => {
    const { path, end } = await given()
    try {
      await assert.rejects(
        injectFault(path, { fault: 'crash', function: 'x' }),
        /"x" has no such Kafka event/,
      )
      await assert.rejects(injectFault(path, { fault: 'crash', function: 'g' }), /several .*name the topic/)
    } finally {
      await end()
    }
    await assert.rejects(injectFault(path, { fault: 'crash', function: 'f' }), /ENOENT|ECONNREFUSED/)
  })
})
