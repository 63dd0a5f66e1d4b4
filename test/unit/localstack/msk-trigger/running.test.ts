import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RunningInvocations } from '../../../../localstack/msk-trigger/running.ts'
import { show } from './support.ts'

const BATCH = [{ partition: 3, records: [{ offset: 7 }] }]

describe('invocations that run', () => {
  it('are told of once when they take long, and never where they end before', ({ mock }) => {
    mock.timers.enable({ apis: ['setInterval', 'Date'] })
    const told: string[] = []
    const running = new RunningInvocations((parts, forMs) => told.push(`${show(parts)} ${forMs}`))
    running.begin(BATCH)
    const end = running.begin([{ partition: 4, records: [] }])
    mock.timers.tick(19_000)
    assert.deepEqual(told, [])
    end()
    mock.timers.tick(60_000)
    running.close()
    assert.deepEqual(told, ['3@7 20000'])
  })
})
