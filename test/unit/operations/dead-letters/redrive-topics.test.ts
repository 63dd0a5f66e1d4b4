import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTopicGrowths } from '../../../../lib/operations/dead-letters/redrive-topics.ts'
import { growthsName } from '../../../../lib/redriver/growths.ts'

const READINGS = 'sluice.telemetry.readings.local'
const GROWTH = { from: 12, to: 24, ends: [], except: [] }

/** Returns Redis's contents, and the requested names. */
function redis() {
  const asked: string[] = []
  const value = async (name: string) => {
    asked.push(name)
    return { read: async () => (name === growthsName(READINGS) ? { growths: [GROWTH] } : undefined) }
  }
  return { asked, connections: { value: value as never } }
}

describe('how a topic has grown, for a redrive', () => {
  it('given a topic that consumers read, then Redis is asked, whatever number the topic table has', async () => {
    const { connections } = redis()
    assert.deepEqual(await readTopicGrowths(READINGS, new Set(['processor']), connections), [GROWTH])
  })

  it('given a topic without consumers, then Redis is not needed', async () => {
    const { asked, connections } = redis()
    assert.deepEqual(await readTopicGrowths(READINGS, new Set(), connections), [])
    assert.deepEqual(asked, [])
  })
})
