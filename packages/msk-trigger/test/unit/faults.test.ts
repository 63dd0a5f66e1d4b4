import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FaultSocket } from '../../faults/fault-socket.ts'
import { type Fault, Faults, readFault } from '../../faults/faults.ts'
import { injectFault } from '../../faults/inject-fault.ts'

describe('faults', () => {
  // Promise packages/msk-trigger/FAULTS.md#fault-injection | A fault that is injected takes effect as often as requested.
  it('apply as often as they were requested', () => {
    const faults = new Faults()
    assert.equal(faults.fires('crash'), false)
    faults.arm({ fault: 'crash' })
    faults.arm({ fault: 'duplicate', times: 2 })
    assert.deepEqual([faults.fires('crash'), faults.fires('crash')], [true, false])
    const twice = [1, 2, 3].map(() => faults.fires('duplicate'))
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
    ['{"fault":"crash"}', /function must be a string, not nothing/],
    ['{"fault":"crash","function":"f","at":1}', /at is not a property of a fault/],
    ['{"fault":"hold","function":"f","partition":-1}', /partition must be a non-negative integer, not -1/],
    ['{"fault":"crash","function":"f","times":0}', /times must be a positive integer, not 0/],
    ['{"fault":"crash","function":"f","topic":1}', /topic must be a string/],
    ['7', /a fault must be an object, not 7/],
    ['crash', /JSON/],
  ] as const) {
    it(`are rejected if they are invalid: ${text}`, () => {
      assert.throws(() => readFault(text), message)
    })
  }
})

describe('the fault socket', () => {
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
    const socket = new FaultSocket(path, () => sources, { notice: note, warning: note, error: note })
    socket.listen()
    await listening.promise
    const end = () => {
      socket.close()
      return rm(folder, { recursive: true })
    }
    return { path, injected, log, end }
  }

  it('passes a fault to the right event source, and answers when it is in effect', async () => {
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

  it('answers with the reason if it rejects a fault', async () => {
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
