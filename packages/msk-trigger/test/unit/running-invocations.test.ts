import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RunningInvocations } from '../../deliver/running-invocations.ts'
import { show } from './support.ts'

const BATCH = [{ partition: 3, records: [{ offset: 7 }] }]

describe('running invocations', () => {
  it('are reported once when they are slow, with their end, and never if they end in time', ({ mock }) => {
    mock.timers.enable({ apis: ['setInterval', 'Date'] })
    const reported: string[] = []
    const running = new RunningInvocations({
      reportRunning: (parts, forMs) => reported.push(`${show(parts)} for ${forMs}`),
      reportReturn: parts => reported.push(`${show(parts)} returned`),
    })
    const endSlow = running.begin(BATCH)
    const end = running.begin([{ partition: 4, records: [] }])
    mock.timers.tick(19_000)
    assert.deepEqual(reported, [])
    end()
    mock.timers.tick(60_000)
    endSlow()
    running.close()
    assert.deepEqual(reported, ['3@7 for 20000', '3@7 returned'])
  })
})
